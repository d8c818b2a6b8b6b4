"""Every key that the help of a screen names does something there, and none takes the game down."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any, TypeAlias

import pytest
from textual.pilot import Pilot
from textual.screen import Screen

from zcquest.levels.loader import load_campaign
from zcquest.tui.app import ZcquestApp
from zcquest.tui.screens.call_palette import CallPalette
from zcquest.tui.screens.confirm import Confirm
from zcquest.tui.screens.debrief import DebriefScreen
from zcquest.tui.screens.help import HelpScreen
from zcquest.tui.screens.predict import PredictScreen
from zcquest.tui.screens.tour_offer import TourOffer
from zcquest.tui.screens.words import WordsScreen

from .conftest import Open

Go: TypeAlias = Callable[[ZcquestApp], object]

SCREENS: dict[str, Go] = {
    "home": lambda game: None,
    "campaign": lambda game: game.action_campaign(),
    "codex": lambda game: game.open_codex("sendfile"),
    "settings": lambda game: game.action_settings(),
    "lab": lambda game: game.action_lab(),
    "race": lambda game: game.open_race(),
    "level": lambda game: game.open_level("2-1"),
    "help": lambda game: game.push_screen(HelpScreen(game.screen)),
    "words": lambda game: game.push_screen(WordsScreen(["read", "write"])),
    "palette of calls": lambda game: game.push_screen(CallPalette(["read", "write"])),
    "prediction": lambda game: game.push_screen(PredictScreen()),
    "debrief": lambda game: game.push_screen(DebriefScreen(next(iter(load_campaign().levels.values())))),
    "question": lambda game: game.push_screen(Confirm("Is it so?")),
    "offer of the tour": lambda game: game.push_screen(TourOffer()),
}
ENDING = ("quit", "app.quit")


async def open_screen(pilot: Pilot[None], go: Go) -> Screen[Any]:
    """That screen, above nothing but the first one."""
    game = pilot.app
    assert isinstance(game, ZcquestApp)
    game.action_home()
    opened = go(game)
    if isinstance(opened, Awaitable):
        await opened
    await pilot.pause()
    return game.screen


def _has(node: object, action: str) -> bool:
    return callable(getattr(node, f"action_{action}", None)) or callable(getattr(node, f"_action_{action}", None))


async def test_every_key_has_something_to_do(open_game: Open) -> None:
    async with open_game((120, 36)) as pilot:
        for name, go in SCREENS.items():
            screen = await open_screen(pilot, go)
            for active in screen.active_bindings.values():
                where, _, action = active.binding.action.partition("(")[0].rpartition(".")
                node = {"app": pilot.app, "screen": screen, "": active.node}[where]
                assert _has(node, action), f"{active.binding.key} of {name}"


@pytest.mark.parametrize("name", SCREENS)
async def test_every_key_of_the_help_can_be_pressed(name: str, open_game: Open) -> None:
    async with open_game((80, 24)) as pilot:
        screen = await open_screen(pilot, SCREENS[name])
        told = [
            key
            for key, active in screen.active_bindings.items()
            if active.enabled and (active.tooltip or active.binding.tooltip) and active.binding.action not in ENDING
        ]
        assert told
        focused = screen.focused
        for key in told:
            if pilot.app.screen is not screen or screen.focused is not focused:  # the key before led elsewhere
                screen = await open_screen(pilot, SCREENS[name])
                focused = screen.focused
            await pilot.press(key)
            assert pilot.app.is_running, key
