"""A level's race: the player's plan against one that ships with the game, and what the clock must show."""

from __future__ import annotations

from collections.abc import Callable

import msgspec

from zcquest.engine.calls import CALLS
from zcquest.engine.experiment import Laboratory
from zcquest.engine.message import Message
from zcquest.engine.plan import Plan, parse_plan
from zcquest.engine.race import Turn, race
from zcquest.engine.ratio import Ratio
from zcquest.levels.plans import plan_text
from zcquest.levels.schema import RaceFile


class Contest(msgspec.Struct, frozen=True, kw_only=True):
    """What the race has found: the plan's throughput, and its CPU time per byte, as multiples of the `rival`'s.

    `least` is the multiple of the throughput that the level asks for. The ratios are None, and `spoilt` says why, where
    a run did not send the log.
    """

    rival: str
    least: float
    pairs: int
    throughput: Ratio | None
    cpu: Ratio | None
    spoilt: Message | None = None

    @property
    def won(self) -> bool | None:
        """Whether the whole interval is on the right side; None when it is on both: too noisy to tell."""
        if self.throughput is None:
            return False
        if self.throughput.low >= self.least:
            return True
        return False if self.throughput.high < self.least else None


async def contend(
    laboratory: Laboratory, file: RaceFile, plan: Plan, watch: Callable[[Turn], None] | None = None
) -> Contest:
    """Race the plan (side a) against the level's rival. Raises ChildLost, LogUnavailable, OSError."""
    rival = parse_plan(plan_text(file.rival), CALLS)
    report = await race(laboratory, plan, rival, file.log.spec(), file.pairs, watch=watch)
    return Contest(
        rival=file.rival,
        least=file.least,
        pairs=len(report.pairs),
        throughput=report.ratio,
        cpu=report.cpu_ratio,
        spoilt=report.invalid.reason if report.invalid else None,
    )
