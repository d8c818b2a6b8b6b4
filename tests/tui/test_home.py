"""Home: where one goes on, what was earned, what the host can do."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from textual.widgets import OptionList

from zcquest.engine.host import Finding, HostReport
from zcquest.engine.message import message
from zcquest.levels.loader import load_campaign
from zcquest.levels.progress import Best
from zcquest.tui.screens.campaign import CampaignScreen
from zcquest.tui.screens.codex import CodexScreen
from zcquest.tui.screens.history import HistoryScreen
from zcquest.tui.screens.home import HomeScreen, host_line, next_level
from zcquest.tui.screens.lab import LabScreen
from zcquest.tui.screens.race import RaceScreen
from zcquest.tui.screens.settings import SettingsScreen
from zcquest.tui.widgets.journey import LINE, PACKET, Journey, journey
from zcquest.tui.widgets.wordmark import WORDMARK

from .conftest import Open, footer, shown


async def test_a_first_start_begins_with_the_first_level(open_game: Open) -> None:
    async with open_game((80, 24)) as pilot:
        assert "Begin" in shown(pilot)
        assert "1-1 The long way" in shown(pilot)
        assert {"Open", "Help", "Codex", "Quit"} <= set(footer(pilot))


async def test_continue_names_the_next_level_to_play(played: Callable[..., None], open_game: Open) -> None:
    played("1-1", stars=3)
    played("1-2", stars=0)
    async with open_game() as pilot:
        assert "Continue" in shown(pilot)
        assert "1-2 Bigger buckets" in shown(pilot)
        levels = len(pilot.app.campaign.levels)
        assert f"1 of {levels} levels passed, 3 of {3 * levels} stars" in shown(pilot)


def test_after_the_last_level_the_missing_stars_are_next() -> None:
    campaign = load_campaign()
    best = {id: Best(stars=3) for id in campaign.levels}
    assert next_level(campaign, {**best, "2-2": Best(stars=1)}).id == "2-2"
    assert next_level(campaign, best).id == list(campaign.levels)[-1]


@pytest.mark.parametrize(
    ("downs", "kind"),
    [(1, CampaignScreen), (2, LabScreen), (3, RaceScreen), (4, HistoryScreen), (5, CodexScreen), (6, SettingsScreen)],
    ids=["campaign", "lab", "race", "history", "codex", "settings"],
)
async def test_the_menu_opens_what_it_names_and_escape_comes_back(downs: int, kind: type, open_game: Open) -> None:
    async with open_game((80, 24)) as pilot:
        await pilot.press(*["down"] * downs, "enter")
        await pilot.pause()
        assert isinstance(pilot.app.screen, kind)
        await pilot.press("escape")
        await pilot.pause()
        assert isinstance(pilot.app.screen, HomeScreen)
        await pilot.press("escape")  # nothing is before home
        await pilot.pause()
        assert isinstance(pilot.app.screen, HomeScreen)
        assert pilot.app.screen.query_one("#menu", OptionList).highlighted == downs


@pytest.mark.parametrize("key", ["q", "ctrl+q"])
async def test_quitting(key: str, open_game: Open) -> None:
    async with open_game() as pilot:
        await pilot.press(key)
        await pilot.pause()
        assert pilot.app._exit


def test_the_wordmark_is_small_and_ascii() -> None:
    assert WORDMARK.isascii()
    assert len(WORDMARK.splitlines()) <= 6


def test_the_packet_travels_without_the_line_changing_its_length() -> None:
    places = ("磁盘", "page cache", "socket", "consumer")
    still = journey(places, None)
    for frame in range(3 * (LINE - PACKET + 1)):
        moving = journey(places, frame)
        assert moving.cell_length == still.cell_length
        assert "━━" in moving.plain
    assert "━" not in still.plain


async def test_nothing_moves_with_reduced_motion(open_game: Open) -> None:
    async with open_game() as pilot:
        picture = pilot.app.screen.query_one(Journey)
        picture._tick()
        assert "━" not in picture.render().plain
        pilot.app.animation_level = "full"
        picture._tick()
        assert "━━" in picture.render().plain


def test_the_host_line_says_what_is_limited() -> None:
    system = Finding("system", message("operating system"), True, message("Linux 6.18, x86_64"))
    disk = Finding("filesystem", message("run folder"), True, message("/x, on {type}", type="ext4"))
    strace = Finding("strace", message("strace"), False, message("not found"), message("install it"))
    assert "Linux 6.18" in host_line(HostReport(True, None, (system, disk)))
    assert "limited" not in host_line(HostReport(True, None, (system, disk)))
    limited = host_line(HostReport(True, None, (system, disk, strace)))
    assert "ext4" in limited
    assert "limited: strace" in limited
    assert "nothing can be played" in host_line(HostReport(False, None, (system,)))


async def test_the_host_is_shown_once_it_is_known(open_game: Open) -> None:
    async with open_game(warm_up=True) as pilot:
        await pilot.app.workers.wait_for_complete()
        await pilot.pause()
        assert host_line(pilot.app.host) in shown(pilot)
