"""Two runs held side by side: where their calls part, and what either may be compared with. Knows no screen."""

from __future__ import annotations

from dataclasses import dataclass

from zcquest.engine.calls import CODES
from zcquest.engine.experiment import Line
from zcquest.engine.kept_trace import BLOCK, Row
from zcquest.engine.plan import Plan
from zcquest.levels.replay import Replay

_ADDRESSES = {code for code, call in enumerate(CODES) if call.name == "mmap"}  # what they return differs by chance


@dataclass(frozen=True, slots=True)
class Parting:
    """The first call, by number from 0, that is another one in the other run; a line is None where a run is over."""

    number: int
    left: Line | None
    right: Line | None


@dataclass(frozen=True, slots=True)
class Comparison:
    """`alike` calls at the start are the same in both; `parting` None: so were all that are kept of both.

    `whole`: it was not that calls are missing from what is kept.
    """

    alike: int
    parting: Parting | None
    whole: bool


def compare(left: Replay, right: Replay) -> Comparison:
    """Where the calls of two runs part: another call, other arguments, another result. Raises TraceDamaged."""
    same = _same_steps(left.plan, right.plan)
    known = min(left.kept, right.kept)
    for start in range(0, known, BLOCK):
        rows = zip(left.rows(start, start + BLOCK), right.rows(start, start + BLOCK), strict=False)
        for offset, (one, other) in enumerate(rows):
            if _key(one) != _key(other) or (one[2], other[2]) not in same:
                number = start + offset
                return Comparison(number, Parting(number, left.line(number), right.line(number)), True)
    if known < min(left.calls, right.calls) or left.calls == right.calls:
        return Comparison(known, None, known == left.calls == right.calls)
    longer = left if left.calls > known else right
    line = longer.line(known) if known < longer.kept else None
    return Comparison(known, Parting(known, *((line, None) if longer is left else (None, line))), True)


def _same_steps(left: Plan, right: Plan) -> set[tuple[int, int]]:
    """The pairs of steps, by index, that are written alike."""
    return {
        (one, other)
        for one, step in enumerate(left.steps)
        for other, theirs in enumerate(right.steps)
        if (step.call, step.values, step.lane) == (theirs.call, theirs.values, theirs.lane)
    }


def _key(row: Row) -> tuple[int, ...]:
    """Code, errno, offset, size and result: times, faults and disk reads differ from run to run."""
    return (row[3], row[4], row[5], row[6], 0 if row[3] in _ADDRESSES else row[7])
