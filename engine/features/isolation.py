"""Isolation: a slow consumer holds no other one up, and still gets everything."""

from __future__ import annotations

from dataclasses import replace

from zcquest.engine.features.base import Judgement, Outcome
from zcquest.engine.features.delivery import delivery
from zcquest.engine.message import message


def isolation(outcome: Outcome) -> Judgement | None:
    """How much the neighbour had been handed when the consumer had been handed its last byte, by the trace.

    A plan that waits for the neighbour hands both about the same; half of what the neighbour gets in the end is where
    the line is drawn.
    """
    if outcome.scene.neighbour is None or outcome.shares is None:
        return None
    ours, theirs, behind = outcome.shares
    got = delivery(replace(outcome, delivery=outcome.neighbours_delivery, consumer_lost=False))
    if not got.kept:
        return Judgement(False, message("of the slow consumer's: {detail}", detail=got.detail))
    if not ours:
        return Judgement(False, message("the fast consumer was handed nothing"))
    said = {"behind": behind, "theirs": theirs}
    if behind * 2 > theirs:
        return Judgement(
            False,
            message(
                "the fast consumer had to wait: when it had its last byte, the slow one had been handed {behind} of "
                "{theirs} bytes",
                **said,
            ),
        )
    return Judgement(
        True,
        message(
            "when the fast consumer had its last byte, the slow one had been handed {behind} of {theirs} bytes", **said
        ),
    )
