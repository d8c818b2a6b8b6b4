"""Every screen and dialogue of the game in its states, one after the other, in a game that has really played."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from pathlib import Path
from typing import Any, TypeAlias

import msgspec
import pytest
from textual.pilot import Pilot
from textual.screen import Screen

from zcquest.engine.message import message
from zcquest.engine.places import Place
from zcquest.engine.race import Pair, RaceReport
from zcquest.engine.race import Run as RaceRun
from zcquest.engine.ratio import estimate
from zcquest.levels.keeping import keep_run
from zcquest.levels.loader import load_campaign
from zcquest.levels.play import open_laboratory, play, read_plan
from zcquest.levels.report import RunReport
from zcquest.levels.verdict import Verdict
from zcquest.tui.app import ZcquestApp
from zcquest.tui.screens.codex import CodexScreen
from zcquest.tui.screens.compare import CompareScreen, Side
from zcquest.tui.screens.confirm import Confirm
from zcquest.tui.screens.debrief import DebriefScreen
from zcquest.tui.screens.help import HelpScreen
from zcquest.tui.screens.level import LevelScreen
from zcquest.tui.screens.place import PlaceScreen
from zcquest.tui.screens.plan_shelf import PlanShelf
from zcquest.tui.screens.predict import PredictScreen
from zcquest.tui.screens.prompt import Prompt
from zcquest.tui.screens.race import RaceScreen
from zcquest.tui.screens.replay import ReplayScreen
from zcquest.tui.screens.result import SECTIONS, ResultScreen
from zcquest.tui.screens.start import CannotPlay
from zcquest.tui.screens.tour import STOPS, TourScreen
from zcquest.tui.screens.tour_offer import TourOffer
from zcquest.tui.screens.words import WordsScreen
from zcquest.tui.widgets.level_view import Live, Phase
from zcquest.tui.widgets.machine_map import MachineMap
from zcquest.tui.widgets.race.view import Now
from zcquest.tui.widgets.run_bar import Doing

from .playing import open_level, until

Runs: TypeAlias = Sequence[tuple[RunReport, Verdict]]
Reach: TypeAlias = Callable[[Pilot[None], Runs], Awaitable[object]]

PLAYED = (("1-1", "one-trip"), ("1-1", "forgetful"), ("1-3", "forgets-first"), ("2-1", "mmap-write"))
STEPPED = "repeat:\n    read(log, buf, 16K)\n    write(sock, buf, 16K)"


async def play_all() -> Runs:
    """Reference plans, passed and failed, of one scene and of two."""
    campaign, found = load_campaign(), []
    async with open_laboratory() as laboratory:
        for id, name in PLAYED:
            level = campaign.level(id)
            text = next(reference.plan for reference in level.references if reference.name == name)
            found.append(await play(laboratory, level, read_plan(level, text)))
    return found


@pytest.fixture(scope="session")
def played_runs(tmp_path_factory: pytest.TempPathFactory) -> Runs:
    """What these plans came to, run once."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("ZCQUEST_CACHE", str(tmp_path_factory.mktemp("cache")))
        return asyncio.run(play_all())


def game_of(pilot: Pilot[None]) -> ZcquestApp:
    assert isinstance(pilot.app, ZcquestApp)
    return pilot.app


async def visit(pilot: Pilot[None], runs: Runs, *names: str) -> AsyncIterator[tuple[str, Screen[Any]]]:
    """Go to every one of PLACES, or to those of `names`; each time the name and the screen that is there."""
    game = game_of(pilot)
    for report, verdict in runs:
        keep_run(game.progress, report, verdict)
    for name in names or PLACES:
        game.action_home()
        await pilot.pause()
        await PLACES[name](pilot, runs)
        await settled(pilot)
        yield name, game.screen
        await _leave(pilot)


async def settled(pilot: Pilot[None]) -> None:
    """Markdown comes paragraph by paragraph, and what is laid out anew is drawn a moment later."""
    for _ in range(3):
        await pilot.pause(0.02)


async def _leave(pilot: Pilot[None]) -> None:
    """Back to the first screen; a live session ends."""
    for screen in game_of(pilot).screen_stack:
        if isinstance(screen, LevelScreen) and screen.phase is not Phase.EDIT:
            screen.action_stop()
    game_of(pilot).action_home()
    await pilot.pause()


# Levels


async def _fresh(pilot: Pilot[None], _runs: Runs) -> None:
    await open_level(pilot, "3-1")


async def _writing(pilot: Pilot[None], _runs: Runs) -> None:
    screen = await open_level(pilot, "3-1")
    screen.action_edit()


async def _mistaken(pilot: Pilot[None], _runs: Runs) -> None:
    screen = await open_level(pilot, "3-1", "repeat:\n    sendfiel(sock, log, 64K)")
    screen.action_edit()


async def _measured(pilot: Pilot[None], runs: Runs) -> None:
    screen = await open_level(pilot, "1-3", runs[2][0].plan)
    screen.action_pane("trace")


async def _on_the_map(pilot: Pilot[None], runs: Runs) -> None:
    screen = await open_level(pilot, "2-1", runs[3][0].plan)
    screen.query_one(MachineMap).focus()


async def _hinted(pilot: Pilot[None], _runs: Runs) -> None:
    screen = await open_level(pilot, "2-1")
    await screen.action_hint()


async def _running(pilot: Pilot[None], _runs: Runs) -> None:
    screen = await open_level(pilot, "1-1")
    screen.change(phase=Phase.RUNNING, live=Live())
    screen.panes.bar.progress(Doing("running", screen.level.scenes[0].name, size=1 << 20, elapsed=1, deadline=9))


async def _stepping(pilot: Pilot[None], _runs: Runs) -> None:
    screen = await open_level(pilot, "1-1", STEPPED)
    await pilot.press("s")
    await until(pilot, lambda: screen.view.live and screen.view.live.lines)


async def _inside(place: Place, pilot: Pilot[None], runs: Runs) -> None:
    await _stepping(pilot, runs)
    game_of(pilot).screen.query_one(MachineMap).post_message(MachineMap.Opened(place))
    await until(pilot, lambda: isinstance(pilot.app.screen, PlaceScreen))


async def _open(pilot: Pilot[None], level: str, *keys: str) -> None:
    await open_level(pilot, level)
    await pilot.press(*keys)


async def _asked_for_a_name(pilot: Pilot[None], _runs: Runs) -> None:
    await open_level(pilot, "1-1")
    shelf = PlanShelf("1-1", "repeat:\n")
    await game_of(pilot).push_screen(shelf)
    shelf.action_ask("save")


async def _tour(at: int, pilot: Pilot[None], _runs: Runs) -> None:
    level = await open_level(pilot, "1-1")
    tour = TourScreen(level)
    await game_of(pilot).push_screen(tour)
    for _ in range(at):
        tour.action_go(1)
        await pilot.pause()


# Runs


async def _result(number: int, section: str, pilot: Pilot[None], runs: Runs) -> ResultScreen:
    game = game_of(pilot)
    best = game.progress.best(runs[number][0].level)
    screen = ResultScreen(*runs[number], None, best, frozenset({"copies"}))
    await game.push_screen(screen)
    screen.section = section
    return screen


async def _card(pilot: Pilot[None], runs: Runs) -> None:
    (await _result(0, "metrics", pilot, runs)).action_card()


async def _replay(at: int, pilot: Pilot[None], runs: Runs) -> None:
    report = runs[at][0]
    game_of(pilot).open_replay(report.level, report.plan, report.scenes)
    await pilot.press("right", "right")


async def _replayed_calls(pilot: Pilot[None], runs: Runs) -> None:
    await _replay(0, pilot, runs)
    screen = game_of(pilot).screen
    assert isinstance(screen, ReplayScreen)
    if screen.has_class("-narrow"):
        screen.action_turn()


async def _choice_of_another_run(pilot: Pilot[None], runs: Runs) -> None:
    report = runs[0][0]
    game_of(pilot).open_compare(report.level, report.plan, report.scenes)


async def _compared(pilot: Pilot[None], runs: Runs) -> None:
    sides = [Side(title, report.plan, report.scenes) for title, (report, _) in zip("12", runs, strict=False)]
    await game_of(pilot).push_screen(CompareScreen("1-1", *sides))


# The race


async def _race(pilot: Pilot[None]) -> RaceScreen:
    game_of(pilot).action_race()
    await pilot.pause()
    screen = game_of(pilot).screen
    assert isinstance(screen, RaceScreen)
    return screen


async def _racing(pilot: Pilot[None], _runs: Runs) -> None:
    screen = await _race(pilot)
    screen._work = screen.run_worker(asyncio.sleep(0))
    screen._change(stage="racing", side="a", pair=2, now=Now(0.4, 4e9, 0.9), done=_pairs(1.5))
    screen._draw_setup()
    screen.refresh_bindings()


async def _raced(pilot: Pilot[None], _runs: Runs) -> None:
    ratios = (1.5, 1.6, 1.7, 1.6, 1.5)
    pairs = _pairs(*ratios)
    cpu = estimate([pair.cpu_ratio for pair in pairs])
    report = RaceReport(
        size=16 << 20,
        message=1024,
        messages=10**6,
        uncompiled=(),
        pairs=pairs,
        ratio=estimate(ratios),
        cpu_ratio=cpu,
        invalid=None,
    )
    (await _race(pilot))._settle(done=pairs, report=report)


def _pairs(*ratios: float) -> tuple[Pair, ...]:
    common = RaceRun(bytes=10**9, messages=10**6, seconds=1.0, cpu_s=0.5, syscalls=1000)
    runs = [msgspec.structs.replace(common, seconds=1 / ratio) for ratio in ratios]
    return tuple(Pair("a" if at % 2 else "b", run, common) for at, run in enumerate(runs))


async def _racers(pilot: Pilot[None], _runs: Runs) -> None:
    await _race(pilot)
    await pilot.press("enter")


# What needs no more than to be opened


def _do(action: str, *keys: str) -> Reach:
    async def reach(pilot: Pilot[None], _runs: Runs) -> None:
        getattr(game_of(pilot), f"action_{action}")()
        await pilot.pause()
        await pilot.press(*keys)

    return reach


def _push(make: Callable[[ZcquestApp], Screen[Any]]) -> Reach:
    async def reach(pilot: Pilot[None], _runs: Runs) -> None:
        await game_of(pilot).push_screen(make(game_of(pilot)))

    return reach


def _with(reach: Callable[..., Awaitable[object]], *given: Any) -> Reach:
    return lambda pilot, runs: reach(*given, pilot, runs)


PLACES: dict[str, Reach] = {
    "home": _do("home"),
    "campaign": _do("campaign"),
    "settings": _do("settings"),
    "lab": _do("lab"),
    "history": _do("history"),
    "codex": _push(lambda _game: CodexScreen("sendfile")),
    "codex, searching": _do("codex", "slash", "m", "m"),
    "level, fresh": _fresh,
    "level, writing": _writing,
    "level, mistaken": _mistaken,
    "level, measured": _measured,
    "level, on the map": _on_the_map,
    "level, hinted": _hinted,
    "level, running": _running,
    "level, stepping": _stepping,
    "place with bytes": _with(_inside, Place.PAGE_CACHE),
    "place without bytes": _with(_inside, Place.SOCKET),
    "palette of calls": lambda pilot, _runs: _open(pilot, "4-1", "a"),
    "prediction": _push(lambda _game: PredictScreen()),
    "plan shelf": lambda pilot, _runs: _open(pilot, "1-1", "o"),
    "plan shelf, asking": _asked_for_a_name,
    **{f"tour {at + 1}": _with(_tour, at) for at in range(len(STOPS))},
    **{f"result, {section}": _with(_result, 0, section) for section in SECTIONS},
    "result, failed": _with(_result, 1, "metrics"),
    "result, two scenes": _with(_result, 2, "trace"),
    "card": _card,
    "replay": _with(_replay, 0),
    "replay, two scenes": _with(_replay, 2),
    "replay, calls": _replayed_calls,
    "choice of another run": _choice_of_another_run,
    "compare": _compared,
    "race": _do("race"),
    "race, running": _racing,
    "race, over": _raced,
    "racers": _racers,
    "help": _push(lambda game: HelpScreen(game.screen)),
    "words": _push(lambda _game: WordsScreen(["read", "write", "page-cache"])),
    "debrief": _push(lambda game: DebriefScreen(game.campaign.level("1-1"))),
    "question": _push(lambda _game: Confirm("Reset 1-1 The long way?", "Its runs, stars and hints are forgotten.")),
    "file": _push(lambda _game: Prompt(str(Path.home()), "Export to which file?", "As JSON.")),
    "offer of the tour": _push(lambda _game: TourOffer()),
    "cannot play": _push(lambda _game: CannotPlay(message("zcquest plays on Linux"))),
}
