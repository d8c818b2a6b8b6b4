"""The tamper probe: for each hop of a plan, were the bytes copied, or was the page shared?

The plan runs on a small log; right after the hop its source is overwritten with the sibling log's bytes, and the
consumer says which bytes it got. The old ones: they had been copied. The sibling's: the page was shared. It needs no
privileges and no tracing.

A card without scatter-gather takes a packet in one piece, so the kernel copies what it sends at the moment it leaves.
To see that copy and not mistake it for the socket's, the consumer then gets the smallest window there is: when the
source is overwritten the first segment has left, the rest waits in the socket, and the two are looked at apart.
"""

from __future__ import annotations

import asyncio
import shutil
from collections.abc import Collection, Mapping
from dataclasses import dataclass, replace
from enum import StrEnum
from pathlib import Path

import msgspec

from zcquest.engine.calls import CALLS
from zcquest.engine.calls.base import BUFFERS, REJECTED
from zcquest.engine.children import ChildLost, Children
from zcquest.engine.control import Compared, Paused
from zcquest.engine.logs import LogSpec, format_of
from zcquest.engine.message import Message, message
from zcquest.engine.network.bench import BenchNic
from zcquest.engine.places import CONSUMERS, SOCKETS, Mover, Place
from zcquest.engine.plan import Argument, Plan, Step, parse_plan
from zcquest.engine.receiving import open_session
from zcquest.engine.run_log import place_log
from zcquest.engine.scene import Neighbour, Poison, Scene
from zcquest.engine.session import Session, TamperRefused

PROBE_LOG = LogSpec(size=64 << 10, seed=64)  # one trip of most plans, and no more than the socket's buffers hold
_PROBE_MESSAGE = 1 << 10  # bytes, at most: enough messages in so short a log
_PATIENCE = 2.0  # seconds: a busy host is slow to answer, and a consumer let go too soon proves nothing
_KEEP = 1 << 20
_ATTEMPTS = 3  # on a host so busy that a call takes longer than a consumer can be held
_TIGHT_WINDOW = 1  # bytes asked for; the kernel gives what it thinks is the least, a segment of some 500 bytes
_ROOM = 1 << 20  # SO_SNDBUF: all that waits fits
_LEAST = 16 << 10  # bytes of a step that is to leave something waiting
_IN_FLIGHT = 4 << 10  # bytes, more than a tight window holds: they may be on their way
_MOST_STEPS = 64  # calls to make before giving up on a hop that does not come


class Finding(StrEnum):
    """What the probe saw."""

    COPIED = "copied"
    SHARED = "shared"
    MIXED = "mixed"
    NOTHING = "nothing"  # the hop was not made, or none of its bytes arrived


@dataclass(frozen=True, slots=True)
class Proof:
    """One hop's verdict: how many of the compared bytes arrived as they were, and how many as they were tampered."""

    finding: Finding
    old: int = 0
    new: int = 0
    sink: Place = Place.CONSUMER  # where they were looked at
    departure: Proof | None = None  # of what a card that does not gather had sent when the source was overwritten

    @property
    def mover(self) -> Mover:
        return {
            Finding.COPIED: Mover.CPU,
            Finding.SHARED: Mover.NONE,
            Finding.MIXED: Mover.MIXED,
            Finding.NOTHING: Mover.UNKNOWN,
        }[self.finding]

    @property
    def copied_fraction(self) -> float:
        """Of the bytes compared, the part that had been copied (0 when nothing was)."""
        return self.old / (self.old + self.new) if self.old else 0.0


@dataclass(frozen=True, slots=True)
class Calibration:
    """Whether the probe can be trusted on this host: a read must come out copied, a shared mapping shared."""

    read: Proof
    mapping: Proof

    @property
    def good(self) -> bool:
        return self.read.finding is Finding.COPIED and self.mapping.finding is Finding.SHARED

    @property
    def why_not(self) -> Message | None:
        """What came out wrong; None when nothing did."""
        if self.good:
            return None
        return message(
            "nothing is proved on this host: the probe found read() {read} and a shared mapping {mapping}, "
            "where it must find copied and shared",
            read=self.read.finding.value,
            mapping=self.mapping.finding.value,
        )


_READ = "repeat:\n    read(log, buf, 64K)\n    write(sock, buf, 64K)\n"
_MAPPING = "once:\n    mmap(log)\nrepeat:\n    write(sock, map, 64K)\n"


class Probe:
    """Probes hops on one host. The calibration is made once, before the first proof."""

    def __init__(self, children: Children, cache: Path, nic: BenchNic) -> None:
        self._children = children
        self._nic = nic
        self._cache = cache
        self._calibration: Calibration | None = None
        self._count = 0

    async def calibrate(self) -> Calibration:
        """Probe what is known. Raises ChildLost, LogUnavailable."""
        if self._calibration is None:
            scene = Scene(name="probe", log=PROBE_LOG, start="warm", deadline=5.0)
            read = await self._prove(scene, parse_plan(_READ, CALLS), 0)
            mapping = await self._prove(scene, parse_plan(_MAPPING, CALLS), 0)
            self._calibration = Calibration(read, mapping)
        return self._calibration

    async def prove(self, scene: Scene, plan: Plan, steps: Collection[int]) -> Mapping[int, Proof]:
        """The proofs of those of the `steps` (indices) that move bytes.

        Raises ChildLost, LogUnavailable, NetworkRefused.

        The probe keeps the scene's machine (memory, blocking), its network and its log's format, and replaces the log
        by a short one, its consumer and its faults.
        """
        bench = replace(
            scene,
            log=probe_log(scene.log, PROBE_LOG.size),
            start="warm",
            deadline=5.0,
            rate=None,
            window=None,
            truncate=None,
            send_buffer=None,
            poison=(),
            neighbours=(Neighbour(),) * len(scene.neighbours),
            strays=(),
            dies_at=None,
            dlq=replace(scene.dlq, limit=None, full=False) if scene.dlq else None,
            receive=replace(scene.receive, kill=False) if scene.receive else None,
        )
        longer = replace(bench, log=probe_log(scene.log, _KEEP))  # for plans of many steps, taken in smaller pieces
        proofs = {}
        for index, step in enumerate(plan.steps):
            if index in steps and CALLS[step.call].routes(step):
                if _sink(plan, index).lane in REJECTED:
                    proofs[index] = await self._prove(_with_poison(bench), plan, index)
                    continue
                if _leaves_in_one_piece(scene, step):
                    slow = replace(_slowed(bench, _consumer(step)), send_buffer=_ROOM)
                    proofs[index] = await self._prove(slow, _in_larger_pieces(plan), index)
                    continue
                proof = await self._prove(bench, plan, index)
                if proof.finding is Finding.NOTHING:  # steps before it may have used up so short a log
                    proof = await self._prove(longer, _in_pieces(plan), index)
                proofs[index] = proof
        return proofs

    async def _prove(self, scene: Scene, plan: Plan, index: int) -> Proof:
        for _ in range(_ATTEMPTS):
            if proof := await self._try(scene, plan, index):
                return proof
        return Proof(Finding.NOTHING)

    async def _try(self, scene: Scene, plan: Plan, index: int) -> Proof | None:
        self._count += 1
        folder = self._children.folder / f"probe-{self._count}"
        folder.mkdir()
        try:
            log = await asyncio.to_thread(place_log, scene, self._cache, folder)
            async with (
                self._nic.use(scene.network) as wire,
                await open_session(self._children, scene, plan, log, keep=_KEEP, settle=False, wire=wire) as session,
            ):
                return await _one(session, index)
        finally:
            shutil.rmtree(folder, ignore_errors=True)


async def _one(session: Session, index: int) -> Proof | None:
    """None: the consumer read before the tampering, since the hop took so long; that decides nothing."""
    in_a_lane = session.plan.steps[index].lane in REJECTED  # which comes when the whole log was sent
    for _ in range(session.size if in_a_lane else max(_MOST_STEPS, 2 * len(session.plan.steps))):
        paused = await session.step(_PATIENCE)
        if session.stop:
            return Proof(Finding.NOTHING)
        if paused.step == index and paused.moved and session.run_log.changes(*paused.moved):
            break
    else:
        return Proof(Finding.NOTHING)
    if not session.held:
        return None
    waiting = await _waiting(session, paused)
    try:
        tampered = await session.tamper()
    except TamperRefused:
        return Proof(Finding.NOTHING)
    try:
        await _deliver(session, tampered.moved[1])
        await session.finish()
        sink = _sink(session.plan, index)
        if waiting is None:
            proof = _verdict(await _arrivals(session, sink, _whole_batches(session, tampered.moved)), sink)
            return _unless_lost(proof, session.paused)
        start, stop = tampered.moved
        left = _verdict(await _arrivals(session, sink, (start, waiting)), sink)
        queued = await _arrivals(session, sink, (min(stop, waiting + _IN_FLIGHT), stop))
        return replace(_verdict(queued, sink), departure=left)
    except ChildLost:
        return Proof(Finding.NOTHING)


async def _deliver(session: Session, end: int) -> None:
    """Let the rest of the plan run, and the consumer get what was tampered with before anything else befalls it.

    A buffer whose pages a vmsplice has lent is filled again in the next round, whether they have left or not.
    """
    if any(step.call == "vmsplice" and step.values[1] in BUFFERS for step in session.plan.steps):
        while not session.stop and session.paused.sent < end:
            await session.step(_PATIENCE)
        await session.step(_PATIENCE)  # which begins with the consumer's reading all
    await session.run()


def _verdict(compared: Compared, sink: Step) -> Proof:
    if not compared.old and not compared.new:
        return Proof(Finding.NOTHING)
    finding = Finding.COPIED if not compared.new else Finding.MIXED if compared.old else Finding.SHARED
    return Proof(finding, compared.old, compared.new, Place.DLQ if _dead(sink) else CONSUMERS[_consumer(sink)])


def _unless_lost(proof: Proof, paused: Paused) -> Proof:
    """Where the plan lost bytes, later ones stand in their place: that both old and new came then proves nothing."""
    return Proof(Finding.NOTHING) if proof.finding is Finding.MIXED and paused.overwritten else proof


def _leaves_in_one_piece(scene: Scene, step: Step) -> bool:
    """Whether the step sends over a card that does not gather."""
    sends = any(route.target in SOCKETS for route in CALLS[step.call].routes(step))
    return sends and scene.network is not None and not scene.network.scatter_gather


async def _waiting(session: Session, paused: Paused) -> int | None:
    """Where the bytes begin that the latest call put into the socket and that have not left it; None: not of interest.

    All that earlier calls sent has been read by now, so what the consumer's socket holds is the beginning of these.
    """
    if not paused.moved or not _leaves_in_one_piece(session.scene, session.plan.steps[paused.step]):
        return None
    gauges = await session.gauges()
    arrived = gauges.outlets[_consumer(session.plan.steps[paused.step])].receive_queue
    return min(paused.moved[1], paused.moved[0] + arrived)


async def _arrivals(session: Session, sink: Step, moved: tuple[int, int]) -> Compared:
    """Which bytes came out where the sink puts them."""
    if _dead(sink):
        return await session.compare_dead(moved)
    number = _consumer(sink)
    since = session.settled_at[number] if sink.lane in REJECTED and session.settled_at else 0
    return await session.compare(moved, since, number)


def consumer_of(plan: Plan, index: int) -> int:
    """The number, from 0, of the consumer to whom a step's bytes come in the end; the first where they come to none."""
    return _consumer(_sink(plan, index))


def _consumer(sink: Step) -> int:
    """The number, from 0, of the consumer that the step sends to; the first where it sends to none."""
    places = [route.target for route in CALLS[sink.call].routes(sink)]
    return next((SOCKETS.index(place) for place in places if place in SOCKETS), 0)


def _slowed(scene: Scene, number: int) -> Scene:
    """The scene with the smallest window that there is for one of its consumers."""
    if not number:
        return replace(scene, window=_TIGHT_WINDOW)
    neighbours = list(scene.neighbours)
    neighbours[number - 1] = replace(neighbours[number - 1], window=_TIGHT_WINDOW)
    return replace(scene, neighbours=tuple(neighbours))


def _dead(sink: Step) -> bool:
    return any(route.target is Place.DLQ for route in CALLS[sink.call].routes(sink))


_ON_THE_WAY = {Place.BUFFER, Place.BUFFER2, Place.BUFFER3, Place.MAPPING, Place.PIPE, Place.PIPE2}


def _sink(plan: Plan, index: int) -> Step:
    """The step whose bytes end where they can be looked at: itself, or the first later one that takes them on."""
    step = plan.steps[index]
    places = {route.target for route in CALLS[step.call].routes(step)} & _ON_THE_WAY
    for later in plan.steps[index + 1 :] if places else ():
        if any(route.source in places for route in CALLS[later.call].routes(later)):
            return _sink(plan, plan.steps.index(later))
    return step


def _with_poison(scene: Scene) -> Scene:
    """The first messages rejected as often as it takes to see both lanes, and no more."""
    failures = None if scene.retries is not None else 1
    retries = None if scene.retries is None else min(scene.retries, 1)
    return replace(
        scene, poison=tuple(Poison(message=number, failures=failures) for number in range(8)), retries=retries
    )


def probe_log(like: LogSpec, size: int) -> LogSpec:
    """A sound log of `size` bytes as `like` describes it: the same format, topics and tags, messages no longer."""
    if like.format != "rocketmq":
        return LogSpec(size=size, seed=PROBE_LOG.seed)
    return msgspec.structs.replace(
        like, size=size, seed=PROBE_LOG.seed, message=min(like.message, _PROBE_MESSAGE), rotten=(), file=msgspec.UNSET
    )


def _in_pieces(plan: Plan) -> Plan:
    """The same calls on less: sizes in proportion, so that every step gets its part of the longer log's first round."""
    sizes = [value for step in plan.steps for value in step.values if isinstance(value, int)]
    most = min(PROBE_LOG.size, _KEEP // (len(plan.steps) + 1))
    if max(sizes, default=0) <= most:
        return plan
    return Plan(tuple(replace(step, arguments=_scaled(step.arguments, most, max(sizes))) for step in plan.steps))


def _in_larger_pieces(plan: Plan) -> Plan:
    """The same calls, none on so little that all of it would leave at once."""
    return Plan(tuple(replace(step, arguments=tuple(map(_enlarged, step.arguments))) for step in plan.steps))


def _enlarged(argument: Argument) -> Argument:
    return replace(argument, value=max(_LEAST, argument.value)) if isinstance(argument.value, int) else argument


def _scaled(arguments: tuple[Argument, ...], most: int, largest: int) -> tuple[Argument, ...]:
    def scaled(value: int | str) -> int | str:
        return max(1, value * most // largest) if isinstance(value, int) else value

    return tuple(replace(argument, value=scaled(argument.value)) for argument in arguments)


def _whole_batches(session: Session, moved: tuple[int, int]) -> tuple[int, int]:
    """`moved` without the batch that its end cuts, if a whole one is left: `verify` gives a cut batch back, to be read
    again, and what was read again after the tampering says nothing about the hop."""
    start, stop = moved
    with open(session.run_log.path, "rb") as log:
        ends = [span.end for span in format_of(session.scene.log.format).spans(log.fileno(), session.size)]
    whole = [end for end in ends if start < end <= stop]
    return (start, whole[-1]) if whole else moved
