"""DLQ: the messages that were given up, and no others, are kept in the dead-letter queue."""

from __future__ import annotations

from zcquest.engine.features.base import Judgement, Outcome
from zcquest.engine.message import Message, message


def dlq(outcome: Outcome) -> Judgement | None:
    """The dead letters found in the queue's file against the messages whose last attempt was rejected."""
    scene, found = outcome.scene, outcome.dead
    if scene.dlq is None:
        return None
    due = {poison.message for poison in outcome.poison if _given_up(poison.failures, scene.retries)}
    if found is None:
        return Judgement(False, message("the DLQ can hold nothing: {due} dead letters are lost", due=len(due)))
    if not scene.poison and not found.size:
        return None
    offence = _offence(outcome, due)
    kept = len(due & set(found.numbers) - set(found.altered))
    if offence:
        return Judgement(
            False,
            message("{kept} of {due} dead letters are in the DLQ; {offence}", kept=kept, due=len(due), offence=offence),
        )
    if scene.dlq.rewritten:
        return Judgement(True, message("{due} dead letters are in the DLQ, rewritten as RocketMQ does", due=len(due)))
    return Judgement(True, message("{due} dead letters are in the DLQ, byte for byte", due=len(due)))


def _given_up(failures: int | None, retries: int | None) -> bool:
    """Whether a message that is rejected so often is given up; where nobody counts, its first rejection is the end."""
    most = 1 if retries is None else retries + 1
    return failures is None or failures >= most


def _offence(outcome: Outcome, due: set[int]) -> Message | None:
    found = outcome.dead
    assert found
    for number in found.numbers:
        if number not in due:
            return message("message {number} does not belong there", number=number)
    if twice := [number for number in due if found.numbers.count(number) > 1]:
        return message("message {number} is there twice", number=min(twice))
    if found.altered:
        number, field = next(iter(found.altered.items()))
        return message("message {number} is not as it should be: {field}", number=number, field=field)
    if found.garbage_at is not None:
        return message("from byte {at} on, nothing in it is a message", at=found.garbage_at)
    if missing := due - set(found.numbers):
        return message("message {number} is missing", number=min(missing))
    return None
