"""The trace added up: what moved where, how often, by whom, and on what evidence."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field

from zcquest.engine.calls import CALLS, CODES
from zcquest.engine.message import Message, message
from zcquest.engine.places import CONSUMERS, SOCKETS, Evidence, Mover, Place, Route
from zcquest.engine.plan import Plan
from zcquest.engine.probe import Finding, Proof
from zcquest.engine.trace import BLOCK, Trace, errno_name
from zcquest.engine.vouching import Vouching

SWITCHES_PER_CALL = 2  # into the kernel and out again
SWITCHES_PER_USER_FAULT = 2


READ_BYTES = message("the block layer counted these bytes for the machine (ru_inblock, the same as read_bytes)")
NOT_COUNTED = message(
    "these bytes were not in the page cache before the run, and read_bytes of the machine did not move for them: "
    "somebody else, such as a tracer, had them fetched"
)
NO_NIC = message("loopback has no network card: this copy is what a card would make")
NO_CARD = message("loopback has no network card: this copy is what a card would have made when the bytes came in")
FLUSHED = message("the call returned 0: the kernel says that these bytes, written before it, are on the disk")
NOT_REACHED = message("the probe could not reach this hop: none of its bytes arrived at the consumer")
NEVER_WRITTEN = message("the probe could not reach this hop: none of its bytes came into the log")


UNSEEN_DEPARTURE = message(
    "a card without scatter-gather takes a packet in one piece, so the kernel makes that piece as it leaves. "
    "Nobody can tamper with the kernel's own copy to prove it here; sendfile proves it on this very card"
)
PASSED_ON = message(
    "what lay in the pipe was the kernel's own copy, which nobody can overwrite to see: splice and tee pass such pages "
    "on, as is proved wherever a pipe holds pages of the log"
)
TAKEN_OUT = message(
    "what lay in the pipe was the kernel's own copy, which nobody can overwrite to see: out of a pipe the bytes are "
    "copied into a buffer or a file, as is proved wherever it holds pages of the log"
)


@dataclass(frozen=True, slots=True)
class Card:
    """The network card of a run: what is known of its DMA, and whether it gathers a packet from scattered pages."""

    note: Message = NO_NIC
    gathers: bool = True


@dataclass(frozen=True, slots=True)
class Hop:
    """Bytes that went from one place to the next in one step (0-based index; None: no step's own doing).

    `copied` is how many of `bytes` were copied: all of them by DMA or CPU, none where pages were shared.
    """

    step: int | None
    source: Place
    target: Place
    mover: Mover
    bytes: int
    copied: float
    evidence: Evidence
    note: Message | None = None


@dataclass(frozen=True, slots=True)
class StepTally:
    """One step's calls added up."""

    calls: int = 0
    failed: int = 0
    bytes: int = 0
    time_ns: int = 0
    faults: int = 0
    waits: int = 0


@dataclass(frozen=True, slots=True)
class Tally:
    """A run in figures. Copies are per payload byte (None when nothing arrived)."""

    payload: int
    hops: tuple[Hop, ...]
    syscalls: Mapping[str, int]
    user_faults: int
    kernel_faults: int  # taken inside a call: no switch of their own
    steps: tuple[StepTally, ...] = field(default=())
    errors: Mapping[str, int] = field(default_factory=dict)
    waits: int = 0  # voluntary context switches within the plan's calls

    @property
    def calls(self) -> int:
        return sum(self.syscalls.values())

    @property
    def switches(self) -> int:
        """User/kernel mode switches: two a call, two a page fault taken in user code."""
        return SWITCHES_PER_CALL * self.calls + SWITCHES_PER_USER_FAULT * self.user_faults

    def copies(self, *movers: Mover) -> float | None:
        """Bytes copied by `movers` (by anyone when none is named) per payload byte.

        None when nothing arrived, or when some hop has no witness: a sum with a gap in it is no figure.
        """
        if not self.payload or any(hop.evidence is Evidence.NOTHING for hop in self.hops):
            return None
        return sum(hop.copied for hop in self.hops if not movers or hop.mover in movers) / self.payload

    @property
    def cpu_copies(self) -> float | None:
        return self.copies(Mover.CPU, Mover.MIXED)

    @property
    def dma_copies(self) -> float | None:
        return self.copies(Mover.DMA)


class _Sum:
    """The calls of one step that are the same call and ended alike, added up."""

    __slots__ = ("asked", "blocks", "calls", "faults", "result", "time_ns", "waits")

    def __init__(self) -> None:
        self.calls = self.asked = self.result = self.time_ns = self.faults = self.blocks = self.waits = 0


_Sums = dict[tuple[int, int, int], _Sum]  # by step, call's code and errno


def add_up(
    trace: Trace,
    plan: Plan,
    payload: int,
    proofs: Mapping[int, Proof],
    doubt: Message | None = None,
    *,
    absent: int = 0,
    card: Card = Card(),
    disk: bool = True,
) -> Tally:
    """The tally of a run. `proofs` by step index; `doubt` is why nothing is proved here, if nothing is.

    `absent` are the bytes the plan took that the page cache did not hold when it started: they came from disk. What the
    machine's own counter does not show of them was fetched for somebody else (a tracer that looked at a mapping first),
    or by a filesystem without a block device, and is marked as modelled. `card` is what is known of the network card.
    Without `disk` there is none behind the log: a success of fsync vouches for nothing.
    """
    sums = _sums(trace)
    syscalls: Counter[str] = Counter()
    errors: Counter[str] = Counter()
    user_faults = kernel_faults = 0
    for (_, code, error), total in sums.items():
        if CODES[code].system:
            syscalls[CODES[code].name] += total.calls
            kernel_faults += total.faults
        else:
            user_faults += total.faults
        if error:
            errors[errno_name(error)] += total.calls
    return Tally(
        payload=payload,
        hops=tuple(_hops(plan, sums, proofs, doubt, absent, _flushed(trace, plan) if disk else {}, card)),
        syscalls=dict(syscalls),
        user_faults=user_faults,
        kernel_faults=kernel_faults,
        steps=tuple(_step(index, plan, sums) for index in range(len(plan.steps))),
        errors=dict(errors),
        waits=sum(total.waits for total in sums.values()),
    )


def _sums(trace: Trace) -> _Sums:
    sums: _Sums = {}
    for _, took, step, code, error, _, asked, result, minor, major, blocks, slept in trace.rows():
        total = sums.get((step, code, error))
        if total is None:
            total = sums[step, code, error] = _Sum()
        total.calls += 1
        total.asked += asked
        total.result += result
        total.time_ns += took
        total.faults += minor + major
        total.blocks += blocks
        total.waits += slept
    return {key: total for key, total in sums.items() if not CODES[key[1]].event}


def _step(index: int, plan: Plan, sums: _Sums) -> StepTally:
    ours = [(error, total) for (step, _, error), total in sums.items() if step == index]
    return StepTally(
        calls=sum(total.calls for _, total in ours),
        failed=sum(total.calls for error, total in ours if error),
        bytes=_carried(index, plan, sums),
        time_ns=sum(total.time_ns for _, total in ours),
        faults=sum(total.faults for _, total in ours),
        waits=sum(total.waits for _, total in ours),
    )


def _carried(index: int, plan: Plan, sums: _Sums) -> int:
    """Bytes that the step's own calls put at the end of its route; not those made on its behalf, nor failed ones."""
    call = CALLS[plan.steps[index].call]
    total = sums.get((index, CODES.index(call), 0))
    if total is None:
        return 0
    return total.asked if call.carries_all else total.result


def _flushed(trace: Trace, plan: Plan) -> Counter[int]:
    """By step index, the bytes written to the log that its fsync was the first to vouch for."""
    vouching = Vouching(plan)
    if vouching.needed:
        vouching.look(trace.rows())
    return vouching.flushed


def _hops(
    plan: Plan,
    sums: _Sums,
    proofs: Mapping[int, Proof],
    doubt: Message | None,
    absent: int,
    flushed: Mapping[int, int],
    card: Card,
) -> list[Hop]:
    hops = []
    missing = absent - BLOCK * sum(total.blocks for total in sums.values())
    for index, step in enumerate(plan.steps):
        disk = BLOCK * sum(total.blocks for (number, _, _), total in sums.items() if number == index)
        if disk:
            hops.append(Hop(index, Place.DISK, Place.PAGE_CACHE, Mover.DMA, disk, disk, Evidence.METERED, READ_BYTES))
        carried = _carried(index, plan, sums)
        for route in CALLS[step.call].routes(step) if carried else ():
            if missing > 0 and route.source is Place.PAGE_CACHE:
                hops.append(_fetched_for_others(index, missing))
                missing = 0
            if route.source in SOCKETS:
                hops.append(
                    Hop(index, Place.NIC, route.source, Mover.DMA, carried, carried, Evidence.MODELLED, NO_CARD)
                )
            own = not doubt and _copied_into(route.source, plan, proofs)
            if own:
                hops.append(_unseen(index, route, carried))
            else:
                hops.append(_proved(index, route.source, route.target, carried, proofs.get(index), doubt))
            if route.target in SOCKETS:
                if not card.gathers:
                    hops.append(_departure(index, route.target, carried, proofs.get(index), doubt, own=own))
                hops.append(
                    Hop(index, route.target, Place.NIC, Mover.DMA, carried, carried, Evidence.MODELLED, card.note)
                )
        if put := flushed.get(index):
            hops.append(Hop(index, Place.PAGE_CACHE, Place.DISK, Mover.DMA, put, put, Evidence.REPORTED, FLUSHED))
    return hops


def _fetched_for_others(index: int, count: int) -> Hop:
    return Hop(index, Place.DISK, Place.PAGE_CACHE, Mover.DMA, count, count, Evidence.MODELLED, NOT_COUNTED)


def _copied_into(place: Place, plan: Plan, proofs: Mapping[int, Proof]) -> bool:
    """Whether it is a pipe, and nothing lay in it but copies."""
    if place not in (Place.PIPE, Place.PIPE2):
        return False
    ways = ((proof.finding, CALLS[plan.steps[index].call].routes(plan.steps[index])) for index, proof in proofs.items())
    found = {finding for finding, routes in ways if any(route.target is place for route in routes)}
    return Finding.COPIED in found and not found & {Finding.SHARED, Finding.MIXED}


def _unseen(index: int, route: Route, count: int) -> Hop:
    """Out of a pipe, where only the kernel has the bytes."""
    if route.target in (*SOCKETS, Place.PIPE, Place.PIPE2):
        return Hop(index, route.source, route.target, Mover.NONE, count, 0, Evidence.MODELLED, PASSED_ON)
    return Hop(index, route.source, route.target, Mover.CPU, count, count, Evidence.MODELLED, TAKEN_OUT)


def _proved(index: int, source: Place, target: Place, count: int, proof: Proof | None, doubt: Message | None) -> Hop:
    inwards = source in SOCKETS or target is Place.PAGE_CACHE
    if doubt or proof is None or proof.finding is Finding.NOTHING:
        unseen = NEVER_WRITTEN if inwards else NOT_REACHED
        return Hop(index, source, target, Mover.UNKNOWN, count, 0, Evidence.NOTHING, doubt or unseen)
    seen = {"bytes": proof.old + proof.new, "old": proof.old, "new": proof.new}
    if proof.sink is Place.DLQ:
        note = message("of {bytes} tampered bytes the DLQ holds {old} old and {new} new", **seen)
    elif proof.sink in CONSUMERS[1:]:
        number = CONSUMERS.index(proof.sink) + 1
        note = message("of {bytes} tampered bytes consumer {number} got {old} old and {new} new", number=number, **seen)
    elif inwards:
        note = message("of {bytes} tampered bytes the log holds {old} old and {new} new", **seen)
    else:
        note = message("of {bytes} tampered bytes the consumer got {old} old and {new} new", **seen)
    return Hop(index, source, target, proof.mover, count, count * proof.copied_fraction, Evidence.PROVED, note)


def _departure(index: int, socket: Place, count: int, proof: Proof | None, doubt: Message | None, *, own: bool) -> Hop:
    """What leaves through a card that does not gather, copied into one piece by the kernel."""
    if own or (proof and proof.finding is Finding.COPIED and not doubt):  # the source is the kernel's own memory
        return Hop(index, socket, Place.NIC, Mover.CPU, count, count, Evidence.MODELLED, UNSEEN_DEPARTURE)
    seen = proof.departure if proof else None
    if doubt or seen is None or seen.finding is Finding.NOTHING:
        return Hop(index, socket, Place.NIC, Mover.UNKNOWN, count, 0, Evidence.NOTHING, doubt or NOT_REACHED)
    note = message(
        "of {bytes} tampered bytes that had left already, the consumer got {old} old and {new} new: "
        "the card does not gather, and the kernel copies on the way out",
        bytes=seen.old + seen.new,
        old=seen.old,
        new=seen.new,
    )
    return Hop(index, socket, Place.NIC, seen.mover, count, count * seen.copied_fraction, Evidence.PROVED, note)
