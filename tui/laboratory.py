"""The game's one laboratory: opened in the background, shared by whoever plays, closed with the game."""

from __future__ import annotations

import asyncio
import importlib
from collections.abc import Callable
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from zcquest.engine.experiment import Laboratory


class LaboratoryKeeper:
    """Holds the laboratory open in a task of its own, which opens it and closes it."""

    def __init__(self, keep_trace: Callable[[bytes], str] | None = None) -> None:
        """`keep_trace` as `open_laboratory` takes it."""
        self._keep_trace = keep_trace
        self._opened: asyncio.Future[Laboratory] | None = None
        self._keeping: asyncio.Task[None] | None = None
        self._closing = asyncio.Event()

    def start(self) -> asyncio.Future[Laboratory]:
        """Open it unless it is open or opening; where it could not be had, try again."""
        if self._opened is None or (self._opened.done() and self._opened.exception() is not None):
            self._opened = asyncio.get_running_loop().create_future()
            self._keeping = asyncio.create_task(self._keep(self._opened))
        return self._opened

    async def get(self) -> Laboratory:
        """The laboratory, once it is open. Raises Unplayable when this host refuses it."""
        return await asyncio.shield(self.start())

    async def close(self) -> None:
        """End its processes and remove its folder; whoever still waits for it is cancelled."""
        self._closing.set()
        if self._keeping is not None:
            await self._keeping

    async def _keep(self, opened: asyncio.Future[Laboratory]) -> None:
        try:
            # In a thread: the import takes longer than a frame.
            play = await asyncio.to_thread(importlib.import_module, "zcquest.levels.play")
            if self._closing.is_set():
                opened.cancel()
                return
            async with play.open_laboratory(self._keep_trace) as laboratory:
                opened.set_result(laboratory)
                await self._closing.wait()
        except Exception as failure:
            if opened.done():
                raise
            opened.set_exception(failure)  # Unplayable, for whoever asks
            opened.exception()  # asked by nobody yet: no complaint about an exception never retrieved
