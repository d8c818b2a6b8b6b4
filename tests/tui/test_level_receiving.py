"""The level screen in the other direction: a producer at the far end, a machine that is killed on the way."""

from __future__ import annotations

from pathlib import Path

import pytest

from zcquest.tui.screens.predict import PredictScreen
from zcquest.tui.screens.result import ResultScreen
from zcquest.tui.widgets.machine_map import MachineMap
from zcquest.tui.widgets.trace_view import TraceView

from .conftest import Open
from .playing import open_level, sessions, until

SYNCED = """repeat:
    recv(sock, buf, 256K, waitall)
    write(log, buf, 256K)
    fsync(log)
    send(sock, ack, 8)"""


@pytest.fixture(autouse=True)
def real_disk(disk_folder: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    cache = disk_folder / "cache"
    monkeypatch.setenv("ZCQUEST_CACHE", str(cache))
    return cache


@pytest.mark.parametrize("size", [(120, 36), (80, 24)])
async def test_the_level_is_played_to_its_stars(open_game: Open, size: tuple[int, int]) -> None:
    async with open_game(size) as pilot:
        await open_level(pilot, "1-4", SYNCED)
        await pilot.press("r")
        await until(pilot, lambda: isinstance(pilot.app.screen, PredictScreen))
        await pilot.press("escape")  # no prediction
        await until(pilot, lambda: isinstance(pilot.app.screen, ResultScreen))
        assert pilot.app.progress.best("1-4").stars == 3


async def test_it_is_stepped_and_tampered_with(open_game: Open, real_disk: Path) -> None:
    async with open_game() as pilot:
        screen = await open_level(pilot, "1-4", SYNCED)

        async def press(key: str) -> None:
            await pilot.press(key)
            await until(pilot, lambda: screen._steps is None or not screen._steps.busy)

        await press("s")
        assert screen.query_one(MachineMap).state.gauges.taken == 256 << 10
        await press("t")
        await press("s")
        said = [row.text for row in screen.query_one(TraceView).rows]
        assert any("COPIED" in line and "your log holds 0 of" in line for line in said)
        for _ in range(13):
            await press("s")
    assert not sessions(real_disk)
