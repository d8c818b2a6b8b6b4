"""Settings: each can be changed by keyboard, is applied at once and remembered; a reset asks first."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from textual.pilot import Pilot
from textual.widgets import OptionList

from zcquest.levels.language import language
from zcquest.levels.progress import Progress
from zcquest.tui.themes import THEMES

from .conftest import Open, shown


async def _settings(pilot: Pilot[None], row: str) -> None:
    pilot.app.action_settings()
    await pilot.pause()
    rows = pilot.app.screen.query_one("#settings", OptionList)
    rows.highlighted = rows.get_option_index(row)
    await pilot.pause()


def _kept(key: str) -> str | None:
    progress = Progress.open()
    try:
        return progress.setting(key)
    finally:
        progress.close()


@pytest.mark.parametrize("size", [(120, 36), (80, 24)])
async def test_the_choices_are_told_by_brackets(size: tuple[int, int], open_game: Open) -> None:
    async with open_game(size) as pilot:
        pilot.app.action_settings()
        await pilot.pause()
        for said in ("[English]", "[Dark]", "[none]"):
            assert said in shown(pilot)


async def test_the_language(open_game: Open) -> None:
    async with open_game() as pilot:
        await _settings(pilot, "language")
        await pilot.press("right")
        await pilot.pause()
        assert "[简体中文]" in shown(pilot)
        assert language() == "zh"
        assert _kept("language") == "zh"
        await pilot.press("left")
        await pilot.pause()
        assert "[English]" in shown(pilot)


async def test_the_theme_goes_round(open_game: Open) -> None:
    async with open_game() as pilot:
        await _settings(pilot, "theme")
        first, seen = pilot.app.theme, []
        for _theme in THEMES:
            await pilot.press("enter")
            await pilot.pause()
            seen.append(pilot.app.theme)
            assert _kept("theme") == pilot.app.theme
        assert set(seen) == set(THEMES)
        assert seen[-1] == first


async def test_the_animation(open_game: Open) -> None:
    async with open_game() as pilot:
        pilot.app.set_motion("full")
        await _settings(pilot, "motion")
        await pilot.press("right")
        await pilot.pause()
        assert (pilot.app.animation_level, pilot.app.motion, _kept("motion")) == ("basic", "reduced", "reduced")
        await pilot.press("right")
        await pilot.pause()
        assert (pilot.app.animation_level, pilot.app.motion, _kept("motion")) == ("none", "none", "none")


async def test_resetting_everything_asks_and_keeps_the_settings(played: Callable[..., None], open_game: Open) -> None:
    played("1-1", stars=3)
    async with open_game() as pilot:
        pilot.app.set_theme("zcquest-light")
        await _settings(pilot, "reset")
        await pilot.press("enter")
        await pilot.pause()
        assert "Reset all progress?" in shown(pilot)
        await pilot.press("escape")
        await pilot.pause()
        assert pilot.app.progress.best("1-1").stars == 3
        await pilot.press("enter", "y")
        await pilot.pause()
        assert not pilot.app.progress.all_best()
        assert _kept("theme") == "zcquest-light"


async def test_where_progress_is_kept(open_game: Open, tmp_path: Path) -> None:
    async with open_game((200, 36)) as pilot:
        pilot.app.action_settings()
        await pilot.pause()
        assert f"Kept in {tmp_path / 'data' / 'progress.sqlite'}" in shown(pilot)


async def test_progress_that_cannot_be_kept_is_said(open_game: Open, tmp_path: Path) -> None:
    (tmp_path / "data").write_text("a file where the folder should be")
    async with open_game((200, 36)) as pilot:
        pilot.app.action_settings()
        await pilot.pause()
        assert "Nothing is kept" in shown(pilot)
