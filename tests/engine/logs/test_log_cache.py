"""The cache of logs: real files, real limits, two real processes."""

from __future__ import annotations

import errno
import os
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from zcquest.engine.logs import LogSpec, LogUnavailable, ensure, format_of

SPEC = LogSpec(size=300_001)
BYTES = format_of("kafka").build(SPEC)
LARGE = LogSpec(size=(64 << 20) + 777)


def files(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir() if path.name != ".lock")


def age(path: Path, seconds: int) -> None:
    moment = time.time() - seconds
    os.utime(path, (moment, moment))


def run(code: str, folder: Path, *, prefix: tuple[str, ...] = ()) -> subprocess.CompletedProcess[str]:
    start = "import sys; from pathlib import Path; from zcquest.engine.logs import *; folder = Path(sys.argv[1])\n"
    return subprocess.run(
        [*prefix, sys.executable, "-c", start + code, str(folder)], capture_output=True, text=True, timeout=60
    )


def test_log_is_made_once_and_found_again(tmp_path: Path) -> None:
    folder = tmp_path / "not" / "there" / "yet"
    path = ensure(SPEC, folder)
    assert path.parent == folder
    assert path.read_bytes() == BYTES
    made = path.stat().st_ino
    assert ensure(SPEC, folder) == path
    assert path.stat().st_ino == made
    assert files(folder) == [path.name]


def test_other_specs_have_other_files(tmp_path: Path) -> None:
    specs = [SPEC, LogSpec(size=300_001, seed=2), LogSpec(size=300_001, rotten=(0,)), LogSpec(size=300_002)]
    paths = [ensure(spec, tmp_path) for spec in specs]
    assert len(set(paths)) == 4
    for spec, path in zip(specs, paths, strict=True):
        assert path.read_bytes() == format_of("kafka").build(spec)


@pytest.mark.parametrize("at", [0, 150_000, 300_000])
def test_flipped_bit_in_a_cached_log_is_found_and_mended(tmp_path: Path, at: int) -> None:
    path = ensure(SPEC, tmp_path)
    with path.open("r+b") as file:
        file.seek(at)
        file.write(bytes([BYTES[at] ^ 4]))
    assert ensure(SPEC, tmp_path).read_bytes() == BYTES
    assert len(files(tmp_path)) == 1


@pytest.mark.parametrize("size", [0, 299_999, 300_002])
def test_cached_log_of_the_wrong_size_is_mended(tmp_path: Path, size: int) -> None:
    os.truncate(ensure(SPEC, tmp_path), size)
    assert ensure(SPEC, tmp_path).read_bytes() == BYTES


def test_large_log_is_checked_by_size_and_samples(tmp_path: Path) -> None:
    path = ensure(LARGE, tmp_path)
    assert path.stat().st_size == LARGE.size
    made = path.stat().st_ino
    assert ensure(LARGE, tmp_path).stat().st_ino == made
    for at in (5, LARGE.size - 1):
        with path.open("r+b") as file:
            file.seek(at)
            file.write(b"\xee")
        assert ensure(LARGE, tmp_path) == path
        with path.open("rb") as file:
            file.seek(at)
            assert file.read(1) != b"\xee"
    os.truncate(path, LARGE.size - 1)
    assert ensure(LARGE, tmp_path).stat().st_size == LARGE.size


def test_what_a_killed_process_left_is_cleared_away(tmp_path: Path) -> None:
    code = (
        "import os, signal\nimport zcquest.engine.logs.kafka as kafka, zcquest.engine.logs.cache as cache\n"
        "class Cut:\n"
        "    def segments(self, spec):\n        yield bytes(1000); os.kill(os.getpid(), signal.SIGKILL)\n"
        "    version = 1\n"
        "cache.format_of = lambda name: Cut()\nensure(LogSpec(size=400_000), folder)\n"
    )
    assert run(code, tmp_path).returncode == -signal.SIGKILL
    assert len(files(tmp_path)) == 1
    path = ensure(SPEC, tmp_path)  # and the dead process's lock does not stand in the way
    assert files(tmp_path) == [path.name]
    assert path.read_bytes() == BYTES


def test_processes_that_ask_at_once_all_get_the_log(tmp_path: Path) -> None:
    code = (
        "import sys; from pathlib import Path; from zcquest.engine.logs import *\n"
        "sys.stdin.read(); print(ensure(LogSpec(size=20_000_003), Path(sys.argv[1])))\n"
    )
    children = [
        subprocess.Popen(
            [sys.executable, "-c", code, str(tmp_path)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
        )
        for _ in range(3)
    ]
    for child in children:
        assert child.stdin
        child.stdin.close()
        child.stdin = None
    printed = [child.communicate(timeout=60)[0].strip() for child in children]
    assert [child.returncode for child in children] == [0, 0, 0]
    assert len(set(printed)) == 1
    assert files(tmp_path) == [Path(printed[0]).name]
    assert os.path.getsize(printed[0]) == 20_000_003


def test_cache_stays_within_its_limit_by_removing_the_oldest(tmp_path: Path) -> None:
    specs = [LogSpec(size=100_000, seed=seed) for seed in range(4)]
    oldest, middle, newest = (ensure(spec, tmp_path) for spec in specs[:3])
    age(oldest, 3000)
    age(middle, 2000)
    age(newest, 1000)
    assert ensure(specs[0], tmp_path, limit=300_000) == oldest  # used again: now `middle` is the oldest
    added = ensure(specs[3], tmp_path, limit=300_000)
    assert files(tmp_path) == sorted(path.name for path in (oldest, newest, added))


def test_log_just_asked_for_is_kept_whatever_the_limit(tmp_path: Path) -> None:
    first = ensure(SPEC, tmp_path)
    second = ensure(LogSpec(size=300_001, seed=2), tmp_path, limit=1000)
    assert first.exists()
    assert second.exists()


def test_file_that_grows_past_a_limit_is_reported_and_removed(tmp_path: Path) -> None:
    code = (
        "import resource; resource.setrlimit(resource.RLIMIT_FSIZE, (100_000, 100_000))\n"
        "try: ensure(LogSpec(size=300_001), folder)\nexcept LogUnavailable as error: print(error)\n"
    )
    printed = run(code, tmp_path).stdout
    assert str(tmp_path) in printed
    assert os.strerror(errno.EFBIG) in printed
    assert files(tmp_path) == []


SMALL_DISK = (
    "unshare",
    "--user",
    "--map-root-user",
    "--mount",
    "sh",
    "-c",
    'mount -t tmpfs -o size=2M,nr_inodes=16 t "$4" && "$@"',
)


@pytest.fixture
def small_disk(tmp_path: Path) -> tuple[str, ...]:
    """A command prefix: what follows runs with a tmpfs of 2 MiB and 16 files on `tmp_path`, gone when it ends."""
    if not shutil.which("unshare"):
        pytest.skip("no unshare(1): a small disk cannot be made")
    prefix = (*SMALL_DISK, "sh")
    tried = subprocess.run([*prefix, "true", "-", "-", str(tmp_path)], capture_output=True, text=True)
    if tried.returncode:
        pytest.skip(f"a small disk cannot be mounted here: {tried.stderr.strip()}")
    return prefix


def test_full_disk_is_told_before_anything_is_written(tmp_path: Path, small_disk: tuple[str, ...]) -> None:
    code = (
        "import os, zcquest.engine.logs.cache as cache\n"
        "def format_of(name): raise AssertionError('nothing may be built')\n"
        "stem = cache._stem(LogSpec(size=3_000_000)); cache._stem = lambda spec: stem; cache.format_of = format_of\n"
        "try: ensure(LogSpec(size=3_000_000), folder)\n"
        "except LogUnavailable as error: print(error, os.listdir(folder))\n"
    )
    printed = run(code, tmp_path, prefix=small_disk).stdout
    assert str(tmp_path) in printed
    assert "3000000 bytes" in printed
    assert "2097152" in printed
    assert printed.strip().endswith("['.lock']")


def test_disk_that_fills_while_writing_is_told_and_nothing_stays(tmp_path: Path, small_disk: tuple[str, ...]) -> None:
    code = (
        "import os, zcquest.engine.logs.cache as cache\n"
        "honest = cache._free\ncache._free = lambda folder: 1 << 40\n"  # somebody else fills the disk meanwhile
        "try: ensure(LogSpec(size=3_000_000), folder)\n"
        "except LogUnavailable as error: print(error.__cause__.errno, os.listdir(folder), honest(folder))\n"
    )
    assert run(code, tmp_path, prefix=small_disk).stdout.split() == [str(errno.ENOSPC), "['.lock']", "2097152"]


def test_old_logs_make_room_on_a_full_disk(tmp_path: Path, small_disk: tuple[str, ...]) -> None:
    code = (
        "import os\nold = ensure(LogSpec(size=1_500_000), folder)\nos.utime(old, (1, 1))\n"
        "new = ensure(LogSpec(size=1_500_000, seed=2), folder)\nprint(old.exists(), new.stat().st_size)\n"
    )
    assert run(code, tmp_path, prefix=small_disk).stdout.split() == ["False", "1500000"]


def test_damaged_log_makes_room_for_its_own_mending(tmp_path: Path, small_disk: tuple[str, ...]) -> None:
    code = (
        "import os\npath = ensure(LogSpec(size=1_500_000), folder)\nos.truncate(path, 1_499_999)\n"
        "print(ensure(LogSpec(size=1_500_000), folder).stat().st_size)\n"
    )
    assert run(code, tmp_path, prefix=small_disk).stdout.split() == ["1500000"]


def test_disk_without_room_for_the_folder_is_told(tmp_path: Path, small_disk: tuple[str, ...]) -> None:
    code = (
        "from contextlib import suppress\nwith suppress(OSError):\n"
        "    for number in range(100): (folder / str(number)).touch()\n"
        "try: ensure(LogSpec(size=300_001), folder / 'logs')\nexcept LogUnavailable as error: print(error)\n"
    )
    assert f"{tmp_path}/logs" in run(code, tmp_path, prefix=small_disk).stdout


def test_folder_that_cannot_be_one_is_told(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("in the way")
    with pytest.raises(LogUnavailable) as caught:
        ensure(SPEC, tmp_path / "file" / "logs")
    assert str(tmp_path / "file" / "logs") in str(caught.value)


def test_good_log_on_a_disk_that_cannot_be_written_is_used(tmp_path: Path, small_disk: tuple[str, ...]) -> None:
    code = (
        "import subprocess\npath = ensure(LogSpec(size=300_001), folder)\n"
        "subprocess.run(['mount', '-o', 'remount,ro', str(folder)], check=True)\n"
        "print(ensure(LogSpec(size=300_001), folder) == path)\n"
        "try: ensure(LogSpec(size=300_002), folder)\nexcept LogUnavailable as error: print(error)\n"
    )
    same, refused = run(code, tmp_path, prefix=small_disk).stdout.splitlines()
    assert same == "True"
    assert os.strerror(errno.EROFS) in refused
