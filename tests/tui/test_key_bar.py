"""The line of keys is drawn anew when it shows other keys, and only then."""

from __future__ import annotations

import asyncio

from zcquest.tui.widgets.key_bar import Key, KeyBar

from .conftest import Open
from .everywhere import game_of
from .playing import open_level, until


async def test_the_same_keys_are_not_drawn_again_and_others_are(open_game: Open) -> None:
    drawn: list[tuple[Key, ...]] = []
    async with open_game() as pilot:
        game = game_of(pilot)
        bar = game.screen.query_one(KeyBar)
        bar.watch(bar, "keys", lambda keys: drawn.append(keys), init=False)
        for _ in range(3):
            game.screen.refresh_bindings()
            await pilot.pause()
        assert not drawn
        game.action_toggle_language()
        await pilot.pause()
        assert len(drawn) == 1 and any(key.description == "帮助" for key in drawn[0])


async def test_what_can_be_done_again_is_bright_again(open_game: Open) -> None:
    async with open_game() as pilot:
        game = game_of(pilot)
        game.open_codex("evidence")
        await pilot.pause()
        bar = game.screen.query_one(KeyBar)
        assert not next(key for key in bar.keys if key.action == "measure").enabled
        game.screen.open_page("read")
        await pilot.pause()
        assert next(key for key in bar.keys if key.action == "measure").enabled


async def test_what_changed_beneath_a_screen_that_closes_is_followed(open_game: Open) -> None:
    """What waits for the refresh of a screen that closes is never called."""
    async with open_game() as pilot:
        level = await open_level(pilot, "1-1")
        bar = level.query_one(KeyBar)
        await pilot.press("question_mark")
        await pilot.pause()
        above = pilot.app.screen
        assert above is not level
        above.refresh()
        level.refresh_bindings()
        for _ in range(3):  # the bar hears of it
            await asyncio.sleep(0)
        await pilot.app.pop_screen()
        await pilot.press("e")
        await until(pilot, lambda: "leave" in {key.name for key in bar.keys})
