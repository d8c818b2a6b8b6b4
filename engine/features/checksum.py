"""Checksum: no batch whose bytes have rotted reaches the consumer."""

from __future__ import annotations

from zcquest.engine.features.base import Judgement, Outcome
from zcquest.engine.message import message


def checksum(outcome: Outcome) -> Judgement:
    """The consumer checks the CRC-32C of every batch it gets: none of them may be wrong."""
    got = outcome.delivery
    if got is None:
        return Judgement(False, message("the consumer died before it could report"))
    if got.rotten:
        return Judgement(
            False,
            message(
                "{count} rotten batches of {total} arrived, the first with offset {offset}",
                count=got.rotten,
                total=got.batches,
                offset=got.first_rotten,
            ),
        )
    return Judgement(True, message("none of {total} batches that arrived was rotten", total=got.batches))
