"""Logs on disk, kept between runs: made once, checked before each use, bounded together."""

from __future__ import annotations

import errno
import mmap
import os
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import msgspec
from msgspec import UNSET

from zcquest.engine.logs.formats import format_of
from zcquest.engine.logs.spec import LogSpec
from zcquest.engine.message import Message, message
from zcquest.engine.sizes import format_size

LIMIT = 6 << 30  # bytes that all logs of a folder may take together
CHECKED_WHOLE = 64 << 20  # bytes: of a larger log, samples are checked
IN_USE = 60.0  # seconds for which a log that was asked for is not removed
_SAMPLE, _SAMPLES = 256 << 10, 64
_READ = 1 << 20


class LogUnavailable(Exception):
    """The log cannot be kept on disk; `message` says why, and what would help."""

    def __init__(self, message: Message) -> None:
        super().__init__(message)
        self.message = message


def ensure(spec: LogSpec, folder: Path, limit: int = LIMIT) -> Path:
    """The file that holds the log of `spec`, made in `folder` if it is not there or not as it was made.

    The player's own file is where it is, and is left as it is.

    It is shared by all runs: read it, never write to it. A file counts as good when its size is exact and the CRC-32C
    in its name is that of its bytes; over CHECKED_WHOLE bytes, of 64 samples of 256 KiB spread from start to end.
    Checking reads the file, so it leaves pages of it in the page cache. Blocks while another process makes a log in
    the same folder. Raises LogUnavailable: no room, the folder cannot be written, or the player's file is another one.
    """
    if spec.file is not UNSET:
        return _still_there(Path(spec.file), spec.size)
    return _kept(folder, _stem(spec), spec.size, lambda: format_of(spec.format).segments(spec), limit)


def _still_there(path: Path, size: int) -> Path:
    """The player's own file, which may have gone or grown since it was looked at."""
    try:
        found = path.stat().st_size
    except OSError as error:
        reason = error.strerror or str(error)
        raise LogUnavailable(message("{file} cannot be read: {reason}", file=str(path), reason=reason)) from error
    if found != size:
        raise LogUnavailable(
            message(
                "{file} had {size} bytes and has {found} now: open the lab again",
                file=str(path),
                size=size,
                found=found,
            )
        )
    return path


def _kept(folder: Path, stem: str, size: int | None, build: Callable[[], Iterator[bytes]], limit: int) -> Path:
    """The file of this stem and, where it is known beforehand, of this size."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
        if (path := _good(folder, stem, size)) is None:
            with _alone(folder):
                path = _good(folder, stem, size) or _make(build, folder, stem, size or 0, limit)
    except OSError as error:
        raise LogUnavailable(_reason(error, size or 0, folder)) from error
    return path


def ensure_index(spec: LogSpec, topic: str, folder: Path, limit: int = LIMIT) -> Path:
    """The file that holds the index of a topic of the log of `spec`: made from the log itself, kept as that is.

    Blocks, and raises LogUnavailable, as `ensure` does.
    """
    rules = format_of(spec.format).index
    assert rules
    log = ensure(spec, folder, limit)
    stem = f"index-{_stem(spec)}-{topic}"

    def build() -> Iterator[bytes]:
        with (
            log.open("rb") as file,
            mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as data,
            memoryview(data) as view,
        ):
            yield rules.build(view, topic)

    return _kept(folder, stem, None, build, limit)


def _stem(spec: LogSpec) -> str:
    from hashlib import blake2b

    made_from = msgspec.json.encode((spec, format_of(spec.format).version), order="deterministic")
    return f"{spec.format}-{format_size(spec.size)}-{blake2b(made_from, digest_size=8).hexdigest()}"


def _good(folder: Path, stem: str, size: int | None) -> Path | None:
    for path in folder.glob(f"{stem}-*.log"):
        with suppress(OSError):
            os.utime(path)  # asked for now: before the check, so that nobody removes it after
        with suppress(FileNotFoundError):
            found = path.stat().st_size
            if size in (None, found) and path.stem == f"{stem}-{_checksum(path, found):08x}":
                return path
    return None


def _checksum(path: Path, size: int) -> int:
    """CRC-32C of the file, or of its samples."""
    from crc32c import crc32c

    if size <= CHECKED_WHOLE:
        ranges = [(at, _READ) for at in range(0, size, _READ)]
    else:
        ranges = [(i * (size - _SAMPLE) // (_SAMPLES - 1), _SAMPLE) for i in range(_SAMPLES)]
    crc = 0
    with path.open("rb", buffering=0) as file:
        for at, length in ranges:
            crc = crc32c(os.pread(file.fileno(), length, at), crc)
    return crc


@contextmanager
def _alone(folder: Path) -> Iterator[None]:
    """No other process makes or removes logs in `folder` meanwhile; a killed one leaves no lock."""
    import fcntl  # here: there is none on Windows, where zcquest starts and explains

    lock = os.open(folder / ".lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o644)
    try:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield
    finally:
        os.close(lock)


def _make(build: Callable[[], Iterator[bytes]], folder: Path, stem: str, size: int, limit: int) -> Path:
    for left in (*folder.glob("*.partial"), *folder.glob(f"{stem}-*.log")):
        left.unlink(missing_ok=True)  # what a killed process left behind, or this log, damaged
    _make_room(size, folder, limit)
    partial = folder / f"{stem}.partial"
    try:
        with partial.open("wb", buffering=0) as file:
            for block in build():
                rest = memoryview(block)
                while rest:
                    rest = rest[file.write(rest) :]
            os.fsync(file.fileno())
        path = folder / f"{stem}-{_checksum(partial, partial.stat().st_size):08x}.log"
        partial.replace(path)
    finally:
        partial.unlink(missing_ok=True)
    return path


def _make_room(size: int, folder: Path, limit: int) -> None:
    """Remove the logs that nobody asked for the longest, until `size` bytes more fit the limit and the disk."""
    recent = time.time() - IN_USE
    logs = sorted((status.st_mtime, status.st_size, path) for path in folder.glob("*.log") for status in [path.stat()])
    total = sum(length for _, length, _ in logs)
    for used, length, path in logs:
        if used > recent or (total + size <= limit and _free(folder) >= size):
            break
        path.unlink(missing_ok=True)
        total -= length
    if _free(folder) < size:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))


def _free(folder: Path) -> int:
    while not folder.exists():
        folder = folder.parent
    status = os.statvfs(folder)
    return status.f_bavail * status.f_frsize


def _reason(error: OSError, size: int, folder: Path) -> Message:
    if error.errno in (errno.ENOSPC, errno.EDQUOT):
        return message(
            "The log needs {needed} bytes in {folder}, where {free} bytes are free. Make room there, or choose another "
            "folder.",
            needed=size,
            folder=folder,
            free=_free(folder),
        )
    return message("The log cannot be kept in {folder}: {reason}", folder=folder, reason=error.strerror or error)
