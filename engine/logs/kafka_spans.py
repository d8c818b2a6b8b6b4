"""The batches of a segment file by their headers alone: where each lies and which offsets it holds."""

from __future__ import annotations

import os
from collections.abc import Iterator
from struct import Struct

from zcquest.engine.logs.formats import Span
from zcquest.engine.logs.kafka_layout import HEADER_SIZE, LENGTH_END
from zcquest.engine.logs.subscription import Subscription

_HEAD = Struct(">qi11xi")  # base offset, batch length, last offset delta (at byte 23)


def spans(fd: int, size: int, subscription: Subscription | None = None) -> Iterator[Span]:
    """The whole batches within the file's first `size` bytes. Stops at what is cut short or cannot be walked."""
    at = 0
    while at + HEADER_SIZE <= size:
        head = os.pread(fd, _HEAD.size, at)
        if len(head) < _HEAD.size:
            return
        base, length, last = _HEAD.unpack(head)
        end = at + LENGTH_END + length
        if length < HEADER_SIZE - LENGTH_END or end > size:
            return
        yield Span(at, end, base, base + last)
        at = end
