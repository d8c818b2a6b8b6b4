"""Everything that a key does a click does too, on every screen; and what is in sight can be pointed at."""

from __future__ import annotations

from typing import Any

import pytest
from textual.geometry import Offset
from textual.pilot import Pilot
from textual.widgets import OptionList, Static

from zcquest.tui.book import book
from zcquest.tui.screens.campaign import CampaignScreen
from zcquest.tui.screens.codex import CodexScreen
from zcquest.tui.screens.compare_choice import CompareChoice
from zcquest.tui.screens.confirm import Confirm
from zcquest.tui.screens.help import HelpScreen
from zcquest.tui.screens.lab import LabScreen
from zcquest.tui.screens.level import LevelScreen
from zcquest.tui.screens.predict import PredictScreen
from zcquest.tui.screens.race import RaceScreen
from zcquest.tui.screens.race_choice import RacerChoice
from zcquest.tui.screens.replay import ReplayScreen
from zcquest.tui.screens.result import ResultScreen
from zcquest.tui.widgets.choices import Choices
from zcquest.tui.widgets.key_bar import KeyBar
from zcquest.tui.widgets.key_lines import KeyLines, told_of
from zcquest.tui.widgets.level_header import LevelHeader
from zcquest.tui.widgets.replay.timeline import Timeline
from zcquest.tui.widgets.result.pareto import LATEST, ParetoPlot

from .conftest import Open, shown
from .everywhere import PLACES, Runs, game_of, played_runs, settled, visit
from .playing import open_level

__all__ = ["played_runs"]

BARS = (
    *("home", "campaign", "history", "codex", "lab", "race, running", "level, writing", "level, stepping"),
    *("place with bytes", "palette of calls", "plan shelf", "tour 4", "result, hops", "card", "replay", "compare"),
    *("prediction", "help", "question"),
)
HELPS = ("level, fresh", "replay", "history", "codex")


class Done(list[str]):
    """The actions that the game was asked for, instead of doing them."""

    async def run(self, action: str, *_where: Any, **_more: Any) -> bool:
        self.append(action)
        return True


async def click_in(pilot: Pilot[None], widget: Any, x: int, y: int = 0, **how: Any) -> None:
    """Click a cell of the widget's content."""
    gutter = widget.gutter
    await pilot.click(widget, offset=(x + gutter.left, y + gutter.top), **how)
    await pilot.pause()


async def test_every_key_of_the_bar_can_be_clicked(
    open_game: Open, played_runs: Runs, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with open_game((80, 24)) as pilot:
        async for name, screen in visit(pilot, played_runs, *BARS):
            done = Done()
            bar = screen.query_one(KeyBar)
            with monkeypatch.context() as patch:
                patch.setattr(pilot.app, "run_action", done.run)
                for at, key in bar.places():
                    before = len(done)
                    await click_in(pilot, bar, at)
                    assert done[before:] == ([key.action] if key.enabled else []), f"{name}: {key.description}"


@pytest.mark.parametrize("name", HELPS)
async def test_every_line_of_the_help_can_be_clicked(name: str, open_game: Open, played_runs: Runs) -> None:
    async with open_game((80, 24)) as pilot:
        async for _name, screen in visit(pilot, played_runs, name):
            for number, told in enumerate(told_of(screen)):
                await pilot.app.push_screen(HelpScreen(screen))
                lines = pilot.app.screen.query_one(KeyLines)
                await settled(pilot)
                assert lines.size.height == len(told_of(screen)), "no line is broken or left out"
                pilot.app.screen.query_one("#scroll").scroll_to(y=number, animate=False, immediate=True)
                await pilot.pause()
                done = Done()
                with pytest.MonkeyPatch.context() as patch:
                    patch.setattr(pilot.app, "run_action", done.run)
                    await click_in(pilot, lines, 1, number)
                    await settled(pilot)
                if told.enabled:
                    assert done == [told.action] and pilot.app.screen is screen
                else:
                    assert not done
                    pilot.app.pop_screen()


# Dialogues


async def test_a_click_beside_a_dialogue_closes_it(open_game: Open) -> None:
    async with open_game((80, 24)) as pilot:
        await pilot.app.push_screen(Confirm("Is it so?"))
        await pilot.click("#question")
        assert isinstance(pilot.app.screen, Confirm)
        await pilot.click(offset=(1, 1))
        await pilot.pause()
        assert not isinstance(pilot.app.screen, Confirm)


async def test_a_click_beside_the_prediction_does_not_run_the_plan(open_game: Open) -> None:
    async with open_game((80, 24)) as pilot:
        await pilot.app.push_screen(PredictScreen())
        await pilot.click(offset=(1, 1))
        await pilot.pause()
        assert isinstance(pilot.app.screen, PredictScreen)


# Lists


async def test_a_click_marks_a_level_and_another_one_plays_it(open_game: Open) -> None:
    async with open_game((120, 36)) as pilot:
        await PLACES["campaign"](pilot, ())
        levels = pilot.app.screen.query_one(Choices)
        at = levels.get_option_index("1-3")
        await click_in(pilot, levels, 10, at)
        assert isinstance(pilot.app.screen, CampaignScreen)
        assert pilot.app.screen.marked.id == "1-3"
        await click_in(pilot, levels, 10, at)
        assert isinstance(pilot.app.screen, LevelScreen) and pilot.app.screen.level_id == "1-3"


async def test_a_choice_in_a_line_is_clicked_itself(open_game: Open) -> None:
    async with open_game((120, 36)) as pilot:
        await PLACES["settings"](pilot, ())
        lines = pilot.app.screen.query_one(Choices)
        row = lines.render_line(1).text
        await click_in(pilot, lines, row.index("High contrast"), 1)
        assert pilot.app.theme == "zcquest-contrast"
        row = lines.render_line(1).text
        await click_in(pilot, lines, row.index("Light"), 1)
        assert pilot.app.theme == "zcquest-light"
        game_of(pilot).action_lab()
        await pilot.pause()
        screen = pilot.app.screen
        assert isinstance(screen, LabScreen)
        lines = screen.query_one(Choices)
        await click_in(pilot, lines, lines.render_line(1).text.index("64 MiB"), 1)
        assert screen.bench.size == 64 << 20


async def test_racers_and_the_other_choices_of_a_race(open_game: Open) -> None:
    async with open_game((120, 36)) as pilot:
        await PLACES["race"](pilot, ())
        screen = pilot.app.screen
        assert isinstance(screen, RaceScreen)
        setup = screen.query_one(Choices)
        pairs = screen.state.pairs
        await click_in(pilot, setup, setup.render_line(5).text.index("›"), 5)
        assert screen.state.pairs > pairs
        await click_in(pilot, setup, setup.render_line(5).text.index("‹"), 5)
        assert screen.state.pairs == pairs
        for widget, y, side in (("#lanes", 0, "a"), ("#lanes", 3, "b"), ("#plan-b", 0, "b")):
            await click_in(pilot, screen.query_one(widget), 4, y)
            choice = pilot.app.screen
            assert isinstance(choice, RacerChoice)
            marked = choice.query_one(OptionList).highlighted_option
            assert marked and marked.id == getattr(screen.state, side).id
            choice.dismiss(None)
            await pilot.pause()


# What is in sight


@pytest.mark.parametrize("size", [(120, 36), (80, 24)])
async def test_the_goals_in_the_header_lead_to_the_goals(open_game: Open, size: tuple[int, int]) -> None:
    async with open_game(size) as pilot:
        await open_level(pilot, "1-1")
        header = pilot.app.screen.query_one(LevelHeader)
        await click_in(pilot, header, header.size.width - 3)
        assert "every good message arrives" in shown(pilot)


async def test_links_are_clicked_and_words_are_clicked_with_the_other_button(open_game: Open) -> None:
    async with open_game((120, 36)) as pilot:
        await PLACES["codex"](pilot, ())
        screen = pilot.app.screen
        assert isinstance(screen, CodexScreen)
        await settled(pilot)
        links = screen.query_one("#links", Static)
        title = book()[book()["sendfile"].links[1]].title
        y, x = next((y, row.rindex(title)) for y, row in enumerate(shown(pilot).splitlines()) if f"2 {title}" in row)
        await click_in(pilot, links, x - links.content_region.x, y - links.content_region.y)
        assert screen.query_one("#title", Static).content == title
        screen.dismiss()
        await open_level(pilot, "1-1")
        rows = shown(pilot).splitlines()
        y, x = next((y, row.index("switches.")) for y, row in enumerate(rows) if "switches." in row)
        await pilot.click(offset=Offset(x + 2, y), button=3)
        await pilot.pause()
        assert isinstance(pilot.app.screen, CodexScreen)
        assert pilot.app.screen.query_one("#title", Static).content == "Mode switches"


async def test_the_wheel_scrubs_and_a_click_on_the_timeline_goes_there(open_game: Open, played_runs: Runs) -> None:
    async with open_game((120, 36)) as pilot:
        async for _name, screen in visit(pilot, played_runs, "replay"):
            assert isinstance(screen, ReplayScreen)
            timeline = screen.query_one(Timeline)
            await click_in(pilot, timeline, 0, 1)
            assert screen.calls == 1
            timeline.on_mouse_scroll_down()
            await pilot.pause()
            assert screen.calls == 2
            timeline.on_mouse_scroll_up()
            await pilot.pause()
            assert screen.calls == 1


async def test_a_point_of_the_plot_is_another_run_to_compare_with(open_game: Open, played_runs: Runs) -> None:
    async with open_game((120, 36)) as pilot:
        async for _name, screen in visit(pilot, played_runs, "result, runs"):
            assert isinstance(screen, ResultScreen)
            plot = screen.query_one(ParetoPlot)
            rows = shown(pilot).splitlines()[plot.region.y : plot.region.bottom - 5]
            y, x = next((y, row.index(LATEST)) for y, row in enumerate(rows) if LATEST in row)
            await click_in(pilot, plot, x - plot.content_region.x, y)
            assert isinstance(pilot.app.screen, CompareChoice)
