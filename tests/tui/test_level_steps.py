"""Stepping a live kernel from the level screen, and tampering: the consumer tells a copy from a shared page."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from zcquest.levels.lab import LAB, LabSettings, keep_lab_settings
from zcquest.tui.screens.level import LevelScreen
from zcquest.tui.screens.result import ResultScreen
from zcquest.tui.widgets.level_view import Phase
from zcquest.tui.widgets.machine_map import MachineMap
from zcquest.tui.widgets.trace_view import TraceView

from .conftest import Open, shown
from .playing import open_level, processes, sessions, until

READ_WRITE = "repeat:\n    read(log, buf, 64K)\n    write(sock, buf, 64K)"
SENDFILE = "repeat:\n    sendfile(sock, log, 64K)"
LADLE = "repeat:\n    read(log, buf, 4K)\n    write(sock, buf, 4K)"
COPIED = r"received 0 of (?P<total>\d+) overwritten bytes → the bytes had been COPIED"
SHARED = r"received (?P<total>\d+) of (?P=total) overwritten bytes → the page was SHARED"
MAPPED = "once:\n    mmap(log)\nrepeat:\n    write(sock, map, 64K)"


@pytest.fixture(autouse=True)
def real_disk(disk_folder: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    cache = disk_folder / "cache"
    monkeypatch.setenv("ZCQUEST_CACHE", str(cache))
    return cache


async def test_each_press_makes_one_call_and_the_gauges_are_readings(open_game: Open, real_disk: Path) -> None:
    async with open_game() as pilot:
        screen = await open_level(pilot, "1-1", READ_WRITE)
        await _press(pilot, screen, "s")
        assert _calls(screen) == ["read(3, buf, 65536) = 65536"]
        gauges = screen.query_one(MachineMap).state.gauges
        assert gauges.buffer_pending == 65536 and gauges.received == 0
        assert screen.editor.current == 0
        await _press(pilot, screen, "s")
        assert _calls(screen)[1:] == ["write(4, buf+0, 65536) = 65536"]
        gauges = screen.query_one(MachineMap).state.gauges
        assert gauges.buffer_pending == 0 and gauges.send_queue + gauges.receive_queue == 65536
        await pilot.press("s")
        await until(pilot, lambda: isinstance(pilot.app.screen, ResultScreen))
        best = pilot.app.progress.best("1-1")
        assert (best.runs, best.stars) == (1, 3)
        assert not sessions(real_disk)


@pytest.mark.parametrize(
    ("level", "plan", "calls", "finding"),
    [
        ("1-1", READ_WRITE, 1, COPIED),
        ("1-1", READ_WRITE, 2, COPIED),
        ("1-1", LADLE, 1, COPIED),  # a quarter of a batch
        ("1-1", LADLE, 2, COPIED),
        ("2-1", MAPPED, 1, SHARED),
        ("2-1", MAPPED, 2, COPIED),
        ("3-1", SENDFILE, 1, SHARED),
    ],
)
async def test_tampering_tells_copied_from_shared(
    open_game: Open, level: str, plan: str, calls: int, finding: str
) -> None:
    async with open_game() as pilot:
        screen = await open_level(pilot, level, plan)
        for _ in range(calls):
            await _press(pilot, screen, "s")
        await _press(pilot, screen, "t")
        assert "you overwrote bytes 0…" in shown(pilot)
        await pilot.press("r")
        await until(pilot, lambda: screen.phase is Phase.EDIT)
        assert pilot.app.screen is screen
        assert re.search(finding, shown(pilot))
        verdict = next(found for row in screen.query_one(TraceView).rows if (found := re.search(finding, row.text)))
        assert int(verdict["total"]) > 3000, "the bodies are most of what the call moved"
        assert not pilot.app.progress.runs(level)


@pytest.mark.parametrize(("calls", "number", "total"), [(1, 1, 64 << 10), (4, 4, 64 << 10)])
async def test_tampering_asks_the_consumer_to_whom_the_bytes_went(
    open_game: Open, calls: int, number: int, total: int
) -> None:
    plan = "repeat:\n" + "\n".join(f"    sendfile(sock{n}, log, 64K)" for n in ("", 2, 3, 4))
    async with open_game() as pilot:
        keep_lab_settings(pilot.app.progress, LabSettings(size=total, start="warm", consumers=4))
        screen = await open_level(pilot, LAB, plan)
        for _ in range(calls):
            await _press(pilot, screen, "s")
        await _press(pilot, screen, "t")
        await pilot.press("r")
        await until(pilot, lambda: screen.phase is Phase.EDIT)
        found = rf"consumer {number} received (?P<new>\d+) of (?P=new) overwritten bytes → the page was SHARED"
        verdict = next(match for row in screen.query_one(TraceView).rows if (match := re.search(found, row.text)))
        assert int(verdict["new"]) > total // 2


async def test_before_any_byte_moved_there_is_nothing_to_tamper_with(open_game: Open) -> None:
    async with open_game() as pilot:
        screen = await open_level(pilot, "1-3", f"once:\n    fadvise(log, sequential)\n{READ_WRITE}")
        await _press(pilot, screen, "s")
        await _press(pilot, screen, "t")
        assert "there is nothing to tamper with" in shown(pilot)
        assert screen.phase is Phase.STEPPING


async def test_leaving_closes_the_session(open_game: Open, real_disk: Path) -> None:
    async with open_game() as pilot:
        screen = await open_level(pilot, "1-1", READ_WRITE)
        await pilot.app.laboratory()
        idle = processes()
        await _press(pilot, screen, "s")
        assert processes() - idle and sessions(real_disk)
        await pilot.press("escape")
        assert pilot.app.screen is screen and screen.phase is Phase.EDIT
        await until(pilot, lambda: processes() <= idle)
        assert not sessions(real_disk)
        assert not pilot.app.progress.runs("1-1")


async def test_leaving_the_screen_closes_the_session_too(open_game: Open, real_disk: Path) -> None:
    async with open_game() as pilot:
        screen = await open_level(pilot, "1-1", READ_WRITE)
        await pilot.app.laboratory()
        idle = processes()
        await _press(pilot, screen, "s")
        pilot.app.action_home()
        await until(pilot, lambda: processes() <= idle and not sessions(real_disk))


async def test_the_plan_stays_as_it_is_while_it_is_stepped(open_game: Open) -> None:
    async with open_game() as pilot:
        screen = await open_level(pilot, "1-1", READ_WRITE)
        await _press(pilot, screen, "s")
        await pilot.press("e", "d", "x")
        assert screen.editor.text == READ_WRITE


async def _press(pilot, screen: LevelScreen, key: str) -> None:  # type: ignore[no-untyped-def]
    """Press a key of the stepped session, and wait for what comes of it."""
    await pilot.press(key)
    await until(pilot, lambda: screen._steps is not None and not screen._steps.busy)


def _calls(screen: LevelScreen) -> list[str]:
    return [row.text for row in screen.query_one(TraceView).rows]
