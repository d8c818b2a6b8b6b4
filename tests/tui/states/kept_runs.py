"""Kept runs: replayed, compared, listed."""

from __future__ import annotations

from textual.widgets import OptionList

from .plans import BUCKETS, DROPS, FORGETFUL, LADLE, MAPPED, ONE_TRIP, PAGES, SENDFILE
from .stage import SMALL, Stage, state


@state("replay: at first", keys=False)
async def _(stage: Stage) -> None:
    await stage.result("1-1", LADLE, "x")


@state("replay: in the middle")
async def _(stage: Stage) -> None:
    await stage.result("1-1", LADLE, "x", *["right"] * 9)


@state("replay: the end", keys=False)
async def _(stage: Stage) -> None:
    await stage.result("1-1", LADLE, "x", "end")


@state("replay: the list of calls", sizes=SMALL)
async def _(stage: Stage) -> None:
    await stage.result("1-1", LADLE, "x", *["right"] * 9, "tab")


@state("replay: many calls")
async def _(stage: Stage) -> None:
    await stage.result("1-1", DROPS, "x", "pagedown")


@state("replay: two scenes")
async def _(stage: Stage) -> None:
    await stage.result("3-4", PAGES, "x", "v", *["right"] * 5)


@state("compare: with what")
async def _(stage: Stage) -> None:
    await stage.ran("1-1", ONE_TRIP)
    await stage.result("1-1", LADLE, "m")


@state("compare: waiting")
async def _(stage: Stage) -> None:
    await stage.result("1-1", LADLE)
    stage.laboratory.waiting = True
    await _with(stage, "plan kafka")


@state("compare: with Kafka's plan")
async def _(stage: Stage) -> None:
    await stage.result("1-1", LADLE)
    await _with(stage, "plan kafka")


@state("compare: the end", keys=False)
async def _(stage: Stage) -> None:
    await stage.result("1-1", LADLE)
    await _with(stage, "plan kafka")
    await stage.press("end")


@state("compare: two scenes")
async def _(stage: Stage) -> None:
    await stage.ran("3-4", MAPPED)
    await stage.result("3-4", SENDFILE)
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


async def _with(stage: Stage, other: str) -> None:
    """From a result, compare it with the run of this id in the choice."""
    await stage.press("m")
    runs = stage.screen.query_one(OptionList)
    runs.highlighted = runs.get_option_index(other)
    await stage.press("enter")
