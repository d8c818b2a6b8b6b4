"""The CRC walk that a plan's `verify` makes over messages in its own memory."""

from __future__ import annotations

from zcquest.engine.logs.formats import Bytes, Walk
from zcquest.engine.logs.rocketmq_layout import BODY_CRC_AT, PREFIX, Parts, body_crc, is_blank, parts, record_size


def walk(view: memoryview) -> Walk:
    """Check every whole message from the start of `view` (bytes) on, without copying a body; a blank record is passed.

    A message is rotten when its body does not match its CRC-32, or when its parts do not add up to its size.
    The view may lie in memory that is not Python's, a mapping for one: what touching it does (faults, SIGBUS) happens
    here, in user code.
    """
    rotten: list[tuple[int, int]] = []
    at = messages = 0
    end = len(view)
    while end - at >= PREFIX.size:
        size = record_size(view, at)
        if size is None or size > end - at:
            break
        if not is_blank(view, at):
            if not is_good(view, at, parts(view, at, size)):
                rotten.append((at, at + size))
            messages += 1
        at += size
    return Walk(at, rotten, messages)


def is_good(data: Bytes, at: int, found: Parts | None) -> bool:
    """Whether the body of the message at `at`, whose parts are `found`, matches its BODYCRC."""
    if found is None:
        return False
    stored = int.from_bytes(data[at + BODY_CRC_AT : at + BODY_CRC_AT + 4], "big")
    return body_crc(data, found.body, found.body_end) == stored
