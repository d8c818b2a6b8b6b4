"""Keys pressed in one breath do what they do one by one."""

from __future__ import annotations

import time
from collections.abc import Callable

import pytest
from textual.constants import ESCAPE_DELAY
from textual.pilot import Pilot

from zcquest.tui.app import ZcquestApp
from zcquest.tui.escape_key import TwoKeys
from zcquest.tui.screens.level import LevelScreen

from .conftest import Open

SEQUENCES = {
    "\x1bOR \x1bOR ?": "HelpScreen",
    "? q \x1bOR": "WordsScreen",
    "\x10 \x1b[27u c": "CodexScreen",
    "a \x1b[27u \x10": "GamePalette",
    "e \x1b[27u a": "CallPalette",
    "c \x1b[27u \x1bOR": "WordsScreen",
    "? \x1bc": "CodexScreen",  # an Escape and a c, as most terminals send both
}


def type_at_once(pilot: Pilot[None], text: str) -> None:
    """As a terminal sends it; all of it is read before anything is done about it."""
    parser = TwoKeys()
    events = list(parser.feed(text.replace(" ", "")))
    time.sleep(ESCAPE_DELAY)  # whether more belongs to an Escape
    for event in [*events, *parser.tick()]:
        pilot.app.post_message(event)


async def until(pilot: Pilot[None], holds: Callable[[], bool]) -> None:
    """What holds then goes on to hold."""
    for _ in range(200):
        await pilot.pause(0.05)
        if holds():
            break
    await pilot.pause(0.05)
    assert holds()


async def open_level(pilot: Pilot[None]) -> LevelScreen:
    game = pilot.app
    assert isinstance(game, ZcquestApp)
    game.open_level("1-1")
    level = game.screen
    assert isinstance(level, LevelScreen)
    await until(pilot, lambda: level.is_mounted and bool(level.editor.text))
    return level


@pytest.mark.parametrize("keys", SEQUENCES)
async def test_each_key_finds_what_the_one_before_has_brought(keys: str, open_game: Open) -> None:
    async with open_game() as pilot:
        level = await open_level(pilot)
        draft = level.editor.text
        type_at_once(pilot, keys)
        await until(pilot, lambda: type(pilot.app.screen).__name__ == SEQUENCES[keys])
        assert pilot.app.screen_stack[1:-1] == [level]
        assert level.editor.text == draft


async def test_a_word_typed_at_once_stands_in_order(open_game: Open) -> None:
    async with open_game() as pilot:
        level = await open_level(pilot)
        type_at_once(pilot, "e#sixteen")
        await until(pilot, lambda: level.editor.text.endswith("#sixteen"))


async def test_a_key_whose_target_goes_away_does_not_stop_the_next(open_game: Open) -> None:
    async with open_game() as pilot:
        target = pilot.app.screen.focused
        assert target
        type_at_once(pilot, "xc")
        target.remove()
        await until(pilot, lambda: type(pilot.app.screen).__name__ == "CodexScreen")
