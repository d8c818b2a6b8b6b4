"""The lab's bench and what is played on it."""

from __future__ import annotations

from pathlib import Path

import msgspec
import pytest
from textual.events import Key
from textual.pilot import Pilot
from textual.widgets import Input, OptionList

from zcquest.engine.logs import format_of
from zcquest.levels.lab import LabSettings, keep_lab_settings, lab_level, lab_settings
from zcquest.levels.report import RunReport
from zcquest.tui.app import ZcquestApp
from zcquest.tui.screens.lab import LabScreen
from zcquest.tui.screens.level import LevelScreen
from zcquest.tui.screens.prompt import Prompt
from zcquest.tui.screens.result import ResultScreen

from .conftest import Open, shown
from .playing import until


def notices(pilot: Pilot[None]) -> str:
    """The notifications in sight."""
    return "\n".join(notice.message for notice in pilot.app._notifications)


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


@pytest.mark.parametrize("size", [(120, 36), (80, 24)])
@pytest.mark.parametrize("code", ["en", "zh"])
async def test_four_consumers_can_be_played_with(open_game: Open, size: tuple[int, int], code: str) -> None:
    async with open_game(size, language=code) as pilot:
        keep_lab_settings(pilot.app.progress, LabSettings(size=64 << 10, start="warm"))
        pilot.app.action_lab()
        await pilot.pause()
        bench = pilot.app.screen.query_one("#bench", OptionList)
        bench.highlighted = bench.get_option_index("consumers")
        await pilot.press("left")  # from one to four
        bench.highlighted = bench.get_option_index("last_rate")
        await pilot.press("right")
        kept = lab_settings(pilot.app.progress)
        assert (kept.consumers, kept.last_rate) == (4, 1 << 20)
        await pilot.press("enter")
        await pilot.pause()
        level = pilot.app.screen
        assert isinstance(level, LevelScreen)
        assert "sendfile(sock4, log, 64K)" in level.editor.text
        await pilot.press("s")
        await until(pilot, lambda: level.view.live is not None and len(level.view.live.lines) == 1)
        await pilot.press("r")
        await until(pilot, lambda: isinstance(pilot.app.screen, ResultScreen))
        report = msgspec.json.decode(pilot.app.progress.runs()[0].report, type=RunReport)
        assert [consumer.payload_bytes for consumer in report.first.consumers] == [64 << 10] * 4


async def test_a_file_of_ones_own_is_played_and_nothing_is_scored(open_game: Open, tmp_path: Path) -> None:
    path = tmp_path / "own.bin"
    path.write_bytes(bytes(range(256)) * 1000)
    async with open_game() as pilot:
        pilot.app.action_lab()
        await pilot.press("f")
        assert isinstance(pilot.app.screen, Prompt)
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


async def test_a_value_of_ones_own_is_typed(open_game: Open) -> None:
    async with open_game((80, 24)) as pilot:
        pilot.app.action_lab()
        await pilot.pause()
        await pilot.press("down", "3", "0", "0", "0", "enter")  # the size
        assert "[3 000 B]" in shown(pilot).replace("\N{NO-BREAK SPACE}", " ")
        await pilot.press("down", "7", "0", "0", "enter")
        bench = lab_settings(pilot.app.progress)
        assert (bench.size, bench.message) == (3000, 700)
        await pilot.press("right", "left")  # round the usual ones and it is still no crash
        await pilot.press("down", "1")  # cold or warm takes none
        assert isinstance(pilot.app.screen, LabScreen)
        level = lab_level(bench)
        assert format_of("kafka").messages(level.scenes[0].log.spec()) == 4


@pytest.mark.parametrize(
    ("typed", "told"), [("1", "it takes 192 to"), ("9Z", "9Z is no such value"), ("9" * 30, "is no such value: 4M")]
)
async def test_a_value_that_makes_no_log_is_refused_and_nothing_changes(open_game: Open, typed: str, told: str) -> None:
    async with open_game() as pilot:
        pilot.app.action_lab()
        await pilot.pause()
        await pilot.press("down", "t")
        pilot.app.screen.query_one(Input).value = typed
        await pilot.press("enter")
        await until(pilot, lambda: told in notices(pilot))
        assert lab_settings(pilot.app.progress) == LabSettings()


async def test_what_does_not_go_together_is_said_when_it_is_begun(open_game: Open) -> None:
    async with open_game() as pilot:
        app = pilot.app
        assert isinstance(app, ZcquestApp)
        keep_lab_settings(app.progress, LabSettings(format="rocketmq", size=64 << 10, message=64 << 10))
        app.action_lab()
        await pilot.pause()
        await pilot.press("enter")
        await until(pilot, lambda: "it takes 65544 to" in notices(pilot))
        assert isinstance(app.screen, LabScreen)


async def test_typing_fast_is_typing_all_the_same(open_game: Open) -> None:
    """Keys that come before the question is drawn are part of the answer, and begin nothing."""
    async with open_game() as pilot:
        pilot.app.action_lab()
        await pilot.press("down")
        screen = pilot.app.screen
        for key in "300K":
            screen.query_one("#bench").post_message(Key(key, key))
        await until(pilot, lambda: isinstance(pilot.app.screen, Prompt) and pilot.app.screen.query(Input))
        await until(pilot, lambda: pilot.app.screen.query_one(Input).value == "300K")
        await pilot.press("enter")
        assert lab_settings(pilot.app.progress).size == 300 << 10


async def test_the_home_of_nobody_is_a_path_that_is_not_there(open_game: Open) -> None:
    async with open_game() as pilot:
        pilot.app.action_lab()
        await pilot.press("f")
        pilot.app.screen.query_one(Input).value = "~nobody-is-called-that/log"
        await pilot.press("enter")
        await until(pilot, lambda: "cannot be read" in notices(pilot))
        assert isinstance(pilot.app.screen, LabScreen)
