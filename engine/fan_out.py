"""A session with two consumers of one log: the scene's own at `sock`, its neighbour at `sock2`."""

from __future__ import annotations

import secrets
from pathlib import Path
from time import monotonic

from zcquest.engine.children import Children
from zcquest.engine.control import Compare, Compared, ConsumerConfig, Door, FromConsumer, Hold
from zcquest.engine.far_end import FarEnd
from zcquest.engine.logs import Delivery
from zcquest.engine.network.bench import Wire
from zcquest.engine.plan import Plan
from zcquest.engine.scene import Scene
from zcquest.engine.session import Session

_PATIENCE = 2.0  # seconds that the neighbour gets, at least, to read what is in its socket when the machine is done


class FanSession(Session):
    """As a session; what is said of the consumer is said of the one at `sock`."""

    def __init__(self, children: Children, scene: Scene, plan: Plan, log: Path, wire: Wire | None = None) -> None:
        super().__init__(children, scene, plan, log, wire)
        self._neighbour: FarEnd | None = None

    @property
    def neighbours_delivery(self) -> Delivery | None:
        """What the neighbour reported last."""
        return self._neighbour.delivery if self._neighbour else None

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
        self._neighbour = FarEnd(await self.children.spawn("consumer", config, FromConsumer, urgent=discard))
        await self._neighbour.start()
        self._neighbours_door = Door(self._neighbour.port, token)
        await super()._connect(keep, settle, discard)

    async def close(self) -> None:
        if self._neighbour:
            self._neighbour.child.abandon()
        try:
            await super().close()
        finally:
            if self._neighbour:
                await self._neighbour.end()

    async def finish(self) -> Delivery | None:
        found = await super().finish()
        if self._neighbour and not self.near.cancelled.is_set():
            patience = max(_PATIENCE, self._until - monotonic())
            await self._neighbour.last_reads(patience, self.near.cancelled)
        return found

    async def compare_neighbour(self, moved: tuple[int, int]) -> Compared:
        """As `compare`, of what the neighbour got."""
        assert self._neighbour
        answer = await self._neighbour.ask(Compare(str(self.run_log.original), str(self.run_log.sibling), *moved))
        return answer if isinstance(answer, Compared) else Compared(0, 0)

    async def _hold(self, held: bool) -> None:
        await super()._hold(held)
        if self._neighbour:
            await self._neighbour.tell(Hold(held))

    async def _drain(self) -> None:
        await super()._drain()
        if self._neighbour:
            await self._neighbour.read_up_to(self.paused.sent_to_neighbour, _PATIENCE)
