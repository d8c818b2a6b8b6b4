"""A plan as data: steps in lanes. What may stand in a step is the calls' business (`zcquest.engine.calls`)."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any


class Lane(StrEnum):
    """When a step runs."""

    ONCE = "once"
    REPEAT = "repeat"
    ON_REJECT = "on reject"
    ON_GIVEUP = "on giveup"


@dataclass(frozen=True, slots=True)
class Span:
    """A stretch of plan text: 1-based line and column, and its length in characters."""

    line: int
    column: int
    length: int

    def through(self, last: Span) -> Span:
        """From the start of this span to the end of `last`, which stands later in the same line."""
        return Span(self.line, self.column, last.column + last.length - self.column)


@dataclass(frozen=True, slots=True)
class Argument:
    """One written argument: a size in bytes, or a bare word (a resource or a flag)."""

    value: int | str
    span: Span


@dataclass(frozen=True, slots=True)
class Step:
    """One call with its arguments, as the player wrote it. Equality ignores nothing: spans count."""

    call: str
    arguments: tuple[Argument, ...]
    lane: Lane
    span: Span
    values: tuple[Any, ...] = field(init=False, compare=False, repr=False)  # the arguments' values, for the hot loop

    def __post_init__(self) -> None:
        object.__setattr__(self, "values", tuple(argument.value for argument in self.arguments))


@dataclass(frozen=True, slots=True)
class Plan:
    """The player's steps in the order of the lanes (once, repeat, on reject, on giveup), then of the text."""

    steps: tuple[Step, ...]

    def lane(self, lane: Lane) -> tuple[Step, ...]:
        return tuple(step for step in self.steps if step.lane is lane)


def same(one: Plan, other: Plan) -> bool:
    """Whether two plans do the same: equal but for where their text stands."""
    return _meaning(one) == _meaning(other)


def _meaning(plan: Plan) -> list[tuple[Lane, str, list[int | str]]]:
    return [(step.lane, step.call, [argument.value for argument in step.arguments]) for step in plan.steps]
