"""Which whole batches a range of a log file touches."""

from __future__ import annotations

import os
from struct import unpack_from

from zcquest.engine.logs.kafka_layout import HEADER_SIZE, LENGTH_AT, LENGTH_END


def batch_bounds(fd: int, offset: int, length: int, size: int) -> tuple[int, int]:
    """[offset, offset + length) of the log file `fd`, of `size` bytes, extended outward to whole batches.

    Walks the batch lengths from the start of the file, with a pread of 12 bytes each: so it reads, and caches, the
    first page of each batch. What cannot be walked (a file cut short, no batches) counts as one piece up to `size`.
    """
    first, last = min(max(offset, 0), size), min(max(offset + length, 0), size)
    start = end = 0
    while end < size and (end < last or end <= first):
        at = end
        head = os.pread(fd, LENGTH_END, at)
        batch = LENGTH_END + unpack_from(">i", head, LENGTH_AT)[0] if len(head) == LENGTH_END else 0
        end = at + batch if HEADER_SIZE <= batch <= size - at else size
        if at <= first:
            start = at
    return start, end
