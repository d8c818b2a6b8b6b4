"""Every screen of the game in every state worth looking at, and the way there: with keys, over a frozen laboratory.

A new screen, or a new state of one, is a function with its name above it. From then on its text is compared with a
snapshot (test_snapshots) and each of its keys is pressed (test_keys).
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from pathlib import Path
from types import SimpleNamespace
from typing import Final, TypeAlias

import pytest
from textual.pilot import Pilot
from textual.screen import Screen
from textual.widgets import OptionList

from zcquest.engine.gauges import Gauges
from zcquest.engine.host import Finding, HostReport
from zcquest.engine.machine.executor import Ending
from zcquest.engine.message import message
from zcquest.engine.network.refusal import refused
from zcquest.engine.places import Place
from zcquest.engine.race import Invalid, Pair, RaceReport, Run
from zcquest.engine.ratio import estimate
from zcquest.levels.keeping import keep_run
from zcquest.levels.language import language
from zcquest.levels.play import Unplayable, play, read_plan
from zcquest.levels.progress import FILE_NAME, Progress
from zcquest.tui.app import ZcquestApp
from zcquest.tui.screens.level import LevelScreen
from zcquest.tui.screens.level_run import RunProgress
from zcquest.tui.screens.race import RaceScreen
from zcquest.tui.screens.race_run import RaceLook, RaceMade, RaceOver, RaceTurn
from zcquest.tui.screens.result import ResultScreen
from zcquest.tui.widgets.machine_map import MachineMap
from zcquest.tui.widgets.race.view import Now
from zcquest.tui.widgets.run_bar import Doing

from . import frozen
from .quiet import quiet

NOON: Final = 1_800_000_000.0  # seconds since the epoch, 2027-01-15 08:00 UTC
POISONOUS: Final = (42, 43, 404, 777, 1000)  # of level 4-1
REFUSED_NAMESPACES: Final = 28  # ENOSPC: of all refusals, the one whose words do not depend on the host

LADLE = "repeat:\n    read(log, buf, 4K)\n    write(sock, buf, 4K)"
BUCKETS = "repeat:\n    read(log, buf, 16K)\n    write(sock, buf, 16K)"
ONE_TRIP = "repeat:\n    read(log, buf, 64K)\n    write(sock, buf, 64K)"
FORGETFUL = "repeat:\n    read(log, buf, 16K)\n    write(sock, buf, 4K)"
DROPS = "repeat:\n    read(log, buf, 16)\n    write(sock, buf, 16)"
PAGES = "repeat:\n    sendfile(sock, log, 4K)"
RATIONED = "once:\n    mmap(log)\nrepeat:\n    write(sock, map, 1K)"  # as RocketMQ, a message a call
MAPPED = "once:\n    mmap(log)\nrepeat:\n    write(sock, map, 64K)"
SENDFILE = "repeat:\n    sendfile(sock, log, 64K)"
KAFKAS = "repeat:\n    sendfile(sock, log, 1M)"
MISSPELT = "repeat:\n    raed(log, buf, 64K)\n    write(sock, buf)"
DEAD_LETTERS = "repeat:\n    sendfile(sock, log, 1M)\non reject:\n    copy_file_range(log, dlq, msg)"
FLUSHED = (
    "repeat:\n    recv(sock, buf, 256K, waitall)\n    write(log, buf, 256K)\n    fsync(log)\n    send(sock, ack, 8)"
)


def course(plan: str, scene: str) -> frozen.Course:
    """What the plan does in the scene."""
    match plan.strip():
        case text if text in (SENDFILE, PAGES) and scene.startswith("scatter-gather"):
            return frozen.over_the_bench(text, gathers=scene.endswith("on"))
        case text if text in _COURSES:
            return _COURSES[text]()
        case text:
            raise Unplayable(
                message("nobody has written down what this does in {scene}: {text}", scene=scene, text=text)
            )


_COURSES: Final[dict[str, Callable[[], frozen.Course]]] = {
    LADLE: lambda: frozen.read_and_write(4096),
    BUCKETS: lambda: frozen.read_and_write(16384),
    ONE_TRIP: lambda: frozen.read_and_write(65536),
    FORGETFUL: frozen.forgetful,
    DROPS: lambda: frozen.read_and_write(16),
    MAPPED: lambda: frozen.mapped(65536),
    RATIONED: lambda: frozen.mapped(1024),
    SENDFILE: lambda: frozen.sent_by_the_kernel(SENDFILE),
    KAFKAS: lambda: frozen.sent_by_the_kernel(KAFKAS),
    DEAD_LETTERS: lambda: frozen.with_dead_letters(POISONOUS),
    FLUSHED: frozen.received_and_flushed,
}


# The way to a state


class Stage:
    """A running game, its laboratory frozen, that is led from state to state."""

    def __init__(self, pilot: Pilot[None], folder: Path) -> None:
        game = pilot.app
        assert isinstance(game, ZcquestApp)
        self.pilot = pilot
        self.game = game
        self.size, self.language = game.size, language()
        self._folder = folder
        self.laboratory = frozen.FrozenLaboratory(folder, course)

    @property
    def screen(self) -> Screen[object]:
        return self.game.screen

    async def enter(self, name: str) -> None:
        """From wherever the game is, to that state: nothing played, nothing kept, nothing chosen before it."""
        game = self.game
        if game.size != self.size:
            await self.pilot.resize_terminal(*self.size)
            await self.settle()
        game.action_home()
        await self.settle()
        game.clear_notifications()
        game.progress.close()
        game.progress.path.unlink(missing_ok=True)
        game.progress = Progress.open()
        game.host = None
        game.broker_runs.clear()
        if language() != self.language:
            game.set_language(self.language)
        self.laboratory = frozen.FrozenLaboratory(self._folder, course)
        self.laboratory.keep_trace = game.traces.keep
        game.laboratory = self.laboratory.open  # type: ignore[method-assign, assignment]
        game.screen.retranslate()
        game.screen.query_one("#menu", OptionList).highlighted = 0
        await self.settle()
        await STATES[name].go(self)
        await self.settle()

    async def settle(self) -> None:
        await quiet(self.game)

    async def press(self, *keys: str) -> None:
        await self.settle()
        for key in keys:
            await self.pilot.press(key)
            await self.settle()

    async def until(self, holds: Callable[[], object]) -> None:
        while not holds():
            await asyncio.sleep(0)
            await self.settle()

    async def level(self, id: str, plan: str | None = None) -> LevelScreen:
        """The level, with this plan for its draft."""
        if plan is not None:
            self.game.progress.set_draft(id, plan)
        self.game.open_level(id)
        await self.settle()
        screen = self.game.screen
        assert isinstance(screen, LevelScreen)
        return screen

    async def stepped(self, id: str, plan: str, calls: int) -> LevelScreen:
        """A live session of the level, after so many calls of the plan."""
        screen = await self.level(id, plan)
        for made in range(calls):
            await self.press("s")
            await self.until(lambda made=made: screen.view.live and len(screen.view.live.lines) > made)  # type: ignore[misc]
        return screen

    async def room(self, place: Place) -> None:
        """On the level screen, go to that place of the map and open it."""
        await self.press("1", "down")
        self.screen.query_one(MachineMap).selected = place
        await self.press("enter")

    async def ran(self, id: str, plan: str) -> Screen[object]:
        """A run of the level, made and kept before the game comes to it; and the screen that tells its result."""
        game, level = self.game, self.game.campaign.level(id)
        report, verdict = await play(self.laboratory, level, read_plan(level, plan))  # type: ignore[arg-type]
        best, improved = keep_run(game.progress, report, verdict)
        return ResultScreen(report, verdict, game.progress.prediction(id), best, improved)


Way: TypeAlias = Callable[[Stage], Awaitable[object]]


@dataclass(frozen=True, slots=True)
class State:
    """`sizes`, where it looks different from another state only there; `keys` unless they are another state's."""

    go: Way
    sizes: tuple[tuple[int, int], ...] = ((120, 36), (80, 24))
    keys: bool = True


STATES: Final[dict[str, State]] = {}


def state(name: str, **options: object) -> Callable[[Way], Way]:
    def register(way: Way) -> Way:
        STATES[name] = State(way, **options)  # type: ignore[arg-type]
        return way

    return register


SMALL: Final = ((80, 24),)


@pytest.fixture
def still_world(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):  # type: ignore[no-untyped-def]
    """No clock, no time zone, no home and no folder of this host's."""
    clock = SimpleNamespace(**{name: getattr(time, name) for name in ("localtime", "strftime")}, time=lambda: NOON)
    for module in ("levels.keeping", "tui.screens.result"):
        monkeypatch.setattr(f"zcquest.{module}.time", clock)
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("ZCQUEST_DATA", "data")
    monkeypatch.setattr(Progress, "path", Path("data", FILE_NAME))  # as it is said, too
    monkeypatch.setenv("HOME", "/home/player")
    monkeypatch.setenv("TZ", "UTC")
    time.tzset()
    yield
    monkeypatch.undo()
    time.tzset()


# The first screens


@state("home")
async def _(stage: Stage) -> None:
    stage.game.host = _host()


@state("home: level by level", keys=False)
async def _(stage: Stage) -> None:
    await stage.ran("1-1", LADLE)
    stage.game.host = _host(limited=True)
    stage.screen.retranslate()


@state("offer of the tour")
async def _(stage: Stage) -> None:
    from zcquest.tui.screens.tour_offer import TourOffer

    stage.game.push_screen(TourOffer())


@state("nothing can be played here")
async def _(stage: Stage) -> None:
    stage.game.host = _host(supported=False)
    stage.game.cannot_play(stage.game.host.why_not)


@state("too small a terminal", sizes=SMALL, keys=False)
async def _(stage: Stage) -> None:
    await stage.pilot.resize_terminal(70, 20)


@state("campaign")
async def _(stage: Stage) -> None:
    await stage.ran("1-1", LADLE)
    stage.game.action_campaign()


@state("campaign: a chapter", keys=False)
async def _(stage: Stage) -> None:
    stage.game.action_campaign()
    await stage.press("home")


@state("settings")
async def _(stage: Stage) -> None:
    stage.game.action_settings()


@state("question")
async def _(stage: Stage) -> None:
    stage.game.action_campaign()
    await stage.press("r")


@state("file prompt")
async def _(stage: Stage) -> None:
    stage.game.action_lab()
    await stage.press("f")


@state("command palette", keys=False)
async def _(stage: Stage) -> None:
    stage.game.action_command_palette()


@state("command palette: a search", keys=False)
async def _(stage: Stage) -> None:
    stage.game.action_command_palette()
    await stage.press(*"mmap")


# Reading


@state("codex")
async def _(stage: Stage) -> None:
    await stage.ran("1-1", LADLE)
    stage.laboratory.waiting = True
    stage.game.open_codex("page-cache")
    await stage.settle()
    stage.game.open_codex("read")


@state("codex: measuring", keys=False)
async def _(stage: Stage) -> None:
    stage.laboratory.waiting = True
    stage.game.open_codex("sendfile")
    await stage.press("m")


@state("codex: a search")
async def _(stage: Stage) -> None:
    stage.game.open_codex()
    await stage.press("slash", *"fault")


@state("help")
async def _(stage: Stage) -> None:
    await stage.level("2-1")
    await stage.press("question_mark")


@state("words")
async def _(stage: Stage) -> None:
    await stage.level("2-1")
    await stage.press("f3")


@state("debrief")
async def _(stage: Stage) -> None:
    await stage.ran("1-1", ONE_TRIP)
    await stage.level("1-1")
    await stage.press("b")


# The level screen


@state("level: at first")
async def _(stage: Stage) -> None:
    await stage.level("2-1")


@state("level: hints", keys=False)
async def _(stage: Stage) -> None:
    await stage.level("2-1")
    await stage.press("h", "h")


@state("level: an error in the plan")
async def _(stage: Stage) -> None:
    await stage.level("2-1", MISSPELT)
    await stage.press("2")


@state("level: writing")
async def _(stage: Stage) -> None:
    screen = await stage.level("4-2", DEAD_LETTERS)
    screen.editor.area.cursor_blink = False
    await stage.press("e", "ctrl+g", "enter", "ctrl+z")
    screen.editor.area.move_cursor((1, 24))  # on a size


@state("level: changed", sizes=SMALL)
async def _(stage: Stage) -> None:
    await stage.level("2-1", MAPPED)
    await stage.press("a", "enter", "d", "u")


@state("level: palette of calls")
async def _(stage: Stage) -> None:
    await stage.level("4-1")
    await stage.press("a")


@state("level: prediction")
async def _(stage: Stage) -> None:
    await stage.level("2-1", MAPPED)
    await stage.press("r")


@state("level: running")
async def _(stage: Stage) -> None:
    stage.laboratory.waiting = True
    screen = await stage.level("1-1", LADLE)
    await stage.press("r", "escape")
    half = frozen.read_and_write(4096).made[:17]
    screen.post_message(RunProgress(_doing(half[-1].gauges), _lines(LADLE, 17)))


@state("level: stepping")
async def _(stage: Stage) -> None:
    await stage.stepped("1-1", LADLE, 3)


@state("level: tampered", keys=False)
async def _(stage: Stage) -> None:
    await stage.stepped("1-1", LADLE, 3)
    await stage.press("t", "s", "s")


@state("level: the trace of a session", sizes=SMALL, keys=False)
async def _(stage: Stage) -> None:
    await stage.stepped("1-1", LADLE, 3)
    await stage.press("t", "s", "s", "3")


@state("level: passed")
async def _(stage: Stage) -> None:
    await stage.ran("2-1", MAPPED)
    await stage.level("2-1", MAPPED)


@state("level: the plan of a run", sizes=SMALL, keys=False)
async def _(stage: Stage) -> None:
    await stage.ran("2-1", MAPPED)
    await stage.level("2-1", MAPPED)
    await stage.press("2")


@state("level: the trace of a run", sizes=SMALL, keys=False)
async def _(stage: Stage) -> None:
    await stage.ran("2-1", MAPPED)
    await stage.level("2-1", MAPPED)
    await stage.press("3")


@state("level: the briefing after a run", sizes=SMALL, keys=False)
async def _(stage: Stage) -> None:
    await stage.ran("2-1", MAPPED)
    await stage.level("2-1", MAPPED)
    await stage.press("4")


@state("level: not passed", keys=False)
async def _(stage: Stage) -> None:
    await stage.ran("1-1", FORGETFUL)
    await stage.level("1-1", FORGETFUL)


@state("level: the host refuses", keys=False)
async def _(stage: Stage) -> None:
    stage.laboratory.refusal = refused("unshare(CLONE_NEWUSER)", REFUSED_NAMESPACES)
    await stage.level("3-4", SENDFILE)
    await stage.press("s")
    stage.game.clear_notifications()


@state("level: receiving", keys=False)
async def _(stage: Stage) -> None:
    await stage.stepped("1-4", FLUSHED, 6)


@state("level: dead letters", keys=False)
async def _(stage: Stage) -> None:
    await stage.stepped("4-1", DEAD_LETTERS, 3)


@state("level: bench NIC", keys=False)
async def _(stage: Stage) -> None:
    await stage.stepped("3-4", SENDFILE, 1)


@state("level: bench NIC without gathering")
async def _(stage: Stage) -> None:
    await stage.ran("3-4", SENDFILE)
    await stage.level("3-4", SENDFILE)
    await stage.press("v")


@state("level: the lab", keys=False)
async def _(stage: Stage) -> None:
    stage.game.action_lab()
    await stage.press("enter")


# Places of the map


@state("place: disk", keys=False)
async def _(stage: Stage) -> None:
    await stage.stepped("1-1", LADLE, 3)
    await stage.room(Place.DISK)


@state("place: page cache")
async def _(stage: Stage) -> None:
    await stage.stepped("1-1", LADLE, 3)
    await stage.room(Place.PAGE_CACHE)
    await stage.press("n")


@state("place: user buffer")
async def _(stage: Stage) -> None:
    await stage.stepped("1-1", LADLE, 3)
    await stage.room(Place.BUFFER)


@state("place: mapping", keys=False)
async def _(stage: Stage) -> None:
    await stage.stepped("2-1", MAPPED, 2)
    await stage.room(Place.MAPPING)


@state("place: socket buffer", keys=False)
async def _(stage: Stage) -> None:
    await stage.stepped("1-1", LADLE, 4)
    await stage.room(Place.SOCKET)


@state("place: NIC", keys=False)
async def _(stage: Stage) -> None:
    await stage.ran("3-4", SENDFILE)
    await stage.level("3-4", SENDFILE)
    await stage.room(Place.NIC)


@state("place: consumer", keys=False)
async def _(stage: Stage) -> None:
    await stage.stepped("4-1", DEAD_LETTERS, 3)
    await stage.room(Place.CONSUMER)


@state("place: producer", keys=False)
async def _(stage: Stage) -> None:
    await stage.stepped("1-4", FLUSHED, 6)
    await stage.room(Place.PRODUCER)


@state("place: DLQ", keys=False)
async def _(stage: Stage) -> None:
    await stage.stepped("4-1", DEAD_LETTERS, 3)
    await stage.room(Place.DLQ)


@state("place: tampered with", keys=False)
async def _(stage: Stage) -> None:
    await stage.stepped("1-1", LADLE, 3)
    await stage.room(Place.BUFFER)
    await stage.press("t")


# Plans put aside


@state("shelf: empty", keys=False)
async def _(stage: Stage) -> None:
    await stage.level("2-1")
    await stage.press("o")


@state("shelf")
async def _(stage: Stage) -> None:
    for name, text in (("borrowed", MAPPED), ("the long way", ONE_TRIP)):
        stage.game.progress.save_plan("2-1", name, text)
    await stage.level("2-1", LADLE)
    await stage.press("o", "down")


@state("shelf: a name is asked for")
async def _(stage: Stage) -> None:
    await stage.level("2-1", MAPPED)
    await stage.press("o", "s", *"borrowed")


# The tour


def _stop(number: int) -> None:
    sizes = (
        ((120, 36),) if number == 3 else ((120, 36), (80, 24))
    )  # the pane that it opens at 80 columns may still be set out

    @state(f"tour: stop {number}", keys=number in (1, 5, 6), sizes=sizes)
    async def _(stage: Stage) -> None:
        from zcquest.tui.screens.tour import TourScreen

        stage.game.action_tour()
        await stage.until(lambda: isinstance(stage.screen, TourScreen))
        await stage.press(*["right"] * (number - 1))
        if number in (4, 5):
            await stage.press("s")


for number in range(1, 7):
    _stop(number)


# The result of a run, looked at again


@state("result: metrics")
async def _(stage: Stage) -> None:
    await _result(stage, "2-1", MAPPED)


@state("result: hops", keys=False)
async def _(stage: Stage) -> None:
    await _result(stage, "2-1", MAPPED, "2")


@state("result: meters", keys=False)
async def _(stage: Stage) -> None:
    await _result(stage, "2-1", MAPPED, "3")


@state("result: trace", keys=False)
async def _(stage: Stage) -> None:
    await _result(stage, "2-1", MAPPED, "4")


@state("result: plot", keys=False)
async def _(stage: Stage) -> None:
    await stage.ran("1-1", LADLE)
    await stage.ran("1-1", FORGETFUL)
    await stage.ran("1-1", BUCKETS)
    await _result(stage, "1-1", ONE_TRIP, "5")


@state("result: not passed", keys=False)
async def _(stage: Stage) -> None:
    await _result(stage, "1-1", FORGETFUL)


@state("result: not passed, the trace", keys=False)
async def _(stage: Stage) -> None:
    await _result(stage, "1-1", FORGETFUL, "4")


@state("result: two scenes", keys=False)
async def _(stage: Stage) -> None:
    await _result(stage, "3-4", SENDFILE)


@state("result: dead letters", keys=False)
async def _(stage: Stage) -> None:
    await _result(stage, "4-1", DEAD_LETTERS)


@state("result: predicted", keys=False)
async def _(stage: Stage) -> None:
    await stage.level("2-1", MAPPED)
    await stage.press("r", *"2", "enter", *"4", "enter")


@state("result: recorded elsewhere", keys=False)
async def _(stage: Stage) -> None:
    stage.laboratory.refusal = refused("unshare(CLONE_NEWUSER)", REFUSED_NAMESPACES)
    await stage.level("3-4", SENDFILE)
    await stage.press("r", "escape")
    stage.game.clear_notifications()


@state("card")
async def _(stage: Stage) -> None:
    await _result(stage, "2-1", MAPPED, "k")


# Kept runs


@state("replay: at first", keys=False)
async def _(stage: Stage) -> None:
    await _result(stage, "1-1", LADLE, "x")


@state("replay: in the middle")
async def _(stage: Stage) -> None:
    await _result(stage, "1-1", LADLE, "x", *["right"] * 9)


@state("replay: the end", keys=False)
async def _(stage: Stage) -> None:
    await _result(stage, "1-1", LADLE, "x", "end")


@state("replay: the list of calls", sizes=SMALL)
async def _(stage: Stage) -> None:
    await _result(stage, "1-1", LADLE, "x", *["right"] * 9, "tab")


@state("replay: many calls")
async def _(stage: Stage) -> None:
    await _result(stage, "1-1", DROPS, "x", "pagedown")


@state("replay: two scenes")
async def _(stage: Stage) -> None:
    await _result(stage, "3-4", PAGES, "x", "v", *["right"] * 5)


@state("compare: with what")
async def _(stage: Stage) -> None:
    await stage.ran("1-1", ONE_TRIP)
    await _result(stage, "1-1", LADLE, "m")


@state("compare: waiting")
async def _(stage: Stage) -> None:
    await _result(stage, "1-1", LADLE)
    stage.laboratory.waiting = True
    await _with(stage, "plan kafka")


@state("compare: with Kafka's plan")
async def _(stage: Stage) -> None:
    await _result(stage, "1-1", LADLE)
    await _with(stage, "plan kafka")


@state("compare: the end", keys=False)
async def _(stage: Stage) -> None:
    await _result(stage, "1-1", LADLE)
    await _with(stage, "plan kafka")
    await stage.press("end")


@state("compare: two scenes")
async def _(stage: Stage) -> None:
    await stage.ran("3-4", MAPPED)
    await _result(stage, "3-4", SENDFILE)
    await _with(stage, f"run {stage.game.progress.runs('3-4')[1].id}")
    await stage.press("v")


@state("history: nothing yet", keys=False)
async def _(stage: Stage) -> None:
    stage.game.action_history()


@state("history")
async def _(stage: Stage) -> None:
    for plan in (FORGETFUL, LADLE, BUCKETS, ONE_TRIP):
        await stage.ran("1-1", plan)
    await stage.ran("2-1", MAPPED)
    stage.game.action_history()


# The race and the lab


@state("race: the choice")
async def _(stage: Stage) -> None:
    await _race(stage)


@state("race: a plan is chosen")
async def _(stage: Stage) -> None:
    await stage.ran("1-1", ONE_TRIP)
    await _race(stage)
    await stage.press("enter", "down")


@state("race: on the way")
async def _(stage: Stage) -> None:
    await _racing(stage, 1.52, 1.61)
    screen = stage.screen
    screen.post_message(RaceLook("b", 3, Now(0.4, 1.9e9, 0.84)))


@state("race: decided")
async def _(stage: Stage) -> None:
    await _racing(stage, 1.52, 1.61, 1.49, 1.55, 1.70, over=True)


@state("race: too noisy", keys=False)
async def _(stage: Stage) -> None:
    await _racing(stage, 0.9, 1.1, 1.0, 1.05, 0.95, over=True)


@state("race: does not count", keys=False)
async def _(stage: Stage) -> None:
    await _racing(stage, over=True)


@state("lab")
async def _(stage: Stage) -> None:
    stage.game.action_lab()
    await stage.press("right")


@state("lab: a file of one's own")
async def _(stage: Stage) -> None:
    file = Path("orders.bin")
    file.write_bytes(bytes(65536))
    stage.game.action_lab()
    await stage.press("f", *"orders.bin", "enter")


# What the states are made of


def _host(*, supported: bool = True, limited: bool = False) -> HostReport:
    """A host that nobody has."""
    kernel = message("Linux {release}, {machine}", release="6.12.0", machine="x86_64")
    storage = message("{type}, {free} free", type="ext4", free="100 GiB")
    why = message("nothing can be written to {folder}: {reason}", folder="/home/player/.cache", reason="Read-only")
    findings = [
        Finding("system", message("System"), True, kernel),
        Finding("filesystem", message("Cache folder"), supported, storage if supported else why),
    ]
    if limited:
        advice = message("Allow it with sysctl kernel.unprivileged_userns_clone=1.")
        findings.append(
            Finding("network", message("Bench NIC"), False, message("refused: {error}", error="EPERM"), advice)
        )
    return HostReport(supported, None if supported else why, tuple(findings))


def _doing(gauges: Gauges) -> Doing:
    return Doing(stage="running", scene="cold", size=65536, gauges=gauges, elapsed=1.5, deadline=20.0)


def _lines(plan: str, calls: int):  # type: ignore[no-untyped-def]
    from zcquest.engine.experiment import show_line
    from zcquest.engine.trace import decode

    made = course(plan, "").made[:calls]
    steps = course(plan, "").plan
    return tuple(show_line(number, decode(each.row), steps) for number, each in enumerate(made))


async def _result(stage: Stage, id: str, plan: str, *keys: str) -> None:
    """The result of a run, and what these keys make of it."""
    stage.game.push_screen(await stage.ran(id, plan))
    await stage.settle()
    await stage.press(*keys)


async def _with(stage: Stage, other: str) -> None:
    """From a result, compare it with the run of this id in the choice."""
    await stage.press("m")
    runs = stage.screen.query_one(OptionList)
    runs.highlighted = runs.get_option_index(other)
    await stage.press("enter")


async def _race(stage: Stage) -> RaceScreen:
    """The race, in a game whose laboratory never opens: a race writes a log of its own first."""
    stage.game.laboratory = asyncio.Event().wait  # type: ignore[method-assign, assignment]
    stage.game.action_race()
    await stage.settle()
    screen = stage.screen
    assert isinstance(screen, RaceScreen)
    return screen


async def _racing(stage: Stage, *ratios: float, over: bool = False) -> None:
    """A race in which these pairs have been run: as its screen hears of it."""
    screen = await _race(stage)
    await stage.press("r")
    other = _run(1.0, 0.5)
    pairs = tuple(Pair("b" if number % 2 else "a", _run(1 / ratio, 0.3), other) for number, ratio in enumerate(ratios))
    screen.post_message(RaceMade())
    screen.post_message(RaceTurn("b", len(pairs) + 1, pairs))
    if over:
        screen.post_message(RaceOver(_report(pairs)))
    await stage.settle()


def _run(seconds: float, cpu_s: float) -> Run:
    return Run(bytes=256 << 20, messages=256 << 10, seconds=seconds / 4, cpu_s=cpu_s / 4, syscalls=256)


def _report(pairs: tuple[Pair, ...]) -> RaceReport:
    spoilt = Invalid(side="b", pair=1, ending=Ending.ERROR, errno=9, signal=0, reason=message("the consumer went away"))
    return RaceReport(
        size=256 << 20,
        message=1024,
        messages=256 << 10,
        uncompiled=(),
        pairs=pairs,
        ratio=estimate([pair.ratio for pair in pairs]) if pairs else None,
        cpu_ratio=estimate([pair.cpu_ratio for pair in pairs]) if pairs else None,
        invalid=None if pairs else spoilt,
    )
