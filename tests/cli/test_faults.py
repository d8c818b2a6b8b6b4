"""Runs that are interrupted, and hosts that refuse: a sentence, the right exit status, and nothing left behind."""

from __future__ import annotations

import os
import pty
import shutil
import signal
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from .conftest import MACHINE, PATIENCE, Zcquest, wait_until

SENDFILE = "repeat:\n    sendfile(sock, log, 64K)\n"


@pytest.fixture
def slow(zcquest: Zcquest, slow_campaign: Path) -> Zcquest:
    zcquest.environment["ZCQUEST_CAMPAIGN"] = str(slow_campaign)
    return zcquest


def test_a_run_leaves_nothing_behind(zcquest: Zcquest) -> None:
    zcquest("run", "3-1", status=0)
    assert zcquest.processes() == []
    assert list(zcquest.runs.iterdir()) == []


@pytest.mark.parametrize(
    ("number", "status"),
    [(signal.SIGINT, 130), (signal.SIGTERM, 143), (signal.SIGHUP, 129)],
    ids=lambda value: str(value),
)
@pytest.mark.parametrize("command", ["run", "trace"])
def test_a_signal_ends_the_run_and_all_it_started(slow: Zcquest, command: str, number: int, status: int) -> None:
    running = slow.start(command, "1-1")
    slow.wait_for_machine(running)
    assert len(slow.processes()) >= 4  # the command, the forkserver, a machine, a consumer
    running.send_signal(number)
    out, error = running.communicate(timeout=PATIENCE)
    assert (running.returncode, out) == (status, b"")
    assert b"Traceback" not in error
    assert slow.processes() == []
    assert list(slow.runs.iterdir()) == []


def test_an_impatient_second_signal_leaves_nothing_either(slow: Zcquest) -> None:
    running = slow.start("run", "1-1")
    slow.wait_for_machine(running)
    for _ in range(5):
        running.send_signal(signal.SIGINT)
    _, error = running.communicate(timeout=PATIENCE)
    assert running.returncode == 130
    assert b"Traceback" not in error
    slow.nothing_is_left()


def test_ctrl_c_while_a_large_log_is_made_does_not_wait_for_it(fresh: Zcquest) -> None:
    if shutil.disk_usage(fresh.cache.parent).free < 3 << 30:
        pytest.skip("less than 3 GiB are free for the log of 2 GiB")
    running = fresh.start("run", "3-2")
    logs = fresh.cache / "logs"
    wait_until(lambda: any(path.stat().st_size > 1 << 20 for path in logs.glob("*.partial")))
    running.send_signal(signal.SIGINT)
    running.communicate(timeout=PATIENCE)
    assert running.returncode == 130
    assert list(logs.glob("*.log")) == list(logs.glob("*.partial")) == []
    fresh.nothing_is_left()


def test_kill_9_of_the_command_leaves_nothing(slow: Zcquest) -> None:
    running = slow.start("run", "1-1")
    slow.wait_for_machine(running)
    running.kill()
    running.communicate(timeout=PATIENCE)
    slow.nothing_is_left()


def test_a_closed_terminal_ends_the_run(slow: Zcquest) -> None:
    ours, theirs = pty.openpty()
    script = 'exec "$@"'
    running = subprocess.Popen(
        ["setsid", "--ctty", "--wait", "sh", "-c", script, "sh", *slow.command, "run", "1-1"],
        stdin=theirs,
        stdout=theirs,
        stderr=theirs,
        env=slow.environ(),
    )
    os.close(theirs)
    slow.wait_for_machine(running)
    os.close(ours)  # the kernel sends SIGHUP to the terminal's session
    running.wait(PATIENCE)
    slow.nothing_is_left()


def test_a_nohup_is_respected(slow: Zcquest) -> None:
    line = "trap '' HUP; exec \"$@\""
    running = subprocess.Popen(
        ["sh", "-c", line, "sh", *slow.command, "run", "1-1"],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        env=slow.environ(),
    )
    slow.wait_for_machine(running)
    running.send_signal(signal.SIGHUP)
    machine = slow.process(*MACHINE)
    assert running.poll() is None and machine.is_running()
    running.terminate()
    assert running.wait(PATIENCE) == 143
    slow.nothing_is_left()


def test_a_killed_machine_is_an_outcome(slow: Zcquest) -> None:
    running = slow.start("run", "1-1")
    slow.wait_for_machine(running)
    slow.process(*MACHINE).kill()
    out, error = running.communicate(timeout=PATIENCE)
    assert running.returncode == 1
    assert b"SIGKILL killed the machine" in out
    assert b"Traceback" not in error
    slow.nothing_is_left()


def test_a_killed_forkserver_is_told(slow: Zcquest) -> None:
    running = slow.start("run", "1-1")
    slow.wait_for_machine(running)
    slow.process("zcq:forkserver").kill()
    out, error = running.communicate(timeout=PATIENCE)
    assert (running.returncode, out) == (3, b"")
    assert b"This host cannot run it" in error and b"Traceback" not in error
    slow.nothing_is_left()


@pytest.fixture
def tmpfs(tmp_path: Path) -> Iterator[Path]:
    """A file system in memory of 1 MiB."""
    folder = tmp_path / "tiny"
    folder.mkdir()
    if os.geteuid():
        pytest.skip("only root may mount a file system")
    mounted = subprocess.run(["mount", "-t", "tmpfs", "-o", "size=1m", "tmpfs", str(folder)], capture_output=True)
    if mounted.returncode:
        pytest.skip(f"no file system can be mounted here: {mounted.stderr.decode().strip()}")
    yield folder
    subprocess.run(["umount", "--lazy", str(folder)], check=True)


def test_a_full_disk_is_told_and_nothing_half_made_stays(tmpfs: Path, tmp_path: Path) -> None:
    zcquest = Zcquest(tmpfs, tmp_path / "data")
    done = zcquest("run", "1-2", status=3)
    assert done.stdout == ""
    assert "16777216 bytes" in done.stderr and str(tmpfs) in done.stderr
    assert list((tmpfs / "logs").glob("*.log")) == list((tmpfs / "logs").glob("*.partial")) == []
    zcquest.nothing_is_left()


@pytest.mark.parametrize("spare", [0, 4 << 10, 40 << 10, 100 << 10, 200 << 10])
def test_a_disk_that_fills_up_anywhere_on_the_way_is_told(tmpfs: Path, tmp_path: Path, spare: int) -> None:
    with (tmpfs / "others").open("wb") as others:
        others.write(bytes((1 << 20) - spare - (8 << 10)))
    zcquest = Zcquest(tmpfs, tmp_path / "data")
    done = zcquest("run", "1-1", "-", input="repeat:\n    read(log, buf, 64)\n    write(sock, buf, 64)\n")
    assert done.returncode in (1, 3)
    assert done.stdout or done.stderr
    zcquest.nothing_is_left()


def test_a_cache_in_memory_is_played_and_said(tmpfs: Path, tmp_path: Path) -> None:
    subprocess.run(["mount", "-o", "remount,size=64m", str(tmpfs)], check=True)
    zcquest = Zcquest(tmpfs, tmp_path / "data")
    done = zcquest("run", "3-1")
    assert "no cold start" in done.stdout
    zcquest.nothing_is_left()


def test_an_unusable_cache_folder_is_told(zcquest: Zcquest, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    folder = tmp_path / "file" / "cache"
    done = zcquest("run", "3-1", status=3, ZCQUEST_CACHE=str(folder))
    assert done.stdout == ""
    assert str(folder) in done.stderr and "ZCQUEST_CACHE" in done.stderr


def test_a_cache_folder_that_may_not_be_written_is_told(zcquest: Zcquest, tmp_path: Path) -> None:
    folder = Path("/proc") if not os.geteuid() else tmp_path / "closed"
    folder.mkdir(mode=0o500, exist_ok=True)
    done = zcquest("run", "3-1", status=3, ZCQUEST_CACHE=str(folder))
    assert str(folder) in done.stderr and done.stdout == ""
