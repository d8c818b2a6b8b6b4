"""What came of a tampered source: did the consumer get the player's bytes, or those that had been there before?"""

from __future__ import annotations

from zcquest.engine.message import Message, message
from zcquest.engine.session import Session, Tampered


class Tampering:
    """Follows one tampering of a session at a time, from the key press to the verdict."""

    def __init__(self) -> None:
        self._pending: Tampered | None = None
        self._consumer = 0

    def begin(self, tampered: Tampered, consumer: int) -> Message:
        """Remember what was just done, and which consumer (by its number, from 0) is to get the bytes that had moved;
        the sentence that says it."""
        self._pending, self._consumer = tampered, consumer
        if tampered.in_buffer:
            first, end = tampered.moved
            return message(
                "you overwrote bytes {first}…{last} of the log where they lay in buf", first=first, last=end - 1
            )
        first, end = tampered.overwritten
        return message("you overwrote bytes {first}…{last} of the log in the page cache", first=first, last=end - 1)

    async def judge(self, session: Session, *, over: bool = False) -> Message | None:
        """The verdict, once all the bytes that moved have arrived or the run is `over`; None while it is open.

        Only the bytes that the call had moved count, and of these only those that tampering changed.
        """
        if self._pending is None:
            return None
        compared = await session.compare(self._pending.moved, consumer=self._consumer)
        arrived = compared.old + compared.new
        if arrived < self._pending.changed and not over:
            return None
        self._pending = None
        if not arrived:
            if session.scene.receive:
                return message("the bytes that you overwrote never reached your log: nothing is proved")
            return message("the bytes that you overwrote never reached the consumer: nothing is proved")
        if not compared.new:
            finding = message("the bytes had been COPIED")
        elif not compared.old:
            finding = message("the page was SHARED")
        else:
            finding = message("partly copied, partly shared")
        if session.scene.receive:
            return message(
                "your log holds {new} of {total} overwritten bytes → {finding}",
                new=compared.new,
                total=arrived,
                finding=finding,
            )
        if len(session.far_ends) > 1:
            return message(
                "consumer {number} received {new} of {total} overwritten bytes → {finding}",
                number=self._consumer + 1,
                new=compared.new,
                total=arrived,
                finding=finding,
            )
        return message(
            "the consumer received {new} of {total} overwritten bytes → {finding}",
            new=compared.new,
            total=arrived,
            finding=finding,
        )
