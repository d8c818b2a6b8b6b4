"""Retry: a rejected message is delivered again until it is accepted, or its attempts are used up; not oftener."""

from __future__ import annotations

from zcquest.engine.features.base import Judgement, Outcome
from zcquest.engine.message import message


def retry(outcome: Outcome) -> Judgement | None:
    """The attempts as the consumer counted them, against those that each poisonous message is due."""
    scene, got = outcome.scene, outcome.delivery
    if not scene.poison or scene.retries is None:
        return None
    if got is None:
        return Judgement(False, message("the consumer died before it could report"))
    seen = {number: deliveries for number, deliveries, _ in got.attempts}
    most = scene.retries + 1
    for poison in sorted(outcome.poison, key=lambda poison: poison.message):
        due = most if poison.failures is None else min(poison.failures + 1, most)
        came = seen.get(poison.message, 0)
        if came != due:
            return Judgement(
                False,
                message(
                    "message {number} was due {due} times and came {came} times",
                    number=poison.message,
                    due=due,
                    came=came,
                ),
            )
    accepted = sum(accepted for _, _, accepted in got.attempts)
    return Judgement(
        True,
        message(
            "{rejected} rejected messages had the attempts they were due, at most {most}; "
            "{accepted} were accepted in the end",
            rejected=len(seen),
            most=most,
            accepted=accepted,
        ),
    )
