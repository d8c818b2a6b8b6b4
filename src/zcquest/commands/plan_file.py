"""The plan of a command line: a file, standard input, or the level's reference; or all that is wrong with it."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable
from dataclasses import dataclass
from typing import BinaryIO

from zcquest.commands.refusal import WRONG, Refused
from zcquest.engine.plan import MAX_BYTES, Plan, PlanError
from zcquest.levels.language import gettext as _
from zcquest.levels.language import say
from zcquest.levels.loader import Level
from zcquest.levels.play import read_plan

STDIN = "-"


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
    name = "<stdin>" if source == STDIN else source
    try:
        return ChosenPlan(parse(_text(source, name)), name, own=True)
    except PlanError as error:
        places = ((problem.span, say(problem.remark)) for problem in error.problems)
        raise Refused(WRONG, *(f"{name}:{span.line}:{span.column}: {remark}" for span, remark in places)) from None


def _text(source: str, name: str) -> str:
    try:
        if source == STDIN:
            content = _read(sys.stdin.buffer) if sys.stdin else b""
        else:
            with open(source, "rb") as file:
                content = _read(file)
    except (OSError, ValueError) as error:  # ValueError: a NUL in the name
        why = (error.strerror if isinstance(error, OSError) else None) or str(error)
        raise Refused(WRONG, _("The plan {name} cannot be read: {reason}").format(name=name, reason=why)) from None
    if len(content) > MAX_BYTES:
        told = _("{name} is no plan: it has more than {most} bytes").format(name=name, most=MAX_BYTES)
        raise Refused(WRONG, told)
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        told = _("{name} is no plan: it is not UTF-8 text from byte {offset} on").format(name=name, offset=error.start)
        raise Refused(WRONG, told) from None
    if "\0" in text:
        raise Refused(WRONG, _("{name} is no plan: it is a binary file").format(name=name))
    return text


def _read(file: BinaryIO) -> bytes:
    """No more than is needed to see that it is too much: it may be /dev/zero."""
    content = b""
    while len(content) <= MAX_BYTES and (part := os.read(file.fileno(), MAX_BYTES + 1 - len(content))):
        content += part
    return content
