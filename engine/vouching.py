"""What the calls of a receiving run vouch for: bytes that an fsync put on disk, and bytes that were acknowledged."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable

from zcquest.engine.calls import CALLS, CODES
from zcquest.engine.calls.base import ACK_SIZE
from zcquest.engine.places import Place
from zcquest.engine.plan import Plan


class Vouching:
    """Looks at a trace's rows in order, as they are or as they are read again.

    `flushed`: by step index, the bytes written to the log that its fsync was the first to vouch for. Not ru_oublock:
    that counts a page when it is dirtied, so for the write, and knows of no disk. `acknowledged`: up to which byte of
    its log the producer has been told that it arrived.
    """

    def __init__(self, plan: Plan) -> None:
        self.flushed: Counter[int] = Counter()
        self.acknowledged = 0
        self._written = 0
        self._received = 0
        self._calls = [CALLS[step.call] for step in plan.steps]
        routes = [call.routes(step) for call, step in zip(self._calls, plan.steps, strict=True)]
        self._flushing = [
            call.flushes and "log" in step.values for call, step in zip(self._calls, plan.steps, strict=True)
        ]
        self._writing = [any(ends.target is Place.PAGE_CACHE for ends in ways) for ways in routes]
        self._receiving = [any(ends.source is Place.SOCKET for ends in ways) for ways in routes]
        self._acknowledging = [{"ack", "sock"} <= set(step.values) for step in plan.steps]

    @property
    def needed(self) -> bool:
        """Whether the plan has a step that vouches for anything."""
        return any(self._flushing) or any(self._acknowledging)

    def look(self, rows: Iterable[tuple[int, ...]]) -> None:
        """Take in the next rows, their fields in RECORD's order."""
        for _, _, step, code, error, _, _, result, *_ in rows:
            if CODES[code].event:
                self._received = result  # the heir of a killed machine goes on from what it could keep
            elif error or CODES[code] is not self._calls[step]:
                continue
            elif self._flushing[step]:
                self.flushed[step] += self._written
                self._written = 0
            elif self._writing[step]:
                self._written += result
            elif self._receiving[step]:
                self._received += result
            elif self._acknowledging[step] and result == ACK_SIZE:
                self.acknowledged = self._received

    def copy(self) -> Vouching:
        """Another one that has seen the same."""
        twin = object.__new__(Vouching)
        twin.__dict__ = {**self.__dict__, "flushed": self.flushed.copy()}
        return twin
