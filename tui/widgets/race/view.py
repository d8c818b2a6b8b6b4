"""A race as its screen knows it: what was chosen, how far it is, what it found."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from zcquest.engine.race import Pair, RaceFormat, RaceReport, Run, Side
from zcquest.engine.ratio import FEWEST
from zcquest.levels.racers import Racer

SIDES: tuple[Side, Side] = ("a", "b")

Stage = Literal["ready", "log", "racing"]


@dataclass(frozen=True, slots=True)
class Now:
    """A run that is on: the part of the log that is gone (0 to 1), bytes a second, and CPU seconds a second."""

    fraction: float
    bytes_per_s: float
    cpu: float


@dataclass(frozen=True, slots=True)
class RaceView:
    """`size` and `message` in bytes; `side` and `pair` (0: the warm-up) are those of the run that is on."""

    a: Racer
    b: Racer
    size: int = 256 << 20
    message: int = 1024
    format: RaceFormat = "kafka"
    pairs: int = FEWEST
    stage: Stage = "ready"
    side: Side | None = None
    pair: int = 0
    now: Now | None = None
    done: tuple[Pair, ...] = ()
    report: RaceReport | None = None

    def racer(self, side: Side) -> Racer:
        return self.a if side == "a" else self.b

    def runs(self, side: Side) -> list[Run]:
        """The runs of this side in the pairs that are done."""
        return [pair.a if side == "a" else pair.b for pair in self.done]
