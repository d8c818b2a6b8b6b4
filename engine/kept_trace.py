"""A run's trace, kept: packed small, with its sums, and read again a block at a time.

Records of one run are alike, so the bytes of a block are laid out by their place in the record before they are
compressed: five to six bytes a call are left of 64. The sums up to each block make any call's place in the run a matter
of reading one block.
"""

from __future__ import annotations

import struct
import zlib
from collections import Counter, OrderedDict
from collections.abc import Iterable, Iterator, Sequence
from itertools import accumulate
from typing import TypeAlias

import msgspec

from zcquest.engine.calls import CALLS, CODES
from zcquest.engine.plan import Plan
from zcquest.engine.trace import BLOCK as DISK_BLOCK
from zcquest.engine.trace import RECORD, Record, Trace, decode

BLOCK = 2048  # calls that are packed and read together
TICK = 64  # calls of the finest sums
MOST_BYTES = 8 << 20  # of packed records; of the calls after that only the sums are kept
_MAGIC = b"zcquest trace 2\n"
_FOOT = struct.Struct("<Q")  # where the index begins
_BLOCKS_AT_HAND = 8
_LEVEL = 1  # zlib's: the layout does most of it

Row: TypeAlias = tuple[int, ...]  # in the order of RECORD's fields


class TraceDamaged(ValueError):
    """What was kept is not a trace, or not all of it."""


class StepSums(msgspec.Struct, frozen=True, array_like=True):
    """One step's calls: `carried` bytes came to the end of its route, `disk` bytes the block layer read for it."""

    calls: int = 0
    carried: int = 0
    disk: int = 0


class Sums(msgspec.Struct, frozen=True, array_like=True):
    """Calls added up. `took_ns` is the time spent in them; user faults are those taken in user-space work."""

    steps: tuple[StepSums, ...]
    syscalls: int = 0
    user_faults: int = 0
    kernel_faults: int = 0
    failed: int = 0
    waits: int = 0
    took_ns: int = 0

    @property
    def calls(self) -> int:
        return sum(step.calls for step in self.steps)

    def __add__(self, other: Sums) -> Sums:
        steps = zip(self.steps, other.steps, strict=True)
        return Sums(
            tuple(StepSums(a.calls + b.calls, a.carried + b.carried, a.disk + b.disk) for a, b in steps),
            self.syscalls + other.syscalls,
            self.user_faults + other.user_faults,
            self.kernel_faults + other.kernel_faults,
            self.failed + other.failed,
            self.waits + other.waits,
            self.took_ns + other.took_ns,
        )


class Tick(msgspec.Struct, frozen=True, array_like=True):
    """TICK calls, or fewer at the end: when the first began, how long they took together, and what befell them."""

    at_ns: int
    took_ns: int
    failed: int
    faults: int


class Firsts(msgspec.Struct, frozen=True, array_like=True):
    """Calls worth going to, from 0; None where there is none. `carried`: the first of each step that moved bytes."""

    failed: int | None = None
    fault: int | None = None
    slowest: int | None = None
    slowest_ns: int = -1
    carried: dict[int, int] = {}


class _Block(msgspec.Struct, frozen=True, array_like=True):
    """`length` bytes of packed records at `offset`; 0 where only the sums are kept. `codes`: how many of which call."""

    calls: int
    offset: int
    length: int
    sums: Sums
    codes: dict[int, int]


class _Index(msgspec.Struct, frozen=True, array_like=True):
    steps: int
    blocks: tuple[_Block, ...]
    ticks: tuple[Tick, ...]
    firsts: Firsts


# Packing


def pack(trace: Trace, plan: Plan, most: int = MOST_BYTES) -> bytes:
    """The trace as one document for `KeptTrace`, `most` bytes of it records at the most. Raises OSError."""
    return pack_rows(_raw_blocks(trace), plan, most)


def pack_rows(blocks: Iterable[bytes], plan: Plan, most: int = MOST_BYTES) -> bytes:
    """The same of raw records, BLOCK of them in each of `blocks` but the last."""
    packed, found, ticks = [_MAGIC], list[_Block](), list[Tick]()
    at, start, watch = len(_MAGIC), 0, _Watch()
    for raw in blocks:
        rows = list(RECORD.iter_unpack(raw))
        squeezed = zlib.compress(_by_column(raw), _LEVEL) if at < most else b""
        if at + len(squeezed) > most:
            squeezed, most = b"", 0  # the kept ones are the run's first
        found.append(_Block(len(rows), at, len(squeezed), add_rows(rows, plan), _codes(rows)))
        ticks += (_tick(rows[tick : tick + TICK]) for tick in range(0, len(rows), TICK))
        watch.look(rows, start, plan)
        packed.append(squeezed)
        at += len(squeezed)
        start += len(rows)
    index = _Index(len(plan.steps), tuple(found), tuple(ticks), watch.firsts())
    return b"".join([*packed, zlib.compress(msgspec.msgpack.encode(index), _LEVEL), _FOOT.pack(at)])


def _raw_blocks(trace: Trace) -> Iterator[bytes]:
    return (trace.raw(start, start + BLOCK) for start in range(0, len(trace), BLOCK))


def _by_column(raw: bytes) -> bytes:
    return b"".join(raw[place :: RECORD.size] for place in range(RECORD.size))


def _by_row(columns: bytes) -> bytes:
    count = len(columns) // RECORD.size
    raw = bytearray(len(columns))
    for place in range(RECORD.size):
        raw[place :: RECORD.size] = columns[place * count : (place + 1) * count]
    return bytes(raw)


def _tick(rows: Sequence[Row]) -> Tick:
    return Tick(
        rows[0][0],
        sum(row[1] for row in rows),
        sum(1 for row in rows if row[4]),
        sum(row[8] + row[9] for row in rows),
    )


def _codes(rows: Sequence[Row]) -> dict[int, int]:
    """How many calls there are of which code, in the order in which they first come."""
    return dict(Counter(row[3] for row in rows))


class _Watch:
    """Looks at rows as they pass for the calls worth going to."""

    def __init__(self) -> None:
        self._failed: int | None = None
        self._fault: int | None = None
        self._slowest: int | None = None
        self._slowest_ns = -1
        self._carried: dict[int, int] = {}

    def look(self, rows: Sequence[Row], start: int, plan: Plan) -> None:
        took = max(row[1] for row in rows)
        if took > self._slowest_ns:
            self._slowest_ns = took
            self._slowest = start + next(number for number, row in enumerate(rows) if row[1] == took)
        if self._failed is None:
            self._failed = next((start + number for number, row in enumerate(rows) if row[4]), None)
        if self._fault is None:
            self._fault = next((start + number for number, row in enumerate(rows) if row[8] or row[9]), None)
        if len(self._carried) < len(plan.steps):
            for number, row in enumerate(rows):
                if row[2] not in self._carried and carried(row, plan):
                    self._carried[row[2]] = start + number

    def firsts(self) -> Firsts:
        return Firsts(self._failed, self._fault, self._slowest, self._slowest_ns, self._carried)


def carried(row: Row, plan: Plan) -> int:
    """Bytes that the call put at the end of its step's route: none if it failed or was made on the step's behalf."""
    step, code, error, size, result = row[2], row[3], row[4], row[6], row[7]
    call = CALLS[plan.steps[step].call]
    if error or CODES[code] is not call:
        return 0
    return size if call.carries_all else max(result, 0)


def add_rows(rows: Iterable[Row], plan: Plan) -> Sums:
    """The sums of some calls."""
    groups: dict[tuple[int, int, int], list[int]] = {}
    for _, took, step, code, error, _, size, result, minor, major, blocks, slept in rows:
        group = groups.get((step, code, error))
        if group is None:
            group = groups[step, code, error] = [0] * 7
        group[0] += 1
        group[1] += took
        group[2] += size
        group[3] += result
        group[4] += minor + major
        group[5] += blocks
        group[6] += slept
    steps = [StepSums()] * len(plan.steps)
    syscalls = user_faults = kernel_faults = failed = waits = spent = 0
    for (step, code, error), (calls, took, size, result, faults, blocks, slept) in groups.items():
        if CODES[code].event:
            continue  # something that befell the machine: no call of its
        moved = carried((0, 0, step, code, error, 0, size, result), plan)
        before = steps[step]
        steps[step] = StepSums(before.calls + calls, before.carried + moved, before.disk + blocks * DISK_BLOCK)
        if CODES[code].system:
            syscalls += calls
            kernel_faults += faults
        else:
            user_faults += faults
        failed += calls if error else 0
        waits += slept
        spent += took
    return Sums(tuple(steps), syscalls, user_faults, kernel_faults, failed, waits, spent)


# Reading


class KeptTrace:
    """A packed trace. `calls` were made in the run; of the first `kept` of them each can be read."""

    def __init__(self, document: bytes | memoryview, plan: Plan) -> None:
        """Raises TraceDamaged, also when it is the trace of a plan with other steps."""
        self._document = memoryview(document)
        self._plan = plan
        index = self._read_index()
        if index.steps != len(plan.steps):
            raise TraceDamaged("the trace of another plan")
        self.ticks = index.ticks
        self.firsts = index.firsts
        self._blocks = index.blocks
        self.calls = sum(block.calls for block in index.blocks)
        self.kept = sum(block.calls for block in index.blocks if block.length)
        nothing = Sums((StepSums(),) * index.steps)
        self._before = list(accumulate((block.sums for block in index.blocks), initial=nothing))
        self._at_hand: OrderedDict[int, list[Row]] = OrderedDict()

    def rows(self, start: int, stop: int) -> list[Row]:
        """Calls `start` to `stop`, as far as they are kept. Raises TraceDamaged."""
        stop = min(stop, self.kept)
        rows: list[Row] = []
        while start < stop:
            number, within = divmod(start, BLOCK)
            part = self._block(number)[within : within + stop - start]
            rows += part
            start += len(part)
        return rows

    def record(self, number: int) -> Record:
        """One kept call. Raises IndexError and TraceDamaged."""
        if not 0 <= number < self.kept:
            raise IndexError(number)
        return decode(self._block(number // BLOCK)[number % BLOCK])

    def sums(self, calls: int) -> Sums:
        """The first `calls` calls added up; where no call is kept, to the end of a block. Raises TraceDamaged."""
        if calls >= self.calls:
            return self._before[-1]
        number, within = divmod(calls, BLOCK)
        if not within:
            return self._before[number]
        if not self._blocks[number].length:
            return self._before[number + 1]
        return self._before[number] + add_rows(self._block(number)[:within], self._plan)

    def between(self, start: int, stop: int) -> tuple[Sums, dict[int, int]]:
        """Calls `start` to `stop` added up, and how many there are of which code. Raises TraceDamaged.

        A block, asked for from its first call to its last, is not read for it.
        """
        number, within = divmod(start, BLOCK)
        if not within and number < len(self._blocks) and stop - start == self._blocks[number].calls:
            return self._blocks[number].sums, self._blocks[number].codes
        rows = self.rows(start, stop)
        return add_rows(rows, self._plan), _codes(rows)

    def first(self, code: int) -> int | None:
        """The number of the first kept call of this code; None where there is none. Raises TraceDamaged."""
        number = next((at for at, block in enumerate(self._blocks) if block.length and code in block.codes), None)
        if number is None:
            return None
        return number * BLOCK + next(at for at, row in enumerate(self._block(number)) if row[3] == code)

    def _block(self, number: int) -> list[Row]:
        if number in self._at_hand:
            self._at_hand.move_to_end(number)
            return self._at_hand[number]
        block = self._blocks[number]
        try:
            raw = _by_row(zlib.decompress(self._document[block.offset : block.offset + block.length]))
        except zlib.error as error:
            raise TraceDamaged(str(error)) from error
        rows = list(RECORD.iter_unpack(raw))
        if len(rows) != block.calls:
            raise TraceDamaged("calls are missing")
        self._at_hand[number] = rows
        if len(self._at_hand) > _BLOCKS_AT_HAND:
            self._at_hand.popitem(last=False)
        return rows

    def _read_index(self) -> _Index:
        document = self._document
        if len(document) < len(_MAGIC) + _FOOT.size or document[: len(_MAGIC)] != _MAGIC:
            raise TraceDamaged("no trace")
        (at,) = _FOOT.unpack(document[-_FOOT.size :])
        try:
            return msgspec.msgpack.decode(zlib.decompress(document[at : -_FOOT.size]), type=_Index)
        except (zlib.error, msgspec.DecodeError) as error:
            raise TraceDamaged(str(error)) from error
