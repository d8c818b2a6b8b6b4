"""A screen that closes while something for it is under way: nothing is drawn on what is left of it."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

import pytest
from textual.events import Resize, ScreenResume
from textual.screen import Screen

from .conftest import Open
from .everywhere import PLACES, Runs, game_of, played_runs, visit

__all__ = ["played_runs"]


async def test_a_size_that_comes_too_late_for_a_screen_is_no_fault(open_game: Open, played_runs: Runs) -> None:
    """Its widgets go before it does; what it meets after that would end the game."""
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
            await pilot.pause()
            assert pilot.app._exception is None, name


async def test_what_waits_for_a_refresh_does_not_outlive_its_screen(
    open_game: Open, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Textual waits for the refresh of whichever screen is on top, and so does this one."""
    waiting = list[Callable[[], None]]()
    monkeypatch.setattr(Screen, "_invoke_later", lambda _on_top, callback, _sender: waiting.append(callback))
    async with open_game() as pilot:
        game_of(pilot).action_lab()
        await asyncio.sleep(0)
        screen, drawn = pilot.app.screen, list[str]()
        for word in ("there", "gone"):
            waiting.clear()
            screen.call_after_refresh(drawn.append, word)
            while not waiting:
                await asyncio.sleep(0)
            if word == "gone":
                screen.dismiss()
                while screen.query("*"):
                    await asyncio.sleep(0)
            for callback in waiting:
                callback()
        assert drawn == ["there"]
