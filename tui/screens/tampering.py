"""What came of a tampered source: did the consumer get the player's bytes, or those that had been there before?"""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import dataclass

from zcquest.engine.logs import Delivery, format_of
from zcquest.engine.message import Message, message
from zcquest.engine.session import Session, Tampered

Offsets = tuple[int, int]  # of messages, inclusive


@dataclass(frozen=True, slots=True)
class _Pending:
    """Messages that were overwritten and have not all arrived; how many tampered ones the consumer had before."""

    messages: tuple[Offsets, ...]
    tampered: int


class Tampering:
    """Follows one tampering of a session at a time, from the key press to the verdict."""

    def __init__(self) -> None:
        self._pending: _Pending | None = None

    def begin(self, tampered: Tampered, session: Session) -> Message:
        """Remember what was just done; the sentence that says it."""
        first, end = tampered.overwritten
        before = session.delivery
        self._pending = _Pending(_good_messages(session, first, end), before.tampered if before else 0)
        if tampered.in_buffer:
            first, end = tampered.moved
            return message(
                "you overwrote bytes {first}…{last} of the log where they lay in buf", first=first, last=end - 1
            )
        return message("you overwrote bytes {first}…{last} of the log in the page cache", first=first, last=end - 1)

    def judge(self, delivery: Delivery, *, over: bool = False) -> Message | None:
        """The verdict, once all the messages have arrived or the run is `over`; None while it is open."""
        pending = self._pending
        if pending is None:
            return None
        whole, torn = _shared(pending.messages, delivery.runs), _shared(pending.messages, delivery.rotten_runs)
        if whole + torn < sum(map(_count, pending.messages)) and not over:
            return None
        self._pending = None
        new = delivery.tampered - pending.tampered
        if torn:
            return message(
                "the consumer received torn batches, partly yours and partly old: the call moved half a batch"
            )
        if not whole:
            return message("the bytes that you overwrote never reached the consumer: nothing is proved")
        if new == 0:
            finding = message("the bytes had been COPIED")
        elif new >= whole:
            finding = message("the page was SHARED")
        else:
            finding = message("partly copied, partly shared")
        return message(
            "the consumer received {new} of {total} tampered messages → {finding}",
            new=new,
            total=whole,
            finding=finding,
        )


def _good_messages(session: Session, first: int, end: int) -> tuple[Offsets, ...]:
    """The offsets in the batches that lie in the log's bytes [first, end), rotten ones left out."""
    fd = os.open(session.original, os.O_RDONLY)
    try:
        spans = enumerate(format_of(session.scene.log.format).spans(fd, session.size))
        return tuple(
            (span.first, span.last)
            for number, span in spans
            if first <= span.start and span.end <= end and number not in session.scene.log.rotten
        )
    finally:
        os.close(fd)


def _count(offsets: Offsets) -> int:
    return offsets[1] - offsets[0] + 1


def _shared(ours: Sequence[Offsets], theirs: Sequence[Offsets]) -> int:
    """How many offsets are in both."""
    return sum(
        max(0, min(last, other_last) - max(first, other_first) + 1)
        for first, last in ours
        for other_first, other_last in theirs
    )
