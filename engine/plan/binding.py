"""A step's arguments by the names of its call's parameters."""

from __future__ import annotations

from typing import TYPE_CHECKING

from zcquest.engine.plan.model import Step

if TYPE_CHECKING:  # the calls bind their own steps: importing them here would be a circle
    from zcquest.engine.calls.base import Call


def bind(step: Step, call: Call) -> dict[str, int | str | tuple[str, ...]]:
    """Parameter name -> bytes, word, or (FLAGS) tuple of words, empty if none is written.

    Another optional parameter that is not written has no entry. `step` has to be one that the parser let through.
    """
    bound: dict[str, int | str | tuple[str, ...]] = {}
    values = [argument.value for argument in step.arguments]
    for index, parameter in enumerate(call.parameters):
        if parameter.kind == "flags":
            bound[parameter.name] = tuple(map(str, values[index:]))
        elif index < len(values):
            bound[parameter.name] = values[index]
    return bound
