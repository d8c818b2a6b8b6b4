"""The trace added up: what moved where, how often, by whom, and on what evidence."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field

from zcquest.engine.calls import CALLS, CODES
from zcquest.engine.message import Message, message
from zcquest.engine.places import Evidence, Mover, Place
from zcquest.engine.plan import Plan
from zcquest.engine.probe import Finding, Proof
from zcquest.engine.trace import Trace

SWITCHES_PER_CALL = 2  # into the kernel and out again
SWITCHES_PER_USER_FAULT = 2


READ_BYTES = message("the block layer counted these bytes for the machine (ru_inblock, the same as read_bytes)")
NO_NIC = message("loopback has no network card: this copy is what a card would make")
NOT_REACHED = message("the probe could not reach this hop: none of its bytes arrived at the consumer")


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
    """One step's figures while the trace is read."""

    def __init__(self) -> None:
        self.calls = self.failed = self.bytes = self.time_ns = self.faults = self.waits = self.disk = 0


def add_up(trace: Trace, plan: Plan, payload: int, proofs: Mapping[int, Proof], doubt: Message | None = None) -> Tally:
    """The tally of a run. `proofs` by step index; `doubt` is why nothing is proved here, if nothing is."""
    sums = [_Sum() for _ in plan.steps]
    syscalls: Counter[str] = Counter()
    errors: Counter[str] = Counter()
    user_faults = kernel_faults = waits = 0
    for record in trace.records():
        call, total = CODES[record.code], sums[record.step]
        if call.system:
            syscalls[call.name] += 1
            kernel_faults += record.faults
        else:
            user_faults += record.faults
        if record.error:
            errors[record.error] += 1
            total.failed += 1
        elif call.name == plan.steps[record.step].call:
            total.bytes += call.carried(record)
        total.calls += 1
        total.time_ns += record.took_ns
        total.faults += record.faults
        total.waits += record.waits
        total.disk += record.disk_bytes
        waits += record.waits
    return Tally(
        payload=payload,
        hops=tuple(_hops(plan, sums, proofs, doubt)),
        syscalls=dict(syscalls),
        user_faults=user_faults,
        kernel_faults=kernel_faults,
        steps=tuple(StepTally(s.calls, s.failed, s.bytes, s.time_ns, s.faults, s.waits) for s in sums),
        errors=dict(errors),
        waits=waits,
    )


def _hops(plan: Plan, sums: list[_Sum], proofs: Mapping[int, Proof], doubt: Message | None) -> list[Hop]:
    hops = []
    for index, (step, total) in enumerate(zip(plan.steps, sums, strict=True)):
        if total.disk:
            hops.append(
                Hop(index, Place.DISK, Place.PAGE_CACHE, Mover.DMA, total.disk, total.disk, Evidence.METERED, READ_BYTES)
            )
        for route in CALLS[step.call].routes(step):
            if not total.bytes:
                continue
            hops.append(_proved(index, route.source, route.target, total.bytes, proofs.get(index), doubt))
            if route.target is Place.SOCKET:
                sent = total.bytes
                hops.append(Hop(index, Place.SOCKET, Place.NIC, Mover.DMA, sent, sent, Evidence.MODELLED, NO_NIC))
    return hops


def _proved(
    index: int, source: Place, target: Place, count: int, proof: Proof | None, doubt: Message | None
) -> Hop:
    if doubt or proof is None or proof.finding is Finding.NOTHING:
        return Hop(index, source, target, Mover.UNKNOWN, count, 0, Evidence.NOTHING, doubt or NOT_REACHED)
    note = message(
        "of {bytes} tampered bytes the consumer got {old} old and {new} new",
        bytes=proof.old + proof.new,
        old=proof.old,
        new=proof.new,
    )
    return Hop(index, source, target, proof.mover, count, count * proof.copied_fraction, Evidence.PROVED, note)
