"""The history: kept runs and how they went, their plans played again, progress carried, levels forgotten."""

from __future__ import annotations

import asyncio
import json
from pathlib import Path
from typing import Any

import pytest
from rich.cells import cell_len
from textual.pilot import Pilot
from textual.widgets import Input

from zcquest.levels.keeping import keep_run
from zcquest.levels.loader import load_campaign
from zcquest.levels.play import open_laboratory, play, read_plan
from zcquest.levels.progress import Progress, RunRow
from zcquest.tui.screens.confirm import Confirm
from zcquest.tui.screens.history import HistoryScreen
from zcquest.tui.screens.level import LevelScreen
from zcquest.tui.screens.prompt import Prompt
from zcquest.tui.screens.result import ResultScreen
from zcquest.tui.widgets.history.lines import sparkline

from .conftest import Open, shown
from .playing import until

PLAN = "repeat:\n    read(log, buf, 8K)\n    write(sock, buf, 8K)\n"


async def history(pilot: Pilot[None]) -> HistoryScreen:
    pilot.app.action_history()
    await pilot.pause()
    assert isinstance(pilot.app.screen, HistoryScreen)
    return pilot.app.screen


def told(pilot: Pilot[None]) -> str:
    """The notifications in sight."""
    return "\n".join(notice.message for notice in pilot.app._notifications)


def keep(level: str, at: float, plan: str = PLAN, **figures: Any) -> None:
    row = {"passed": True, "stars": 2, "copies": 4.0, "switches": 64, "buffer": 8192, **figures}
    progress = Progress.open()
    progress.record_run(RunRow(level=level, at=at, plan=plan, **row))
    progress.close()


def test_a_sparkline_tells_what_passed_what_did_not_and_the_best() -> None:
    drawn = sparkline([(64, True), (None, True), (8, False), (4, True), (34, True)])
    assert "".join(mark for mark, _style in drawn) == "█·×▁▅"
    assert drawn[3][1] == "$success" and drawn[2][1] == "$error"
    assert "".join(mark for mark, _style in sparkline([(4, True), (4, True)])) == "▁▁"
    assert sparkline([]) == []


@pytest.mark.parametrize("size", [(120, 36), (80, 24)])
@pytest.mark.parametrize("language", ["en", "zh"])
async def test_levels_runs_bests_and_plans_are_in_sight(open_game: Open, size: Any, language: str) -> None:
    for number, switches in enumerate((64, 16, 32)):
        keep("1-1", 1000.0 + number, switches=switches)
    keep("2-1", 2000.0, copies=3.0, buffer=0, plan="once:\n    mmap(log)\nrepeat:\n    write(sock, map, 64K)\n")
    keep("9-9", 3000.0)
    async with open_game(size, language=language) as pilot:
        screen = await history(pilot)
        text = shown(pilot)
        assert all(id in text for id in ("1-1", "2-1", "9-9"))
        assert "█▁▃" in text and "read(log, buf, 8K)" in text
        assert ("best 16" in text) == (language == "en") and [run.switches for run in screen._runs] == [32, 16, 64]
        await pilot.press("down")
        await pilot.pause()
        assert "write(sock, map, 64K)" in shown(pilot)
        assert [cell_len(line) for line in shown(pilot).splitlines()] == [size[0]] * size[1]


async def test_nothing_kept_yet(open_game: Open) -> None:
    async with open_game((80, 24)) as pilot:
        await history(pilot)
        assert "No run is kept yet" in shown(pilot)
        await pilot.press("p", "enter", "r")
        await pilot.pause()
        assert isinstance(pilot.app.screen, HistoryScreen)


async def test_a_plan_is_played_again_and_the_draft_comes_back_with_undo(open_game: Open) -> None:
    keep("1-1", 1000.0)
    async with open_game() as pilot:
        pilot.app.progress.set_draft("1-1", "repeat:\n    mine(1)")
        await history(pilot)
        await pilot.press("p")
        await pilot.pause()
        level = pilot.app.screen
        assert isinstance(level, LevelScreen) and level.editor.text.strip() == PLAN.strip()
        await pilot.press("u")
        await pilot.pause()
        assert level.editor.text == "repeat:\n    mine(1)"


async def test_the_result_of_a_kept_run_is_looked_at(open_game: Open, tmp_path: Path) -> None:
    level = load_campaign().level("1-1")

    async def run() -> None:
        async with open_laboratory() as laboratory:
            progress = Progress.open()
            keep_run(progress, *await play(laboratory, level, read_plan(level, PLAN)))
            progress.close()

    await asyncio.create_task(run())
    keep("1-1", 1.0)  # older, and without a report that could be read
    async with open_game() as pilot:
        await history(pilot)
        await pilot.press("enter")
        await pilot.pause()
        assert isinstance(pilot.app.screen, ResultScreen) and "Passed, 2 of 3 stars" in shown(pilot)
        await pilot.press("escape")
        await pilot.press("tab", "down", "enter")
        await pilot.pause()
        assert isinstance(pilot.app.screen, HistoryScreen)
        assert "of another version of the game" in told(pilot)


async def test_progress_is_carried_and_nothing_is_overwritten_or_lost(open_game: Open, tmp_path: Path) -> None:
    keep("1-1", 1000.0)
    file = tmp_path / "carried.json"
    async with open_game((80, 24)) as pilot:
        await history(pilot)
        await carry(pilot, "e", file, "1 run is in")
        assert json.loads(file.read_text())["runs"][0]["plan"] == PLAN
        await carry(pilot, "e", file, "exists already")
        await pilot.press("r")
        await pilot.pause()
        assert isinstance(pilot.app.screen, Confirm)
        await pilot.press("n")
        assert pilot.app.progress.runs()
        await pilot.press("r", "y")
        await pilot.pause()
        assert not pilot.app.progress.runs() and "No run is kept yet" in shown(pilot)
        await carry(pilot, "i", file, "1 run was added")
        assert "1-1" in shown(pilot) and pilot.app.progress.runs()[0].plan == PLAN
        file.write_text(file.read_text()[:200])
        await carry(pilot, "i", file, "not an export of progress")
        assert len(pilot.app.progress.runs()) == 1


async def carry(pilot: Pilot[None], key: str, file: Path, words: str) -> None:
    await pilot.press(key)
    await pilot.pause()
    assert isinstance(pilot.app.screen, Prompt)
    pilot.app.screen.query_one(Input).value = str(file)
    await pilot.press("enter")
    await until(pilot, lambda: words in told(pilot))
    pilot.app.clear_notifications()


async def test_reset_all_asks(open_game: Open) -> None:
    keep("1-1", 1.0)
    keep("2-1", 2.0)
    async with open_game() as pilot:
        await history(pilot)
        await pilot.press("R")
        await pilot.pause()
        assert isinstance(pilot.app.screen, Confirm)
        await pilot.press("y")
        await pilot.pause()
        assert not pilot.app.progress.runs() and "i Import" in shown(pilot)


@pytest.mark.parametrize("size", [(120, 36), (80, 24)])
async def test_export_and_import_can_be_clicked(open_game: Open, size: tuple[int, int]) -> None:
    async with open_game(size) as pilot:
        await history(pilot)
        await pilot.click(offset=(shown(pilot).splitlines()[0].index("i Import"), 0))
        await pilot.pause()
        assert isinstance(pilot.app.screen, Prompt)
