"""Plans with pipes, in the lab: in a level, none is granted."""

from __future__ import annotations

from zcquest.engine.places import Place
from zcquest.levels.lab import LAB

from .plans import LENT, PIPED, TEED
from .stage import Stage, state


@state("level: pipe, planned", keys=False)
async def _(stage: Stage) -> None:
    stage.bench()
    await stage.level(LAB, PIPED)


@state("level: pipe, with bytes in it")
async def _(stage: Stage) -> None:
    stage.bench()
    await stage.stepped(LAB, PIPED, 4)


@state("level: pipe, after a run", keys=False)
async def _(stage: Stage) -> None:
    stage.bench()
    await stage.ran(LAB, PIPED)
    await stage.level(LAB, PIPED)


@state("level: pipe, tampered with", keys=False)
async def _(stage: Stage) -> None:
    stage.bench()
    await stage.stepped(LAB, PIPED, 4)
    await stage.press("t", "s", "s")


@state("level: pipe, user memory in it", keys=False)
async def _(stage: Stage) -> None:
    stage.bench()
    await stage.stepped(LAB, LENT, 5)


@state("level: pipe, user memory after a run", keys=False)
async def _(stage: Stage) -> None:
    stage.bench()
    await stage.ran(LAB, LENT)
    await stage.level(LAB, LENT)


@state("level: two pipes, planned", keys=False)
async def _(stage: Stage) -> None:
    stage.bench(consumers=2)
    await stage.level(LAB, TEED)


@state("level: two pipes, with bytes in both", keys=False)
async def _(stage: Stage) -> None:
    stage.bench(consumers=2)
    await stage.stepped(LAB, TEED, 8)


@state("level: two pipes, after a run", keys=False)
async def _(stage: Stage) -> None:
    stage.bench(consumers=2)
    await stage.ran(LAB, TEED)
    await stage.level(LAB, TEED)


@state("place: pipe", keys=False)
async def _(stage: Stage) -> None:
    stage.bench()
    await stage.stepped(LAB, PIPED, 4)
    await stage.room(Place.PIPE)


@state("result: pipe", keys=False)
async def _(stage: Stage) -> None:
    stage.bench()
    await stage.result(LAB, PIPED)


@state("result: two pipes, hops", keys=False)
async def _(stage: Stage) -> None:
    stage.bench(consumers=2)
    await stage.result(LAB, TEED, "2")
