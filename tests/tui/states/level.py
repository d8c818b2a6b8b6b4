"""The level screen."""

from __future__ import annotations

from zcquest.engine.gauges import Gauges
from zcquest.tui.screens.level_run import RunProgress
from zcquest.tui.widgets.run_bar import Doing

from . import courses
from .plans import DEAD_LETTERS, FLUSHED, FORGETFUL, LADLE, MAPPED, MISSPELT, SENDFILE, course
from .stage import SMALL, Stage, state


@state("level: at first")
async def _(stage: Stage) -> None:
    await stage.level("2-1")


@state("level: hints", keys=False)
async def _(stage: Stage) -> None:
    await stage.level("2-1")
    await stage.press("h", "h")


@state("level: an error in the plan")
async def _(stage: Stage) -> None:
    await stage.level("2-1", MISSPELT)
    await stage.press("2")


@state("level: writing")
async def _(stage: Stage) -> None:
    screen = await stage.level("4-2", DEAD_LETTERS)
    screen.editor.area.cursor_blink = False
    await stage.press("e", "ctrl+g", "enter", "ctrl+z")
    screen.editor.area.move_cursor((1, 24))  # on a size


@state("level: changed", sizes=SMALL)
async def _(stage: Stage) -> None:
    await stage.level("2-1", MAPPED)
    await stage.press("a", "enter", "d", "u")


@state("level: palette of calls")
async def _(stage: Stage) -> None:
    await stage.level("4-1")
    await stage.press("a")


@state("level: prediction")
async def _(stage: Stage) -> None:
    await stage.level("2-1", MAPPED)
    await stage.press("r")


@state("level: running")
async def _(stage: Stage) -> None:
    stage.laboratory.waiting = True
    screen = await stage.level("1-1", LADLE)
    await stage.press("r", "escape")
    half = courses.read_and_write(4096).made[:17]
    screen.post_message(RunProgress(_doing(half[-1].gauges), _lines(LADLE, 17)))


@state("level: stepping")
async def _(stage: Stage) -> None:
    await stage.stepped("1-1", LADLE, 3)


@state("level: tampered", keys=False)
async def _(stage: Stage) -> None:
    await stage.stepped("1-1", LADLE, 3)
    await stage.press("t", "s", "s")


@state("level: the trace of a session", sizes=SMALL, keys=False)
async def _(stage: Stage) -> None:
    await stage.stepped("1-1", LADLE, 3)
    await stage.press("t", "s", "s", "3")


@state("level: passed")
async def _(stage: Stage) -> None:
    await stage.ran("2-1", MAPPED)
    await stage.level("2-1", MAPPED)


@state("level: the plan of a run", sizes=SMALL, keys=False)
async def _(stage: Stage) -> None:
    await stage.ran("2-1", MAPPED)
    await stage.level("2-1", MAPPED)
    await stage.press("2")


@state("level: the trace of a run", sizes=SMALL, keys=False)
async def _(stage: Stage) -> None:
    await stage.ran("2-1", MAPPED)
    await stage.level("2-1", MAPPED)
    await stage.press("3")


@state("level: the briefing after a run", sizes=SMALL, keys=False)
async def _(stage: Stage) -> None:
    await stage.ran("2-1", MAPPED)
    await stage.level("2-1", MAPPED)
    await stage.press("4")


@state("level: not passed", keys=False)
async def _(stage: Stage) -> None:
    await stage.ran("1-1", FORGETFUL)
    await stage.level("1-1", FORGETFUL)


@state("level: the host refuses", keys=False)
async def _(stage: Stage) -> None:
    stage.refuse_namespaces()
    await stage.level("3-4", SENDFILE)
    await stage.press("s")
    stage.game.clear_notifications()


@state("level: receiving", keys=False)
async def _(stage: Stage) -> None:
    await stage.stepped("1-4", FLUSHED, 6)


@state("level: dead letters", keys=False)
async def _(stage: Stage) -> None:
    await stage.stepped("4-1", DEAD_LETTERS, 3)


@state("level: bench NIC", keys=False)
async def _(stage: Stage) -> None:
    await stage.stepped("3-4", SENDFILE, 1)


@state("level: bench NIC without gathering")
async def _(stage: Stage) -> None:
    await stage.ran("3-4", SENDFILE)
    await stage.level("3-4", SENDFILE)
    await stage.press("v")


@state("level: the lab", keys=False)
async def _(stage: Stage) -> None:
    stage.game.action_lab()
    await stage.press("enter")


def _doing(gauges: Gauges) -> Doing:
    return Doing(stage="running", scene="cold", size=65536, gauges=gauges, elapsed=1.5, deadline=20.0)


def _lines(plan: str, calls: int):  # type: ignore[no-untyped-def]
    from zcquest.engine.experiment import show_line
    from zcquest.engine.trace import decode

    made = course(plan, "").made[:calls]
    steps = course(plan, "").plan
    return tuple(show_line(number, decode(each.row), steps) for number, each in enumerate(made))
