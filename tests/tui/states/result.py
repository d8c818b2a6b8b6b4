"""The result of a run, looked at again."""

from __future__ import annotations

from .plans import BUCKETS, DEAD_LETTERS, FORGETFUL, LADLE, MAPPED, ONE_TRIP, SENDFILE
from .stage import Stage, state


@state("result: metrics")
async def _(stage: Stage) -> None:
    await stage.result("2-1", MAPPED)


@state("result: hops", keys=False)
async def _(stage: Stage) -> None:
    await stage.result("2-1", MAPPED, "2")


@state("result: meters", keys=False)
async def _(stage: Stage) -> None:
    await stage.result("2-1", MAPPED, "3")


@state("result: trace", keys=False)
async def _(stage: Stage) -> None:
    await stage.result("2-1", MAPPED, "4")


@state("result: plot", keys=False)
async def _(stage: Stage) -> None:
    await stage.ran("1-1", LADLE)
    await stage.ran("1-1", FORGETFUL)
    await stage.ran("1-1", BUCKETS)
    await stage.result("1-1", ONE_TRIP, "5")


@state("result: not passed", keys=False)
async def _(stage: Stage) -> None:
    await stage.result("1-1", FORGETFUL)


@state("result: not passed, the trace", keys=False)
async def _(stage: Stage) -> None:
    await stage.result("1-1", FORGETFUL, "4")


@state("result: two scenes", keys=False)
async def _(stage: Stage) -> None:
    await stage.result("3-4", SENDFILE)


@state("result: dead letters", keys=False)
async def _(stage: Stage) -> None:
    await stage.result("4-1", DEAD_LETTERS)


@state("result: predicted", keys=False)
async def _(stage: Stage) -> None:
    await stage.level("2-1", MAPPED)
    await stage.press("r", *"2", "enter", *"4", "enter")


@state("result: recorded elsewhere", keys=False)
async def _(stage: Stage) -> None:
    stage.refuse_namespaces()
    await stage.level("3-4", SENDFILE)
    await stage.press("r", "escape")
    stage.game.clear_notifications()


@state("card")
async def _(stage: Stage) -> None:
    await stage.result("2-1", MAPPED, "k")
