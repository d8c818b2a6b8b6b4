"""The host report against the host: each ability is taken away for real, and the report must notice."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import msgspec
import psutil
import pytest

from zcquest.engine.host import HostReport, inspect_host

SHARED_MEMORY = Path("/dev/shm")

REPORT = """
import sys
from pathlib import Path
import msgspec
from zcquest.engine.host import inspect_host
sys.stdout.buffer.write(msgspec.json.encode(inspect_host(Path(sys.argv[1]))))
"""


def inspect_in_child(folder: Path, *prefix: str, before: str = "") -> HostReport:
    """The report of a child process that `prefix` (a command) starts and `before` (Python) prepares."""
    command = [*prefix, sys.executable, "-c", before + REPORT, str(folder)]
    done = subprocess.run(command, capture_output=True, timeout=60)
    assert done.returncode == 0, done.stderr.decode()
    return msgspec.json.decode(done.stdout, type=HostReport)


def unshare(*options: str) -> list[str]:
    """The prefix that runs a command in namespaces of its own; skips where that is forbidden."""
    path = shutil.which("unshare")
    if not path:
        pytest.skip("unshare (util-linux) is not installed")
    prefix = [path, "--user", "--map-root-user", *options]
    if subprocess.run([*prefix, "true"], capture_output=True).returncode:
        pytest.skip("user namespaces are forbidden here")
    return prefix


def verdict(report: HostReport, name: str) -> bool | None:
    finding = report.finding(name)
    assert finding, f"no finding {name}"
    return finding.ok


def detail(report: HostReport, name: str) -> str:
    finding = report.finding(name)
    assert finding, f"no finding {name}"
    return str(finding.detail)


def test_a_real_disk_can_be_emptied_from_the_cache_and_its_reads_are_counted(disk_folder: Path) -> None:
    report = inspect_host(disk_folder)
    assert report.supported
    assert report.why_not is None
    for name in ("filesystem", "eviction", "disk_reads", "sendfile", "splice", "loopback"):
        assert verdict(report, name) is True, name
    assert "read_bytes +262144" in detail(report, "disk_reads")


def test_memory_is_not_taken_for_a_disk() -> None:
    report = inspect_host(SHARED_MEMORY)
    assert report.supported
    assert verdict(report, "filesystem") is False
    assert verdict(report, "eviction") is False
    assert verdict(report, "disk_reads") is None
    assert verdict(report, "sendfile") is True


def test_every_bad_finding_comes_with_advice_and_names_are_unique(tmp_path: Path) -> None:
    for folder in (tmp_path, SHARED_MEMORY):
        findings = inspect_host(folder).findings
        assert len({finding.name for finding in findings}) == len(findings)
        for finding in findings:
            assert str(finding.title) and str(finding.detail)
            assert finding.ok is not False or finding.advice, finding.name


def test_only_the_folder_is_left_behind(tmp_path: Path) -> None:
    folder = tmp_path / "made" / "here"
    descriptors, network = len(os.listdir("/proc/self/fd")), os.readlink("/proc/self/ns/net")
    children = psutil.Process().children(recursive=True)
    inspect_host(folder)
    assert list(folder.iterdir()) == []
    assert psutil.Process().children(recursive=True) == children
    assert len(os.listdir("/proc/self/fd")) == descriptors
    assert os.readlink("/proc/self/ns/net") == network


def test_a_run_folder_that_is_a_file_is_said_so(tmp_path: Path) -> None:
    path = tmp_path / "file"
    path.write_text("")
    report = inspect_host(path)
    assert not report.supported
    assert str(path) in str(report.why_not)


def test_a_folder_that_takes_no_bytes_is_said_so(tmp_path: Path) -> None:
    limit = "import resource; resource.setrlimit(resource.RLIMIT_FSIZE, (4096, 4096))\n"
    report = inspect_in_child(tmp_path, before=limit)
    assert not report.supported
    assert "File too large" in str(report.why_not)


def test_without_loopback_nothing_can_be_played(tmp_path: Path) -> None:
    report = inspect_in_child(tmp_path, *unshare("--net"))
    assert not report.supported
    assert "127.0.0.1" in str(report.why_not)
    assert verdict(report, "sendfile") is False


def test_forbidden_namespaces_are_noticed(tmp_path: Path) -> None:
    script = 'echo 0 > /proc/sys/user/max_user_namespaces && exec "$@"'
    report = inspect_in_child(tmp_path, *unshare(), "sh", "-ec", script, "sh")
    assert report.supported
    assert verdict(report, "namespaces") is False
    assert "No space left on device" in detail(report, "namespaces")  # that is how the kernel words this limit


def test_namespaces_are_possible_where_unshare_can_bring_a_link_up(tmp_path: Path) -> None:
    ip = shutil.which("ip")
    if not ip:
        pytest.skip("ip (iproute2) is not installed")
    possible = subprocess.run([*unshare("--net"), ip, "link", "set", "lo", "up"], capture_output=True).returncode == 0
    assert verdict(inspect_host(tmp_path), "namespaces") is possible


@pytest.mark.needs_strace
def test_a_strace_that_works_is_found(tmp_path: Path) -> None:
    assert verdict(inspect_host(tmp_path), "strace") is True


def test_a_strace_that_is_missing_or_may_not_trace_is_told_apart(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    assert detail(inspect_host(tmp_path), "strace") == "not installed"

    fake = tmp_path / "strace"
    fake.write_text("#!/bin/sh\necho 'strace: ptrace: Operation not permitted' >&2; exit 1\n")
    fake.chmod(0o755)
    report = inspect_host(tmp_path)
    assert verdict(report, "strace") is False
    assert "Operation not permitted" in detail(report, "strace")


@pytest.mark.parametrize("platform", ["darwin", "win32"])
def test_other_systems_are_shown_the_way_and_nothing_crashes(tmp_path: Path, platform: str) -> None:
    pretend = f"""
import os, socket, subprocess, tempfile, ctypes, mmap, sys
import msgspec
for module in ("fcntl", "resource", "termios", "grp", "pwd"):
    sys.modules[module] = None
for name in ("posix_fadvise", "splice", "sendfile", "geteuid", "getuid", "preadv", "fork"):
    delattr(os, name)
for name in ("MAP_SHARED", "PROT_READ"):
    delattr(mmap, name)
def no_such_library(*arguments, **options):
    raise TypeError(arguments)
ctypes.CDLL = no_such_library
sys.platform = {platform!r}
"""
    report = inspect_in_child(tmp_path, before=pretend)
    assert not report.supported
    assert "WSL2" in str(report.why_not) and "container" in str(report.why_not)
    assert verdict(report, "system") is False
    assert list(tmp_path.iterdir()) == []
