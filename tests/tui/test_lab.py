"""The lab's bench and what is played on it."""

from __future__ import annotations

from pathlib import Path

import pytest
from textual.widgets import Input

from zcquest.levels.lab import lab_settings
from zcquest.tui.screens.file_prompt import FilePrompt
from zcquest.tui.screens.lab import LabScreen
from zcquest.tui.screens.level import LevelScreen
from zcquest.tui.screens.result import ResultScreen

from .conftest import Open, shown
from .playing import until


@pytest.mark.parametrize("size", [(120, 36), (80, 24)])
@pytest.mark.parametrize("code", ["en", "zh"])
async def test_the_bench_is_set_by_keys_and_remembered(open_game: Open, size: tuple[int, int], code: str) -> None:
    async with open_game(size, language=code) as pilot:
        pilot.app.action_lab()
        await pilot.pause()
        assert "[Kafka]" in shown(pilot)
        await pilot.press("right", "down", "left")
        assert "[RocketMQ]" in shown(pilot)
        assert "[1 MiB]" in shown(pilot)
        bench = lab_settings(pilot.app.progress)
        assert (bench.format, bench.size) == ("rocketmq", 1 << 20)
        assert "16" in shown(pilot)  # only a CommitLog's messages can be retried


async def test_a_file_of_ones_own_is_played_and_nothing_is_scored(open_game: Open, tmp_path: Path) -> None:
    path = tmp_path / "own.bin"
    path.write_bytes(bytes(range(256)) * 1000)
    async with open_game() as pilot:
        pilot.app.action_lab()
        await pilot.press("f")
        assert isinstance(pilot.app.screen, FilePrompt)
        pilot.app.screen.query_one(Input).value = str(tmp_path / "not there")
        await pilot.press("enter")
        assert isinstance(pilot.app.screen, LabScreen)
        assert not pilot.app.screen.bench.file
        await pilot.press("f")
        pilot.app.screen.query_one(Input).value = str(path)
        await pilot.press("enter")
        await pilot.pause()
        assert "raw bytes" in shown(pilot)
        await pilot.press("enter")
        await pilot.pause()
        level = pilot.app.screen
        assert isinstance(level, LevelScreen)
        assert "☆" not in shown(pilot)
        await pilot.press("r")
        await until(pilot, lambda: isinstance(pilot.app.screen, ResultScreen))
        assert "Measured: " in shown(pilot)
        assert "★" not in shown(pilot)
        await pilot.press("enter")
        await pilot.pause()
        assert pilot.app.screen is level
        assert pilot.app.progress.best("lab").runs == 1
