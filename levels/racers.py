"""The plans that can race: shipped ones, the player's own kept runs, and the levels' reference plans."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal

from zcquest.engine.calls import CALLS
from zcquest.engine.calls.base import SOCKETS
from zcquest.engine.plan import Lane, Plan, format_plan, parse
from zcquest.levels.loader import Campaign
from zcquest.levels.plans import plan_names, plan_text
from zcquest.levels.progress import Progress

Origin = Literal["shipped", "own", "reference"]

_LANES = (Lane.ONCE, Lane.REPEAT)  # a race's consumer sends nothing back
_ELSEWHERE = {"dlq", "index", "msg", *SOCKETS[1:]}  # what a race's scene does not have
_RECEIVING = {"recv", "ack", "fsync", "fdatasync"}


@dataclass(frozen=True, slots=True)
class Racer:
    """A plan with a name. `level` is that of an own run or a reference, and empty for the shipped ones."""

    origin: Origin
    name: str
    text: str
    level: str = ""

    @property
    def id(self) -> str:
        return f"{self.origin} {self.level} {self.name}"

    @property
    def plan(self) -> Plan:
        """Raises nothing: what can race has no problems."""
        return parse(self.text, CALLS).plan


def shipped(name: str) -> Racer:
    """The shipped plan of this name. Raises UnknownPlan."""
    return Racer("shipped", name, plan_text(name))


def can_race(text: str) -> bool:
    """Whether the plan is one that sends a log, and asks for nothing that a race does not have."""
    parsed = parse(text, CALLS)
    steps = parsed.plan.steps
    words = {word for step in steps for word in step.values}
    return (
        not parsed.problems
        and bool(steps)
        and all(step.lane in _LANES and step.call not in _RECEIVING for step in steps)
        and not words & _ELSEWHERE
    )


def racers(campaign: Campaign, progress: Progress) -> Iterator[Racer]:
    """All of them: the shipped, then the player's own that passed, newest first, then the passing references.

    A reference plan is a solution: only those of levels that the player has passed are among them.
    """
    yield from map(shipped, plan_names())
    seen = set[tuple[str, str]]()
    for run in progress.runs(reports=False):
        if run.passed and (run.level, run.plan) not in seen and can_race(run.plan):
            seen.add((run.level, run.plan))
            yield Racer("own", f"#{run.id}", run.plan, run.level)
    best = progress.all_best()
    for level in campaign.levels.values():
        passed = level.id in best and best[level.id].stars > 0
        for reference in level.file.references if passed else ():
            if reference.passed and can_race(reference.plan):
                yield Racer("reference", reference.name, _canonical(reference.plan), level.id)


def _canonical(text: str) -> str:
    return format_plan(parse(text, CALLS).plan)
