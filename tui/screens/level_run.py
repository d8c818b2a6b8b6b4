"""A plan's run in every scene, as the screen hears of it: messages a few times a second, and one at the end."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from time import monotonic

from textual.message import Message

from zcquest.engine.children import ChildLost
from zcquest.engine.experiment import Laboratory, Line, show_line
from zcquest.engine.message import Message as Sentence
from zcquest.engine.plan import Plan
from zcquest.engine.race import Turn
from zcquest.engine.session import Session
from zcquest.levels.loader import Level
from zcquest.levels.play import NoBench, Unplayable, play
from zcquest.levels.recording import Recorded, recorded_run
from zcquest.levels.report import RunReport
from zcquest.levels.schema import SceneFile
from zcquest.levels.verdict import Verdict
from zcquest.tui.screens.level_log import is_missing, make_log
from zcquest.tui.widgets.run_bar import Doing

PERIOD = 0.25  # seconds between two looks at a run
TICK = 0.1  # seconds between two looks at its count of calls, which cost next to nothing
LATEST = 50  # calls in sight while a run is on: drawing more of them would cost more than a frame
_PATIENCE = 1.0  # seconds that a look may take; a session that closes meanwhile never answers


@dataclass
class RunProgress(Message):
    """How far the run is; `lines` are this scene's latest calls, None where no new look was taken."""

    doing: Doing
    lines: tuple[Line, ...] | None = None

    def can_replace(self, message: Message) -> bool:
        return isinstance(message, RunProgress)


@dataclass
class RunTick(Message):
    """So many calls were made by now, as the trace counts them."""

    calls: int

    def can_replace(self, message: Message) -> bool:
        return isinstance(message, RunTick)


@dataclass
class RunEnded(Message):
    """Every scene was run and judged."""

    report: RunReport
    verdict: Verdict


@dataclass
class RunRefused(Message):
    """The host would not run it."""

    reason: Sentence


@dataclass
class RunRecorded(Message):
    """The host would not build the bench NIC; this is what was recorded on another one."""

    reason: Sentence
    recorded: Recorded


class LevelRun:
    """One run of a level. `post` takes its messages."""

    def __init__(self, level: Level, plan: Plan, post: Callable[[Message], object], wanted: Callable[[], bool]) -> None:
        """`wanted` tells whether anybody sees how far the run is: under a dialogue, its keys go first."""
        self._wanted = wanted
        self._level = level
        self._plan = plan
        self._post = post
        self._scene = level.scenes[0]
        self._session: Session | None = None
        self._began = monotonic()

    @property
    def session(self) -> Session | None:
        """The session of the scene that runs now."""
        return self._session

    async def go(self, laboratory: Callable[[], Awaitable[Laboratory]]) -> None:
        """Run to the end. Cancelling it ends the run's processes and removes its files."""
        self._tell("opening")
        watching = asyncio.create_task(self._watch())
        try:
            lab = await laboratory()
            await self._make_logs(lab)
            report, verdict = await play(lab, self._level, self._plan, watch=self._begin, racing=self._race)
        except Unplayable as refusal:
            recorded = recorded_run(self._level, self._plan) if isinstance(refusal, NoBench) else None
            self._post(RunRecorded(refusal.reason, recorded) if recorded else RunRefused(refusal.reason))
        else:
            self._post(RunEnded(report, verdict))
        finally:
            watching.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await watching

    async def _make_logs(self, lab: Laboratory) -> None:
        for scene in self._level.scenes:
            if is_missing(scene.log.spec()):
                self._scene = scene
                self._tell("log")
                await make_log(scene.log.spec(), lab.cache)

    def _begin(self, scene: SceneFile, session: Session) -> None:
        self._scene, self._session, self._began = scene, session, monotonic()

    def _race(self, turn: Turn) -> None:
        self._session = None
        race = self._level.race
        assert race
        doing = Doing("racing", self._scene.name, number=turn.pair, scenes=race.pairs, rival=race.rival)
        self._post(RunProgress(doing))

    async def _watch(self) -> None:
        looked = monotonic()
        while True:
            await asyncio.sleep(TICK)
            session = self._session
            if session is None:
                continue
            if session.stop:
                self._tell("proving")
                self._session = None
                continue
            if not self._wanted():
                continue
            if monotonic() - looked < PERIOD:
                self._post(RunTick(len(session.trace)))
                continue
            looked = monotonic()
            with contextlib.suppress(OSError, ChildLost):
                gauges = await asyncio.wait_for(session.gauges(hurried=True), _PATIENCE)
                if session is self._session and not session.stop:
                    self._post(RunProgress(self._doing("running", gauges=gauges), self._latest_lines(session)))

    def _latest_lines(self, session: Session) -> tuple[Line, ...]:
        start = max(0, len(session.trace) - LATEST)
        records = enumerate(session.trace.records(start), start)
        return tuple(show_line(number, record, self._plan) for number, record in records)

    def _tell(self, stage: str) -> None:
        self._post(RunProgress(self._doing(stage)))

    def _doing(self, stage: str, **readings: object) -> Doing:
        running = stage == "running"
        return Doing(
            stage=stage,
            scene=self._scene.name,
            number=self._level.scenes.index(self._scene) + 1,
            scenes=len(self._level.scenes),
            size=int(self._scene.log.size),
            elapsed=monotonic() - self._began if running else 0.0,
            deadline=self._scene.deadline if running else 0.0,
            **readings,  # type: ignore[arg-type]
        )
