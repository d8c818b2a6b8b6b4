"""User-space memory of the machine: raw mappings made by libc, without Python's own bookkeeping calls around them."""

from __future__ import annotations

import ctypes
import os
from collections import deque
from collections.abc import Sequence
from dataclasses import replace
from resource import RLIM_INFINITY, RLIMIT_DATA, getrlimit, setrlimit

from zcquest.engine.calls.base import BUFFERS
from zcquest.engine.machine.extent import Extent

PROT_READ, PROT_WRITE = 1, 2
MAP_SHARED, MAP_PRIVATE, MAP_FIXED, MAP_ANONYMOUS, MAP_POPULATE = 0x01, 0x02, 0x10, 0x20, 0x8000
_MADV_POPULATE_READ, _MADV_POPULATE_WRITE = 22, 23
_POPULATE = {"rw-p": _MADV_POPULATE_WRITE, "r-xp": _MADV_POPULATE_READ, "r--p": _MADV_POPULATE_READ}
PAGE = os.sysconf("SC_PAGE_SIZE")

libc = ctypes.CDLL(None, use_errno=True)
libc.mmap.restype = ctypes.c_void_p
libc.mmap.argtypes = [ctypes.c_void_p, ctypes.c_size_t, ctypes.c_int, ctypes.c_int, ctypes.c_int, ctypes.c_long]
libc.munmap.argtypes = [ctypes.c_void_p, ctypes.c_size_t]
libc.madvise.argtypes = [ctypes.c_void_p, ctypes.c_size_t, ctypes.c_int]
for _name in ("read", "pread", "write", "writev", "send", "recv", "readahead", "tee", "vmsplice"):
    getattr(libc, _name).restype = ctypes.c_ssize_t
libc.read.argtypes = libc.write.argtypes = [ctypes.c_int, ctypes.c_void_p, ctypes.c_size_t]
libc.pread.argtypes = [ctypes.c_int, ctypes.c_void_p, ctypes.c_size_t, ctypes.c_long]
libc.writev.argtypes = [ctypes.c_int, ctypes.c_void_p, ctypes.c_int]
libc.send.argtypes = libc.recv.argtypes = [ctypes.c_int, ctypes.c_void_p, ctypes.c_size_t, ctypes.c_int]
libc.tee.argtypes = [ctypes.c_int, ctypes.c_int, ctypes.c_size_t, ctypes.c_uint]
libc.vmsplice.argtypes = [ctypes.c_int, ctypes.c_void_p, ctypes.c_size_t, ctypes.c_uint]
libc.fcntl.argtypes = [ctypes.c_int, ctypes.c_int, ctypes.c_long]
libc.readahead.argtypes = [ctypes.c_int, ctypes.c_long, ctypes.c_size_t]
_MAP_FAILED = ctypes.c_void_p(-1).value


def raise_errno() -> OSError:
    """The calling thread's errno, as libc left it, as an exception to raise."""
    code = ctypes.get_errno()
    return OSError(code, os.strerror(code))


def checked(result: int) -> int:
    """`result`, or the OSError that a libc call returning -1 stands for."""
    if result == -1:
        raise raise_errno()
    return result


def map_memory(address: int | None, length: int, protection: int, flags: int, fd: int, offset: int = 0) -> int:
    """mmap(2); the address. Raises OSError with the kernel's errno."""
    found = libc.mmap(address, length, protection, flags, fd, offset)
    if found == _MAP_FAILED:
        raise raise_errno()
    return int(found)


def view_of(address: int, length: int) -> memoryview:
    """The bytes at `address`. Always writable to Python: whether writing works is the kernel's to say."""
    return memoryview((ctypes.c_char * length).from_address(address)).cast("B")


class Buffer:
    """One of the plan's buffers: anonymous memory, and which of its bytes still have to be sent."""

    def __init__(self, capacity: int, ceiling: int) -> None:
        """Raises OSError(ENOMEM) from the kernel when `capacity` exceeds `ceiling` (both bytes)."""
        self.capacity = capacity
        self.address = _allocate(capacity, ceiling)
        self.view = view_of(self.address, capacity)
        self.pending: deque[Extent] = deque()
        self.loaded: Extent | None = None  # what the latest load put at the buffer's start
        self.filled = False
        self.fills = 0  # how often bytes have been put where others were
        self.lent = False  # whether a vmsplice has lent what lies here now
        self.refills = 0  # how often that was written over
        self.rewritten = 0  # bytes of the message that `rewrite` made of what was loaded; 0: it is as it was

    @property
    def waiting(self) -> int:
        """Bytes that still have to be sent."""
        return sum(extent.length for extent in self.pending)

    def fill(self, log: int, length: int) -> int:
        """The buffer now starts with `length` log bytes. Returns how many unsent bytes that overwrote."""
        return self.take_in([Extent(0, log, length)] if length else [])

    def take_in(self, extents: Sequence[Extent]) -> int:
        """These log bytes are all that the buffer has to give now. Returns how many unsent bytes that overwrote."""
        lost = self.waiting
        self.pending.clear()
        self.rewritten = 0
        self.fills += 1
        self.refills += self.lent
        self.lent = False
        if extents:
            self.pending.extend(extents)
            self.loaded = replace(extents[0])
            self.filled = True
        return lost

    def holds(self, log: int, length: int) -> bool:
        """Whether the latest load put these log bytes, and none before them, at the buffer's start."""
        return self.loaded is not None and self.loaded.log == log and self.loaded.length >= length

    def again(self, log: int) -> None:
        """If the latest load began with the log byte `log`, all of it still has to be sent."""
        if self.loaded and self.loaded.log == log:
            self.pending = deque([replace(self.loaded)])

    def grown(self, length: int) -> None:
        """What was loaded has been made `length` bytes long, where it lies."""
        if self.loaded:
            self.loaded.length = self.rewritten = length
            self.fills += 1
            self.again(self.loaded.log)

    def gathered(self, count: int) -> None:
        """The first `count` pending bytes have been moved to the buffer's start."""
        self.fills += 1
        first = self.pending.popleft()
        if count < first.length:
            self.pending.appendleft(Extent(first.at + count, first.log + count, first.length - count))
        self.pending.appendleft(Extent(0, first.log, count))

    def consume(self, count: int) -> None:
        """The first `count` pending bytes have gone."""
        while count:
            first = self.pending[0]
            step = min(count, first.length)
            first.at, first.log, first.length = first.at + step, first.log + step, first.length - step
            count -= step
            if not first.length:
                self.pending.popleft()


class Mapping:
    """The plan's `map` or `index`: a whole file, mapped read-only."""

    def __init__(self, address: int, length: int) -> None:
        self.address = address
        self.length = length
        self.view = view_of(address, length)


class Acknowledgement:
    """The plan's `ack`: a number in memory of its own, as it goes over the wire."""

    def __init__(self) -> None:
        self._word = ctypes.c_uint64.__ctype_be__(0)
        self.address = ctypes.addressof(self._word)
        self.view = memoryview(self._word).cast("B")

    def say(self, count: int) -> None:
        """`count` bytes have been received."""
        self._word.value = count


class Memories:
    """The user memory of a machine, by the names that a plan has for it."""

    def __init__(self) -> None:
        self.buffers: dict[str, Buffer] = {}  # those that the plan names with a size
        self.mapping: Mapping | None = None
        self.index: Mapping | None = None
        self.ack = Acknowledgement()

    def _place(self, word: str) -> Buffer | Mapping | Acknowledgement | None:
        if word in BUFFERS:
            return self.buffers.get(word)
        return {"map": self.mapping, "index": self.index}.get(word, self.ack)

    def memory(self, word: str) -> memoryview | None:
        """The bytes of a memory; None before there is a mapping, and for a buffer of no size."""
        place = self._place(word)
        return place.view if place else None

    def into_buffer(self, word: str, count: int) -> memoryview:
        """The first `count` bytes of a buffer, to be filled."""
        return self.buffers[word].view[:count]

    def address(self, word: str) -> int | None:
        """Where a memory lies; None (a null pointer) where `memory` is None."""
        place = self._place(word)
        return place.address if place else None

    def length(self, word: str) -> int:
        """Bytes of a memory."""
        return len(self.memory(word) or b"")


def _allocate(capacity: int, ceiling: int) -> int:
    soft, hard = getrlimit(RLIMIT_DATA)
    if capacity > ceiling:  # let the kernel refuse it: the limit is what stands now plus the ceiling
        limit = _data_bytes() + ceiling
        setrlimit(RLIMIT_DATA, (limit if hard == RLIM_INFINITY else min(limit, hard), hard))
    try:
        return map_memory(None, capacity, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1)
    finally:
        setrlimit(RLIMIT_DATA, (soft, hard))


def _data_bytes() -> int:
    with open("/proc/self/status") as status:
        kilobytes = next(int(line.split()[1]) for line in status if line.startswith("VmData:"))
    return kilobytes * 1024


def settle() -> None:
    """Fault in all of the process's memory now, so that a fault counted later is the plan's and not the interpreter's.

    MADV_POPULATE_* need Linux 5.14; on an older kernel the first touches are simply taken as they come.
    """
    with open("/proc/self/maps") as maps:
        areas = [line.split() for line in maps]
    for area in areas:
        special = len(area) > 5 and area[5].startswith("[v")
        advice = _POPULATE.get(area[1])
        if advice and not special:
            start, end = (int(edge, 16) for edge in area[0].split("-"))
            libc.madvise(start, end - start, advice)
