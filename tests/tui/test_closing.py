"""A screen that closes while something for it is under way: nothing is drawn on what is left of it."""

from __future__ import annotations

import asyncio

from textual.events import Resize, ScreenResume

from .conftest import Open
from .everywhere import PLACES, Runs, played_runs, visit

__all__ = ["played_runs"]


async def test_what_comes_too_late_for_a_screen_is_no_fault(open_game: Open, played_runs: Runs) -> None:
    """Its widgets go before it does; what it meets after that would end the game."""
    drawn = list[str]()
    async with open_game((120, 36)) as pilot:
        async for name, screen in visit(pilot, played_runs, *(name for name in PLACES if name != "home")):
            events = (Resize(screen.size, screen.size), ScreenResume())
            screen.dismiss()
            for event in events:  # while they are still there
                await screen.on_event(event)
            while screen.query("*"):
                await asyncio.sleep(0)
            for event in events:
                await screen.on_event(event)
            screen.call_after_refresh(drawn.append, name)
            await pilot.pause()
            assert pilot.app._exception is None, name
    assert not drawn
