"""The bytes of a log as they lie in the page cache, looked at without fetching what is not there, and their names."""

from __future__ import annotations

import mmap
import os
from dataclasses import dataclass
from pathlib import Path

from zcquest.engine.logs import format_of
from zcquest.engine.logs.formats import Field
from zcquest.engine.pagecache import PAGE, resident_pages

LONGEST = 1 << 20  # bytes of a batch or a message beyond which its fields are not named


@dataclass(frozen=True, slots=True)
class Seen:
    """Bytes as somebody found them: `data` begins at `start`, an offset in what holds `size` bytes.

    `gaps` are the ranges [from, to) of which nothing is there; `data` is zero in them.
    """

    start: int
    data: bytes
    size: int
    gaps: tuple[tuple[int, int], ...] = ()


@dataclass(frozen=True, slots=True)
class Named:
    """The batch or message at an offset: its range [start, stop), and its fields at their offsets in the log."""

    start: int
    stop: int
    fields: tuple[Field, ...]


def look_at(path: Path, start: int, stop: int) -> Seen:
    """What the page cache holds of the file's bytes [start, stop). Raises OSError.

    A mapping under MADV_RANDOM, of which only resident pages are touched: a read would start or move a readahead, and
    change what the run that is looked at finds. The kernel copies, so that a file cut short meanwhile is an errno.
    """
    fd = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
    try:
        size = os.fstat(fd).st_size
        first, stop = start // PAGE * PAGE, min(stop, size)
        if first >= stop or start >= stop:
            return Seen(start, b"", size)
        held = resident_pages(fd, first, stop)
        return Seen(start, *_copy(fd, first, start, stop, held, size))
    finally:
        os.close(fd)


def _copy(
    fd: int, first: int, start: int, stop: int, held: list[bool], size: int
) -> tuple[bytes, int, tuple[tuple[int, int], ...]]:
    gaps: list[tuple[int, int]] = []
    scratch = os.memfd_create("zcquest-look", os.MFD_CLOEXEC)
    try:
        os.truncate(scratch, stop - first)
        with mmap.mmap(fd, stop - first, prot=mmap.PROT_READ, offset=first) as area, memoryview(area) as view:
            area.madvise(mmap.MADV_RANDOM)
            for index, resident in enumerate(held):
                at, end = index * PAGE, min((index + 1) * PAGE, stop - first)
                if not (resident and _kernel_copy(scratch, view[at:end], at)):
                    gaps.append((max(first + at, start), first + end))
        return os.pread(scratch, stop - start, start - first), size, tuple(gaps)
    finally:
        os.close(scratch)


def _kernel_copy(fd: int, page: memoryview, at: int) -> bool:
    try:
        return os.pwrite(fd, page, at) == len(page)
    except OSError:  # EFAULT: the file ends before this page now
        return False


def name(path: Path, log_format: str, at: int) -> Named | None:
    """The batch or message of the log file `path` at offset `at`; None where there is none to be named.

    Reads the file: not one whose page cache is being watched. Raises OSError.
    """
    fd = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
    try:
        size = os.fstat(fd).st_size
        if not 0 <= at < size:
            return None
        rules = format_of(log_format)
        start, stop = rules.bounds(fd, at, 1, size)
        if not start <= at < stop or stop - start > LONGEST:
            return None
        found = rules.fields(os.pread(fd, stop - start, start), 0)
    finally:
        os.close(fd)
    return Named(
        start, stop, tuple(Field(start + field.offset, field.length, field.name, field.value) for field in found)
    )
