"""A session: one plan on one log, a machine and its consumers; stepped or run, looked at, tampered with, closed."""

from __future__ import annotations

import asyncio
import os
from dataclasses import dataclass
from pathlib import Path
from time import monotonic

from zcquest.engine.children import Children
from zcquest.engine.control import (
    Advance,
    Bare,
    Compare,
    Compared,
    Door,
    FromConsumer,
    Hold,
    Paused,
    Peeked,
    Progress,
    Report,
    Settle,
    Settled,
)
from zcquest.engine.crash import Crash
from zcquest.engine.far_end import FarEnd
from zcquest.engine.gauges import Gauges, socket_queues
from zcquest.engine.logs import Delivery
from zcquest.engine.meters import Meters
from zcquest.engine.near_end import NearEnd
from zcquest.engine.network.bench import Wire
from zcquest.engine.network.counters import NicCount
from zcquest.engine.opening import consumer_configs, machine_config
from zcquest.engine.pagecache import Eviction
from zcquest.engine.plan import Plan
from zcquest.engine.readings import Readings
from zcquest.engine.run_log import RunLog
from zcquest.engine.scene import Scene
from zcquest.engine.stop import Stop
from zcquest.engine.trace import Trace

_BLOCKED = 0.25  # seconds after which a stepped call counts as waiting for the consumer, which is then let go
_DRAIN = 5.0  # seconds
_LAST_READS = 2.0  # seconds that a consumer gets, at least, to read what is in its socket when the machine is done
_FULL = Path("/dev/full")  # every write to it is a genuine ENOSPC


@dataclass(frozen=True, slots=True)
class Tampered:
    """What a tamper did: the log range that was overwritten, and the range whose arrival it will decide."""

    overwritten: tuple[int, int]
    moved: tuple[int, int]
    in_buffer: bool  # the source was the plan's own buf, not the page cache
    changed: int  # bytes of `moved` that are other ones now


class TamperRefused(Exception):
    """Nothing was moved yet, or this log is shared with the cache and must not be written to."""


class Session:
    """Open it with `Session.open`; it is also an async context manager that closes."""

    def __init__(self, children: Children, scene: Scene, plan: Plan, log: Path, wire: Wire | None = None) -> None:
        self.children = children
        self.scene = scene
        self.plan = plan
        self.log = log
        self.wire = wire
        self.run_log = RunLog(log, scene.log.format)
        self.size = self.run_log.size
        self.trace = Trace(log.with_suffix(".trace"))
        self.dlq: Path | None = None
        if scene.dlq:
            self.dlq = _FULL if scene.dlq.full else self.run_log.dead_letters
        self.near = NearEnd(children, self.trace, self._settle)
        self.far_ends: list[FarEnd] = []  # the consumers, the one at `sock` first
        self.eviction: Eviction | None = None
        self.buffer = 0  # bytes of user buffer that the plan asks for
        self.settled_at: tuple[int, ...] = ()  # bytes of each stream before the first lane of a rejected message ran
        self.tampered = False
        self.held = False  # whether the consumers hold still
        self.crash: Crash | None = None  # a machine that was killed, and whose place another one has taken
        self._fd = self.run_log.open()
        self._readings = Readings(self._fd, self.size, wire)
        self._cut = False
        self._until = 0.0

    # -- opening and closing -------------------------------------------------------------------------------------------

    @classmethod
    async def open(
        cls,
        children: Children,
        scene: Scene,
        plan: Plan,
        log: Path,
        *,
        keep: int = 0,
        settle: bool = True,
        discard: bool = False,
        wire: Wire | None = None,
    ) -> Session:
        """A machine and its consumers, connected, the page cache as the scene wants it; no call made yet.

        `keep` bytes of each stream are kept for `compare`; with `discard` the consumers only count, and all processes
        take all the processor they can get. Without `settle` the machine is ready sooner, but page faults of the
        interpreter mix with the plan's. A scene on the bench NIC needs its `wire`. Raises ChildLost, and OSError when
        the trace cannot be kept.
        """
        session = cls(children, scene, plan, log, wire)
        try:
            await session._connect(keep, settle, discard)
        except BaseException:
            await session.close()
            raise
        return session

    async def __aenter__(self) -> Session:
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.close()

    async def close(self) -> None:
        """Kill what still runs and reap it. The log and the trace stay until their folder goes.

        A `run` or `step` that another task waits for returns with Ending.CANCELLED.
        """
        self.near.abandon()  # all at once, and before anything can interrupt this
        for far in self.far_ends:
            far.child.abandon()
        try:
            await self.near.end()
            for far in self.far_ends:
                await far.end()
        finally:
            if self._fd >= 0:
                os.close(self._fd)
                self._fd = -1

    async def _connect(self, keep: int, settle: bool, discard: bool) -> None:
        scene, wire = self.scene, self.wire
        assert (scene.network is None) == (wire is None)
        doors = []
        for consumer in consumer_configs(scene, wire, keep=keep, discard=discard):
            far = FarEnd(await self.children.spawn("consumer", consumer, FromConsumer, urgent=discard))
            self.far_ends.append(far)
            await far.start()
            doors.append(Door(far.port, consumer.token))
        machine = await asyncio.to_thread(
            machine_config,
            scene,
            self.plan,
            self.run_log,
            doors,
            wire,
            trace=str(self.trace.path),
            dlq=str(self.dlq) if self.dlq else None,
            settle=settle,
        )
        self.buffer = (await self.near.start(machine, urgent=discard)).buffer
        if scene.start == "cold":
            self.eviction = await asyncio.to_thread(self.run_log.evict)
        else:
            await asyncio.to_thread(self.run_log.warm)
        self._readings.nic.read()

    # -- moving --------------------------------------------------------------------------------------------------------

    async def step(self, patience: float = _BLOCKED) -> Paused:
        """Make the plan's next call while the consumers hold still, so that its bytes can be looked at where they are.

        What earlier calls sent is read first. A call that blocks on a full socket for `patience` seconds gets the
        consumers back.
        """
        await self._drain()
        await self._hold(True)
        advance = asyncio.ensure_future(self._exchange(Advance(1), self.scene.deadline))
        try:
            done, _ = await asyncio.wait([advance], timeout=patience)
            if not done:
                await self._hold(False)
            paused = await advance
        finally:
            advance.cancel()
        self._fault()
        return paused

    async def run(self) -> Stop:
        """Make all the calls that remain. Always ends: by itself, a signal, the scene's deadline or `cancel`."""
        await self._hold(False)
        until = self._until = monotonic() + self.scene.deadline
        fault = self.scene.truncate
        if fault and fault.after_calls > self.paused.calls:
            await self._exchange(Advance(fault.after_calls - self.paused.calls), until - monotonic())
        self._fault()
        while not self.stop and self.near.child:  # another machine may have taken a killed one's place
            await self._exchange(Advance(0), until - monotonic())
        assert self.stop
        return self.stop

    async def run_bare(self) -> Stop:
        """Run the whole plan in the tightest loop, recording only totals (`paused`)."""
        await self._hold(False)
        await self._exchange(Bare(), self.scene.deadline)
        assert self.stop
        return self.stop

    def cancel(self) -> None:
        """Kill the machine; a `run` in progress returns with Ending.CANCELLED, a `finish` at once."""
        self.near.cancel()

    async def finish(self) -> Delivery | None:
        """Half-close the connections, let the consumers read to the end, and take their reports; the first one's.

        None: it had none left.
        """
        await self._hold(False)
        await self.near.finish()
        patience = max(_LAST_READS, self._until - monotonic())
        await asyncio.gather(*(far.last_reads(patience, self.near.cancelled) for far in self.far_ends))
        self._readings.nic.read()
        await self.near.exited()
        return self.delivery

    # -- where it stands -----------------------------------------------------------------------------------------------

    @property
    def machine_pid(self) -> int:
        return self.near.pid

    @property
    def paused(self) -> Paused:
        """Where the plan stood when the machine last said so."""
        return self.near.paused

    @property
    def stop(self) -> Stop | None:
        """How the run ended; None while calls remain."""
        return self.near.stop

    @property
    def meters(self) -> Meters:
        """What the operating system counted about the machine while it ran the plan."""
        return self.near.meters

    @property
    def nic(self) -> NicCount:
        """What the card has sent since the run began; on loopback, for everybody."""
        return self._readings.nic.latest

    @property
    def far(self) -> FarEnd | None:
        """The consumer at `sock`: of what is said of a consumer, it is the one. None before it is there."""
        return self.far_ends[0] if self.far_ends else None

    @property
    def progress(self) -> Progress | None:
        """How far the consumer said last that it is."""
        return self.far.progress if self.far else None

    @property
    def delivery(self) -> Delivery | None:
        """The consumer's latest report."""
        return self.far.delivery if self.far else None

    @property
    def consumer_lost(self) -> bool:
        """Whether the consumer died, or its connection broke instead of ending."""
        return self.far is None or self.far.lost

    @property
    def payload(self) -> int:
        """Bytes that the run has brought to where they were to go: to all consumers together."""
        return sum(delivery.payload for far in self.far_ends if (delivery := far.delivery))

    @property
    def consumers_done(self) -> bool:
        """Whether each consumer has read its stream to the end, or is no longer there to."""
        return all(far.over.is_set() for far in self.far_ends)

    # -- looking -------------------------------------------------------------------------------------------------------

    async def gauges(self, *, hurried: bool = False) -> Gauges:
        """Real readings of every place, now. Cheap enough for a few a second while a run is on, if `hurried`.

        Then the pages of a big log, which take milliseconds to ask for, are those of a moment before.
        """
        await asyncio.gather(*(far.ask(Report()) for far in self.far_ends))
        return await asyncio.to_thread(self._readings.read, self, hurried=hurried)

    def queues(self, far: FarEnd) -> tuple[int, int]:
        """Bytes unacknowledged at the machine's end of the connection, and unread at the other."""
        if not self.wire:
            return socket_queues(far.port)
        return socket_queues(far.port, self.wire.pid, far.child.pid)

    async def buffers(self) -> tuple[Peeked, ...]:
        """What lies in the plan's buffers. Only between two steps: the machine answers while it makes no call."""
        return await self.near.buffers()

    # -- tampering -----------------------------------------------------------------------------------------------------

    async def tamper(self) -> Tampered:
        """Overwrite the source of the latest call's hop with the sibling's bytes. Raises TamperRefused, ChildLost."""
        moved = self.paused.moved
        if not moved or self.stop or self.run_log.shared:
            raise TamperRefused
        self.tampered = True
        changed = await asyncio.to_thread(self.run_log.changes, *moved)
        first, last = await asyncio.to_thread(self.run_log.write_sibling, *moved)
        if self.paused.moved_from_buffer:
            await self.near.tamper(str(self.run_log.sibling))
        else:
            self.run_log.overwrite(first, last)
        return Tampered((first, last), moved, self.paused.moved_from_buffer, changed)

    async def compare(self, moved: tuple[int, int], since: int = 0, consumer: int = 0) -> Compared:
        """Ask a consumer (by its number from 0) which bytes of a log range it got, old or the sibling's.

        Needs `keep` at opening. Only what came after `since` bytes of the stream is looked at. None of either: it has
        gone.
        """
        answer = await self.far_ends[consumer].ask(
            Compare(str(self.run_log.original), str(self.run_log.sibling), *moved, since)
        )
        return answer if isinstance(answer, Compared) else Compared(0, 0)

    async def compare_dead(self, moved: tuple[int, int]) -> Compared:
        """As `compare`, of what was put into the DLQ."""
        if not self.dlq or not self.dlq.is_file():
            return Compared(0, 0)
        return Compared(*await asyncio.to_thread(self.run_log.compare, self.dlq, *moved))

    # -- below ---------------------------------------------------------------------------------------------------------

    async def _exchange(self, told: Advance | Bare, seconds: float) -> Paused:
        """As the machine's own `exchange`."""
        return await self.near.exchange(told, seconds)

    def _fault(self) -> None:
        fault = self.scene.truncate
        if fault and not self._cut and self.paused.calls >= fault.after_calls:
            os.truncate(self.log, fault.to)
            self._cut = True

    async def _settle(self, question: Settle) -> Settled:
        assert self.far
        held = self.held
        if not self.settled_at:
            self.settled_at = question.received, *self.trace.standing().neighbours
        await self._hold(False)
        answer = await self.far.ask(question)
        await self._hold(held)
        return answer if isinstance(answer, Settled) else Settled(0)  # a consumer that has gone sends nothing back

    async def _hold(self, held: bool) -> None:
        self.held = held
        for far in self.far_ends:
            await far.tell(Hold(held))

    async def _drain(self) -> None:
        """Let the consumers read all that has been sent."""
        await self._hold(False)
        paused = self.paused
        sent = [paused.sent + paused.garbage, *(handed.payload + handed.garbage for handed in paused.neighbours)]
        reads = (far.read_up_to(count, _DRAIN) for far, count in zip(self.far_ends, sent, strict=False))
        await asyncio.gather(*reads)
