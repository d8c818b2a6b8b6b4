"""Plans put aside."""

from __future__ import annotations

from .plans import LADLE, MAPPED, ONE_TRIP
from .stage import Stage, state


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
