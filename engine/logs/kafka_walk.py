"""The CRC walk that a plan's `verify` makes over batches in its own memory."""

from __future__ import annotations

from struct import Struct

from crc32c import crc32c

from zcquest.engine.logs.formats import Walk
from zcquest.engine.logs.kafka_layout import CRC_FROM, HEADER_SIZE, LENGTH_END, MAGIC

_PREFIX = Struct(">8xi4xbI")  # batchLength, magic, crc


def walk(view: memoryview) -> Walk:
    """Check the CRC-32C of every whole batch from the start of `view` (bytes) on, without copying a body.

    The view may lie in memory that is not Python's, a mapping for one: what touching it does (faults, SIGBUS) happens
    here, in user code.
    """
    rotten: list[tuple[int, int]] = []
    at = batches = 0
    end = len(view)
    while end - at >= HEADER_SIZE:
        length, magic, crc = _PREFIX.unpack_from(view, at)
        stop = at + LENGTH_END + length
        if magic != MAGIC or stop < at + HEADER_SIZE or stop > end:
            break
        if crc32c(view[at + CRC_FROM : stop]) != crc:
            rotten.append((at, stop))
        batches += 1
        at = stop
    return Walk(at, rotten, batches)
