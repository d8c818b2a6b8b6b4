"""Edits of a plan's text by the line and by the word: move, duplicate, and the next value for what the cursor is on."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass

from zcquest.engine.calls import CALLS, Kind, Parameter
from zcquest.engine.calls.base import DESCRIPTORS, MEMORIES, MESSAGE, REJECTED
from zcquest.engine.plan import Argument, Plan, Span, Step
from zcquest.engine.sizes import format_size
from zcquest.tui.widgets.insertion import ready_step

SIZES = tuple(1 << power for power in (9, 10, 11, 12, 13, 14, 15, 16, 17, 18, 19, 20, 22, 24, 26))


@dataclass(frozen=True, slots=True)
class Swap:
    """Put `text` in place of what stands at `span`."""

    span: Span
    text: str


def next_value(
    plan: Plan, calls: Sequence[str], line: int, column: int, by: int, useless: Collection[str] = ()
) -> Swap | None:
    """The value `by` places on for the word at 1-based `line` and `column`; None where no step stands.

    On a call's name it is the next of `calls`, ready with arguments of its own; between words the argument before.
    `useless` are resources that the level has no use for.
    """
    step = next((step for step in plan.steps if step.span.line == line), None)
    if step is None:
        return None
    for number, argument in reversed(tuple(enumerate(step.arguments))):
        if argument.span.column <= column:
            return _next_argument(step, number, argument, by, useless)
    if step.call in calls:
        fitting = [name for name in calls if step.lane in CALLS[name].lanes]
        name = _turn(fitting, step.call, by)
        return Swap(step.span, ready_step(name, plan, step.lane)) if name != step.call else None
    return None


def _next_argument(step: Step, number: int, argument: Argument, by: int, useless: Collection[str]) -> Swap | None:
    parameters = CALLS[step.call].parameters
    parameter = parameters[min(number, len(parameters) - 1)]
    choices = [word for word in _choices(parameter, step) if word == argument.value or word not in useless]
    if parameter.kind is Kind.SIZE:
        return Swap(argument.span, _next_size(argument.value, choices, by))
    if argument.value not in choices or len(choices) < 2:
        return None
    return Swap(argument.span, _turn(choices, str(argument.value), by))


def _choices(parameter: Parameter, step: Step) -> Sequence[str]:
    match parameter.kind:
        case Kind.FD:
            return tuple(DESCRIPTORS)
        case Kind.MEMORY:
            return parameter.words or MEMORIES
        case Kind.SIZE:
            return (MESSAGE,) if step.lane in REJECTED else ()
        case _:
            return parameter.words


def _next_size(value: int | str, words: Sequence[str], by: int) -> str:
    """The next larger or smaller one; beyond the smallest stands what may be written instead of a size."""
    if isinstance(value, str):
        return format_size(SIZES[0] if by > 0 else SIZES[-1])
    beyond = [size for size in SIZES if (size > value if by > 0 else size < value)]
    if beyond:
        return format_size(min(beyond) if by > 0 else max(beyond))
    return words[0] if words else format_size(SIZES[0] if by > 0 else SIZES[-1])


def _turn(choices: Sequence[str], value: str, by: int) -> str:
    return choices[(choices.index(value) + by) % len(choices)]


def move_line(lines: Sequence[str], row: int, by: int) -> tuple[list[str], int]:
    """The lines with that of `row` moved `by` one, and where it is then; at an end it stays."""
    target = row + by
    if not 0 <= target < len(lines):
        return list(lines), row
    moved = list(lines)
    moved[row], moved[target] = moved[target], moved[row]
    return moved, target


def duplicate_line(lines: Sequence[str], row: int) -> tuple[list[str], int]:
    """The lines with that of `row` once more below it, and where the new one is."""
    return [*lines[: row + 1], lines[row], *lines[row + 1 :]], row + 1
