"""Tag filter: the consumer gets what it subscribed to, all of it, and nothing else."""

from __future__ import annotations

from zcquest.engine.features.base import Judgement, Outcome
from zcquest.engine.message import message


def tag_filter(outcome: Outcome) -> Judgement | None:
    """Every wanted message that has arrived, by topic and by the very tag; a tag with the same hash is another tag."""
    if outcome.scene.subscription is None:
        return None
    got = outcome.delivery
    due = sum(span.wanted and number not in outcome.rotten for number, span in enumerate(outcome.batches))
    if got is None:
        return Judgement(False, message("the consumer died before it could report"))
    if (first := got.first_unwanted) is not None:
        return Judgement(
            False,
            message(
                "{count} messages arrived that nobody had subscribed to, {collisions} of them with a tag of the same "
                "hash; the first at offset {offset}: topic {topic}, tag {tag}",
                count=got.unwanted,
                collisions=got.collisions,
                offset=first.offset,
                topic=first.topic,
                tag=first.tag or "-",
            ),
        )
    if got.messages < due:
        return Judgement(
            False, message("{messages} of {total} wanted messages arrived", messages=got.messages, total=due)
        )
    return Judgement(
        True,
        message(
            "{messages} wanted messages of {total} in the log, and no other", messages=due, total=len(outcome.batches)
        ),
    )
