"""A session: one plan on one log between a machine and a consumer, stepped or run, looked at, tampered with, closed."""

from __future__ import annotations

import asyncio
import contextlib
import os
import secrets
from dataclasses import dataclass
from pathlib import Path
from time import monotonic
from typing import Any

import msgspec
from msgspec import UNSET

from zcquest.engine.children import Child, ChildLost, Children
from zcquest.engine.control import (
    Advance,
    Bare,
    Compare,
    Compared,
    ConsumerConfig,
    Door,
    Finish,
    FromConsumer,
    FromMachine,
    Hold,
    Listening,
    MachineConfig,
    NoTrace,
    Paused,
    Peek,
    Peeked,
    Peeks,
    Progress,
    Ready,
    Report,
    Settle,
    Settled,
    Tamper,
)
from zcquest.engine.crash import Crash
from zcquest.engine.gauges import Gauges, mapping_resident, socket_queues
from zcquest.engine.logs import Delivery, format_of
from zcquest.engine.machine.executor import Ending
from zcquest.engine.message import Message
from zcquest.engine.meters import Meters, read_meters
from zcquest.engine.network.bench import Wire
from zcquest.engine.network.counters import NicCount, read_nic
from zcquest.engine.pagecache import Eviction, Residency, evict, survey, warm
from zcquest.engine.plan import Plan, format_plan
from zcquest.engine.run_log import RunLog
from zcquest.engine.scene import Scene
from zcquest.engine.trace import InFlight, Standing, Trace

_BLOCKED = 0.25  # seconds after which a stepped call counts as waiting for the consumer, which is then let go
_DRAIN = 5.0  # seconds
_LAST_READS = 2.0  # seconds that a consumer gets, at least, to read what is in its socket when the machine is done
_CACHE_BUCKETS = 256
_SURVEY_REST = 30  # how much longer than a look at the log's pages took, until a hurried reading takes another one
_FULL = Path("/dev/full")  # every write to it is a genuine ENOSPC
_LOOPBACK = "lo"


@dataclass(frozen=True, slots=True)
class Stop:
    """How and where a run ended: an errno where a call failed, a signal where one killed the machine.

    `reason` is why a log or an index was refused.
    """

    ending: Ending
    errno: int = 0
    signal: int = 0
    memory: str = ""
    reason: Message | None = None
    in_flight: InFlight | None = None


@dataclass(frozen=True, slots=True)
class Tampered:
    """What a tamper did: the log range that was overwritten, and the range whose arrival it will decide."""

    overwritten: tuple[int, int]
    moved: tuple[int, int]
    in_buffer: bool  # the source was the plan's own buf, not the page cache
    changed: int  # bytes of `moved` that are other ones now


_ANSWERS: dict[type, type] = {Report: Progress, Compare: Compared, Settle: Settled}


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
        self.eviction: Eviction | None = None
        self.paused = Paused()
        self.stop: Stop | None = None
        self.buffer = 0
        self.progress: Progress | None = None
        self.settled_at: int | None = None  # bytes of the stream before the first lane of a rejected message ran
        self.meters = Meters()
        self._fd = os.open(log, (os.O_RDONLY if self.run_log.shared else os.O_RDWR) | os.O_CLOEXEC)
        self._machine: Child | None = None
        self._consumer: Child | None = None
        self._listener: asyncio.Task[None] | None = None
        self._answers: asyncio.Queue[Progress | Compared | Settled | None] = (
            asyncio.Queue()
        )  # None: the consumer has gone
        self._over = asyncio.Event()
        self._asking = asyncio.Lock()
        self._port = 0
        self.nic = NicCount(0, 0)  # what the card sent since the run began; on loopback, for everybody
        self._nic_before: NicCount | None = None
        self._before: Meters | None = None
        self._pages: tuple[Residency, tuple[float, ...]] | None = None
        self._pages_good_until = 0.0
        self.tampered = False
        self.held = False  # whether the consumer holds still
        self._cancelled = asyncio.Event()
        self._cut = False
        self._until = 0.0
        self._neighbours_door: Door | None = None
        self.crash: Crash | None = None  # a machine that was killed, and whose place another one has taken

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
        """A machine and a consumer, connected, the page cache as the scene wants it; no call made yet.

        `keep` bytes of the stream are kept for `compare`; with `discard` the consumer only counts, and both processes
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
        self._cancelled.set()
        children = [child for child in (self._machine, self._consumer) if child]
        for child in children:
            child.abandon()  # both at once, and before anything can interrupt this
        try:
            for child in children:
                await child.end()
            if self._listener:
                await self._listener
        finally:
            self._machine = self._consumer = None
            if self._fd >= 0:
                os.close(self._fd)
                self._fd = -1

    async def _connect(self, keep: int, settle: bool, discard: bool) -> None:
        scene, wire, token = self.scene, self.wire, secrets.token_bytes(32)
        assert (scene.network is None) == (wire is None)
        consumer = ConsumerConfig(
            token=token,
            log_format=scene.log.format,
            rate=scene.rate,
            window=scene.window,
            subscription=scene.subscription,
            discard=discard,
            keep=keep,
            rejecting=scene.rejecting,
            poison={poison.message: poison.failures for poison in scene.poison},
            strays=scene.strays,
            dies_at=scene.dies_at,
            address=wire.address if wire else "127.0.0.1",
            namespaces=wire.receiver if wire else None,
        )
        self._consumer = await self.children.spawn("consumer", consumer, FromConsumer, urgent=discard)
        listening = await self._consumer.hear()
        assert isinstance(listening, Listening)
        self._port = listening.port
        machine = MachineConfig(
            log=str(self.log),
            log_format=scene.log.format,
            port=listening.port,
            token=token,
            plan=format_plan(self.plan),
            trace=str(self.trace.path),
            nonblocking=scene.nonblocking,
            memory=scene.memory,
            send_buffer=scene.send_buffer,
            rejecting=scene.rejecting,
            retries=scene.retries,
            dlq=str(self.dlq) if self.dlq else None,
            file_limit=scene.dlq.limit if scene.dlq else None,
            message=await asyncio.to_thread(self._longest_message),
            neighbour=self._neighbours_door,
            index=str(index) if (index := self.run_log.index) else None,
            subscription=scene.subscription,
            settle=settle,
            address=consumer.address,
            namespaces=wire.sender if wire else None,
        )
        self._machine = await self.children.spawn("machine", machine, FromMachine, urgent=discard)
        ready = await self._hear(self._machine)
        assert isinstance(ready, Ready)
        self.buffer = ready.buffer
        self._listener = asyncio.create_task(self._listen(self._consumer))
        if scene.start == "cold":
            self.eviction = await asyncio.to_thread(self._evict)
        else:
            await asyncio.to_thread(self._warm)
        self._nic_before = self._read_nic()

    def _longest_message(self) -> int:
        """Bytes of the longest message that a lane may run for: in a file of somebody else's, whichever it is."""
        log = self.scene.log
        if log.file is UNSET or not self.scene.rejecting:
            return log.message
        spans = format_of(log.format).spans(self._fd, self.size)
        return max((span.end - span.start for span in spans), default=log.message)

    def _evict(self) -> Eviction:
        if index := self.run_log.index:
            with open(index, "rb", buffering=0) as file:
                evict(file.fileno(), index.stat().st_size)
        return evict(self._fd, self.size)

    def _warm(self) -> None:
        if index := self.run_log.index:
            with open(index, "rb", buffering=0) as file:
                warm(file.fileno(), index.stat().st_size)
        warm(self._fd, self.size)

    # -- moving --------------------------------------------------------------------------------------------------------

    @property
    def machine_pid(self) -> int:
        return self._machine.pid if self._machine else 0

    async def step(self, patience: float = _BLOCKED) -> Paused:
        """Make the plan's next call while the consumer holds still, so that its bytes can be looked at where they are.

        What earlier calls sent is read first. A call that blocks on a full socket for `patience` seconds gets the
        consumer back.
        """
        await self._drain()
        await self._hold(True)
        advance = asyncio.ensure_future(self._advance(1, self.scene.deadline))
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
            await self._advance(fault.after_calls - self.paused.calls, until - monotonic())
        self._fault()
        while not self.stop and self._machine:  # another machine may have taken a killed one's place
            await self._advance(0, until - monotonic())
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
        self._cancelled.set()
        if self._machine:
            self._machine.kill()

    async def finish(self) -> Delivery | None:
        """Half-close the connection, let the consumer read to the end, and take its report. None: it had none left."""
        await self._hold(False)
        if self._machine:
            with contextlib.suppress(ChildLost):
                await self._machine.say(Finish())
        await self._last_reads()
        if not self._over.is_set():
            await self._ask(Report())
        self._count_nic()
        if self._machine:
            with contextlib.suppress(ChildLost, TimeoutError):
                await asyncio.wait_for(asyncio.shield(self._machine.exited), 1.0)
        return self.delivery

    async def _last_reads(self) -> None:
        """Until the consumer has read everything, the time is up, or nobody wants to wait any longer."""
        ends = [asyncio.ensure_future(event.wait()) for event in (self._over, self._cancelled)]
        try:
            patience = max(_LAST_READS, self._until - monotonic())
            await asyncio.wait(ends, timeout=patience, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for end in ends:
                end.cancel()

    @property
    def delivery(self) -> Delivery | None:
        """The consumer's latest report."""
        return msgspec.msgpack.decode(self.progress.delivery, type=Delivery) if self.progress else None

    @property
    def neighbours_delivery(self) -> Delivery | None:
        """The report of a second consumer, where there is one."""
        return None

    async def compare_neighbour(self, moved: tuple[int, int]) -> Compared:
        """As `compare`, of what a second consumer got."""
        return Compared(0, 0)

    @property
    def payload(self) -> int:
        """Bytes that the run has brought to where they were to go."""
        return self.delivery.payload if self.delivery else 0

    @property
    def consumer_done(self) -> bool:
        """Whether the consumer has read the stream to its end, or is no longer there to."""
        return self._over.is_set()

    @property
    def consumer_lost(self) -> bool:
        """Whether the consumer died, or its connection broke instead of ending."""
        return self._consumer is None or self._consumer.exited.done() or bool(self.progress and self.progress.lost)

    # -- looking -------------------------------------------------------------------------------------------------------

    async def gauges(self, *, hurried: bool = False) -> Gauges:
        """Real readings of every place, now. Cheap enough for a few a second while a run is on, if `hurried`.

        Then the pages of a big log, which take milliseconds to ask for, are those of a moment before.
        """
        progress = await self._ask(Report())
        return await asyncio.to_thread(self._read_gauges, progress if isinstance(progress, Progress) else None, hurried)

    def _read_gauges(self, progress: Progress | None, hurried: bool) -> Gauges:
        """Reads files of /proc by the dozen: kept off the event loop, where keys wait."""
        cache, cache_map = self._read_pages(hurried)
        delivery = self.delivery
        meters = read_meters(self.machine_pid)
        spent = meters.since(self._before) if meters and self._before else self.meters
        sending, receiving = self._socket_queues()
        self._count_nic()
        standing = Standing(self.paused.position, self.paused.sent) if self.stop else self.trace.standing()
        return Gauges(
            cache=cache,
            cache_map=cache_map,
            disk_read=spent.disk_read_bytes or 0,
            buffer=self.buffer,
            buffer_pending=self.paused.pending,
            mapping_resident=mapping_resident(self.machine_pid, self.log),
            send_queue=sending,
            receive_queue=receiving,
            nic_sent=self.nic.bytes,
            nic_packets=self.nic.packets,
            scatter_gather=self.wire.scatter_gather if self.wire else None,
            taken=standing.position,
            sent=standing.sent + self.paused.garbage,
            received=progress.received if progress else 0,
            messages=delivery.messages if delivery else 0,
            calls=len(self.trace),
            rejections=self.paused.rejections,
            dead_letters=self.dlq.stat().st_size if self.dlq and self.dlq.exists() else 0,
        )

    def _read_pages(self, hurried: bool) -> tuple[Residency, tuple[float, ...]]:
        begun = monotonic()
        if self._pages and hurried and begun < self._pages_good_until:
            return self._pages
        cache, shares = survey(self._fd, self.size, _CACHE_BUCKETS)
        self._pages = cache, tuple(shares)
        now = monotonic()
        self._pages_good_until = now + _SURVEY_REST * (now - begun)
        return self._pages

    def _socket_queues(self) -> tuple[int, int]:
        if not self.wire:
            return socket_queues(self._port)
        return socket_queues(self._port, self.wire.pid, self._consumer.pid if self._consumer else self.wire.pid)

    def _read_nic(self) -> NicCount | None:
        return read_nic(self.wire.nic, self.wire.pid) if self.wire else read_nic(_LOOPBACK)

    def _count_nic(self) -> None:
        """Keeps the last reading when the bench NIC's process is gone."""
        if (now := self._read_nic()) and self._nic_before:
            self.nic = now.since(self._nic_before)

    async def buffers(self) -> tuple[Peeked, ...]:
        """What lies in the plan's buffers. Only between two steps: the machine answers while it makes no call."""
        if self.stop or not self._machine:
            return ()
        await self._machine.say(Peek())
        told = await self._machine.hear()
        assert isinstance(told, Peeks)
        return tuple(told.buffers)

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
            assert self._machine
            await self._machine.say(Tamper(sibling=str(self.run_log.sibling)))
            self.paused = await self._machine.hear()
        else:
            self.run_log.overwrite(first, last)
        return Tampered((first, last), moved, self.paused.moved_from_buffer, changed)

    async def compare(self, moved: tuple[int, int], since: int = 0) -> Compared:
        """Ask the consumer which bytes of a log range it got, old or the sibling's. Needs `keep` at opening.

        Only what came after `since` bytes of the stream is looked at.
        """
        answer = await self._ask(Compare(str(self.run_log.original), str(self.run_log.sibling), *moved, since))
        assert isinstance(answer, Compared)
        return answer

    async def compare_dead(self, moved: tuple[int, int]) -> Compared:
        """As `compare`, of what was put into the DLQ."""
        if not self.dlq or not self.dlq.is_file():
            return Compared(0, 0)
        return Compared(*await asyncio.to_thread(self.run_log.compare, self.dlq, *moved))

    # -- below ---------------------------------------------------------------------------------------------------------

    async def _advance(self, calls: int, seconds: float) -> Paused:
        return await self._exchange(Advance(calls), seconds)

    async def _exchange(self, told: msgspec.Struct, seconds: float) -> Paused:
        """Have the machine do something and say where it stands; sets `stop` when the run is over.

        Raises ChildLost when the machine ended for no reason of the plan's, OSError when its trace can be kept no more.
        """
        if self.stop or not self._machine:
            return self.paused
        if self._before is None:
            self._before = read_meters(self.machine_pid)
        machine = self._machine
        try:
            await machine.say(told)
            self.paused = await asyncio.wait_for(self._answer(machine), max(0.0, seconds))
        except asyncio.CancelledError:
            self.cancel()  # its answer would be taken for the next one's
            raise
        except TimeoutError:
            await self._killed(machine, Ending.DEADLINE)
        except ChildLost:
            await self._killed(machine, Ending.CANCELLED if self._cancelled.is_set() else Ending.KILLED)
        else:
            self._measure()
            if self.paused.ending:
                self.stop = Stop(
                    Ending(self.paused.ending), self.paused.errno, memory=self.paused.memory, reason=self.paused.reason
                )
        return self.paused

    async def _hear(self, machine: Child) -> Any:
        told = await machine.hear()
        if isinstance(told, NoTrace):
            raise OSError(told.errno, os.strerror(told.errno), str(self.trace.path))
        return told

    async def _killed(self, machine: Child, ending: Ending) -> None:
        self._measure()
        machine.kill()
        exit_ = await asyncio.shield(machine.exited)
        if ending is Ending.KILLED and not exit_.signal:
            raise ChildLost(self.children.last_words())
        self.stop = Stop(ending, signal=exit_.signal, in_flight=self.trace.in_flight())
        standing = self.trace.standing()
        self.paused = msgspec.structs.replace(
            self.paused,
            calls=len(self.trace),
            position=standing.position,
            sent=standing.sent,
            moved=None,
            ending=str(ending),
            wall_s=max(self.paused.wall_s, self.trace.lasted_s()),
            user_s=max(self.paused.user_s, self.meters.user_s),  # where it could still be read before the kill
            sys_s=max(self.paused.sys_s, self.meters.sys_s),
        )

    def _measure(self) -> None:
        meters = read_meters(self.machine_pid)
        if meters and self._before:
            self.meters = meters.since(self._before)

    def _fault(self) -> None:
        fault = self.scene.truncate
        if fault and not self._cut and self.paused.calls >= fault.after_calls:
            os.truncate(self.log, fault.to)
            self._cut = True

    async def _answer(self, machine: Child) -> Paused:
        """Where the machine stands after what it was told; it may ask what the consumer has sent back before."""
        while isinstance(told := await self._hear(machine), Settle):
            await machine.say(await self._settle(told))
        assert isinstance(told, Paused)
        return told

    async def _settle(self, question: Settle) -> Settled:
        held = self.held
        if self.settled_at is None:
            self.settled_at = question.received
        await self._hold(False)
        answer = await self._ask(question)
        await self._hold(held)
        return answer if isinstance(answer, Settled) else Settled(0)  # a consumer that has gone sends nothing back

    async def _hold(self, held: bool) -> None:
        self.held = held
        if self._consumer:
            with contextlib.suppress(ChildLost):
                await self._consumer.say(Hold(held))

    async def _drain(self) -> None:
        """Let the consumer read all that has been sent."""
        await self._hold(False)
        until = monotonic() + _DRAIN
        while monotonic() < until and not self._over.is_set():
            progress = await self._ask(Report())
            if not isinstance(progress, Progress) or progress.received >= self.paused.sent + self.paused.garbage:
                return
            await asyncio.sleep(0.002)

    async def _ask(self, question: Report | Compare | Settle) -> Progress | Compared | Settled | None:
        """The consumer's answer; its last progress when it has gone."""
        async with self._asking:
            if not self._consumer:
                return self.progress
            while not self._answers.empty():
                self._answers.get_nowait()
            try:
                await self._consumer.say(question)
            except ChildLost:
                return self.progress
            wanted = _ANSWERS[type(question)]
            while True:
                answer = await self._answers.get()
                if answer is None:
                    return self.progress
                if isinstance(answer, wanted):
                    return answer

    async def _listen(self, consumer: Child) -> None:
        with contextlib.suppress(ChildLost):
            while True:
                told: Any = await consumer.hear()
                if isinstance(told, Progress):
                    self._progressed(told)
                self._answers.put_nowait(told)
        self._over.set()
        self._answers.put_nowait(None)

    def _progressed(self, progress: Progress) -> None:
        self.progress = progress
        if progress.over:
            self._over.set()
