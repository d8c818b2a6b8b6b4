"""Isolation: a slow consumer holds no other one up, and still gets everything."""

from __future__ import annotations

from zcquest.engine.features.base import Judgement, Outcome
from zcquest.engine.features.delivery import delivery
from zcquest.engine.message import message


def isolation(outcome: Outcome) -> Judgement | None:
    """By the trace: what was handed to a slow consumer, and whether a call slept for it, before the last of the fast
    ones had been handed its last byte. The fast ones read at the highest rate in the scene, the others are slow.

    A plan that waits for a slow one hands all about the same; half of what it gets in the end is where the line is
    drawn. Where a socket takes in more than that at once, nobody has had to wait for it.
    """
    rates = [rate or float("inf") for rate in outcome.scene.rates]
    slow = [number for number, rate in enumerate(rates) if rate < max(rates)]
    if not slow or not outcome.handing:
        return None
    arrivals = outcome.by_consumer
    for number in slow:
        got = delivery(arrivals[number])
        if not got.kept:
            return Judgement(
                False, message("of consumer {number}, a slow one: {detail}", number=number + 1, detail=got.detail)
            )
    fast = [handing for number, handing in enumerate(outcome.handing) if number not in slow]
    if starved := [handing for handing in fast if not handing.bytes]:
        number = outcome.handing.index(starved[0]) + 1
        return Judgement(False, message("consumer {number}, a fast one, was handed nothing", number=number))
    waited_for = [number for number in slow if any(handing.waits_by_then[number] for handing in fast)]
    if not waited_for:
        return Judgement(True, message("no call slept for a slow consumer's sake before the fast had their last byte"))

    def ahead(number: int) -> float:
        """How far the slow one was when the last fast one was through, as a part of all it got."""
        return max(handing.handed_by_then[number] for handing in fast) / max(1, outcome.handing[number].bytes)

    number = max(waited_for, key=ahead)
    behind, theirs = max(handing.handed_by_then[number] for handing in fast), outcome.handing[number].bytes
    said = {"number": number + 1, "behind": behind, "theirs": theirs}
    if behind * 2 > theirs:
        return Judgement(
            False,
            message(
                "the fast had to wait: when the last of them had its last byte, consumer {number}, a slow one, had "
                "been handed {behind} of {theirs} bytes",
                **said,
            ),
        )
    return Judgement(
        True,
        message(
            "when the last of the fast had its last byte, consumer {number}, a slow one, had been handed {behind} of "
            "{theirs} bytes",
            **said,
        ),
    )
