"""Scrubbing a kept run: map, counters and calls in step, jumps, groups that open, mouse, both languages and sizes."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from typing import Any

import msgspec
import pytest
from textual.pilot import Pilot

from zcquest.levels.keeping import judge_again, keep_run
from zcquest.levels.loader import load_campaign
from zcquest.levels.play import open_laboratory, play, read_plan
from zcquest.levels.report import RunReport
from zcquest.levels.traces import TraceStore
from zcquest.tui.app import ZcquestApp
from zcquest.tui.screens.replay import ReplayScreen
from zcquest.tui.widgets.replay.timeline import Timeline

from .conftest import Open, footer, shown
from .playing import open_level

SHORT = "repeat:\n    read(log, buf, 16K)\n    write(sock, buf, 16K)\n"
LONG = "repeat:\n    read(log, buf, 16)\n    write(sock, buf, 16)\n"


@pytest.fixture(scope="module")
def runs(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[TraceStore, dict[str, RunReport]]]:
    """1-1 played with both plans, the traces kept."""
    store = TraceStore(tmp_path_factory.mktemp("traces"))
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("ZCQUEST_CACHE", str(tmp_path_factory.mktemp("cache")))
        yield store, asyncio.run(_play(store))


async def _play(store: TraceStore) -> dict[str, RunReport]:
    level = load_campaign().level("1-1")
    async with open_laboratory(store.keep) as laboratory:
        return {plan: (await play(laboratory, level, read_plan(level, plan)))[0] for plan in (SHORT, LONG)}


async def _show(pilot: Pilot[None], runs: Any, plan: str) -> ReplayScreen:
    store, reports = runs
    app = pilot.app
    assert isinstance(app, ZcquestApp)
    app.traces = store
    report = reports[plan]
    app.open_replay(report.level, report.plan, report.scenes)
    await pilot.pause()
    await pilot.pause()
    assert isinstance(app.screen, ReplayScreen)
    return app.screen


async def test_map_counters_and_the_line_go_in_step(open_game: Open, runs: Any) -> None:
    async with open_game() as pilot:
        await _show(pilot, runs, SHORT)
        assert "0 of 8 calls" in shown(pilot) and "not yet" in shown(pilot)
        await pilot.press("right", "right", "right")
        text = shown(pilot)
        assert "3 of 8 calls" in text and "⇅ 6 switches" in text
        assert "32 KiB" in text and "16 KiB" in text  # read twice, written once
        assert next(line for line in text.splitlines() if "copied by CPU" in line).split("copied by CPU")[
            1
        ].split() == ["49", "152", "B", "proved"]
        here = next(line for line in text.splitlines() if line.startswith("▶"))
        assert "read(3, buf, 16384) = 16384" in here
        assert "64 of 64 messages" not in text  # only the end can tell
        await pilot.press("end")
        text = shown(pilot)
        assert "64 of 64 messages" in text and "at the end: 4.00 copies per byte" in text
        await pilot.press("home")
        assert "0 of 8 calls" in shown(pilot)


async def test_jumps_go_to_the_call_and_are_offered_only_where_there_is_one(open_game: Open, runs: Any) -> None:
    async with open_game() as pilot:
        screen = await _show(pilot, runs, SHORT)
        assert "Copy" in footer(pilot) and "Error" not in footer(pilot)
        await pilot.press("w")
        slowest = max(runs[1][SHORT].first.lines, key=lambda line: line.took_ns)
        assert screen.calls == slowest.number + 1
        await pilot.press("o")
        assert screen.calls == 1


async def test_many_calls_are_summed_up_and_opened_on_demand(open_game: Open, runs: Any) -> None:
    async with open_game() as pilot:
        screen = await _show(pilot, runs, LONG)
        assert runs[1][LONG].first.calls == 8192
        await pilot.press("right", "right")
        assert screen.calls == 128
        assert "calls 65 to 128: 32×read 32×write" in shown(pilot)
        await pilot.press("enter")
        assert screen.calls == 65
        assert "65 of 8 192 calls" in shown(pilot).replace("\N{NO-BREAK SPACE}", " ")
        await pilot.press("right", "backspace")
        assert screen.calls == 66 and "calls 65 to 128" in shown(pilot)
        await pilot.press("right")
        assert screen.calls == 128


async def test_the_timeline_is_scrubbed_with_the_mouse(open_game: Open, runs: Any) -> None:
    async with open_game() as pilot:
        screen = await _show(pilot, runs, LONG)
        width = pilot.app.screen.query_one(Timeline).size.width
        await pilot.click(Timeline, offset=(width // 2, 2))
        await pilot.pause()
        assert 3500 < screen.calls < 4700


async def test_a_small_terminal_shows_the_map_or_the_calls(open_game: Open, runs: Any) -> None:
    async with open_game((80, 24), language="zh") as pilot:
        await _show(pilot, runs, SHORT)
        await pilot.press("right")
        text = shown(pilot)
        assert "read(3, buf, 16384) = 16384" in text and "⇅ 2" in text and "页缓存" in text
        await pilot.press("tab")
        text = shown(pilot)
        assert "▶" in text and "write(4, buf+0, 16384) = 16384" in text
        await pilot.press("f2")
        assert "1 of 8 calls" in shown(pilot)


async def test_a_run_whose_trace_has_gone_is_replayed_from_its_report(open_game: Open, runs: Any) -> None:
    store, reports = runs
    gone = msgspec.structs.replace(reports[LONG], scenes=(msgspec.structs.replace(reports[LONG].first, trace="0"),))
    async with open_game() as pilot:
        screen = await _show(pilot, (store, {LONG: gone}), LONG)
        assert screen.replay.kept == 400
        await pilot.press("end", "left")
        assert screen.calls == 400
        await pilot.press("right")
        assert screen.calls == 8192 and "64 of 64 messages" in shown(pilot)


async def test_a_level_replays_its_latest_run_and_not_before_there_is_one(open_game: Open, runs: Any) -> None:
    async with open_game() as pilot:
        screen = await open_level(pilot, "1-1")
        assert "x" not in screen.active_bindings
        await pilot.press("escape")
        report = runs[1][SHORT]
        keep_run(screen.game.progress, report, judge_again(screen.level, report))
        await open_level(pilot, "1-1")
        await pilot.press("x")
        await pilot.pause()
        assert isinstance(pilot.app.screen, ReplayScreen)


async def test_a_killed_machine_is_marked_and_can_be_gone_to(open_game: Open, runs: Any) -> None:
    store, level = runs[0], load_campaign().level("1-4")
    async with open_laboratory(store.keep) as laboratory:
        report, _ = await play(laboratory, level, read_plan(level, level.solution.plan))
    async with open_game() as pilot:
        screen = await _show(pilot, (store, {"": report}), "")
        assert report.scenes[0].name != "kill -9" and "Kill" not in footer(pilot) and "†" not in shown(pilot)
        await pilot.press("v")
        await pilot.pause()
        assert "†" in shown(pilot)
        await pilot.press("k")
        assert screen.replay.line(screen.calls - 1).call == "recover"
        assert "killed by SIGKILL" in next(line for line in shown(pilot).splitlines() if line.startswith("▶"))
