"""Residency against an outside witness: the disk reads that the kernel charges to this process."""

from __future__ import annotations

import mmap
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from zcquest.engine import pagecache
from zcquest.engine.pagecache import PAGE, Witness

SIZE = 256 * PAGE


@pytest.fixture
def log(disk_folder: Path) -> Iterator[int]:
    with tempfile.TemporaryFile(dir=disk_folder, buffering=0) as file:
        file.write(os.urandom(SIZE))
        yield file.fileno()


def disk_reads() -> int:
    with open("/proc/thread-self/io") as counters:
        return next(int(line.split()[1]) for line in counters if line.startswith("read_bytes"))


def cost_of_reading(fd: int) -> int:
    before = disk_reads()
    os.pread(fd, SIZE, 0)
    return disk_reads() - before


def test_an_evicted_file_comes_from_disk_and_a_warm_one_does_not(log: int) -> None:
    assert pagecache.evict(log, SIZE)
    assert pagecache.resident(log, SIZE).pages == 0
    assert cost_of_reading(log) == SIZE

    assert pagecache.evict(log, SIZE)
    assert pagecache.warm(log, SIZE).pages == SIZE // PAGE
    assert cost_of_reading(log) == 0


def test_dirty_pages_are_written_before_they_are_dropped(log: int) -> None:
    os.pwrite(log, b"B" * SIZE, 0)
    assert pagecache.resident(log, SIZE).pages == SIZE // PAGE
    assert pagecache.evict(log, SIZE)
    assert os.pread(log, SIZE, 0) == b"B" * SIZE


def test_both_witnesses_count_the_same(log: int, monkeypatch: pytest.MonkeyPatch) -> None:
    pagecache.evict(log, SIZE)
    os.posix_fadvise(log, 0, 0, os.POSIX_FADV_RANDOM)  # no read-ahead
    os.pread(log, 64 * PAGE, 32 * PAGE)
    first = pagecache.resident(log, SIZE)

    def refuses(fd: int, length: int) -> int:
        raise OSError

    monkeypatch.setattr(pagecache, "cachestat", refuses)
    second = pagecache.resident(log, SIZE)
    assert second.witness is Witness.MINCORE
    assert first.pages == second.pages == 64
    assert first.total == second.total == 256


def test_the_map_shows_where_the_resident_pages_are(log: int) -> None:
    pagecache.evict(log, SIZE)
    os.posix_fadvise(log, 0, 0, os.POSIX_FADV_RANDOM)
    os.pread(log, 32 * PAGE, 0)
    os.pread(log, 64 * PAGE, 192 * PAGE)
    assert pagecache.resident_map(log, SIZE, 4) == [0.5, 0, 0, 1]
    assert pagecache.resident_map(log, 3 * PAGE, 8) == [1, 1, 1]  # no more buckets than pages
    assert pagecache.resident_map(log, 0, 4) == []
    assert pagecache.survey(log, SIZE, 4) == (pagecache.resident(log, SIZE), [0.5, 0, 0, 1])


def test_a_last_page_that_is_not_full_counts(disk_folder: Path) -> None:
    with tempfile.TemporaryFile(dir=disk_folder, buffering=0) as file:
        file.write(bytes(PAGE + 1))
        assert pagecache.warm(file.fileno(), PAGE + 1).pages == 2
        assert pagecache.evict(file.fileno(), PAGE + 1)
        assert pagecache.resident(file.fileno(), PAGE + 1).pages == 0
        assert pagecache.resident(file.fileno(), 0).total == 0


def test_pages_in_a_mapping_stay_and_the_eviction_says_so(log: int) -> None:
    pagecache.warm(log, SIZE)
    with mmap.mmap(log, SIZE, mmap.MAP_SHARED, mmap.PROT_READ) as mapping:
        assert sum(mapping[::PAGE]) >= 0  # touch every page
        eviction = pagecache.evict(log, SIZE)
        assert not eviction
        assert eviction.left.pages == SIZE // PAGE
        assert eviction.attempts > 1
    assert pagecache.evict(log, SIZE)


def test_tmpfs_cannot_be_evicted() -> None:
    with tempfile.TemporaryFile(dir="/dev/shm", buffering=0) as file:
        file.write(bytes(SIZE))
        eviction = pagecache.evict(file.fileno(), SIZE)
        assert not eviction
        assert eviction.left.pages == SIZE // PAGE


def test_nothing_is_counted_past_the_end_of_a_truncated_file(log: int) -> None:
    os.ftruncate(log, 8 * PAGE)
    after = pagecache.warm(log, SIZE)
    assert (after.pages, after.total) == (8, 8)
    assert pagecache.resident_map(log, SIZE, 2) == [1, 1]


def in_own_mounts(script: str, *arguments: str) -> str:
    """What `script` prints, run as root of a user and mount namespace of its own; skips where that is forbidden."""
    unshare = shutil.which("unshare")
    if not unshare:
        pytest.skip("unshare (util-linux) is not installed")
    prefix = [unshare, "--user", "--map-root-user", "--mount"]
    if subprocess.run([*prefix, "true"], capture_output=True).returncode:
        pytest.skip("user namespaces are forbidden here")
    command = [*prefix, "sh", "-ec", script, "sh", *arguments]
    done = subprocess.run(command, capture_output=True, text=True, timeout=60)
    if done.returncode == 77:
        pytest.skip("overlayfs cannot be mounted in a user namespace here")
    assert done.returncode == 0, done.stderr
    return done.stdout


ON_OVERLAY = """
import os, sys
from zcquest.engine import pagecache
with open(sys.argv[1] + "/log", "w+b", buffering=0) as file:
    file.write(bytes(64 * pagecache.PAGE))
    fd, size = file.fileno(), 64 * pagecache.PAGE
    print(pagecache.warm(fd, size).pages, bool(pagecache.evict(fd, size)), pagecache.resident(fd, size).pages)
"""


def test_pages_are_seen_through_overlayfs_where_cachestat_is_blind(disk_folder: Path) -> None:
    for name in ("lower", "upper", "work", "merged"):
        (disk_folder / name).mkdir()
    mount_and_run = (
        'cd "$1"; mount -t overlay overlay -o lowerdir=lower,upperdir=upper,workdir=work merged || exit 77;'
        ' exec "$2" -c "$3" "$1/merged"'
    )
    assert in_own_mounts(mount_and_run, str(disk_folder), sys.executable, ON_OVERLAY).split() == ["64", "True", "0"]


AS_NOBODY = """
import os, sys
from zcquest.engine import pagecache
fd = int(sys.argv[1])
os.setuid(65534)
try:
    print(pagecache.resident(fd, 64 * pagecache.PAGE))
except PermissionError:
    print("refused")
"""


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can become somebody else")
def test_a_file_of_somebody_else_is_not_called_resident(disk_folder: Path) -> None:
    path = disk_folder / "log"
    path.write_bytes(bytes(64 * PAGE))
    with path.open("rb") as file:
        assert pagecache.evict(file.fileno(), 64 * PAGE)
        command = [sys.executable, "-c", AS_NOBODY, str(file.fileno())]
        done = subprocess.run(command, capture_output=True, text=True, pass_fds=[file.fileno()], timeout=60)
    assert done.stdout.strip() == "refused", done.stderr
