"""Two runs side by side: one's own against a shipped plan that is run for it, and against another kept run."""

from __future__ import annotations

import asyncio

from textual.pilot import Pilot

from zcquest.levels.keeping import keep_run
from zcquest.levels.play import open_laboratory, play, read_plan
from zcquest.tui.app import ZcquestApp
from zcquest.tui.screens.compare import CompareScreen
from zcquest.tui.screens.compare_choice import CompareChoice
from zcquest.tui.screens.replay import ReplayScreen

from .conftest import Open, shown
from .playing import open_level, until

OURS = "repeat:\n    read(log, buf, 16K)\n    write(sock, buf, 16K)"
OTHER = "repeat:\n    read(log, buf, 16K)\n    write(sock, buf, 8K)"


async def _keep(pilot: Pilot[None], *plans: str) -> ZcquestApp:
    app = pilot.app
    assert isinstance(app, ZcquestApp)
    level = app.campaign.level("1-1")
    async with open_laboratory(app.traces.keep) as laboratory:
        for plan in plans:
            keep_run(app.progress, *await play(laboratory, level, read_plan(level, plan)))
    return app


async def _choose(pilot: Pilot[None], id: str) -> None:
    choice = pilot.app.screen
    assert isinstance(choice, CompareChoice)
    from textual.widgets import OptionList

    options = choice.query_one(OptionList)
    options.highlighted = options.get_option_index(id)
    await pilot.press("enter")
    await pilot.pause()


async def test_mine_against_kafkas(open_game: Open) -> None:
    async with open_game() as pilot:
        await _keep(pilot, OURS)
        await open_level(pilot, "1-1")
        await pilot.press("m")
        await _choose(pilot, "plan kafka")
        screen = pilot.app.screen
        assert isinstance(screen, CompareScreen)
        await until(pilot, lambda: "First difference" in shown(pilot))
        text = shown(pilot)
        assert "▸     sendfile(sock, log, 1M)" in text
        copies = next(line for line in text.splitlines() if line.strip().startswith("copies"))
        assert copies.split()[1:4] == ["4.00", "2.00", "✓"]
        hop = next(line for line in text.splitlines() if "page cache ► socket buffer" in line)
        assert hop.split("buffer")[1].split() == ["-", "64", "KiB", "shared", "proved"]
        await pilot.press("z")
        await pilot.pause()
        assert isinstance(pilot.app.screen, ReplayScreen)
        assert "0 of 1 calls" in shown(pilot)


async def test_mine_against_my_own_in_a_small_terminal(open_game: Open) -> None:
    async with open_game((80, 24), language="zh") as pilot:
        app = await _keep(pilot, OTHER, OURS)
        other = app.progress.runs("1-1")[1]
        await open_level(pilot, "1-1")
        await pilot.press("m")
        await _choose(pilot, f"run {other.id}")
        assert "▸     write(sock, buf, 8K)" in shown(pilot) and "      read(log, buf, 16K)" in shown(pilot)
        await pilot.press("end")
        await asyncio.sleep(0)
        await pilot.pause()
        text = shown(pilot)
        assert f"#{other.id}" in text and "write(4, buf+0, 8192) = 8192" in text
        await pilot.press("f2")
        await pilot.pause()
        assert "The first call is the same." in shown(pilot)
