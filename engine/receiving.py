"""A session in the other direction: a producer at the far end, the log the machine's own, and a kill if the scene wants
one. What a killed machine left is looked at, then another one takes its place with the same plan."""

from __future__ import annotations

import asyncio
import secrets
from dataclasses import replace
from pathlib import Path
from signal import SIGKILL
from typing import Any

import msgspec

from zcquest.engine.children import ChildLost, Children
from zcquest.engine.control import (
    Advance,
    Aim,
    Bare,
    Compared,
    FromProducer,
    MachineConfig,
    Paused,
    Produced,
    ProducerConfig,
    Progress,
    Ready,
    Receiving,
)
from zcquest.engine.crash import Crash, examine, message_at
from zcquest.engine.far_end import FarEnd
from zcquest.engine.filesystem import in_memory
from zcquest.engine.gauges import arriving_queues
from zcquest.engine.logs import Delivery, format_of
from zcquest.engine.machine.executor import Ending
from zcquest.engine.network.bench import Wire
from zcquest.engine.plan import Plan, format_plan
from zcquest.engine.readings import Readings
from zcquest.engine.run_log import RunLog, produced
from zcquest.engine.scene import Scene
from zcquest.engine.session import Session
from zcquest.engine.stop import Stop
from zcquest.engine.vouching import Vouching

_READ = 1 << 20
_KILL_WITHIN = 0.001  # seconds after the chosen byte was sent
_HEARSAY = 2.0  # seconds that the producer gets to say that it was he


async def open_session(children: Children, scene: Scene, plan: Plan, log: Path, **options: Any) -> Session:
    """The session that the scene needs; as `Session.open`."""
    kind = ReceivingSession if scene.receive else Session
    return await kind.open(children, scene, plan, log, **options)


class ReceivingSession(Session):
    """`log` is the machine's, `run_log` the producer's. Nobody but the machine takes bytes, so nobody is ever held."""

    def __init__(self, children: Children, scene: Scene, plan: Plan, log: Path, wire: Wire | None = None) -> None:
        super().__init__(children, scene, plan, log, wire)
        self.run_log = RunLog(produced(log), scene.log.format)
        self.size = self.run_log.size
        # the machine's log is empty yet; in memory there is no disk to flush it to, whatever fsync says
        vouching = None if in_memory(log.parent) else Vouching(plan)
        self._readings = Readings(self._fd, self.size, wire, vouching)
        self.held = True
        self._config: MachineConfig | None = None
        self._shot = asyncio.Event()
        self._mortal = bool(scene.receive and scene.receive.kill)
        self._urgent = False
        self._found: Delivery | None = None

    async def _connect(self, keep: int, settle: bool, discard: bool) -> None:
        scene, token, receive = self.scene, secrets.token_bytes(32), self.scene.receive
        assert receive and not self.wire
        producer = ProducerConfig(
            token=token,
            log=str(self.run_log.path),
            log_format=scene.log.format,
            window=receive.window,
            rate=scene.rate,
            kill_at=self._moment(receive.window) if receive.kill else None,
            kill_delay=_KILL_WITHIN * (secrets.randbelow(1000) / 1000) ** 2,  # rather soon: later it may be idle
        )
        self._urgent = discard
        far = FarEnd(await self.children.spawn("producer", producer, FromProducer, urgent=discard), self._progressed)
        self.far_ends.append(far)
        await far.start()
        await asyncio.to_thread(self.run_log.warm)
        self._config = MachineConfig(
            log=str(self.log),
            log_format=scene.log.format,
            port=far.port,
            token=token,
            plan=format_plan(self.plan),
            trace=str(self.trace.path),
            nonblocking=scene.nonblocking,
            memory=scene.memory,
            send_buffer=scene.send_buffer,
            settle=settle,
            receive=Receiving(size=self.size),
        )
        await self._start(self._config)
        self._readings.nic.read()
        if self._mortal:
            await far.tell(Aim(self.machine_pid))

    def _moment(self, window: int) -> int:
        """After how many bytes to kill: not before the plan has acknowledged some, nor when hardly any are left."""
        first, last = max(self.size // 4, window + 1), self.size * 3 // 4
        return first + secrets.randbelow(last - first) if first < last else min(first, self.size - 1)

    async def _start(self, config: MachineConfig) -> Ready:
        ready = await self.near.start(config, urgent=self._urgent)
        self.buffer = ready.buffer
        return ready

    # -- moving --------------------------------------------------------------------------------------------------------

    async def run_bare(self) -> Stop:
        """As in the other direction. A machine that is killed stays dead: a bare run keeps no trace to go on with."""
        self._mortal = False
        return await super().run_bare()

    async def finish(self) -> Delivery | None:
        """As in the other direction; what has arrived is read off the machine's log."""
        await super().finish()
        self._found = await asyncio.to_thread(self._read_log)
        return self._found

    def _read_log(self) -> Delivery:
        reader = format_of(self.scene.log.format).reader()
        with open(self.log, "rb") as log:
            while piece := log.read(_READ):
                reader.feed(piece)
        return reader.report()

    @property
    def delivery(self) -> Delivery | None:
        """What is in the machine's log, once the run is finished."""
        return self._found

    @property
    def payload(self) -> int:
        """Bytes of the producer's log that the machine has received."""
        return self.paused.position

    # -- looking -------------------------------------------------------------------------------------------------------

    def queues(self, far: FarEnd) -> tuple[int, int]:
        return arriving_queues(far.port)

    async def compare(self, moved: tuple[int, int], since: int = 0, consumer: int = 0) -> Compared:
        """Which bytes of a range the machine's log holds, old or the sibling's."""
        return Compared(*await asyncio.to_thread(self.run_log.compare, self.log, *moved))

    # -- below ---------------------------------------------------------------------------------------------------------

    async def _hold(self, held: bool) -> None:
        """The producer waits for acknowledgements, and for nothing else."""

    async def _drain(self) -> None:
        """What the plan sends are acknowledgements: they are read as they come."""

    def _progressed(self, progress: Progress) -> None:
        if isinstance(progress, Produced) and progress.killed and progress.killed.told:
            self._shot.set()

    async def _exchange(self, told: Advance | Bare, seconds: float) -> Paused:
        """As in the other direction; a machine that the producer has killed is followed by another."""
        if self.stop:
            return self.paused
        await super()._exchange(told, seconds)
        if self.stop and self.stop.ending is Ending.KILLED and self.stop.signal == SIGKILL:
            await self._follow(self.stop)
        return self.paused

    async def _follow(self, stop: Stop) -> None:
        assert self.far
        if not self._mortal or not await self._was_shot() or not await self._succeed():
            self.far.over.set()  # nobody will come to the producer any more
            if self.near.cancelled.is_set():
                self.near.stop = replace(stop, ending=Ending.CANCELLED)

    async def _was_shot(self) -> bool:
        """Whether the producer says that it was its doing."""
        assert self.far
        ends = [asyncio.ensure_future(event.wait()) for event in (self._shot, self.far.over, self.near.cancelled)]
        try:
            await asyncio.wait(ends, timeout=_HEARSAY, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for end in ends:
                end.cancel()
        return self._shot.is_set() and not self.near.cancelled.is_set()

    async def _succeed(self) -> bool:
        """Look at what the machine left, and put another one in its place; False if none could be had."""
        told, config = self.progress, self._config
        assert isinstance(told, Produced) and told.killed and config
        self._mortal = False
        remains = await asyncio.to_thread(examine, self.log, self.run_log.path, told.received)
        await self.near.end()
        config = msgspec.structs.replace(config, receive=Receiving(size=self.size, resume=True))
        try:
            ready = await self._start(config)
        except ChildLost:
            return False
        lost = None
        if told.received > remains.intact:
            lost = await asyncio.to_thread(message_at, self.run_log.path, config.log_format, remains.intact)
        self.crash = Crash(
            sent=told.killed.sent,
            acked=told.received,
            found=remains.found,
            intact=remains.intact,
            kept=ready.kept,
            lost_offset=lost,
            unsafe=remains.unsafe,
            overstated=told.overstated,
        )
        if self.near.cancelled.is_set():
            await self.near.end()
            return False
        self.near.resume()
        return True
