"""The trace of a run: one fixed-size record a call, in a file that the machine maps and anyone may read while it grows.

The file is what makes an observed run bounded in memory whatever the number of calls, and what survives the machine's
death: the header names the call in flight, so a SIGBUS still shows where it struck.
"""

from __future__ import annotations

import errno
import os
import struct
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

HEADER = struct.Struct("<8Q")  # calls recorded, call in flight (0: none), time the plan started, ns; Standing
RECORD = struct.Struct("<QQHHiqqqIIII")
PAGE = 4096
WINDOW_RECORDS = 1 << 14
_PER_READ = 4096


@dataclass(frozen=True, slots=True)
class Record:
    """One call as it happened.

    `at_ns` since the plan started and `took_ns` are nanoseconds; `step` is the 0-based index into the plan's steps;
    `code` indexes `zcquest.engine.calls.CODES`; `offset` is where in the log (or in `buf`) the bytes were; `size` the
    bytes asked for; `result` what came back (-1 with `errno` when it failed); `minor`, `major` the page faults taken
    while the call ran; `disk_bytes` what the block layer read for it (rusage's ru_inblock x 512);
    `waits` the voluntary context switches: how often the call slept.
    """

    at_ns: int
    took_ns: int
    step: int
    code: int
    errno: int
    offset: int
    size: int
    result: int
    minor: int
    major: int
    disk_bytes: int
    waits: int

    @property
    def faults(self) -> int:
        return self.minor + self.major

    @property
    def error(self) -> str | None:
        """`EFAULT` and the like, None when the call succeeded."""
        return errno_name(self.errno) if self.errno else None


def errno_name(number: int) -> str:
    """`EFAULT` and the like."""
    return errno.errorcode.get(number, str(number))


BLOCK = 512  # bytes of one of ru_inblock's


def decode(fields: tuple[int, ...]) -> Record:
    """A record from its fields, in RECORD's order."""
    at, took, step, code, error, offset, size, result, minor, major, blocks, waits = fields
    return Record(at, took, step, code, error, offset, size, result, minor, major, blocks * BLOCK, waits)


@dataclass(frozen=True, slots=True)
class InFlight:
    """The call that was running when the machine stopped."""

    step: int
    code: int


@dataclass(frozen=True, slots=True)
class Standing:
    """How far the plan had come after its latest call: the cursor, and the bytes of the log that the socket took.

    `neighbours`: the bytes that `sock2`, `sock3` and `sock4` took.
    """

    position: int
    sent: int
    neighbours: tuple[int, ...]


class Trace:
    """Reads a trace file; safe while the machine is still writing it."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def __len__(self) -> int:
        return self._header()[0]

    def in_flight(self) -> InFlight | None:
        word = self._header()[1]
        return InFlight((word >> 16) - 1, word & 0xFFFF) if word else None

    def standing(self) -> Standing:
        """Where the plan stands: while it runs, and where a signal left it."""
        position, sent, *neighbours = self._header()[3:]
        return Standing(position, sent, tuple(neighbours))

    def lasted_s(self) -> float:
        """Seconds from the plan's start to the end of its latest call."""
        return next((record.at_ns + record.took_ns for record in self.records(max(0, len(self) - 1))), 0) / 1e9

    def records(self, start: int = 0, stop: int | None = None) -> Iterator[Record]:
        """Records `start` to `stop` (all that are there by default), in order."""
        return map(decode, self.rows(start, stop))

    def rows(self, start: int = 0, stop: int | None = None) -> Iterator[tuple[int, ...]]:
        """The same as plain tuples, in the order of RECORD's fields: for whoever adds up millions."""
        end = len(self) if stop is None else min(stop, len(self))
        if start >= end:
            return
        with open(self.path, "rb") as file:
            file.seek(PAGE + start * RECORD.size)
            while start < end:
                count = min(_PER_READ, end - start)
                yield from RECORD.iter_unpack(file.read(count * RECORD.size))
                start += count

    def raw(self, start: int, stop: int) -> bytes:
        """Records `start` to `stop` as they lie in the file. Raises OSError."""
        with open(self.path, "rb") as file:
            return os.pread(file.fileno(), (min(stop, len(self)) - start) * RECORD.size, PAGE + start * RECORD.size)

    def _header(self) -> tuple[int, ...]:
        try:
            with open(self.path, "rb") as file:
                raw = os.pread(file.fileno(), HEADER.size, 0)
        except FileNotFoundError:
            raw = b""
        return HEADER.unpack(raw.ljust(HEADER.size, b"\0"))
