"""A session with two consumers of one log: the scene's own at `sock`, its neighbour at `sock2`."""

from __future__ import annotations

import asyncio
import contextlib
import secrets
from collections.abc import Callable
from pathlib import Path
from time import monotonic

import msgspec

from zcquest.engine.children import Child, ChildLost, Children
from zcquest.engine.control import (
    Compare,
    Compared,
    ConsumerConfig,
    Door,
    FromConsumer,
    Hold,
    Listening,
    Progress,
    Report,
)
from zcquest.engine.logs import Delivery
from zcquest.engine.network.bench import Wire
from zcquest.engine.plan import Plan
from zcquest.engine.scene import Scene
from zcquest.engine.session import Session

_PATIENCE = 2.0  # seconds that the neighbour gets, at least, to read what is in its socket when the machine is done
_LOOK = 0.002  # seconds between two looks at how far it is


class FanSession(Session):
    """As a session; what is said of the consumer is said of the one at `sock`."""

    def __init__(self, children: Children, scene: Scene, plan: Plan, log: Path, wire: Wire | None = None) -> None:
        super().__init__(children, scene, plan, log, wire)
        self._neighbour: Child | None = None
        self._talking = asyncio.Lock()
        self._told: Progress | None = None

    @property
    def neighbours_delivery(self) -> Delivery | None:
        """What the neighbour reported last."""
        return msgspec.msgpack.decode(self._told.delivery, type=Delivery) if self._told else None

    @property
    def payload(self) -> int:
        theirs = self.neighbours_delivery
        return super().payload + (theirs.payload if theirs else 0)

    async def _connect(self, keep: int, settle: bool, discard: bool) -> None:
        scene, wire, token = self.scene, self.wire, secrets.token_bytes(32)
        assert scene.neighbour
        config = ConsumerConfig(
            token=token,
            log_format=scene.log.format,
            rate=scene.neighbour.rate,
            window=scene.neighbour.window,
            subscription=scene.subscription,
            keep=keep,
            address=wire.address if wire else "127.0.0.1",
            namespaces=wire.receiver if wire else None,
        )
        self._neighbour = await self.children.spawn("consumer", config, FromConsumer, urgent=discard)
        listening = await self._neighbour.hear()
        assert isinstance(listening, Listening)
        self._neighbours_door = Door(listening.port, token)
        await super()._connect(keep, settle, discard)

    async def close(self) -> None:
        if self._neighbour:
            self._neighbour.abandon()
        try:
            await super().close()
        finally:
            if self._neighbour:
                await self._neighbour.end()
                self._neighbour = None

    async def finish(self) -> Delivery | None:
        found = await super().finish()
        await self._read_until(lambda told: told.over, max(_PATIENCE, self._until - monotonic()))
        return found

    async def compare_neighbour(self, moved: tuple[int, int]) -> Compared:
        """As `compare`, of what the neighbour got."""
        answer = await self._talk(Compare(str(self.run_log.original), str(self.run_log.sibling), *moved))
        return answer if isinstance(answer, Compared) else Compared(0, 0)

    async def _hold(self, held: bool) -> None:
        await super()._hold(held)
        if self._neighbour:
            with contextlib.suppress(ChildLost):
                await self._neighbour.say(Hold(held))

    async def _drain(self) -> None:
        await super()._drain()
        await self._read_until(lambda told: told.received >= self.paused.sent_to_neighbour, _PATIENCE)

    async def _read_until(self, enough: Callable[[Progress], bool], seconds: float) -> None:
        until = monotonic() + seconds
        while monotonic() < until and not self._cancelled.is_set():
            told = await self._talk(Report())
            if not isinstance(told, Progress) or enough(told) or told.over:
                return
            await asyncio.sleep(_LOOK)

    async def _talk(self, question: Report | Compare) -> Progress | Compared | None:
        """The neighbour's answer; None when it has gone."""
        async with self._talking:
            if not self._neighbour:
                return None
            try:
                await self._neighbour.say(question)
                while True:
                    told = await self._neighbour.hear()
                    if isinstance(told, Progress):
                        self._told = told
                        if isinstance(question, Report):
                            return told
                    elif isinstance(told, Compared):
                        return told
            except ChildLost:
                return None
