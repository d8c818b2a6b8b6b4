"""A level played for real: written, predicted, run, stopped, refused; what stays when its screen comes and goes."""

from __future__ import annotations

from pathlib import Path

import pytest
from textual.widgets import Markdown

from zcquest.levels.language import gettext as _
from zcquest.levels.language import set_language
from zcquest.levels.progress import Progress
from zcquest.tui.screens.level import LevelScreen
from zcquest.tui.screens.predict import PredictScreen
from zcquest.tui.screens.result import ResultScreen
from zcquest.tui.widgets.briefing import HintBox
from zcquest.tui.widgets.goals import Goals
from zcquest.tui.widgets.level_view import Phase
from zcquest.tui.widgets.machine_map import MachineMap
from zcquest.tui.widgets.map_state import MapState
from zcquest.tui.widgets.trace_view import TraceView

from .conftest import Open, footer, shown
from .everywhere import game_of
from .playing import open_level, processes, sessions, slow_campaign, until

ONE_TRIP = "repeat:\n    read(log, buf, 64K)\n    write(sock, buf, 64K)"


@pytest.fixture(autouse=True)
def real_disk(disk_folder: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Runs take place where a cold start is possible."""
    cache = disk_folder / "cache"
    monkeypatch.setenv("ZCQUEST_CACHE", str(cache))
    return cache


@pytest.mark.parametrize(("code", "title"), [("en", "The long way"), ("zh", "绕远路")])
async def test_a_whole_level_typed_predicted_run_and_passed(open_game: Open, code: str, title: str) -> None:
    async with open_game(language=code) as pilot:
        screen = await open_level(pilot, "1-1")
        assert title in shown(pilot)
        await pilot.press("e", "f7", "delete")
        await pilot.press(*"repeat:", "enter", *"read(log,", "space", *"buf,", "space", *"64K)", "enter")
        await pilot.press(*"write(sock,", "space", *"buf,", "space", *"64K)", "escape")
        assert screen.editor.text == ONE_TRIP
        await pilot.press("r")
        assert isinstance(pilot.app.screen, PredictScreen)
        await pilot.press("4", "enter", "6", "enter")
        await until(pilot, lambda: isinstance(pilot.app.screen, ResultScreen))
        best = pilot.app.progress.best("1-1")
        assert (best.stars, best.copies, best.switches, best.buffer) == (3, 4.0, 4, 65536)
        assert pilot.app.progress.prediction("1-1").switches == 6
        await pilot.press("escape")
        assert pilot.app.screen is screen
        assert f"{_('copies')} 4.00/4 ✓" in shown(pilot)
        assert f"{_('switches')} 4/4 ✓" in shown(pilot)
        goals = screen.query_one(Goals).content.plain
        right = _("{figure} {metric}").format(figure=4, metric=_("copies"))
        assert f"✓ {right}" in goals
        wrong = _("{figure} {metric}").format(figure=6, metric=_("switches"))
        wrong = _("{guess}: it was {figure}").format(guess=wrong, figure="4")
        assert f"✗ {wrong}" in goals
        calls = [row.text for row in screen.query_one(TraceView).rows]
        assert calls == ["read(3, buf, 65536) = 65536", "write(4, buf+0, 65536) = 65536"]
        hops = screen.query_one(MachineMap).state.scene.hops
        assert {hop.evidence for hop in hops} >= {"metered", "proved", "modelled"}


async def test_a_second_run_asks_for_no_prediction(open_game: Open) -> None:
    async with open_game() as pilot:
        await open_level(pilot, "1-1", ONE_TRIP)
        await pilot.press("r", "escape")
        await until(pilot, lambda: isinstance(pilot.app.screen, ResultScreen))
        await pilot.press("escape", "r")
        assert not isinstance(pilot.app.screen, PredictScreen)
        await until(pilot, lambda: pilot.app.progress.best("1-1").runs == 2)
        assert pilot.app.progress.prediction("1-1") is None


async def test_a_level_with_a_race_says_that_it_races_and_how_it_went(open_game: Open) -> None:
    async with open_game((120, 50)) as pilot:
        screen = await open_level(pilot, "5-1", "repeat:\n    sendfile(sock, log, 1M)\n")
        goal = "the race: at least 1.7 times the throughput of rocketmq-mapped"
        assert f"· {goal}" in screen.query_one(Goals).content.plain
        await pilot.press("r", "escape")
        await until(pilot, lambda: "racing rocketmq-mapped  3/7" in shown(pilot))
        await until(pilot, lambda: isinstance(pilot.app.screen, ResultScreen))
        await pilot.press("escape")
        goals = screen.query_one(Goals).content.plain
        assert goal in goals and "times the throughput of rocketmq-mapped (" in goals


async def test_a_wrong_plan_is_refused_where_it_is_wrong(open_game: Open) -> None:
    async with open_game() as pilot:
        screen = await open_level(pilot, "1-1", "repeat:\n    read(log, buf, 64K)\n    wrote(sock, buf, 64K)")
        await pilot.press("r")
        assert pilot.app.screen is screen and screen.phase is Phase.EDIT
        assert screen.focused is screen.editor.area
        assert screen.editor.area.cursor_location == (2, 4)
        assert "did you mean 'write'?" in shown(pilot)
        assert not pilot.app.progress.runs("1-1")


async def test_a_failed_run_says_why_and_hints_know_the_errno(open_game: Open) -> None:
    async with open_game() as pilot:
        screen = await open_level(pilot, "1-1", "repeat:\n    read(log, buf, 64K)\n    write(log, buf, 64K)")
        await pilot.press("r", "escape")
        await until(pilot, lambda: isinstance(pilot.app.screen, ResultScreen))
        assert pilot.app.progress.best("1-1").stars == 0
        await pilot.press("escape")
        assert "step 2 failed with EBADF" in shown(pilot)
        await pilot.press("h")
        await pilot.pause()
        assert screen.query_one(HintBox).taken == 1
        assert "HINT 1 OF 3" in shown(pilot) and "EBADF" in screen.query_one("#hint-1", Markdown).source
        await pilot.press("h", "h", "h")
        assert pilot.app.progress.hints_taken("1-1") == {1, 2, 3}


async def test_without_a_run_the_hint_is_the_general_one(open_game: Open) -> None:
    async with open_game() as pilot:
        screen = await open_level(pilot, "1-1", "repeat:\n    read(log, buf, 64K)\n    write(log, buf, 64K)")
        await pilot.press("h")
        await pilot.pause()
        assert "A call costs two switches" in screen.query_one("#hint-1", Markdown).source


async def test_stopping_a_run_ends_its_processes_and_records_nothing(
    open_game: Open, tmp_path: Path, real_disk: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("ZCQUEST_CAMPAIGN", str(slow_campaign(tmp_path)))
    async with open_game() as pilot:
        screen = await open_level(pilot, "1-1")
        await pilot.app.laboratory()
        idle = processes()
        await pilot.press("r", "escape")
        await until(pilot, lambda: _received(screen) > 0)
        assert processes() - idle and sessions(real_disk)
        assert "x" in pilot.app.screen.active_bindings and "Stop" in footer(pilot)
        await pilot.press("x")
        assert screen.phase is Phase.EDIT
        await until(pilot, lambda: processes() <= idle)
        assert not sessions(real_disk)
        assert not pilot.app.progress.runs("1-1")
        assert "stopped; nothing was recorded" in shown(pilot)


async def test_keys_and_languages_are_answered_while_a_run_streams(
    open_game: Open, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("ZCQUEST_CAMPAIGN", str(slow_campaign(tmp_path)))
    async with open_game((80, 24)) as pilot:
        screen = await open_level(pilot, "1-1")
        await pilot.press("r", "escape")
        await until(pilot, lambda: _received(screen) > 0)
        seen = _received(screen)
        await pilot.press("4")
        assert "A cold Kafka log of 64 KiB." in shown(pilot)
        await pilot.press("f2")
        await pilot.pause()
        assert "绕远路" in shown(pilot) and "A cold Kafka log" not in shown(pilot)
        assert screen.phase is Phase.RUNNING
        await until(pilot, lambda: _received(screen) > seen)
        await pilot.press("3", "right", "1", "x")
        assert screen.phase is Phase.EDIT


async def test_quitting_in_the_middle_of_a_run_leaves_nothing(
    open_game: Open, tmp_path: Path, real_disk: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("ZCQUEST_CAMPAIGN", str(slow_campaign(tmp_path)))
    before = processes()
    async with open_game() as pilot:
        screen = await open_level(pilot, "1-1")
        await pilot.press("r", "escape")
        await until(pilot, lambda: _received(screen) > 0)
        assert processes() - before
        await pilot.press("ctrl+q")
    assert not processes() - before
    assert not list((real_disk / "runs").iterdir())


async def test_a_host_that_refuses_costs_nothing_but_the_run(open_game: Open, real_disk: Path) -> None:
    real_disk.write_text("a file where the folder should be")
    async with open_game() as pilot:
        screen = await open_level(pilot, "1-1", ONE_TRIP)
        await pilot.press("r", "escape")
        await until(pilot, lambda: screen.phase is Phase.EDIT)
        assert "nothing can be written to" in shown(pilot)
        assert screen.editor.text == ONE_TRIP
        assert not pilot.app.progress.runs("1-1")
        real_disk.unlink()
        await pilot.press("r")
        await until(pilot, lambda: isinstance(pilot.app.screen, ResultScreen))


async def test_the_draft_is_there_again_as_it_was_left(open_game: Open) -> None:
    async with open_game() as pilot:
        await open_level(pilot, "1-1")
        await pilot.press("e", *"# mine", "escape", "escape")
        assert not isinstance(pilot.app.screen, LevelScreen)
    assert Progress.open().draft("1-1").endswith("write(sock, buf, 4K)# mine")
    async with open_game() as pilot:
        screen = await open_level(pilot, "1-1")
        assert screen.editor.text.endswith("# mine")
        await pilot.press("d")
        assert screen.editor.text == screen.level.draft.strip("\n")
        await pilot.press("u")
        assert screen.editor.text.endswith("# mine")


async def test_the_map_shows_the_plan_from_the_first_moment_whatever_line_the_cursor_is_on(open_game: Open) -> None:
    async with open_game() as pilot:
        game_of(pilot).progress.set_draft("4-1", "repeat:\n    sendfile(sock, log, 1M)\n")
        screen = await open_level(pilot, "4-1")
        assert screen.editor.cursor_step is None
        assert "· 1 sendfile" in shown(pilot) and "cold start" in shown(pilot)


async def test_the_last_run_is_in_sight_again_as_long_as_its_plan_is(open_game: Open) -> None:
    async with open_game() as pilot:
        await open_level(pilot, "1-1", ONE_TRIP)
        await pilot.press("r", "escape")
        await until(pilot, lambda: isinstance(pilot.app.screen, ResultScreen))
    async with open_game() as pilot:
        screen = await open_level(pilot, "1-1")
        state = screen.query_one(MachineMap).state
        assert state.scene is not None and len(screen.query_one(TraceView).rows) == 2
        await pilot.press("e", "end", "backspace", "backspace", *"2K)")
        state: MapState = screen.query_one(MachineMap).state
        assert state.scene is None and not screen.query_one(TraceView).rows
        assert "★★★" in shown(pilot)


async def test_resizing_keeps_everything_and_narrow_shows_one_pane(open_game: Open) -> None:
    async with open_game() as pilot:
        screen = await open_level(pilot, "1-1", ONE_TRIP)
        screen.editor.area.move_cursor((1, 7))
        assert all(word in shown(pilot) for word in ("BRIEFING", "PLAN", "TRACE", "KERNEL"))
        await pilot.resize_terminal(80, 24)
        await pilot.pause()
        for key, word in {"1": "KERNEL", "2": "PLAN", "3": "TRACE", "4": "BRIEFING"}.items():
            await pilot.press(key)
            assert word in shown(pilot)
            assert not any(other in shown(pilot) for other in {"KERNEL", "PLAN", "TRACE", "BRIEFING"} - {word})
            assert "switches –/4" in shown(pilot)
        await pilot.click("#tab-plan")
        assert "PLAN" in shown(pilot)
        await pilot.resize_terminal(120, 36)
        await pilot.pause()
        assert all(word in shown(pilot) for word in ("BRIEFING", "PLAN", "TRACE", "KERNEL"))
        assert screen.editor.text == ONE_TRIP and screen.editor.area.cursor_location == (1, 7)


async def test_every_scene_of_a_level_can_be_looked_at(open_game: Open) -> None:
    async with open_game() as pilot:
        screen = await open_level(pilot, "1-3", screen_plan("1-3"))
        await pilot.press("r", "escape")
        await until(pilot, lambda: isinstance(pilot.app.screen, ResultScreen))
        await pilot.press("escape")
        assert screen.query_one(MachineMap).state.scene.name == "cold"
        await pilot.press("v")
        assert screen.query_one(MachineMap).state.scene.name == "warm"
        titles = [row.text for row in screen.query_one(TraceView).rows if row.kind == "note"]
        assert len(titles) == 2 and "cold" in titles[0] and "warm" in titles[1]


async def test_keys_that_can_do_nothing_now_are_grey_or_gone(open_game: Open) -> None:
    async with open_game() as pilot:
        screen = await open_level(pilot, "1-1")
        keys = screen.active_bindings
        assert not keys["t"].enabled
        assert "x" not in keys and "b" not in keys and "v" not in keys
        assert keys["r"].enabled and keys["s"].enabled


def screen_plan(id: str) -> str:
    from zcquest.levels.loader import load_campaign

    set_language("en")
    return load_campaign().level(id).solution.plan.strip("\n")


def _received(screen: LevelScreen) -> int:
    live = screen.view.live
    return live.gauges.received if live and live.gauges else 0
