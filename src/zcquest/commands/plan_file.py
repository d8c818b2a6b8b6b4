"""The plan of a command line: a file, standard input, or the level's reference; or all that is wrong with it."""

from __future__ import annotations

import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from zcquest.commands.refusal import WRONG, Refused
from zcquest.engine.plan import Plan, PlanError
from zcquest.levels.language import gettext as _
from zcquest.levels.language import say
from zcquest.levels.loader import Level
from zcquest.levels.plan_files import NoPlanFile, plan_text_of, read_plan_file
from zcquest.levels.play import read_plan

STDIN = "-"
STDIN_NAME = "<stdin>"


@dataclass(frozen=True, slots=True)
class ChosenPlan:
    """A plan that can be run. `own` is False for a reference plan."""

    plan: Plan
    name: str
    own: bool


def choose_plan(level: Level, source: str | None) -> ChosenPlan:
    """The plan in the file `source`, on stdin for `-`, or the level's reference for None. Raises Refused."""
    if source is None:
        solution = level.solution
        return ChosenPlan(read_plan(level, solution.plan), solution.name, own=False)
    return load_plan(source, lambda text: read_plan(level, text))


def load_plan(source: str, parse: Callable[[str], Plan]) -> ChosenPlan:
    """The plan in the file `source`, or on stdin for `-`, as `parse` reads it. Raises Refused."""
    name = STDIN_NAME if source == STDIN else source
    try:
        return ChosenPlan(parse(_text(source)), name, own=True)
    except PlanError as error:
        places = ((problem.span, say(problem.remark)) for problem in error.problems)
        raise Refused(WRONG, *(f"{name}:{span.line}:{span.column}: {remark}" for span, remark in places)) from None


def _text(source: str) -> str:
    try:
        if source != STDIN:
            return read_plan_file(Path(source))
        return plan_text_of(sys.stdin.buffer, STDIN_NAME) if sys.stdin else ""
    except NoPlanFile as refusal:
        raise Refused(WRONG, say(refusal.message)) from None
    except OSError as error:
        told = _("The plan {name} cannot be read: {reason}").format(name=STDIN_NAME, reason=error.strerror)
        raise Refused(WRONG, told) from None
