"""Figures as places on a line of terminal cells: a plain scale from zero, and a ratio's scale around one."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from math import ceil, floor, log2, log10

DOT, MIDDLE = "●", "◆"
_TICK = 6  # cells that a tick's words need, the gap included


@dataclass(frozen=True, slots=True)
class Scale:
    """From 0 to `top` over `cells`."""

    top: float
    cells: int

    @classmethod
    def over(cls, figures: Iterable[float], cells: int) -> Scale:
        """Up to the next round figure (1, 2 or 5 and zeros) above the largest; 1 where there is none."""
        largest = max(figures, default=0.0)
        if largest <= 0:
            return cls(1.0, cells)
        power = 10.0 ** floor(log10(largest))
        return cls(next(step * power for step in (1, 2, 5, 10) if step * power >= largest), cells)

    def cell(self, figure: float) -> int:
        return min(self.cells - 1, max(0, round(figure / self.top * (self.cells - 1))))


@dataclass(frozen=True, slots=True)
class RatioScale:
    """From 2**`low` to 2**`high` over `cells`, each doubling as wide as the next; 1 is always on it."""

    low: int
    high: int
    cells: int

    @classmethod
    def over(cls, ratios: Iterable[float], cells: int) -> RatioScale:
        """At least one doubling on each side of 1, and room for every one of `ratios`, which are above 0."""
        powers = [log2(ratio) for ratio in ratios]
        return cls(min(-1, floor(min(powers, default=0.0))), max(1, ceil(max(powers, default=0.0))), cells)

    def cell(self, ratio: float) -> int:
        place = (log2(ratio) - self.low) / (self.high - self.low)
        return min(self.cells - 1, max(0, round(place * (self.cells - 1))))

    @property
    def ticks(self) -> dict[int, str]:
        """The cells of the doublings, with what stands there: `¼`, `½`, `1`, `2`, ...; not more than have room."""
        every = max(1, ceil((self.high - self.low) * _TICK / self.cells))
        powers = (power for power in range(self.low, self.high + 1) if power % every == 0)
        return {self.cell(2.0**power): ratio_tick(power) for power in powers}


def ratio_tick(power: int) -> str:
    """2**`power` in figures."""
    return str(2**power) if power >= 0 else f"1/{2**-power}"
