"""The near end of a session: the machine's process, told which calls to make, metered, and killed when it is time."""

from __future__ import annotations

import asyncio
import contextlib
import os
from collections.abc import Awaitable, Callable
from typing import Any

import msgspec

from zcquest.engine.children import Child, ChildLost, Children
from zcquest.engine.control import (
    Advance,
    Bare,
    Finish,
    FromMachine,
    Handed,
    MachineConfig,
    NoTrace,
    Paused,
    Peek,
    Peeked,
    Peeks,
    Ready,
    Settle,
    Settled,
    Tamper,
)
from zcquest.engine.machine.executor import Ending
from zcquest.engine.meters import Meters, read_meters
from zcquest.engine.stop import Stop
from zcquest.engine.trace import Trace

_LAST_BREATH = 1.0  # seconds that a machine gets to exit once it was told that all is sent


class NearEnd:
    """The machine: where the run stands (`paused`), and how it ended (`stop`, None while calls remain)."""

    def __init__(self, children: Children, trace: Trace, settle: Callable[[Settle], Awaitable[Settled]]) -> None:
        """`settle` answers what the machine asks in the middle of a run: what the consumer has sent back before."""
        self.child: Child | None = None
        self.paused = Paused()
        self.stop: Stop | None = None
        self.meters = Meters()
        self.cancelled = asyncio.Event()
        self._children = children
        self._trace = trace
        self._settle = settle
        self._before: Meters | None = None

    @property
    def pid(self) -> int:
        return self.child.pid if self.child else 0

    async def start(self, config: MachineConfig, *, urgent: bool) -> Ready:
        """Have one started, which takes a killed one's place if there was one. Raises as `exchange`."""
        self.child = await self._children.spawn("machine", config, FromMachine, urgent=urgent)
        ready = await self._hear(self.child)
        assert isinstance(ready, Ready)
        return ready

    def resume(self) -> None:
        """Forget that the machine before this one was killed."""
        self.stop = self._before = None
        self.paused = msgspec.structs.replace(self.paused, ending="", calls=len(self._trace))

    async def exchange(self, told: Advance | Bare, seconds: float) -> Paused:
        """Have the machine make calls and say where it stands; sets `stop` when the run is over.

        Raises ChildLost when the machine ended for no reason of the plan's, OSError when its trace can be kept no more.
        """
        if self.stop or not self.child:
            return self.paused
        if self._before is None:
            self._before = read_meters(self.pid)
        machine = self.child
        try:
            await machine.say(told)
            self.paused = await asyncio.wait_for(self._answer(machine), max(0.0, seconds))
        except asyncio.CancelledError:
            self.cancel()  # its answer would be taken for the next one's
            raise
        except TimeoutError:
            await self._killed(machine, Ending.DEADLINE)
        except ChildLost:
            await self._killed(machine, Ending.CANCELLED if self.cancelled.is_set() else Ending.KILLED)
        else:
            self._measure()
            if self.paused.ending:
                self.stop = Stop(
                    Ending(self.paused.ending), self.paused.errno, memory=self.paused.memory, reason=self.paused.reason
                )
        return self.paused

    def cancel(self) -> None:
        """Kill it; whoever waits for it returns with Ending.CANCELLED."""
        self.cancelled.set()
        if self.child:
            self.child.kill()

    def abandon(self) -> None:
        """Kill it without waiting: whoever waits for it returns with Ending.CANCELLED."""
        self.cancelled.set()
        if self.child:
            self.child.abandon()

    async def end(self) -> None:
        """Kill it if it is still there, and reap it."""
        child, self.child = self.child, None
        if child:
            await child.end()

    async def finish(self) -> None:
        """Tell it that nothing more will be sent: it half-closes its connections and exits."""
        if self.child:
            with contextlib.suppress(ChildLost):
                await self.child.say(Finish())

    async def exited(self) -> None:
        """Wait for its exit, for a moment."""
        if self.child:
            with contextlib.suppress(ChildLost, TimeoutError):
                await asyncio.wait_for(asyncio.shield(self.child.exited), _LAST_BREATH)

    async def buffers(self) -> tuple[Peeked, ...]:
        """What lies in the plan's buffers. Only between two steps: the machine answers while it makes no call."""
        if self.stop or not self.child:
            return ()
        await self.child.say(Peek())
        told = await self.child.hear()
        assert isinstance(told, Peeks)
        return tuple(told.buffers)

    async def tamper(self, sibling: str) -> None:
        """Overwrite the bytes of a buffer that the latest call moved. Raises ChildLost."""
        assert self.child
        await self.child.say(Tamper(sibling=sibling))
        self.paused = await self.child.hear()

    def spent(self) -> Meters:
        """What the counters of its process say now, since its first call; their last word when it has gone."""
        now = read_meters(self.pid)
        return now.since(self._before) if now and self._before else self.meters

    def _measure(self) -> None:
        self.meters = self.spent()

    async def _hear(self, machine: Child) -> Any:
        told = await machine.hear()
        if isinstance(told, NoTrace):
            raise OSError(told.errno, os.strerror(told.errno), str(self._trace.path))
        return told

    async def _answer(self, machine: Child) -> Paused:
        while isinstance(told := await self._hear(machine), Settle):
            await machine.say(await self._settle(told))
        assert isinstance(told, Paused)
        return told

    async def _killed(self, machine: Child, ending: Ending) -> None:
        self._measure()
        machine.kill()
        exit_ = await asyncio.shield(machine.exited)
        if ending is Ending.KILLED and not exit_.signal:
            raise ChildLost(self._children.last_words())
        self.stop = Stop(ending, signal=exit_.signal, in_flight=self._trace.in_flight())
        standing = self._trace.standing()
        self.paused = msgspec.structs.replace(
            self.paused,
            calls=len(self._trace),
            position=standing.position,
            sent=standing.sent,
            neighbours=tuple(Handed(sent, 0) for sent in standing.neighbours),
            moved=None,
            ending=str(ending),
            wall_s=max(self.paused.wall_s, self._trace.lasted_s()),
            user_s=max(self.paused.user_s, self.meters.user_s),  # where it could still be read before the kill
            sys_s=max(self.paused.sys_s, self.meters.sys_s),
        )
