"""Plans and calls written out as plan text."""

from __future__ import annotations

from typing import TYPE_CHECKING

from zcquest.engine.plan.model import Argument, Lane, Plan, Step
from zcquest.engine.sizes import format_size

if TYPE_CHECKING:
    from zcquest.engine.calls.base import Call, Parameter

_INDENT = " " * 4


def format_plan(plan: Plan) -> str:
    """The canonical text of `plan`, which parses back to the same plan: lanes in order, one call a line.

    A plan knows nothing of comments, blank lines and empty lanes: they are not in the text. No steps give "".
    """
    lines = []
    for lane in Lane:
        steps = plan.lane(lane)
        if steps:
            lines.append(f"{lane}:\n")
        lines += [f"{_INDENT}{_format_step(step)}\n" for step in steps]
    return "".join(lines)


def signature(call: Call) -> str:
    """How a plan writes `call`: `read(fd, mem, size)`, `verify(mem, [size])`, `mmap(fd, [populate] [private])`."""
    return f"{call.name}({', '.join(map(_format_parameter, call.parameters))})"


def _format_step(step: Step) -> str:
    return f"{step.call}({', '.join(map(_format_argument, step.arguments))})"


def _format_argument(argument: Argument) -> str:
    return argument.value if isinstance(argument.value, str) else format_size(argument.value)


def _format_parameter(parameter: Parameter) -> str:
    words = parameter.words or (parameter.name,)
    return " ".join(f"[{word}]" for word in words) if parameter.optional else "|".join(words)
