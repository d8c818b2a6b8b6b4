"""Checksum: nothing whose bytes have rotted reaches the consumer."""

from __future__ import annotations

from zcquest.engine.features.base import Judgement, Outcome
from zcquest.engine.logs import Delivery
from zcquest.engine.message import Message, message


def checksum(outcome: Outcome) -> Judgement | None:
    """The consumer checks what it gets, a Kafka batch or a RocketMQ message at a time: none may be wrong.

    None for raw bytes, which hold no checksums.
    """
    if outcome.scene.log.format == "raw":
        return None
    got = outcome.delivery
    if got is None:
        return Judgement(False, message("the consumer died before it could report"))
    by_message = outcome.scene.log.format == "rocketmq"
    return Judgement(not got.rotten, _messages(got) if by_message else _batches(got))


def _batches(got: Delivery) -> Message:
    if got.rotten:
        return message(
            "{count} rotten batches of {total} arrived, the first with offset {offset}",
            count=got.rotten,
            total=got.batches,
            offset=got.first_rotten,
        )
    return message("none of {total} batches that arrived was rotten", total=got.batches)


def _messages(got: Delivery) -> Message:
    if got.rotten:
        return message(
            "{count} rotten messages of {total} arrived, the first of them number {number}",
            count=got.rotten,
            total=got.batches,
            number=got.first_rotten,
        )
    return message("none of {total} messages that arrived was rotten", total=got.batches)
