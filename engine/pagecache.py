"""Which pages of a file the page cache holds: see them, evict them, bring them in. Linux only.

Two witnesses, and each is blind somewhere:

- `cachestat` (Linux 6.5; system call 451) adds up a whole file in one call. On overlayfs, which is what containers
  use, it looks at the overlay's own inode and always answers 0. So its 0 is never believed alone.
- `mincore` answers page by page and sees through overlayfs. To a process that neither owns the file nor may write it,
  Linux 5.2 and later answers "all resident" (CVE-2019-5489), so it is not asked then. Since 6.14 cachestat refuses
  such a process with EPERM.
"""

from __future__ import annotations

import ctypes
import errno
import functools
import mmap
import os
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from enum import StrEnum
from itertools import pairwise

PAGE = mmap.PAGESIZE
"""Bytes in a page."""

_CACHESTAT = 451  # the same number on every architecture but alpha
_PROT_READ, _MAP_SHARED = 1, 1
_MAP_FAILED = ctypes.c_void_p(-1).value
_WARM_CHUNK = 1 << 20
# An eviction spares pages somebody still holds: a mapping, a socket's queue, another CPU's list of pages to add.
_EVICTION_PAUSES = (0.0, 0.001, 0.004, 0.016, 0.064)


class Witness(StrEnum):
    """Who says how many pages are resident."""

    CACHESTAT = "cachestat"
    MINCORE = "mincore"


@dataclass(frozen=True, slots=True)
class Residency:
    """How many of a file's `total` pages the page cache holds."""

    pages: int
    total: int
    witness: Witness


@dataclass(frozen=True, slots=True)
class Eviction:
    """What an eviction left behind; true when nothing is left."""

    left: Residency
    attempts: int

    def __bool__(self) -> bool:
        return self.left.pages == 0


def resident(fd: int, size: int) -> Residency:
    """How many pages of the first `size` bytes of the file (or of all it has) are in the page cache.

    Raises PermissionError when neither witness may answer (somebody else's file), OSError when neither can.
    """
    size = _within(fd, size)
    total = _pages(size)
    if not total:
        return Residency(0, 0, Witness.MINCORE)
    try:
        counted = cachestat(fd, total * PAGE)
    except OSError:
        counted = 0
    if counted:
        return Residency(min(counted, total), total, Witness.CACHESTAT)
    return Residency(_core_map(fd, size).count(1), total, Witness.MINCORE)


def resident_map(fd: int, size: int, buckets: int) -> list[float]:
    """The resident fraction (0 to 1) of `buckets` equal stretches of the file's first `size` bytes.

    A file of fewer pages than `buckets` gets one bucket a page; an empty one gets none. Raises as `resident` does.
    """
    return survey(fd, size, buckets)[1]


def survey(fd: int, size: int, buckets: int) -> tuple[Residency, list[float]]:
    """What `resident` and `resident_map` tell, of one moment, and asked for once: a big file takes milliseconds."""
    size = _within(fd, size)
    total = _pages(size)
    count = min(buckets, total)
    if not count:
        return Residency(0, 0, Witness.MINCORE), []
    edges = [total * index // count for index in range(count + 1)]
    witness = Witness.CACHESTAT
    held = _counts(fd, edges)
    if not any(held):
        witness = Witness.MINCORE
        core = _core_map(fd, size)
        held = [core.count(1, start, end) for start, end in pairwise(edges)]
    shares = [min(1.0, pages / (end - start)) for pages, (start, end) in zip(held, pairwise(edges), strict=True)]
    return Residency(min(sum(held), total), total, witness), shares


def resident_pages(fd: int, start: int, stop: int) -> list[bool]:
    """Whether each page of the file's bytes [start, stop) is in the page cache; `start` begins one.

    Raises as `resident` does.
    """
    edges = [start // PAGE + page for page in range(_pages(stop - start) + 1)]
    held = _counts(fd, edges)
    if not any(held):
        held = list(_core_map(fd, stop)[edges[0] : edges[-1]])
    return [count > 0 for count in held]


def _counts(fd: int, edges: list[int]) -> list[int]:
    """Cached pages between the edges (in pages), by cachestat, the faster witness; none where it cannot say."""
    try:
        return [cachestat(fd, (end - start) * PAGE, start * PAGE) for start, end in pairwise(edges)]
    except OSError:
        return []


def evict(fd: int, size: int) -> Eviction:
    """Write the file's first `size` bytes to disk and drop them from the page cache; tells whether that worked.

    It cannot work on tmpfs, and may fail while pages are mapped, locked or queued in a socket. A dirty page is not
    dropped, hence the fsync. Raises OSError as fsync and `resident` do.
    """
    os.fsync(fd)
    for attempt, pause in enumerate(_EVICTION_PAUSES, 1):
        time.sleep(pause)
        os.posix_fadvise(fd, 0, _pages(size) * PAGE, os.POSIX_FADV_DONTNEED)
        eviction = Eviction(resident(fd, size), attempt)
        if eviction:
            break
    return eviction


def warm(fd: int, size: int) -> Residency:
    """Read the file's first `size` bytes through the page cache; what is resident afterwards.

    Less than everything: memory is short, or the filesystem keeps its bytes elsewhere. Raises OSError as pread does.
    """
    scratch, offset = bytearray(_WARM_CHUNK), 0
    while offset < size and (got := os.preadv(fd, [memoryview(scratch)[: size - offset]], offset)):
        offset += got
    return resident(fd, size)


def unwritten(fd: int, length: int) -> int | None:
    """Pages of the file's first `length` bytes that are in memory alone: dirty, or on their way to the disk.

    None where nothing can tell: no cachestat, or one that sees no page of a file that has some (overlayfs).
    """
    if not length:
        return 0
    try:
        cached, dirty, writeback = _cachestat(fd, length, 0)[:3]
    except OSError:
        return None
    return dirty + writeback if cached or not resident(fd, length).pages else None


def cachestat(fd: int, length: int, start: int = 0) -> int:
    """Cached pages of `length` bytes of the file from `start` on, as cachestat(2) counts them: 0 on overlayfs.

    Raises OSError: ENOSYS before Linux 6.5, EPERM for somebody else's file or under an old seccomp profile.
    """
    return _cachestat(fd, length, start)[0]


def _cachestat(fd: int, length: int, start: int) -> list[int]:
    stretch = (ctypes.c_uint64 * 2)(start, length)
    counts = (ctypes.c_uint64 * 5)()  # cache, dirty, writeback, evicted, recently evicted
    if _libc().syscall(ctypes.c_long(_CACHESTAT), fd, stretch, counts, 0):
        raise _os_error()
    return list(counts)


def _core_map(fd: int, size: int) -> bytes:
    """One byte a page, 1 for resident, from mincore(2)."""
    if not _may_ask_mincore(fd):
        raise PermissionError(errno.EPERM, "mincore answers only for a file one owns or may write")
    vector = ctypes.create_string_buffer(_pages(size))
    with _mapped(fd, size) as address:
        if _libc().mincore(ctypes.c_void_p(address), ctypes.c_size_t(size), vector):
            raise _os_error()
    # the other bits of each byte are reserved
    return vector.raw.translate(_LOWEST_BIT)


_LOWEST_BIT = bytes(value & 1 for value in range(256))


def _may_ask_mincore(fd: int) -> bool:
    # root is not asked for by name: in a container's user namespace it may be nobody to this file
    if os.geteuid() == os.fstat(fd).st_uid:
        return True
    return os.access(f"/proc/self/fd/{fd}", os.W_OK, effective_ids=True)


@contextmanager
def _mapped(fd: int, size: int) -> Iterator[int]:
    # not the mmap module: Python gives no address of a read-only mapping
    address = _libc().mmap(None, size, _PROT_READ, _MAP_SHARED, fd, 0)
    if address == _MAP_FAILED:
        raise _os_error()
    try:
        yield address
    finally:
        _libc().munmap(ctypes.c_void_p(address), ctypes.c_size_t(size))


def _within(fd: int, size: int) -> int:
    # a truncated file may keep a big folio whose tail no longer is the file's
    return min(size, os.fstat(fd).st_size)


def _pages(size: int) -> int:
    return -(-size // PAGE)


def _os_error() -> OSError:
    number = ctypes.get_errno()
    return OSError(number, os.strerror(number))


@functools.cache
def _libc() -> ctypes.CDLL:
    library = ctypes.CDLL(None, use_errno=True)
    library.mmap.restype = ctypes.c_void_p
    library.mmap.argtypes = [
        ctypes.c_void_p,
        ctypes.c_size_t,
        ctypes.c_int,
        ctypes.c_int,
        ctypes.c_int,
        ctypes.c_longlong,
    ]
    return library
