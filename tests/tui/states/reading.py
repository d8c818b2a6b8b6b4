"""Screens to read: the codex, the help, the words, the debrief."""

from __future__ import annotations

from .plans import LADLE, ONE_TRIP
from .stage import Stage, state


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
