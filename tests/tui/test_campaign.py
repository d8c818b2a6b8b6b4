"""The campaign: what is earned and best, what a level is about, what is broken, and starting over."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path

import pytest
from rich.cells import cell_len
from textual.pilot import Pilot
from textual.widgets import OptionList

from zcquest.levels.language import gettext as _
from zcquest.levels.loader import CAMPAIGN_FOLDER, load_campaign
from zcquest.levels.progress import Best
from zcquest.tui.screens.campaign import CampaignScreen, column_heads, level_line

from .conftest import Open, shown


@pytest.fixture
def opened(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The levels that were opened, in place of their screens."""
    ids: list[str] = []
    monkeypatch.setattr("zcquest.tui.app.ZcquestApp.open_level", lambda game, id: ids.append(id))
    return ids


async def _campaign(pilot: Pilot[None]) -> OptionList:
    pilot.app.action_campaign()
    await pilot.pause()
    return pilot.app.screen.query_one("#levels", OptionList)


def _row(pilot: Pilot[None], words: str) -> str:
    return next(line for line in shown(pilot).splitlines() if words in line)


async def test_every_level_is_listed_and_every_one_starts(open_game: Open, opened: list[str]) -> None:
    async with open_game((120, 36)) as pilot:
        levels = await _campaign(pilot)
        assert _row(pilot, "Chapter 2: mmap")
        for id, level in pilot.app.campaign.levels.items():
            assert level.text().title in _row(pilot, id + "  ")
            levels.highlighted = levels.get_option_index(id)
            await pilot.pause()
            await pilot.press("enter")
            await pilot.pause()
        assert opened == list(pilot.app.campaign.levels)


@pytest.mark.parametrize("size", [(120, 36), (80, 24)])
async def test_stars_and_best_figures_are_told_in_words_and_figures(
    size: tuple[int, int], played: Callable[..., None], open_game: Open
) -> None:
    played("1-2", stars=2, copies=4.0, switches=512, buffer=1 << 20)
    played("1-2", stars=1, copies=4.0, switches=4096, buffer=4096, at=2.0)
    played("1-3", stars=0, at=3.0)
    async with open_game(size) as pilot:
        await _campaign(pilot)
        row = _row(pilot, "Bigger buckets")
        assert row.split("│")[0].split()[-6:] == ["★★☆", "2/3", "4.00", "512", "4K", "2"]
        assert "☆☆☆ 0/3" in _row(pilot, "Cold and warm")
        assert "not played" in _row(pilot, "1-1  The long way")
        assert f"2/{3 * len(pilot.app.campaign.levels)}" in shown(pilot)


async def test_the_marked_level_tells_what_it_is_about(open_game: Open) -> None:
    async with open_game((80, 24)) as pilot:
        levels = await _campaign(pilot)
        assert "A cold Kafka log of 64 KiB" in shown(pilot)  # the next level to play is marked at first
        levels.highlighted = levels.get_option_index("chapter 2")
        await pilot.pause()
        assert pilot.app.campaign.chapters[1].intro("en")[:40] in shown(pilot)
        await pilot.press("enter", "r")
        await pilot.pause()
        assert isinstance(pilot.app.screen, CampaignScreen)  # a chapter can be neither played nor reset


async def test_narrow_terminals_have_the_details_below_wide_ones_beside(open_game: Open) -> None:
    async with open_game((80, 24)) as pilot:
        await _campaign(pilot)
        below = pilot.app.screen.query_one("#details").region
        assert below.y > pilot.app.screen.query_one("#levels").region.y
        assert below.width == 80
        await pilot.resize_terminal(120, 36)
        await pilot.pause()
        beside = pilot.app.screen.query_one("#details").region
        assert beside.x >= pilot.app.screen.query_one("#levels").region.right


async def test_resetting_a_level_asks_first(played: Callable[..., None], open_game: Open) -> None:
    played("1-1", stars=3)
    played("1-2", stars=2)
    async with open_game() as pilot:
        levels = await _campaign(pilot)
        levels.highlighted = levels.get_option_index("1-1")
        for answer in ("n", "escape"):
            await pilot.press("r")
            await pilot.pause()
            assert "Reset 1-1 The long way?" in shown(pilot)
            await pilot.press(answer)
            await pilot.pause()
            assert pilot.app.progress.best("1-1").stars == 3
        await pilot.press("r", "y")
        await pilot.pause()
        assert pilot.app.progress.best("1-1") == Best()
        assert pilot.app.progress.best("1-2").stars == 2
        assert "not played" in _row(pilot, "1-1  The long way")


async def test_broken_levels_are_listed_with_what_is_wrong(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, open_game: Open
) -> None:
    shutil.copytree(CAMPAIGN_FOLDER, tmp_path / "campaign")
    file = next((tmp_path / "campaign").glob("*/2-1-*/level.toml"))
    file.write_text(file.read_text("utf-8").replace("features =", "featrues ="), "utf-8")
    monkeypatch.setenv("ZCQUEST_CAMPAIGN", str(tmp_path / "campaign"))
    async with open_game((120, 36)) as pilot:
        levels = await _campaign(pilot)
        assert "2-2" in shown(pilot)
        assert _row(pilot, "! 2-1-borrow-the-page/level.toml")
        levels.highlighted = levels.option_count - 1
        await pilot.pause()
        assert "featrues" in shown(pilot)


async def test_a_campaign_without_levels_is_no_crash(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, open_game: Open
) -> None:
    monkeypatch.setenv("ZCQUEST_CAMPAIGN", str(tmp_path))
    async with open_game((80, 24)) as pilot:
        await _campaign(pilot)
        await pilot.press("enter", "r", "down")
        assert isinstance(pilot.app.screen, CampaignScreen)


@pytest.mark.parametrize("code", ["en", "zh"])
def test_columns_stand_under_their_heads(code: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ZCQUEST_LANG", code)
    best = Best(stars=2, copies=3.0, switches=123456, buffer=1 << 20, runs=12)
    for level in load_campaign().levels.values():
        line = level_line(level, best).plain
        assert cell_len(line) == column_heads().cell_length
        assert cell_len(line[: line.index("★")]) == cell_len(column_heads().plain.split(_("stars"))[0])
