"""The race screen: what can race, a race really run, one that is stopped, and what may be said of it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from rich.cells import cell_len
from textual.pilot import Pilot
from textual.widgets import OptionList

from zcquest.engine.machine.executor import Ending
from zcquest.engine.message import message
from zcquest.engine.race import Invalid, Pair, RaceReport, Run, race_log
from zcquest.engine.ratio import estimate
from zcquest.levels.loader import load_campaign
from zcquest.levels.progress import Progress
from zcquest.levels.racers import can_race, racers
from zcquest.tui.screens.race import FORMATS, MESSAGES, SIZES, RaceScreen
from zcquest.tui.screens.race_choice import RacerChoice
from zcquest.tui.screens.race_run import RaceOver
from zcquest.tui.widgets.race.scale import RatioScale, Scale

from .conftest import Open, footer, shown
from .playing import open_level, processes, until

COMMON = Run(bytes=10**9, messages=10**6, seconds=1.0, cpu_s=0.5, syscalls=1000)


def report(*ratios: float, invalid: Invalid | None = None) -> RaceReport:
    """Of a race with these ratios of throughput, and the same CPU time."""
    runs = [Run(bytes=10**9, messages=10**6, seconds=1 / ratio, cpu_s=0.5, syscalls=1000) for ratio in ratios]
    pairs = tuple(Pair("a", run, COMMON) for run in runs)
    found = None if invalid else estimate(ratios)
    return RaceReport(
        size=16 << 20,
        message=1024,
        messages=10**6,
        uncompiled=(),
        pairs=pairs,
        ratio=found,
        cpu_ratio=None if invalid else estimate([pair.cpu_ratio for pair in pairs]),
        invalid=invalid,
    )


async def race_screen(pilot: Pilot[None]) -> RaceScreen:
    pilot.app.action_race()
    await pilot.pause()
    assert isinstance(pilot.app.screen, RaceScreen)
    return pilot.app.screen


async def end(pilot: Pilot[None], found: RaceReport) -> str:
    """What the screen says after a race that found this."""
    screen = await race_screen(pilot)
    screen._work = screen.run_worker(_nothing())
    screen.post_message(RaceOver(found))
    await pilot.pause()
    return " ".join(shown(pilot).split())


async def _nothing() -> None:
    pass


def test_a_ratio_and_its_inverse_are_equally_far_from_one() -> None:
    scale = RatioScale.over([0.3, 5.0], 41)
    assert (scale.low, scale.high) == (-2, 3)
    one = scale.cell(1.0)
    assert scale.cell(2.0) - one == one - scale.cell(0.5)
    assert scale.ticks[one] == "1" and scale.ticks[scale.cell(0.25)] == "1/4"
    assert RatioScale.over([1.01], 41).ticks.keys() == {0, 20, 40}


def test_a_scale_ends_at_a_round_figure() -> None:
    assert [Scale.over(figures, 10).top for figures in ([0.3], [640, 2697], [5000], [5001], [])] == [
        *(0.5, 5000, 5000, 10000, 1.0)
    ]
    assert Scale(100, 11).cell(100) == 10


def test_only_what_sends_a_log_can_race() -> None:
    assert can_race("repeat:\n    sendfile(sock, log, 1M)\n")
    assert not can_race("repeat:\n    sendfile(sock, dlq, 1M)\n")
    assert not can_race("repeat:\n    recv(sock, buf, 1M)\n    write(log, buf, 1M)\n")
    assert not can_race("repeat:\n    sendfile(sock, log, 1M)\non reject:\n    copy_file_range(dlq, log, msg)\n")
    assert not can_race("") and not can_race("repeat:\n    nonsense(1)\n")


def test_references_are_offered_once_their_level_is_passed(played: Any) -> None:
    played("3-1", stars=0, at=1.0)
    progress, campaign = Progress.open(), load_campaign()
    assert {racer.origin for racer in racers(campaign, progress)} == {"shipped"}
    played("3-1", stars=2, at=2.0)
    found = list(racers(campaign, progress))
    progress.close()
    assert {racer.level for racer in found if racer.origin == "reference"} == {"3-1"}
    assert all(can_race(racer.text) for racer in found)
    assert len({racer.id for racer in found}) == len(found)


@pytest.mark.parametrize("size", [(120, 36), (80, 24)])
async def test_a_race_is_run_and_told(open_game: Open, size: Any) -> None:
    async with open_game(size) as pilot:
        screen = await race_screen(pilot)
        await pilot.press("down", "down", "down")
        while screen.state.size != SIZES[0]:
            await pilot.press("left")
        await pilot.press("r")
        assert "Stop" in footer(pilot) and "Back" not in footer(pilot)
        await until(pilot, lambda: screen.state.report)
        found = screen.state.report
        assert found and found.invalid is None and len(found.pairs) == 5 and found.size == SIZES[0]
        text = shown(pilot)
        assert "A (kafka) is " in text or "Too noisy to tell" in text
        assert all(f"{pair.ratio:.2f}" in text for pair in found.pairs)
        assert text.count("◆") == 2 and "16 syscalls" in text and "16\N{NO-BREAK SPACE}385 syscalls" in text
        assert [cell_len(line) for line in text.splitlines()] == [size[0]] * size[1]
        await pilot.press("w")  # another choice: nothing is known of it
        await pilot.pause()
        assert screen.state.report is None and "◆" not in shown(pilot)
        assert (screen.state.a.name, screen.state.b.name) == ("rocketmq-mapped", "kafka")


async def test_a_race_that_is_stopped_leaves_nothing(open_game: Open, tmp_path: Path) -> None:
    async with open_game((80, 24)) as pilot:
        await pilot.app.laboratory()
        before = processes()
        screen = await race_screen(pilot)
        await pilot.press("r")
        await until(pilot, lambda: screen.state.side)
        await pilot.press("escape")
        await pilot.pause()
        assert pilot.app.screen is screen and not screen.racing
        assert screen.state.done == () and screen.state.report is None
        await until(pilot, lambda: not processes() - before)
        assert not list((tmp_path / "cache" / "runs").glob("*/race-*"))
        await pilot.press("escape")
        await pilot.pause()
        assert pilot.app.screen is not screen


async def test_leaving_the_game_in_mid_race_leaves_nothing(open_game: Open, tmp_path: Path) -> None:
    before = processes()
    async with open_game() as pilot:
        screen = await race_screen(pilot)
        await pilot.press("r")
        await until(pilot, lambda: screen.state.side)
    assert not processes() - before
    assert not list((tmp_path / "cache" / "runs").iterdir())


@pytest.mark.parametrize("size", [(120, 36), (80, 24)])
async def test_what_is_noisy_is_said_to_be(open_game: Open, size: Any) -> None:
    async with open_game(size) as pilot:
        assert "may just as well be equally fast" in await end(pilot, report(0.9, 1.1, 1.0, 1.05, 0.95))
        assert "but how much is too noisy to tell: 1.50 to 9.00 times" in await end(
            pilot, report(2.0, 9.0, 3.0, 1.5, 8.0)
        )
        assert "differ too much from each other" in await end(pilot, report(0.2, 9.0, 3.0, 1.5, 8.0))
        assert "it has 2.00 times B's throughput" in await end(pilot, report(2.0, 2.1, 1.9, 2.0, 2.0))
        assert "slower than" in await end(pilot, report(0.5, 0.5, 0.5, 0.5, 0.5))


async def test_a_race_that_does_not_count_says_whose_fault_it_was(open_game: Open) -> None:
    spoilt = Invalid(side="b", pair=0, ending=Ending.ERROR, errno=9, signal=0, reason=message("no such descriptor"))
    async with open_game((80, 24)) as pilot:
        text = await end(pilot, report(invalid=spoilt))
        assert "This race is not valid. rocketmq-mapped did not send the log: no such descriptor" in text


async def test_a_plan_is_chosen_from_the_list_that_shows_it(open_game: Open) -> None:
    async with open_game() as pilot:
        screen = await race_screen(pilot)
        await pilot.press("enter")
        await pilot.pause()
        assert isinstance(pilot.app.screen, RacerChoice)
        await pilot.press("down", "down")
        await pilot.pause()
        assert "write(sock, map, 32K)" in shown(pilot) and "WriteSocketService" in shown(pilot)
        await pilot.press("enter")
        await pilot.pause()
        assert screen.state.a.name == "mmap-write" and "mmap-write" in shown(pilot)


async def test_the_plan_of_a_level_goes_to_the_race_as_it_stands(open_game: Open) -> None:
    async with open_game() as pilot:
        await open_level(pilot, "1-1", "repeat:\n    read(log, buf, 8K)\n    write(sock, buf, 8K)\n")
        await pilot.press("g")
        await pilot.pause()
        assert isinstance(pilot.app.screen, RaceScreen)
        assert "your plan of 1-1" in shown(pilot) and "read(log, buf, 8K)" in shown(pilot)


async def test_a_level_with_a_rival_races_against_it_on_its_own_kind_of_log(open_game: Open) -> None:
    async with open_game((120, 36)) as pilot:
        level = await open_level(pilot, "5-1", "repeat:\n    sendfile(sock, log, 4M)\n")
        assert "Race" in footer(pilot) and level.level.race
        await pilot.press("g")
        await pilot.pause()
        screen = pilot.app.screen
        assert isinstance(screen, RaceScreen)
        assert (screen.state.b.name, screen.state.format) == (level.level.race.rival, "rocketmq")
        setup = screen.query_one("#setup", OptionList)
        setup.highlighted = 3
        while screen.state.size != SIZES[0]:
            await pilot.press("left")
        await pilot.press("r")
        await until(pilot, lambda: screen.state.report)
        assert screen.state.report and not screen.state.report.invalid


async def test_the_screen_in_chinese_at_80_columns(open_game: Open) -> None:
    async with open_game((80, 24), language="zh") as pilot:
        text = await end(pilot, report(2.0, 2.1, 1.9, 2.0, 2.0))
        assert "方案 A" in text and "倍" in text
        assert [cell_len(line) for line in shown(pilot).splitlines()] == [80] * 24
        await pilot.press("f2")
        await pilot.pause()
        assert "Plan A" in shown(pilot)


def test_every_choice_is_a_log_that_can_be_made() -> None:
    for format in FORMATS:
        for size in SIZES:
            assert {race_log(size, message, format).size for message in MESSAGES} == {size}
