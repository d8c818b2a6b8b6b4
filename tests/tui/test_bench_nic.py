"""Level 3-4 in the game: the bench NIC on the map, and a recorded run where the host will not build one."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from zcquest.engine.network.bench import BenchNic
from zcquest.engine.network.refusal import refused
from zcquest.levels.progress import Progress
from zcquest.tui.screens.level import LevelScreen
from zcquest.tui.screens.result import ResultScreen

from .conftest import Open, shown
from .playing import open_level, processes, until

SENDFILE = "repeat:\n    sendfile(sock, log, 64K)"


@pytest.fixture
def refusing(monkeypatch: pytest.MonkeyPatch) -> None:
    async def refuse(self: BenchNic) -> None:
        raise refused("unshare(CLONE_NEWUSER)", 28)

    monkeypatch.setattr(BenchNic, "open", refuse)


@pytest.fixture(autouse=True)
def real_disk(disk_folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ZCQUEST_CACHE", str(disk_folder / "cache"))


@pytest.mark.parametrize("language", ["en", "zh"])
async def test_a_recorded_run_is_shown_with_the_reason_and_earns_nothing(
    refusing: None, open_game: Open, language: str
) -> None:
    before = processes()
    async with open_game(language=language) as pilot:
        await open_level(pilot, "3-4", SENDFILE)
        await pilot.press("r", "escape")  # no prediction
        await until(pilot, lambda: isinstance(pilot.app.screen, ResultScreen))
        text = shown(pilot)
        assert re.search(r"Linux \d+\.\d+", text) and "★" not in text
        assert "3.00" in text
        await pilot.press("escape")
        screen = pilot.app.screen
        assert isinstance(screen, LevelScreen)
        assert "ENOSPC" in shown(pilot)
    progress = Progress.open()
    assert progress.best("3-4").stars == 0 and not progress.runs("3-4", limit=1)
    progress.close()
    assert processes() <= before


@pytest.mark.parametrize("size", [(120, 36), (80, 24)])
async def test_the_map_names_the_card_and_what_it_cannot_do(open_game: Open, size: tuple[int, int]) -> None:
    async with open_game(size) as pilot:
        screen = await open_level(pilot, "3-4", SENDFILE)
        if size[0] == 80:
            await pilot.press("1")
        assert "NIC v0" in shown(pilot) and "TCP, 192.0.2.2" in shown(pilot)
        assert "gathers" in shown(pilot)
        screen.change(scene=screen.level.scenes[1])
        await pilot.pause()
        assert "no gathering" in shown(pilot)
