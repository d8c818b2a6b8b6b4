"""Stepping: a live session that makes one call at a time, and lets the player tamper with what a call left behind."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from enum import StrEnum

from textual.message import Message

from zcquest.engine.children import ChildLost
from zcquest.engine.control import Peeked
from zcquest.engine.experiment import Laboratory, Line, read_lines
from zcquest.engine.gauges import Gauges
from zcquest.engine.logs import LogUnavailable
from zcquest.engine.message import Message as Sentence
from zcquest.engine.message import message
from zcquest.engine.network.refusal import NetworkRefused
from zcquest.engine.plan import Plan
from zcquest.engine.probe import consumer_of
from zcquest.engine.run_log import SHARED_FROM
from zcquest.engine.session import Session, TamperRefused
from zcquest.levels.loader import Level
from zcquest.levels.play import Unplayable, explain
from zcquest.levels.report import RunReport, make_report
from zcquest.levels.schema import SceneFile
from zcquest.levels.verdict import Verdict
from zcquest.tui.screens.level_log import is_missing, make_log
from zcquest.tui.screens.level_run import PERIOD, RunProgress, RunRefused
from zcquest.tui.screens.tampering import Tampering
from zcquest.tui.widgets.run_bar import Doing


class Order(StrEnum):
    """What the player may ask of a stepped session."""

    STEP = "step"
    TAMPER = "tamper"
    FINISH = "finish"


@dataclass
class Stepped(Message):
    """Where the stepped session stands. `step` is the 0-based step of the latest call, None before the first."""

    lines: tuple[Line, ...]
    gauges: Gauges
    step: int | None
    calls: int
    buffers: tuple[Peeked, ...] = ()

    def sentence(self) -> Sentence:
        """The latest call, or what can be done first."""
        if not self.lines:
            return message("a live session: nothing was called yet")
        last = self.lines[-1]
        return message("call {number}: {text} = {result}", number=self.calls, text=last.text, result=last.result)


@dataclass
class StepRemark(Message):
    """A sentence that belongs after the first `calls` calls of the trace."""

    calls: int
    sentence: Sentence


@dataclass
class SteppingEnded(Message):
    """The plan is over. The verdict `counts` if this was the whole level and nothing was tampered with."""

    report: RunReport
    verdict: Verdict
    counts: bool


class LevelSteps:
    """One stepped session of one scene. Give it orders; `post` takes its messages."""

    def __init__(self, level: Level, scene: SceneFile, plan: Plan, post: Callable[[Message], object]) -> None:
        self._level = level
        self._scene = scene
        self._plan = plan
        self._post = post
        self._orders: asyncio.Queue[Order] = asyncio.Queue()
        self._tampering = Tampering()
        self.session: Session | None = None
        self.busy = True  # an order is being carried out: another one waits for the player to see what came of it

    def order(self, order: Order) -> None:
        """Have it done next; while another one is under way, nothing."""
        if not self.busy:
            self.busy = True
            self._orders.put_nowait(order)

    async def go(self, laboratory: Callable[[], Awaitable[Laboratory]]) -> None:
        """Serve orders until the plan is over. Cancelling it closes the session."""
        self._post(RunProgress(self._doing("opening")))
        try:
            lab = await laboratory()
            try:
                await self._serve(lab)
            except (ChildLost, LogUnavailable, NetworkRefused, OSError) as failure:
                self._post(RunRefused(explain(lab, failure)))
        except Unplayable as refusal:
            self._post(RunRefused(refusal.reason))

    async def _serve(self, lab: Laboratory) -> None:
        if is_missing(self._scene.log.spec()):
            self._post(RunProgress(self._doing("log")))
            await make_log(self._scene.log.spec(), lab.cache)
        async with lab.session(self._scene.engine_scene(), self._plan, keep=SHARED_FROM) as session:
            self.session = session
            await self._look(session)
            await session.step()
            while not session.stop:
                await self._look(session)
                self.busy = False
                match await self._orders.get():
                    case Order.STEP:
                        await session.step()
                    case Order.TAMPER:
                        await self._tamper(session)
                    case Order.FINISH:
                        await self._finish(session)
            await self._conclude(lab, session)

    async def _look(self, session: Session, *, between: bool = True) -> None:
        """Read every gauge and the trace; and if what was tampered with has arrived by now, say what it came to."""
        gauges = await session.gauges()
        buffers = await session.buffers() if between else ()
        calls = len(session.trace)
        lines = tuple(read_lines(session.trace, self._plan))
        self._post(Stepped(lines, gauges, session.paused.step if calls else None, calls, buffers))
        if finding := await self._tampering.judge(session):
            self._post(StepRemark(calls, finding))

    async def _tamper(self, session: Session) -> None:
        calls = len(session.trace)
        if not session.held:
            late = message("too late: the call waited for the consumer, which had to be let go and has read")
            self._post(StepRemark(calls, late))
            return
        try:
            tampered = await session.tamper()
        except TamperRefused:
            why = message("there is nothing to tamper with: the latest call moved no bytes of a log that is yours")
            self._post(StepRemark(calls, why))
            return
        self._post(StepRemark(calls, self._tampering.begin(tampered, consumer_of(self._plan, session.paused.step))))

    async def _finish(self, session: Session) -> None:
        running = asyncio.ensure_future(session.run())
        try:
            while not (await asyncio.wait([running], timeout=PERIOD))[0]:
                with contextlib.suppress(OSError):
                    await asyncio.wait_for(self._look(session, between=False), 1.0)
            await running
        finally:
            running.cancel()

    async def _conclude(self, lab: Laboratory, session: Session) -> None:
        await session.finish()
        await self._look(session)
        if finding := await self._tampering.judge(session, over=True):
            self._post(StepRemark(len(session.trace), finding))
        self._post(RunProgress(self._doing("proving")))
        observation = await lab.conclude(session)
        report, verdict = make_report(self._level, [observation])
        counts = len(self._level.scenes) == 1 and not self._level.race and not session.tampered
        self._post(SteppingEnded(report, verdict, counts))

    def _doing(self, stage: str) -> Doing:
        return Doing(stage=stage, scene=self._scene.name, size=int(self._scene.log.size))
