"""What is said of a race: no more than its pairs show, and no less."""

from __future__ import annotations

import pytest

from zcquest.engine.ratio import estimate
from zcquest.levels.race_words import race_answer


@pytest.mark.parametrize(
    ("ratios", "told", "figures"),
    [
        ([1.7, 1.8, 1.9, 1.75, 1.72], "A (x) is faster than B (y): it has 1.75", True),
        ([0.5, 0.6, 0.55, 0.58, 0.57], "A (x) is slower than B (y): it has 0.57", True),
        ([4.73, 4.94, 9.42, 23.04, 27.5], "A (x) is faster than B (y), but how much is too noisy", True),
        ([0.04, 0.05, 0.1, 0.2, 0.21], "A (x) is slower than B (y), but how much is too noisy", True),
        ([0.9, 1.1, 1.0, 1.2, 0.95], "Too noisy to tell: A (x) and B (y) may just as well", False),
        ([0.3, 3.0, 1.0, 5.0, 0.5], "Too noisy to tell: the pairs of A (x) and B (y)", False),
    ],
)
def test_the_sentence_fits_the_pairs(ratios: list[float], told: str, figures: bool) -> None:
    said = race_answer(estimate(ratios), "x", "y")
    assert said.startswith(told)
    assert any(character.isdigit() for character in said) is figures
