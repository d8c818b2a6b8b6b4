"""The ratio of a race, checked by hand: the median, the bootstrap interval, and what may be said of them."""

from __future__ import annotations

from math import comb
from random import Random

import pytest

from zcquest.engine.ratio import RESAMPLES, WIDEST, Answer, Ratio, estimate, median


def test_the_median() -> None:
    assert (median([3.0]), median([9, 1, 5]), median([4.0, 1.0, 2.0, 8.0])) == (3.0, 5, 3.0)
    with pytest.raises(ValueError):
        median([])


def resampled_median_is_at_most(rank: int, count: int) -> float:
    """The chance that the median of `count` draws from `count` values is among the `rank` smallest."""
    p, majority = rank / count, count // 2 + 1
    return sum(comb(count, k) * p**k * (1 - p) ** (count - k) for k in range(majority, count + 1))


@pytest.mark.parametrize(("count", "rank"), [(5, 1), (7, 2), (9, 2), (11, 3)])
def test_the_interval_has_the_ends_that_theory_gives(count: int, rank: int) -> None:
    assert resampled_median_is_at_most(rank - 1, count) < 0.025 < resampled_median_is_at_most(rank, count)
    ratios = [1.1 + 0.1 * number for number in range(count)]
    shuffled = Random(4).sample(ratios, count)
    assert estimate(shuffled) == Ratio(ratios[count // 2], ratios[rank - 1], ratios[count - rank])


def test_the_same_pairs_always_give_the_same_interval() -> None:
    ratios = [Random(2).uniform(0.8, 1.6) for _ in range(40)]
    assert estimate(ratios) == estimate(ratios)
    assert RESAMPLES >= 2000


def test_pairs_that_agree_leave_no_doubt() -> None:
    assert estimate([1.5] * 5) == Ratio(1.5, 1.5, 1.5)
    assert estimate([1.5] * 5).answer is Answer.FASTER
    assert estimate([0.5] * 5).answer is Answer.SLOWER
    assert estimate([1.0] * 5).answer is Answer.NOISY


def test_one_pair_in_five_on_the_other_side_is_too_noisy() -> None:
    assert estimate([1.7, 1.8, 1.9, 1.75, 0.99]).answer is Answer.NOISY
    assert estimate([1.7, 1.8, 1.9, 1.75, 1.01]).answer is Answer.FASTER
    assert estimate([0.5, 0.6, 0.55, 0.58, 1.01]).answer is Answer.NOISY
    assert estimate([0.5, 0.6, 0.55, 0.58, 0.99]).answer is Answer.SLOWER


def test_more_pairs_outvote_an_outlier() -> None:
    assert estimate([1.7, 1.8, 1.9, 1.75, 1.72, 1.81, 1.77, 1.79, 0.5]).answer is Answer.FASTER


def test_ratios_that_spread_too_far_are_too_noisy_though_all_on_one_side() -> None:
    assert estimate([1.1, 1.2, 1.5, 2.0, WIDEST * 1.1 + 0.01]).answer is Answer.NOISY
    assert estimate([1.1, 1.2, 1.5, 2.0, WIDEST * 1.1 - 0.01]).answer is Answer.FASTER


def test_no_pairs_have_no_ratio() -> None:
    with pytest.raises(ValueError):
        estimate([])
