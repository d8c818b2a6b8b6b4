"""The ratio of two plans, pair by pair: its median, the interval it lies in, and what may be said of it."""

from __future__ import annotations

from collections.abc import Sequence
from enum import StrEnum
from math import ceil, floor
from random import Random

import msgspec

CONFIDENCE = 0.95
FEWEST = 5  # pairs: with fewer, chance alone may well order them all
RESAMPLES = 4000
WIDEST = 2.0  # the largest quotient of the interval's ends at which its middle is still worth a number
_SEED = 17  # fixed: the same pairs always give the same interval


class Answer(StrEnum):
    """What a race says of its first plan."""

    FASTER = "faster"
    SLOWER = "slower"
    NOISY = "too noisy to tell"


class Ratio(msgspec.Struct, frozen=True):
    """The median of the pairs' ratios, and the ends of its bootstrap percentile interval of CONFIDENCE."""

    median: float
    low: float
    high: float

    @property
    def answer(self) -> Answer:
        """Noisy when the interval contains 1, or when its upper end is more than WIDEST times the lower."""
        if self.low <= 1 <= self.high or self.high > WIDEST * self.low:
            return Answer.NOISY
        return Answer.FASTER if self.low > 1 else Answer.SLOWER


def estimate(ratios: Sequence[float]) -> Ratio:
    """The ratio that these pairs show. Raises ValueError when there are none.

    The interval: RESAMPLES times as many ratios are drawn from the given ones, with repetition; it holds the middle
    CONFIDENCE of the medians of these draws. Nothing is assumed of how the noise is spread. With five pairs it is the
    whole range from the smallest ratio to the largest.
    """
    middle, dice = median(ratios), Random(_SEED)
    medians = sorted(median(dice.choices(ratios, k=len(ratios))) for _ in range(RESAMPLES))
    outside = (1 - CONFIDENCE) / 2 * RESAMPLES
    return Ratio(middle, medians[floor(outside)], medians[ceil(RESAMPLES - outside) - 1])


def median(figures: Sequence[float]) -> float:
    """The middle one, or the mean of the two in the middle. Raises ValueError when there are none."""
    if not figures:
        raise ValueError("no figures")
    ordered, half = sorted(figures), len(figures) // 2
    return ordered[half] if len(figures) % 2 else (ordered[half - 1] + ordered[half]) / 2
