"""The messages of a CommitLog file: where each lies and which number it has, and which records a range touches."""

from __future__ import annotations

import os
from collections.abc import Iterator

from zcquest.engine.logs.formats import Span
from zcquest.engine.logs.rocketmq_layout import MAX_MESSAGE, PREFIX, is_blank, parts, record_size
from zcquest.engine.logs.rocketmq_message import is_wanted, number_of
from zcquest.engine.logs.subscription import Subscription

_READ = 2 * MAX_MESSAGE  # bytes: enough for any message


def spans(fd: int, size: int, subscription: Subscription | None = None) -> Iterator[Span]:
    """The whole messages within the file's first `size` bytes, each a span of one number (as in `number_of`).

    Of a `subscription`, the messages that it is not about are not `wanted`.
    Stops at the blank record, and at what is cut short or cannot be walked.
    """
    at = following = 0
    while at < size:
        block = os.pread(fd, min(_READ, size - at), at)
        here = 0
        while (length := _message(block, here)) is not None:
            found = parts(block, here, length)
            number = number_of(block[found.properties : here + length], following) if found else following
            wanted = found is not None and is_wanted(block, found, here + length, subscription)
            yield Span(at + here, at + here + length, number, number, wanted)
            following = number + 1
            here += length
        if not here:
            return
        at += here


def _message(block: bytes, at: int) -> int | None:
    """The size of the message at `at`; None where there is none, or not the whole of it."""
    if len(block) - at < PREFIX.size or is_blank(block, at):
        return None
    size = record_size(block, at)
    return size if size is not None and size <= len(block) - at else None


def record_bounds(fd: int, offset: int, length: int, size: int) -> tuple[int, int]:
    """[offset, offset + length) of the log file `fd`, of `size` bytes, extended outward to whole records.

    Walks the records' sizes from the start of the file, with a pread of 8 bytes each. What cannot be walked (a file
    cut short, no records) counts as one piece up to `size`; the blank record is a record.
    """
    first, last = min(max(offset, 0), size), min(max(offset + length, 0), size)
    start = end = 0
    while end < size and (end < last or end <= first):
        at = end
        head = os.pread(fd, PREFIX.size, at)
        found = record_size(head, 0) if len(head) == PREFIX.size else None
        end = at + found if found is not None and found <= size - at else size
        if at <= first:
            start = at
    return start, end
