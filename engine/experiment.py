"""One plan in one scene, from the log's placing to the last proof: what every front end shows."""

from __future__ import annotations

import asyncio
import errno
import os
import shutil
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

from crc32c import crc32c

from zcquest.engine.calls import CALLS, CODES, EVERY
from zcquest.engine.calls.base import DESCRIPTORS, SOCKETS
from zcquest.engine.calls.implied import Poll
from zcquest.engine.children import Children
from zcquest.engine.dead_letters import DeadLettersFound, read_dead_letters
from zcquest.engine.features import FEATURES, Arrival, Handing, Judgement, Outcome
from zcquest.engine.filesystem import in_memory
from zcquest.engine.kept_trace import pack
from zcquest.engine.logs import Delivery, Span, format_of
from zcquest.engine.message import Message, message
from zcquest.engine.meters import Meters
from zcquest.engine.network.bench import BenchNic
from zcquest.engine.network.counters import NicCount
from zcquest.engine.pagecache import Eviction
from zcquest.engine.plan import Plan
from zcquest.engine.probe import Calibration, Probe, Proof
from zcquest.engine.receiving import open_session
from zcquest.engine.run_log import place_log
from zcquest.engine.scene import Scene
from zcquest.engine.session import Session
from zcquest.engine.stop import Stop
from zcquest.engine.tally import Card, Tally, add_up
from zcquest.engine.trace import Record, Trace

_BLOCK = 1 << 20  # bytes read at a time
_POLL = CODES.index(EVERY[Poll.name])
HEAD, TAIL = 400, 100  # calls of a long trace that are kept with a run


@dataclass(frozen=True, slots=True)
class Line:
    """One call as strace would print it. Times in ns; `step` is the 0-based index into the plan's steps."""

    number: int
    at_ns: int
    took_ns: int
    step: int
    call: str
    text: str
    result: str
    error: str | None
    system: bool
    faults: int
    waits: int
    disk_bytes: int
    size: int = 0  # bytes asked for


@dataclass(frozen=True, slots=True)
class Network:
    """The bench NIC a run went over: its scatter-gather, and what its own counters saw leave."""

    scatter_gather: bool
    sent: NicCount


@dataclass(frozen=True, slots=True)
class Observation:
    """All that is known of one run. Counters of the machine are rusage's for the plan alone; `meters` are psutil's."""

    scene: Scene
    plan: Plan
    stop: Stop
    tally: Tally
    network: Network | None  # None: loopback
    delivery: Delivery | None
    features: Mapping[str, Judgement]
    meters: Meters
    calibration: Calibration | None
    proofs: Mapping[int, Proof]
    eviction: Eviction | None
    buffer: int
    wall_s: float
    user_s: float
    sys_s: float
    minor_faults: int
    major_faults: int
    voluntary_switches: int
    involuntary_switches: int
    lines: tuple[Line, ...]  # the first HEAD and the last TAIL calls
    calls: int
    notes: tuple[Message, ...]
    rejections: int = 0  # messages that the consumer sent back
    neighbours: tuple[Arrival, ...] = ()  # what came of the log at `sock2` and so on
    trace: str = ""  # the name under which the whole trace is kept, empty if it is not


class Laboratory:
    """Where plans are run: a forkserver, a run folder, a cache of logs, a bench NIC, and a calibrated probe."""

    def __init__(self, children: Children, cache: Path, keep_trace: Callable[[bytes], str] | None = None) -> None:
        """`keep_trace` is given each run's packed trace, and returns the name under which it is kept."""
        self.children = children
        self.cache = cache
        self._keep_trace = keep_trace
        self.nic = BenchNic(children)
        self.probe = Probe(children, cache, self.nic)
        self._runs = 0

    async def close(self) -> None:
        """Take the bench NIC down, if there is one."""
        await self.nic.close()

    @asynccontextmanager
    async def session(self, scene: Scene, plan: Plan, *, keep: int = 0) -> AsyncIterator[Session]:
        """A session on a log of its own, which goes with it. Raises ChildLost, LogUnavailable, NetworkRefused, OSError.

        The consumer keeps the first `keep` bytes it gets, so that what came of a tampering can be asked.
        """
        self._runs += 1
        folder = self.children.folder / f"session-{self._runs}"
        folder.mkdir()
        try:
            log = await asyncio.to_thread(place_log, scene, self.cache, folder)
            async with (
                self.nic.use(scene.network) as wire,
                await open_session(self.children, scene, plan, log, keep=keep, wire=wire) as session,
            ):
                yield session
        finally:
            shutil.rmtree(folder, ignore_errors=True)

    async def observe(
        self, scene: Scene, plan: Plan, *, watch: Callable[[Session], None] | None = None, probing: bool = True
    ) -> Observation:
        """Run the plan, then probe its hops. `watch` is given the session before the first call, to look at or cancel.

        Raises ChildLost, LogUnavailable, NetworkRefused, OSError; every other end of a run is an outcome.
        """
        async with self.session(scene, plan) as session:
            if watch:
                watch(session)
            await session.run()
            await session.finish()
            return await self.conclude(session, probing=probing)

    async def conclude(self, session: Session, *, probing: bool = True) -> Observation:
        """Add up a finished session, and probe the hops its plan made."""
        assert session.stop
        calibration, proofs = None, {}
        moved = await asyncio.to_thread(_moving_steps, session.trace)
        if probing and moved:
            calibration = await self.probe.calibrate()
            if calibration.good:
                proofs = dict(await self.probe.prove(session.scene, session.plan, moved))
        return await asyncio.to_thread(_observation, session, calibration, proofs, self._keep_trace)


def _moving_steps(trace: Trace) -> set[int]:
    return {step for _, _, step, _, _, _, _, result, *_ in trace.rows() if result > 0}


def _observation(
    session: Session,
    calibration: Calibration | None,
    proofs: Mapping[int, Proof],
    keep_trace: Callable[[bytes], str] | None,
) -> Observation:
    assert session.stop
    paused, delivery = session.paused, session.delivery
    doubt = calibration.why_not if calibration else None
    batches = _batches(session)
    outcome = Outcome(
        scene=session.scene,
        stop=session.stop,
        delivery=delivery,
        consumer_lost=session.consumer_lost,
        batches=batches,
        dead=_dead(session, batches),
        crc=_crc(session),
        garbage=paused.garbage,
        overwritten=paused.overwritten,
        pending=paused.pending,
        piped=paused.piped,
        crash=session.crash,
        neighbours=_neighbours(session),
        handing=_handing(session),
    )
    return Observation(
        scene=session.scene,
        plan=session.plan,
        stop=session.stop,
        tally=add_up(
            session.trace,
            session.plan,
            session.payload,
            proofs,
            doubt,
            absent=paused.position - paused.skipped if session.eviction else 0,
            card=_card(session),
            disk=not in_memory(session.log.parent),
        ),
        network=Network(session.wire.scatter_gather, session.nic) if session.wire else None,
        delivery=delivery,
        features={name: found for name, judge in FEATURES.items() if (found := judge(outcome))},
        meters=session.meters,
        calibration=calibration,
        proofs=proofs,
        eviction=session.eviction,
        buffer=session.buffer,
        wall_s=paused.wall_s,
        user_s=paused.user_s,
        sys_s=paused.sys_s,
        minor_faults=paused.minor_faults,
        major_faults=paused.major_faults,
        voluntary_switches=paused.voluntary_switches,
        involuntary_switches=paused.involuntary_switches,
        lines=tuple(read_lines(session.trace, session.plan)),
        calls=len(session.trace),
        notes=tuple(_notes(session, calibration)),
        rejections=paused.rejections,
        neighbours=outcome.neighbours,
        trace=_kept(session, keep_trace) if keep_trace else "",
    )


def _kept(session: Session, keep_trace: Callable[[bytes], str]) -> str:
    """The kept trace's name; a trace that cannot be read for keeping is a replay less, and no run lost."""
    try:
        return keep_trace(pack(session.trace, session.plan))
    except OSError:
        return ""


def _batches(session: Session) -> tuple[Span, ...]:
    fd = os.open(session.run_log.original if session.tampered else session.run_log.path, os.O_RDONLY)
    try:
        return tuple(format_of(session.scene.log.format).spans(fd, os.fstat(fd).st_size, session.scene.subscription))
    finally:
        os.close(fd)


def _card(session: Session) -> Card:
    if not session.wire:
        return Card()
    note = message(
        "a veth pair has no DMA: this copy is what a real card would make. "
        "Metered: {nic} counted {bytes} bytes in {packets} packets on their way out, headers included",
        nic=session.wire.nic,
        bytes=session.nic.bytes,
        packets=session.nic.packets,
    )
    return Card(note, session.wire.scatter_gather)


def _neighbours(session: Session) -> tuple[Arrival, ...]:
    return tuple(Arrival(far.delivery, far.lost) for far in session.far_ends[1:])


def _handing(session: Session) -> tuple[Handing, ...]:
    """How the plan's calls served each of several sockets; empty where there is but one."""
    count = len(session.far_ends)
    if count == 1:
        return ()
    steps = session.plan.steps
    served = [next((SOCKETS.index(word) for word in step.values if word in SOCKETS), count) for step in steps]
    codes = [CODES.index(CALLS[step.call]) for step in steps]
    alone = {DESCRIPTORS[word]: number for number, word in enumerate(SOCKETS[:count])}  # as a poll's record has it
    handed, waits = [0] * count, [0] * count
    found = [Handing(0, tuple(handed), tuple(waits))] * count
    for _, _, step, code, _, offset, _, result, *_, slept in session.trace.rows():
        number = served[step] if code == codes[step] else alone.get(offset, count) if code == _POLL else count
        if number == count:
            continue
        waits[number] += slept
        if code != _POLL and result > 0:
            handed[number] += result
            found[number] = Handing(handed[number], tuple(handed), tuple(waits))
    return tuple(found)


def _crc(session: Session) -> int | None:
    """CRC-32C of a log of raw bytes, as it was sent."""
    if session.scene.log.format != "raw":
        return None
    crc = 0
    with open(session.run_log.original if session.tampered else session.log, "rb") as log:
        while block := log.read(_BLOCK):
            crc = crc32c(block, crc)
    return crc


def _dead(session: Session, batches: tuple[Span, ...]) -> DeadLettersFound | None:
    scene, log = session.scene, session.run_log.original if session.tampered else session.log
    if session.dlq is None or scene.dlq is None:
        return None
    times = (scene.retries or 0) + 1 if scene.dlq.rewritten else None
    return read_dead_letters(session.dlq, log, batches, times)


def _notes(session: Session, calibration: Calibration | None) -> list[Message]:
    """What the player must know before believing the figures."""
    notes = []
    if session.eviction is not None and not session.eviction:
        notes.append(
            message(
                "the log could not be dropped from the page cache ({pages} of {total} pages stayed): no cold start",
                pages=session.eviction.left.pages,
                total=session.eviction.left.total,
            )
        )
    if session.scene.receive and in_memory(session.log.parent):
        notes.append(message("the log lies in memory, with no disk behind it: here an fsync writes nothing anywhere"))
    if crash := session.crash:
        notes.append(
            message(
                "the machine was killed, and another one took its place: it found a log of {found} bytes, cut off the "
                "{torn} after its last whole batch, and went on from {kept}",
                found=crash.found,
                torn=crash.found - crash.kept,
                kept=crash.kept,
            )
        )
        notes.append(
            message(
                "calls, bytes and switches are those of both machines, but for the call that the kill interrupted; "
                "times, faults and context switches of the process are the second one's alone"
            )
        )
    if not session.consumers_done and not session.scene.receive:
        notes.append(message("a consumer was still reading when the time was up"))
    if session.paused.overwritten and session.scene.receive:
        notes.append(
            message(
                "{bytes} bytes were received and overwritten by the next ones before they were written anywhere",
                bytes=session.paused.overwritten,
            )
        )
    elif session.paused.overwritten:
        notes.append(
            message(
                "{bytes} bytes were read into buf and overwritten by the next read before they were sent",
                bytes=session.paused.overwritten,
            )
        )
    if session.paused.refills:
        notes.append(
            message(
                "fills of a buffer that vmsplice had lent: {count}. Whether the bytes before had left by then, nothing "
                "can tell",
                count=session.paused.refills,
            )
        )
    if session.paused.garbage:
        notes.append(
            message("{bytes} bytes were sent from a buf that nothing had filled", bytes=session.paused.garbage)
        )
    if session.paused.strays:
        notes.append(
            message(
                "the consumer sent back {count} references to no message of the log: they were refused",
                count=session.paused.strays,
            )
        )
    if calibration and calibration.why_not:
        notes.append(calibration.why_not)
    return notes


def read_lines(trace: Trace, plan: Plan) -> list[Line]:
    """The calls of a trace in strace's words: all of them, or the first HEAD and the last TAIL."""
    count = len(trace)
    if count <= HEAD + TAIL:
        return [show_line(number, record, plan) for number, record in enumerate(trace.records())]
    head = [show_line(number, record, plan) for number, record in enumerate(trace.records(0, HEAD))]
    start = count - TAIL
    return head + [show_line(start + index, record, plan) for index, record in enumerate(trace.records(start))]


def show_line(number: int, record: Record, plan: Plan) -> Line:
    """One record in strace's words."""
    call = CODES[record.code]
    return Line(
        number=number,
        at_ns=record.at_ns,
        took_ns=record.took_ns,
        step=record.step,
        call=call.name,
        text=call.show(plan.steps[record.step], record),
        result=_result(record, call.name),
        error=record.error,
        system=call.system,
        faults=record.faults,
        waits=record.waits,
        disk_bytes=record.disk_bytes,
        size=record.size,
    )


def _result(record: Record, call: str) -> str:
    if record.error:
        return f"-1 {errno.errorcode.get(record.errno, record.errno)} ({os.strerror(record.errno)})"
    return hex(record.result) if call == "mmap" else str(record.result)
