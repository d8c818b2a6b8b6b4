"""What may be said of two plans that raced, in the player's language."""

from __future__ import annotations

from zcquest.engine.ratio import WIDEST, Answer, Ratio
from zcquest.levels.language import gettext as _


def race_answer(ratio: Ratio, a: str, b: str) -> str:
    """Which of the plans `a` and `b` is faster, or that the race cannot tell."""
    match ratio.answer:
        case Answer.FASTER:
            told = _("A ({a}) is faster than B ({b}): it has {ratio} times B's throughput.")
        case Answer.SLOWER:
            told = _("A ({a}) is slower than B ({b}): it has {ratio} times B's throughput.")
        case Answer.NOISY if ratio.low > 1:
            told = _("A ({a}) is faster than B ({b}), but how much is too noisy to tell: {low} to {high} times.")
        case Answer.NOISY if ratio.high < 1:
            told = _("A ({a}) is slower than B ({b}), but how much is too noisy to tell: {low} to {high} times.")
        case Answer.NOISY if ratio.high > WIDEST * ratio.low:
            told = _("Too noisy to tell: the pairs of A ({a}) and B ({b}) differ too much from each other.")
        case Answer.NOISY:
            told = _("Too noisy to tell: A ({a}) and B ({b}) may just as well be equally fast.")
    return told.format(a=a, b=b, ratio=f"{ratio.median:.2f}", low=f"{ratio.low:.2f}", high=f"{ratio.high:.2f}")
