"""With motion reduced or off nothing moves by itself, and what moving told is there to be read."""

from __future__ import annotations

import pytest
from textual.widgets import Input, TextArea

from zcquest.tui.screens.home import HomeScreen
from zcquest.tui.widgets.journey import Journey
from zcquest.tui.widgets.machine_map import MachineMap

from .conftest import Open, shown
from .everywhere import Runs, game_of, played_runs, visit

__all__ = ["played_runs"]

TYPED_IN = ("level, writing", "codex, searching", "prediction", "plan shelf, asking", "file")


@pytest.mark.parametrize("motion", ["full", "reduced", "none"])
async def test_cursors_and_the_journey_stand_still(motion: str, open_game: Open, played_runs: Runs) -> None:
    async with open_game((120, 36)) as pilot:
        game_of(pilot).set_motion(motion)
        screen = pilot.app.screen
        assert isinstance(screen, HomeScreen)
        journey = screen.query_one(Journey)
        for _ in range(3):
            journey._tick()
        await pilot.pause()
        assert (journey.frame > 0) == (motion == "full")
        assert "disk ────────" in shown(pilot) or motion == "full"
        async for name, screen in visit(pilot, played_runs, *TYPED_IN):
            typed = [*screen.query(Input), *screen.query(TextArea)]
            assert typed and all(text.cursor_blink == (motion == "full") for text in typed), name
        await pilot.press("ctrl+p")
        await pilot.pause()
        assert pilot.app.screen.query_one(Input).cursor_blink == (motion == "full")


@pytest.mark.parametrize("motion", ["reduced", "none"])
async def test_a_step_is_told_without_anything_moving(motion: str, open_game: Open, played_runs: Runs) -> None:
    async with open_game((120, 36)) as pilot:
        game_of(pilot).set_motion(motion)
        async for _name, screen in visit(pilot, played_runs, "level, stepping"):
            assert not screen.query_one(MachineMap).moving
            text = shown(pilot)
            assert "call 1: read(3, buf, 16384) = 16384" in text and "⇅ 1 call" in text and "16K unsent" in text
