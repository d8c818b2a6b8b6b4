"""The wait of all tests of the screens: it goes on for as long as anything does."""

from __future__ import annotations

import asyncio

from .conftest import Open
from .quiet import ENDLESS, quiet

LONG = 0.1  # seconds: as a session takes to close on a busy machine


async def test_a_run_is_not_waited_for_but_its_end_is_once_it_was_stopped(open_game: Open) -> None:
    async with open_game() as pilot:
        closed = asyncio.Event()

        async def run() -> None:
            try:
                await closed.wait()
            finally:
                await asyncio.sleep(LONG)
                closed.set()

        worker = pilot.app.run_worker(run(), name=ENDLESS[0])
        await quiet(pilot.app)
        assert not closed.is_set()
        worker.cancel()
        await quiet(pilot.app)
        assert closed.is_set()
