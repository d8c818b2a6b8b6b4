"""The first minute: offered once, shown on a real level, left at any moment."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from textual.geometry import Region, Size
from textual.pilot import Pilot

from zcquest.tui.screens.home import HomeScreen
from zcquest.tui.screens.level import LevelScreen
from zcquest.tui.screens.tour import STOPS, TourScreen, corners, place_box
from zcquest.tui.screens.tour_offer import TourOffer
from zcquest.tui.widgets.level_view import Phase
from zcquest.tui.widgets.machine_map import MachineMap

from .conftest import Open, footer, shown
from .playing import until


async def _tour(pilot: Pilot[None]) -> LevelScreen:
    pilot.app.action_tour()
    await until(pilot, lambda: isinstance(pilot.app.screen, TourScreen))
    await pilot.pause()
    level = pilot.app.screen_stack[-2]
    assert isinstance(level, LevelScreen)
    return level


async def test_it_is_offered_at_the_first_start_and_never_again(open_game: Open) -> None:
    async with open_game(tour=True) as pilot:
        assert isinstance(pilot.app.screen, TourOffer)
        assert "Your first time here?" in shown(pilot)
        await pilot.press("escape")
        await pilot.pause()
        assert isinstance(pilot.app.screen, HomeScreen)
    async with open_game(tour=True) as pilot:
        assert isinstance(pilot.app.screen, HomeScreen)


async def test_who_has_played_before_is_not_asked(played: Callable[..., None], open_game: Open) -> None:
    played("1-1", stars=1)
    async with open_game(tour=True) as pilot:
        assert isinstance(pilot.app.screen, HomeScreen)


async def test_the_offer_leads_to_the_first_level(open_game: Open) -> None:
    async with open_game(tour=True) as pilot:
        await pilot.press("enter")
        await until(pilot, lambda: isinstance(pilot.app.screen, TourScreen))
        assert [type(screen) for screen in pilot.app.screen_stack] == [HomeScreen, LevelScreen, TourScreen]


@pytest.mark.parametrize("size", [(120, 36), (80, 24)])
@pytest.mark.parametrize("language", ["en", "zh"])
async def test_every_stop_is_shown_whole(size: tuple[int, int], language: str, open_game: Open) -> None:
    async with open_game(size, language=language) as pilot:
        level = await _tour(pilot)
        for number in range(1, len(STOPS) + 1):
            await pilot.pause()
            box = pilot.app.screen.query_one("#box").region
            assert Region(0, 0, *size).contains_region(box)
            assert box.height > 6
            assert f"{number} of 6" in shown(pilot) or f"第 {number} 处，共 6 处" in shown(pilot)
            await pilot.press("enter")
        await pilot.pause()
        assert pilot.app.screen is level


async def test_the_corners_follow_what_they_stand_around(open_game: Open) -> None:
    async with open_game() as pilot:
        level = await _tour(pilot)
        before = level.query_one(MachineMap).region
        level.query_one("#lower").styles.height = before.height // 2
        await pilot.pause()
        around = level.query_one(MachineMap).region
        assert around != before
        assert tuple(sign.region.offset for sign in pilot.app.screen.query(".corner")) == corners(around, level.size)


async def test_back_and_leave(open_game: Open) -> None:
    async with open_game() as pilot:
        level = await _tour(pilot)
        await pilot.press("enter", "enter", "backspace")
        await pilot.pause()
        assert "The border" in shown(pilot)
        await pilot.press("f2")
        await pilot.pause()
        assert "边界" in shown(pilot)
        await pilot.press("escape")
        await pilot.pause()
        assert pilot.app.screen is level


async def test_a_call_is_really_made_and_nothing_goes_on_afterwards(open_game: Open) -> None:
    async with open_game() as pilot:
        level = await _tour(pilot)
        await pilot.press("s")  # not yet
        assert level.phase is Phase.EDIT
        await pilot.press("enter", "enter", "enter", "s")
        await until(pilot, lambda: "read(3, buf, 4096) = 4096" in shown(pilot))
        await pilot.press("enter")
        await pilot.pause()
        assert "Tamper" in footer(pilot)
        await pilot.press("t")
        await until(pilot, lambda: "you overwrote" in shown(pilot))
        await pilot.press("escape")
        await pilot.pause()
        assert level.phase is Phase.EDIT


async def test_help_leads_to_it(open_game: Open) -> None:
    async with open_game() as pilot:
        await pilot.press("question_mark", "t")
        await until(pilot, lambda: isinstance(pilot.app.screen, TourScreen))


def test_the_box_keeps_off_what_it_is_about() -> None:
    box, screen = Size(58, 10), Size(120, 36)
    for target in (Region(38, 1, 82, 24), Region(0, 26, 38, 9), Region(39, 27, 81, 8), Region(100, 1, 2, 24)):
        where = place_box(target, box, screen)
        assert not Region(*where, *box).overlaps(target)
