"""The words on a screen that have a page: found everywhere, read with one key."""

from __future__ import annotations

from typing import Any

import pytest
from textual.geometry import Offset
from textual.pilot import Pilot
from textual.widgets import OptionList

from zcquest.levels import codex
from zcquest.tui.screens.codex import CodexScreen
from zcquest.tui.screens.debrief import DebriefScreen
from zcquest.tui.screens.words import WordsScreen
from zcquest.tui.words import OTHER_WORDS, pages_of, pages_on

from .conftest import Open, shown
from .playing import open_level


def test_every_word_leads_to_a_page() -> None:
    assert set(OTHER_WORDS.values()) <= set(codex.pages())


@pytest.mark.parametrize(
    ("text", "pages"),
    [
        ("sendfile(4, 3, [0] => [65536], 65536) = 65536", ["sendfile"]),
        ("→ socket: CPU copy, proved", ["socket-buffer", "copies", "evidence"]),
        ("the page cache, then a page fault", ["page-cache", "page-fault"]),
        ("reader readable spreadsheet", []),
        ("writev is not write", ["writev", "write"]),
        ("页缓存里的零拷贝", ["page-cache", "zero-copy"]),
        ("用户态和内核态切换", ["user-space", "mode-switch"]),
    ],
)
def test_words_are_whole_and_the_longest_wins(text: str, pages: list[str]) -> None:
    assert pages_of(text) == pages


async def _listed(pilot: Pilot[None]) -> list[Any]:
    await pilot.press("f3")
    await pilot.pause()
    assert isinstance(pilot.app.screen, WordsScreen)
    return [option.id for option in pilot.app.screen.query_one(OptionList).options]


async def test_one_key_lists_the_words_and_enter_reads_one(open_game: Open) -> None:
    async with open_game((120, 36)) as pilot:
        await open_level(pilot, "1-1")
        listed = await _listed(pilot)
        assert {"read", "write", "page-cache", "mode-switch"} <= set(listed)
        pilot.app.screen.query_one(OptionList).highlighted = listed.index("page-cache")
        await pilot.press("enter")
        await pilot.pause()
        assert isinstance(pilot.app.screen, CodexScreen)
        assert codex.page("page-cache").title in shown(pilot)


async def test_over_a_dialogue_too(open_game: Open) -> None:
    async with open_game((80, 24), language="zh") as pilot:
        level = await open_level(pilot, "1-1")
        pilot.app.push_screen(DebriefScreen(level.level))
        await pilot.pause()
        assert "copies" in await _listed(pilot)
        await pilot.press("escape")
        await pilot.pause()
        assert isinstance(pilot.app.screen, DebriefScreen)


async def test_the_word_under_the_mouse_comes_first(open_game: Open) -> None:
    async with open_game((120, 36)) as pilot:
        await open_level(pilot, "1-1")
        rows = shown(pilot).splitlines()
        y = next(number for number, row in enumerate(rows) if "write(sock" in row)
        assert pages_on(pilot.app.screen, Offset(rows[y].index("write(sock"), y))[0] == "write"
        assert pages_on(pilot.app.screen)[0] != "write"


async def test_a_screen_without_such_words_says_so(open_game: Open) -> None:
    async with open_game() as pilot:
        pilot.app.push_screen(WordsScreen([]))
        await pilot.pause()
        assert "No word on this screen" in shown(pilot)
        await pilot.press("enter", "escape")
