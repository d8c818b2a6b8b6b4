"""A race as its screen hears of it: whose run it is, a look at it now and then, and what was found."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Awaitable, Callable
from dataclasses import dataclass

from textual.message import Message

from zcquest.engine.children import ChildLost
from zcquest.engine.experiment import Laboratory
from zcquest.engine.logs import LogUnavailable
from zcquest.engine.message import Message as Sentence
from zcquest.engine.race import Pair, RaceReport, Side, Turn, race, race_log
from zcquest.engine.race_gauge import Reading
from zcquest.levels.play import Unplayable, explain
from zcquest.tui.screens.level_log import is_missing, make_log
from zcquest.tui.widgets.race.view import Now, RaceView

PERIOD = 0.4  # seconds between two looks: they take CPU time from the race


@dataclass
class RaceMade(Message):
    """The log is there; the race begins."""


@dataclass
class RaceTurn(Message):
    """A run begins: whose, in which pair (0: the warm-up), and the pairs that are done."""

    side: Side
    pair: int
    done: tuple[Pair, ...]


@dataclass
class RaceLook(Message):
    """How the run goes that is on."""

    side: Side
    pair: int
    now: Now

    def can_replace(self, message: Message) -> bool:
        return isinstance(message, RaceLook)


@dataclass
class RaceOver(Message):
    """What was found."""

    report: RaceReport


@dataclass
class RaceRefused(Message):
    """The host would not."""

    reason: Sentence


class RaceRun:
    """One race of what `view` has chosen. `post` takes its messages."""

    def __init__(self, view: RaceView, post: Callable[[Message], object], wanted: Callable[[], bool]) -> None:
        """`wanted` tells whether anybody sees how it goes."""
        self._view = view
        self._post = post
        self._wanted = wanted
        self._turn: Turn | None = None
        self._start: Reading | None = None

    async def go(self, laboratory: Callable[[], Awaitable[Laboratory]]) -> None:
        """Race to the end. Cancelling it ends the run's processes and removes its files."""
        view, spec = self._view, race_log(self._view.size, self._view.message, self._view.format)
        looking = asyncio.create_task(self._look())
        try:
            lab = await laboratory()
            if is_missing(spec):
                await make_log(spec, lab.cache)
            self._post(RaceMade())
            try:
                report = await race(lab, view.a.plan, view.b.plan, spec, view.pairs, watch=self._begin)
            except (ChildLost, LogUnavailable, OSError) as failure:
                raise Unplayable(explain(lab, failure)) from failure
        except Unplayable as refusal:
            self._post(RaceRefused(refusal.reason))
        else:
            self._post(RaceOver(report))
        finally:
            looking.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await looking

    def _begin(self, turn: Turn) -> None:
        self._turn, self._start = turn, Reading.take(turn.session.machine_pid)
        self._post(RaceTurn(turn.side, turn.pair, turn.done))

    async def _look(self) -> None:
        while True:
            await asyncio.sleep(PERIOD)
            turn, start = self._turn, self._start
            if turn is None or start is None or turn.session.stop or not self._wanted():
                continue
            reading = await asyncio.to_thread(Reading.take, turn.session.machine_pid)
            if reading and turn is self._turn and not turn.session.stop:
                self._post(RaceLook(turn.side, turn.pair, self._now(start, reading)))

    def _now(self, start: Reading, reading: Reading) -> Now:
        seconds, sent = reading.at - start.at, reading.sent - start.sent
        return Now(min(1.0, sent / self._view.size), sent / seconds, (reading.cpu_s - start.cpu_s) / seconds)
