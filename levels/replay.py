"""A kept run, moment by moment: what had been called, counted and moved after any of its calls. Knows no screen."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

import msgspec

from zcquest.engine.calls import CALLS, CODES
from zcquest.engine.experiment import Line, show_line
from zcquest.engine.kept_trace import BLOCK, TICK, KeptTrace, Row, Sums, TraceDamaged, pack_rows
from zcquest.engine.places import SOCKETS, Evidence, Mover, Place
from zcquest.engine.plan import Plan, parse
from zcquest.engine.tally import SWITCHES_PER_CALL, SWITCHES_PER_USER_FAULT
from zcquest.engine.trace import BLOCK as DISK_BLOCK
from zcquest.engine.trace import RECORD
from zcquest.engine.vouching import Vouching
from zcquest.levels.report import HopReport, SceneReport
from zcquest.levels.traces import TraceStore

GRAINS = (1, TICK, BLOCK)  # calls of one row of the list, from a single call up
ROWS = 1500  # rows that a list may have before the next coarser grain is shown
_EXACT = 4 * BLOCK  # calls up to which a timeline looks at each
_BY_CODE = {call.name: code for code, call in enumerate(CODES)}


@dataclass(frozen=True, slots=True)
class Moment:
    """The run after its first `calls` calls.

    `scene` is the run's report as it would stand at that moment: what only the end of a run can tell (features, what
    the consumer counted, the copies per byte) is left out of it until then. `line` is the latest call, None before the
    first and where it was not kept. Nanoseconds, bytes.
    """

    calls: int
    of: int
    scene: SceneReport
    sums: Sums | None  # None: not known
    line: Line | None
    over: bool
    receiving: bool  # the bytes come in through the socket

    @property
    def switches(self) -> int:
        return self.scene.switches

    def copied(self, *movers: Mover) -> float:
        """Bytes that these movers had copied."""
        return sum(hop.copied for hop in self.scene.hops if Mover(hop.mover) in movers)

    @property
    def through_socket(self) -> int:
        """Bytes that the plan's calls had put into the sockets, or taken from them where it receives."""
        if self.receiving:
            return sum(hop.bytes for hop in self.scene.hops if hop.source in SOCKETS)
        return sum(hop.bytes for hop in self.scene.hops if hop.target in SOCKETS)


@dataclass(frozen=True, slots=True)
class Group:
    """Calls next to each other, added up: `first` and `count` of them, and how many of which name."""

    first: int
    count: int
    at_ns: int
    sums: Sums
    names: tuple[tuple[str, int], ...]


@dataclass(frozen=True, slots=True)
class Column:
    """One cell of the timeline: the calls `first` to `last`, without `last`, and what befell them."""

    first: int
    last: int
    took_ns: int
    failed: bool
    faults: bool


class Replay:
    """One scene of a kept run."""

    def __init__(self, scene: SceneReport, plan: Plan, trace: KeptTrace, lines: Sequence[Line] | None = None) -> None:
        """`lines` are shown for the calls where the trace was made of them."""
        self.scene = scene
        self.plan = plan
        self._trace = trace
        self._lines = lines
        self._vouched = [Vouching(plan)]  # as of the beginning of each block, as far as anybody asked
        self.calls = scene.calls
        self.kept = trace.kept  # of these each can be looked at
        self.receiving = any(way.source is Place.SOCKET for step in plan.steps for way in CALLS[step.call].routes(step))

    # Where one can be

    def settle(self, calls: int, backwards: bool = False) -> int:
        """The nearest moment that can be shown: any among the kept calls, and the end of the run."""
        calls = max(0, min(calls, self.calls))
        if self.kept < calls < self.calls:
            return self.kept if backwards else self.calls
        return calls

    def grain(self) -> int:
        """The finest of GRAINS whose list is not too long."""
        return next((grain for grain in GRAINS if self.kept <= grain * ROWS), GRAINS[-1])

    # What was there

    def moment(self, calls: int) -> Moment:
        """The run after `calls` calls, of those that `settle` allows. Raises TraceDamaged."""
        over = calls >= self.calls
        line = self.line(calls - 1) if 0 < calls <= self.kept else None
        if over:
            sums = self._trace.sums(calls) if self._trace.calls == self.calls else None
            return Moment(calls, self.calls, self.scene, sums, line, True, self.receiving)
        sums = self._trace.sums(calls)
        scene = self._as_of(sums, self._vouching(calls))
        return Moment(calls, self.calls, scene, sums, line, False, self.receiving)

    def line(self, number: int) -> Line:
        """One call as strace would print it. Raises IndexError and TraceDamaged."""
        if self._lines is not None:
            return self._lines[number]
        return show_line(number, self._trace.record(number), self.plan)

    def rows(self, start: int, stop: int) -> list[Row]:
        """Calls `start` to `stop` as plain tuples, as far as they are kept. Raises TraceDamaged."""
        return self._trace.rows(start, stop)

    def group(self, first: int, grain: int) -> Group:
        """The up to `grain` calls from `first`, a multiple of TICK, on, of those that are kept. Raises TraceDamaged."""
        count = min(grain, self.kept - first)
        sums, codes = self._trace.between(first, first + count)
        at = self._trace.ticks[first // TICK].at_ns
        return Group(first, count, at, sums, tuple((CODES[code].name, calls) for code, calls in codes.items()))

    def columns(self, width: int) -> tuple[Column, ...]:
        """The kept calls in at most `width` stretches. Raises TraceDamaged."""
        if self.kept <= min(_EXACT, TICK * width):
            rows = self._trace.rows(0, self.kept)
            found = [(row[1], bool(row[4]), bool(row[8] or row[9])) for row in rows]
            grain = 1
        else:
            ticks = self._trace.ticks[: -(-self.kept // TICK)]
            found = [(tick.took_ns, bool(tick.failed), bool(tick.faults)) for tick in ticks]
            grain = TICK
        width = min(width, len(found))
        return tuple(_columns(found, grain, width, self.kept))

    # Where to go

    def error(self) -> int | None:
        """The moment after the first call that failed; None where there is none."""
        return self._after(self._trace.firsts.failed)

    def fault(self) -> int | None:
        """The moment after the first call with a page fault."""
        return self._after(self._trace.firsts.fault)

    def copy(self) -> int | None:
        """The moment after the first call whose bytes a CPU copied."""
        by_cpu = {hop.step - 1 for hop in self.scene.hops if hop.step and Mover(hop.mover) in (Mover.CPU, Mover.MIXED)}
        return self._after(min((at for step, at in self._trace.firsts.carried.items() if step in by_cpu), default=None))

    def slowest(self) -> int | None:
        """The moment after the call that took the longest."""
        return self._after(self._trace.firsts.slowest)

    def kill(self) -> int | None:
        """The moment after the machine was killed and another one took its place. Raises TraceDamaged."""
        return self._after(self._trace.first(_BY_CODE["recover"]))

    def _after(self, number: int | None) -> int | None:
        return None if number is None else self.settle(number + 1)

    # The report as of a moment

    def _vouching(self, calls: int) -> Vouching:
        """What the first `calls` calls vouch for, of those that are kept. Raises TraceDamaged."""
        known = self._vouched
        if not known[0].needed:
            return known[0]
        block, within = divmod(calls, BLOCK)
        while len(known) <= block:
            start = (len(known) - 1) * BLOCK
            further = known[-1].copy()
            further.look(self._trace.rows(start, start + BLOCK))
            known.append(further)
        vouching = known[block].copy()
        vouching.look(self._trace.rows(block * BLOCK, block * BLOCK + within))
        return vouching

    def _as_of(self, sums: Sums, vouching: Vouching) -> SceneReport:
        return msgspec.structs.replace(
            self.scene,
            copies=None,
            cpu_copies=None,
            dma_copies=None,
            hops=tuple(self._hops(sums, vouching.flushed)),
            switches=SWITCHES_PER_CALL * sums.syscalls + SWITCHES_PER_USER_FAULT * sums.user_faults,
            user_faults=sums.user_faults,
            kernel_faults=sums.kernel_faults,
            features={},
            meters=msgspec.structs.replace(self.scene.meters, payload_bytes=vouching.acknowledged),
            messages=0,
            consumers=(),
            rejections=0,
        )

    def _hops(self, sums: Sums, flushed: Mapping[int, int]) -> Iterator[HopReport]:
        """The hops so far. What carried them is known from the whole run; what cannot be told by call is left out."""
        total = self._trace.sums(self._trace.calls)
        for hop in self.scene.hops:
            if hop.step is None:
                continue
            whole, so_far = total.steps[hop.step - 1], sums.steps[hop.step - 1]
            if hop.source == Place.DISK and hop.evidence == Evidence.METERED and hop.bytes == whole.disk:
                moved = so_far.disk
            elif hop.target == Place.DISK and hop.evidence == Evidence.REPORTED:
                moved = flushed.get(hop.step - 1, 0)
            elif hop.source != Place.DISK and hop.target != Place.DISK and hop.bytes == whole.carried:
                moved = so_far.carried
            else:
                continue
            if moved:
                yield msgspec.structs.replace(hop, bytes=moved, copied=hop.copied * moved / hop.bytes)


def open_replay(scene: SceneReport, plan_text: str, traces: TraceStore) -> Replay:
    """The replay of a kept scene: of its whole trace, or, where that has gone or is damaged, of its report."""
    plan = parse(plan_text, CALLS).plan
    try:
        trace = traces.open(scene.trace, plan) if scene.trace else None
    except TraceDamaged:
        trace = None
    return replay_of_report(scene, plan_text) if trace is None else Replay(scene, plan, trace)


def replay_of_report(scene: SceneReport, plan_text: str) -> Replay:
    """The replay of the calls that stand in the report itself, from the first to where some are left out."""
    plan = parse(plan_text, CALLS).plan
    lines = list(_unbroken(scene.lines))
    return Replay(scene, plan, KeptTrace(pack_rows(_raw(lines), plan), plan), lines)


def _unbroken(lines: Sequence[Line]) -> Iterator[Line]:
    return (line for index, line in enumerate(lines) if line.number == index)


def _raw(lines: Sequence[Line]) -> Iterator[bytes]:
    for start in range(0, len(lines), BLOCK):
        yield b"".join(map(_record, lines[start : start + BLOCK]))


def _record(line: Line) -> bytes:
    result = -1 if line.error else int(line.result, 0)
    blocks = line.disk_bytes // DISK_BLOCK
    code, error = _BY_CODE[line.call], int(bool(line.error))
    return RECORD.pack(
        line.at_ns, line.took_ns, line.step, code, error, 0, line.size, result, line.faults, 0, blocks, line.waits
    )


def _columns(found: Sequence[tuple[int, bool, bool]], grain: int, width: int, kept: int) -> Iterator[Column]:
    for cell in range(width):
        start, stop = cell * len(found) // width, (cell + 1) * len(found) // width
        part = found[start:stop]
        yield Column(
            start * grain,
            min(stop * grain, kept),
            sum(took for took, _, _ in part),
            any(failed for _, failed, _ in part),
            any(faults for _, _, faults in part),
        )
