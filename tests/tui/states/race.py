"""The race."""

from __future__ import annotations

import asyncio

from zcquest.engine.machine.executor import Ending
from zcquest.engine.message import message
from zcquest.engine.race import Invalid, Pair, RaceReport, Run
from zcquest.engine.ratio import estimate
from zcquest.tui.screens.race import RaceScreen
from zcquest.tui.screens.race_run import RaceLook, RaceMade, RaceOver, RaceTurn
from zcquest.tui.widgets.race.view import Now

from .plans import ONE_TRIP
from .stage import Stage, state


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
