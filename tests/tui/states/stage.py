"""A running game that is led to a state, and the list of all states."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from pathlib import Path
from types import SimpleNamespace
from typing import Any, Final, TypeAlias

import pytest
from tests.tui import frozen
from tests.tui.quiet import quiet
from textual.pilot import Pilot
from textual.screen import Screen
from textual.widgets import OptionList

from zcquest.engine.network.refusal import refused
from zcquest.engine.places import Place
from zcquest.levels.keeping import keep_run
from zcquest.levels.lab import LabSettings, keep_lab_settings
from zcquest.levels.language import language
from zcquest.levels.play import play, read_plan
from zcquest.levels.progress import FILE_NAME, Progress
from zcquest.tui.app import ZcquestApp
from zcquest.tui.screens.level import LevelScreen
from zcquest.tui.screens.result import ResultScreen
from zcquest.tui.widgets.machine_map import MachineMap

from .plans import course

REFUSED_NAMESPACES: Final = 28  # ENOSPC: of all refusals, the one whose words do not depend on the host
NOON: Final = 1_800_000_000.0  # seconds since the epoch, 2027-01-15 08:00 UTC


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

    def bench(self, **settings: Any) -> None:
        """Have this on the lab's bench, and a log of 64 KiB."""
        keep_lab_settings(self.game.progress, LabSettings(size=65536, **settings))

    def refuse_namespaces(self) -> None:
        """As a host that allows no bench NIC."""
        self.laboratory.refusal = refused("unshare(CLONE_NEWUSER)", REFUSED_NAMESPACES)

    async def room(self, place: Place) -> None:
        """On the level screen, go to that place of the map and open it."""
        await self.press("1", "down")
        self.screen.query_one(MachineMap).selected = place
        await self.press("enter")

    async def ran(self, id: str, plan: str) -> Screen[object]:
        """A run of the level, made and kept before the game comes to it; and the screen that tells its result."""
        game, level = self.game, self.game.level(id)
        report, verdict = await play(self.laboratory, level, read_plan(level, plan))  # type: ignore[arg-type]
        best, improved = keep_run(game.progress, report, verdict)
        return ResultScreen(report, verdict, game.progress.prediction(id), best, improved)

    async def result(self, id: str, plan: str, *keys: str) -> None:
        """The result of a run, and what these keys make of it."""
        self.game.push_screen(await self.ran(id, plan))
        await self.settle()
        await self.press(*keys)


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
