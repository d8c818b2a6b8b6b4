"""The result screen, with reports of plans that really ran."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator
from typing import Any, TypeAlias

import msgspec
import pytest
from rich.cells import cell_len
from textual.pilot import Pilot
from textual.widgets import Markdown

from zcquest.engine.ratio import Ratio
from zcquest.levels.brokers import BrokerRun, scenes_key
from zcquest.levels.keeping import scene_result
from zcquest.levels.loader import load_campaign
from zcquest.levels.play import open_laboratory, play, read_plan
from zcquest.levels.progress import Best, Prediction
from zcquest.levels.report import RunReport
from zcquest.levels.schema import Metric
from zcquest.levels.verdict import Verdict, judge
from zcquest.tui.app import ZcquestApp
from zcquest.tui.screens.help import HelpScreen
from zcquest.tui.screens.result import SECTIONS, ResultScreen
from zcquest.tui.widgets.map.words import exact_bytes
from zcquest.tui.widgets.wording import metric_figure

from .conftest import Open, footer, shown
from .playing import until

Run: TypeAlias = tuple[RunReport, Verdict]
LONG_WAY = ("1-1", "one-trip")
FORGETFUL = ("1-1", "forgetful")
BORROWED = ("2-1", "mmap-write")
CALLED_ONCE = ("3-1", "one-call")
BUS_ERROR = ("2-3", "memcpy-in-time")
TWO_SCENES = ("1-3", "forgets-first")
TOO_GREEDY = ("1-2", "greedy")
RACED = ("5-1", "kafka")
PLAYED = (LONG_WAY, FORGETFUL, BORROWED, CALLED_ONCE, BUS_ERROR, TWO_SCENES, TOO_GREEDY, RACED)
SIZES = ((120, 36), (80, 24))


@pytest.fixture(scope="module")
def runs(tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[tuple[str, str], Run]]:
    """What some reference plans came to, each run once for this module."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("ZCQUEST_CACHE", str(tmp_path_factory.mktemp("cache")))
        yield asyncio.run(_play_all())


async def _play_all() -> dict[tuple[str, str], Run]:
    campaign, found = load_campaign(), {}
    async with open_laboratory() as laboratory:
        for id, name in PLAYED:
            level = campaign.level(id)
            text = next(reference.plan for reference in level.references if reference.name == name)
            found[id, name] = await play(laboratory, level, read_plan(level, text))
    return found


async def show(pilot: Pilot[None], run: Run, **options: Any) -> list[Any]:
    """Push the result; the list gets what it is dismissed with."""
    chosen: list[Any] = []
    best = options.pop("best", Best(stars=1, copies=4.0, switches=4, buffer=65536, runs=1))
    result = ResultScreen(*run, options.pop("prediction", None), best, options.pop("new_best", frozenset()))
    pilot.app.push_screen(result, chosen.append)
    await settled(pilot)
    return chosen


async def settled(pilot: Pilot[None]) -> None:
    """Wait until nothing is drawn any more: Markdown comes paragraph by paragraph."""
    last, now = None, shown(pilot)
    while now != last:
        await pilot.pause(0.1)
        last, now = now, shown(pilot)


def row(pilot: Pilot[None], start: str) -> str:
    return next(line for line in shown(pilot).splitlines() if line.strip().startswith(start))


# The verdict and the metrics


@pytest.mark.parametrize("size", SIZES)
async def test_a_passed_run_says_what_each_star_is_for(open_game: Open, runs: dict[Any, Run], size: Any) -> None:
    async with open_game(size) as pilot:
        await show(pilot, runs[LONG_WAY], new_best=frozenset({"copies", "switches"}))
        text = shown(pilot)
        assert "★★★  Passed, 3 of 3 stars" in text
        assert "★ copies 4.00, par 4" in text and "★ switches 4, par 4" in text
        abreast = next(line for line in text.splitlines() if "★ every message" in line).count("★")
        assert abreast == (3 if size[0] >= 120 else 1), "in one line where there is room for it"
        assert "your new best: copies, switches" in text


async def test_a_star_that_was_missed_is_hollow_and_says_by_how_much(open_game: Open, runs: dict[Any, Run]) -> None:
    async with open_game() as pilot:
        await show(pilot, runs[TWO_SCENES])
        text = shown(pilot)
        assert "★☆☆  Passed, 1 of 3 stars" in text
        assert "☆ copies 4.00, par 3" in text and "☆ switches 66, par 64" in text


async def test_a_run_that_fails_gives_each_reason_before_any_figure(open_game: Open, runs: dict[Any, Run]) -> None:
    async with open_game((80, 24)) as pilot:
        await show(pilot, runs[BUS_ERROR])
        text = shown(pilot)
        assert text.index("Not passed") < text.index("SIGBUS killed the machine in step 2") < text.index("yours")
        assert "survival lost" in text and "★" not in text


async def test_a_lost_feature_and_a_broken_limit_are_reasons(open_game: Open, runs: dict[Any, Run]) -> None:
    async with open_game() as pilot:
        await show(pilot, runs[FORGETFUL])
        detail = str(runs[FORGETFUL][0].first.features["delivery"].detail)
        assert f"✗ delivery lost: {detail}" in shown(pilot)
        await pilot.press("escape")
        await show(pilot, runs[TOO_GREEDY])
        assert "✗ buffer 16M, the limit is 4M" in shown(pilot)


@pytest.mark.parametrize(
    ("low", "high", "told"),
    [
        (3.0, 4.0, ["Passed, 2 of 3 stars", "3.50 times the throughput of rocketmq-mapped"]),
        (0.9, 1.1, ["Not passed", "✗ race lost: 1.00 times the throughput of rocketmq-mapped"]),
        (1.0, 5.0, ["Passed, 2 of 3 stars", "too noisy to tell"]),
    ],
)
async def test_how_a_race_went_stands_with_the_verdict(
    open_game: Open, runs: dict[Any, Run], low: float, high: float, told: list[str]
) -> None:
    level, (report, _) = load_campaign().level("5-1"), runs[RACED]
    assert report.contest
    contest = msgspec.structs.replace(report.contest, throughput=Ratio((low + high) / 2, low, high))
    verdict = judge(level, [scene_result(scene) for scene in report.scenes], contest)
    raced = msgspec.structs.replace(report, passed=verdict.passed, stars=verdict.stars, contest=contest)
    async with open_game((120, 36)) as pilot:
        await show(pilot, (raced, verdict))
        text = " ".join(shown(pilot).split())
        assert all(words in text for words in told)


@pytest.mark.parametrize("name", PLAYED, ids="/".join)
async def test_verdict_and_metrics_stand_in_sight_without_scrolling(
    open_game: Open, runs: dict[Any, Run], name: tuple[str, str]
) -> None:
    report, _ = runs[name]
    async with open_game(language="zh") as pilot:
        await show(pilot, runs[name], prediction=Prediction(2.0, 4, 0.0))
        for size in (*SIZES, *SIZES):
            await pilot.resize_terminal(*size)
            await pilot.press("f2")
            await pilot.pause()
            lines = shown(pilot).splitlines()
            assert [cell_len(line) for line in lines] == [size[0]] * size[1]
            for scene in report.scenes:
                figures = [scene.copies, scene.switches, scene.buffer]
                said = [metric_figure(metric, value) for metric, value in zip(Metric, figures, strict=True)]
                assert all(any(f" {figure} " in line for line in lines) for figure in said)
            assert sum("2 × " in line for line in lines) == len(report.scenes)


async def test_every_metric_stands_with_par_best_prediction_and_evidence(open_game: Open, runs: dict[Any, Run]) -> None:
    best = Best(stars=3, copies=3.0, switches=4, buffer=0, runs=7)
    async with open_game((80, 24)) as pilot:
        await show(pilot, runs[BORROWED], prediction=Prediction(2.0, 4, 0.0), best=best)
        assert row(pilot, "copies").split() == ["copies", "3.00", "✓", "3", "3.00", "2", "✗"]
        assert row(pilot, "switches").split() == ["switches", "4", "✓", "4", "4", "4", "✓"]
        assert "= 1.00 by the CPU + 2.00 by DMA  " + " ".join(_proofs) in shown(pilot)
        assert "= 2 × (2 syscalls + 0 faults in user code)  counted, metered" in shown(pilot)
        assert "counted" in row(pilot, "buffer")


_proofs = ["metered,", "proved,", "≈", "modelled"]


async def test_without_a_prediction_nothing_is_said_of_one(open_game: Open, runs: dict[Any, Run]) -> None:
    async with open_game() as pilot:
        await show(pilot, runs[BORROWED])
        assert "predicted" not in shown(pilot)


async def test_each_scene_has_its_own_figures(open_game: Open, runs: dict[Any, Run]) -> None:
    async with open_game() as pilot:
        await show(pilot, runs[TWO_SCENES], prediction=Prediction(4.0, 1, 0.0))
        text = shown(pilot)
        assert text.index("▸ cold") < text.index("▸ warm")
        rows = [line for line in text.splitlines() if line.strip().startswith("copies")]
        assert ["✓" in rows[0], "✗" in rows[1]] == [True, True]
        assert text.count("66 ✗") == 2 and text.count("1 ✗") == 1, "the prediction stands once"


async def test_features_kept_and_lost_tell_what_was_seen(open_game: Open, runs: dict[Any, Run]) -> None:
    async with open_game() as pilot:
        await show(pilot, runs[BUS_ERROR])
        text = shown(pilot)
        assert "✓ delivery  512 of 512 messages, CRC-32C good, in order" in text
        assert "✗ survival  SIGBUS killed the machine" in text
        assert "(not asked for here)" in row(pilot, "✓ checksum")


# The sections


async def test_tab_and_digits_turn_through_the_sections_and_the_tabs_show_which(
    open_game: Open, runs: dict[Any, Run]
) -> None:
    async with open_game() as pilot:
        await show(pilot, runs[LONG_WAY])
        screen = pilot.app.screen
        seen = []
        for _ in range(len(SECTIONS) + 1):
            (tab,) = screen.query("SectionTab.-open")
            seen.append(str(tab.id).removeprefix("tab-"))
            await pilot.press("tab")
        assert seen == [*SECTIONS, "metrics"]
        await pilot.press("4")
        assert screen.query_one("#trace").display and not screen.query_one("#hops").display
        await pilot.press("shift+tab")
        assert screen.query_one("#meters").display
        await pilot.click("#tab-hops")
        assert screen.query_one("#hops").display


@pytest.mark.parametrize("size", SIZES)
async def test_every_hop_is_listed_with_bytes_mover_and_evidence(
    open_game: Open, runs: dict[Any, Run], size: Any
) -> None:
    async with open_game(size) as pilot:
        await show(pilot, runs[BORROWED])
        await pilot.press("2")
        await pilot.pause()
        assert "1  mmap(log)" in shown(pilot) and "2  write(sock, map, 64K)" in shown(pilot)
        assert _words(row(pilot, "1  page cache ► mapping"))[-2:] == ["shared", "proved"]
        assert _words(row(pilot, "2  mapping ► socket buffer"))[-2:] == ["CPU", "proved"]
        assert exact_bytes(65536) in row(pilot, "2  mapping ► socket buffer")
        await pilot.press("end")
        await pilot.pause()
        assert "≈ 65" in row(pilot, "2  socket buffer ► NIC") and "≈ modelled" in row(pilot, "2  socket buffer ► NIC")
        assert "loopback has no network card" in shown(pilot)


async def test_meters_tell_mode_switches_from_context_switches(open_game: Open, runs: dict[Any, Run]) -> None:
    async with open_game((80, 24)) as pilot:
        await show(pilot, runs[LONG_WAY])
        await pilot.press("3")
        assert row(pilot, "syscalls").split()[1:3] == ["2", "counted"]
        assert "0  metered" in row(pilot, "page faults in user code")
        assert f"{exact_bytes(65536)}  metered" in row(pilot, "read from disk")
        await pilot.press("end")
        await pilot.pause()
        assert "A mode switch takes one process into the kernel" in shown(pilot)


async def test_the_trace_keeps_its_brackets(open_game: Open, runs: dict[Any, Run]) -> None:
    async with open_game() as pilot:
        await show(pilot, runs[CALLED_ONCE])
        await pilot.press("4")
        await pilot.pause()
        assert "sendfile(4, 3, [0] => [65536], 65536) = 65536" in shown(pilot)


async def test_the_map_of_the_run_stands_under_its_figures_where_there_is_room(
    open_game: Open, runs: dict[Any, Run]
) -> None:
    async with open_game((120, 36)) as pilot:
        await show(pilot, runs[CALLED_ONCE])
        text = shown(pilot)
        assert "╭─ page cache" in text and "1 shared" in text and "⇅ 2 switches" in text
    async with open_game((80, 24)) as pilot:
        await show(pilot, runs[CALLED_ONCE])
        assert "╭─ page cache" not in shown(pilot)


async def test_the_lesson_is_told_when_the_level_is_passed_and_only_then(open_game: Open, runs: dict[Any, Run]) -> None:
    async with open_game() as pilot:
        await show(pilot, runs[LONG_WAY])
        debrief = pilot.app.screen.query_one("#debrief", Markdown)
        assert debrief.source == load_campaign().level("1-1").text("en").debrief
        assert debrief.region.height > 3
        await pilot.press("escape")
        await show(pilot, runs[FORGETFUL])
        assert not pilot.app.screen.query_one("#lesson").display


# Ways out, language, colours


@pytest.mark.parametrize(
    ("name", "key", "choice"),
    [
        (LONG_WAY, "enter", "next"),
        (FORGETFUL, "enter", "retry"),
        (LONG_WAY, "r", "retry"),
        (LONG_WAY, "escape", None),
    ],
)
async def test_the_way_out(open_game: Open, runs: dict[Any, Run], name: Any, key: str, choice: str | None) -> None:
    async with open_game() as pilot:
        chosen = await show(pilot, runs[name])
        await pilot.press(key)
        await pilot.pause()
        assert chosen == [choice]


async def test_success_stops_and_waits(open_game: Open, runs: dict[Any, Run]) -> None:
    async with open_game() as pilot:
        chosen = await show(pilot, runs[LONG_WAY])
        for key in ("down", "space", "2", "pagedown", "tab"):
            await pilot.press(key)
        assert chosen == [] and isinstance(pilot.app.screen, ResultScreen)


async def test_the_language_changes_under_an_open_result(open_game: Open, runs: dict[Any, Run]) -> None:
    async with open_game(language="en") as pilot:
        await show(pilot, runs[LONG_WAY])
        english = load_campaign().level("1-1").text("en")
        chinese = load_campaign().level("1-1").text("zh")
        assert english.title in shown(pilot)
        await pilot.press("f2")
        await pilot.pause()
        assert chinese.title in shown(pilot)
        assert pilot.app.screen.query_one("#debrief", Markdown).source == chinese.debrief


@pytest.mark.parametrize("name", [LONG_WAY, BUS_ERROR], ids="/".join)
async def test_without_colours_the_same_words_are_read(
    open_game: Open, runs: dict[Any, Run], name: tuple[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    async with open_game() as pilot:
        await show(pilot, runs[name])
        coloured = shown(pilot)
    monkeypatch.setenv("NO_COLOR", "1")
    async with open_game() as pilot:
        await show(pilot, runs[name])
        assert shown(pilot) == coloured


async def test_the_footer_names_the_ways_on(open_game: Open, runs: dict[Any, Run]) -> None:
    async with open_game((80, 24)) as pilot:
        await show(pilot, runs[LONG_WAY])
        assert {"Go on", "Again", "Replay", "Card", "Back", "Help", "中文"} <= set(footer(pilot))


def _words(line: str) -> list[str]:
    return line.strip().rstrip("▁▂▃▄▅▆▇█").split()


async def test_the_levels_runs_are_plotted(open_game: Open, runs: dict[Any, Run], played: Callable[..., None]) -> None:
    played("1-1", stars=2, copies=4.0, switches=512)
    played("1-1", stars=1, copies=3.0, switches=1000, at=2.0)
    played("1-1", stars=0, copies=3.0, switches=8, at=3.0)
    async with open_game((80, 24)) as pilot:
        await show(pilot, runs[LONG_WAY])
        await pilot.press("5")
        await pilot.pause()
        said = " ".join(shown(pilot).split())
        assert "Unbeaten so far: 3.00 copies with 1 000 switches; 4.00 copies with 512 switches" in said
        assert "3 runs" in shown(pilot)


# Kafka's plan and RocketMQ's


@pytest.mark.parametrize("size", SIZES)
async def test_the_brokers_plans_are_run_in_this_very_level_and_not_before_they_are_asked_for(
    open_game: Open, runs: dict[Any, Run], size: Any
) -> None:
    async with open_game(size) as pilot:
        await show(pilot, runs[LONG_WAY])
        game = pilot.app
        assert isinstance(game, ZcquestApp) and not game.broker_runs
        await pilot.press("b")
        await until(pilot, lambda: len(game.broker_runs) == 2)
        pilot.app.screen.query_one("#brokers").scroll_visible(animate=False)
        await settled(pilot)
        level = load_campaign().level("1-1")
        assert {name: run.report.first.syscalls for (_key, name), run in game.broker_runs.items()} == {
            "Kafka": {"sendfile": 1},
            "RocketMQ": {"mmap": 1, "write": -(-level.scenes[0].log.size // 1024)},
        }
        assert {"4.00", "2.00", "3.00"} <= set(row(pilot, "copies").split())
        assert {"4", "2", "130"} <= set(row(pilot, "switches").split())
        assert game.progress.best("1-1").runs == 0  # they are nobody's runs of the level


async def test_the_brokers_plans_can_be_run_after_something_came_between(open_game: Open, runs: dict[Any, Run]) -> None:
    async with open_game() as pilot:
        await show(pilot, runs[LONG_WAY])
        game, screen = pilot.app, pilot.app.screen
        assert isinstance(game, ZcquestApp) and isinstance(screen, ResultScreen)
        screen.action_brokers()
        await game.push_screen(HelpScreen(screen))  # before the first of them has begun
        await game.pop_screen()
        assert not game.broker_runs
        await pilot.press("b")
        await until(pilot, lambda: len(game.broker_runs) == 2)


async def test_what_a_brokers_plan_loses_in_a_level_is_said(open_game: Open, runs: dict[Any, Run]) -> None:
    async with open_game() as pilot:
        app = pilot.app
        assert isinstance(app, ZcquestApp)
        report, verdict = runs[FORGETFUL]  # a run that lost its delivery stands in for Kafka's
        app.broker_runs[scenes_key(load_campaign().level("1-1")), "Kafka"] = BrokerRun(report, verdict)
        await show(pilot, runs[LONG_WAY])
        assert "✗ Kafka's plan loses here: delivery" in shown(pilot)
        app.broker_runs[scenes_key(load_campaign().level("1-1")), "RocketMQ"] = BrokerRun(report, verdict)
        app.screen.retranslate()
        await pilot.pause()
        assert "✗ Kafka's plan and RocketMQ's lose here: delivery" in shown(pilot)


# Handing over the stars


@pytest.mark.parametrize(("motion", "first"), [("full", "☆☆☆"), ("reduced", "★★★"), ("none", "★★★")])
async def test_stars_are_handed_over_one_by_one_where_motion_is_wanted(
    open_game: Open, runs: dict[Any, Run], motion: str, first: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    handed: list[Callable[[], None]] = []
    monkeypatch.setattr(ResultScreen, "set_timer", lambda _screen, _seconds, hand_over: handed.append(hand_over))
    async with open_game() as pilot:
        app = pilot.app
        assert isinstance(app, ZcquestApp)
        app.set_motion(motion)
        report, verdict = runs[LONG_WAY]
        app.push_screen(ResultScreen(report, verdict, None, Best(), frozenset({"copies"}), new=True))
        await settled(pilot)
        assert f"{first}  Passed, 3 of 3 stars" in shown(pilot)
        assert ("your new best" in shown(pilot)) is (motion != "full")
        while handed:
            handed.pop()()
        await settled(pilot)
        text = shown(pilot)
        assert "★★★  Passed, 3 of 3 stars   your new best: copies" in text
        assert "★ every message" in text and "★ copies 4.00" in text and "★ switches 4" in text


@pytest.mark.parametrize(
    ("copies", "switches", "earlier", "mark"),
    [(4, 4, 0, True), (3, 4, 0, False), (4, 2, 0, False), (4, 4, 1, False)],
)
async def test_who_foresaw_the_first_run_gets_a_mark(
    open_game: Open, runs: dict[Any, Run], copies: float, switches: int, earlier: int, mark: bool
) -> None:
    async with open_game((80, 24)) as pilot:
        best = Best(stars=3, copies=4.0, switches=4, buffer=65536, runs=1 + earlier)
        await show(pilot, runs[LONG_WAY], prediction=Prediction(copies, switches, 1.0), best=best)
        assert ("◎ copies and switches as you foresaw them" in shown(pilot)) is mark
