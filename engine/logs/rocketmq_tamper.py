"""The tampered sibling: messages of the same layout, valid, whose bodies are all B."""

from __future__ import annotations

from struct import pack_into, unpack_from

from zcquest.engine.logs.formats import Bytes
from zcquest.engine.logs.rocketmq_layout import (
    BODY_AT,
    BODY_CRC_AT,
    PREFIX,
    Parts,
    body_crc,
    is_blank,
    parts,
    record_size,
)

_BODY = b"B"


def tampered(records: Bytes) -> bytes:
    """Whole records with every message's body replaced by one of the same length; all else stays, but for the CRCs.

    A rotten message stays rotten: its CRC is wrong by the same bits as before; where its parts do not add up, all
    that follows its header is overwritten. Blank records stay. Raises ValueError where `records` is not whole records.
    """
    sibling = bytearray(records)
    at = 0
    while at < len(sibling):
        size = record_size(sibling, at) if len(sibling) - at >= PREFIX.size else None
        if size is None or size > len(sibling) - at:
            raise ValueError(f"no whole record at byte {at}")
        if not is_blank(sibling, at):
            _tamper(sibling, at, size, parts(sibling, at, size))
        at += size
    return bytes(sibling)


def is_tampered(body: Bytes) -> bool:
    """Whether a message's body is one that `tampered` writes. An empty one has nothing to tell by."""
    return bool(body) and body[0] == _BODY[0] and not bytes(body).strip(_BODY)


def _tamper(sibling: bytearray, at: int, size: int, found: Parts | None) -> None:
    if found is None:
        sibling[at + BODY_AT : at + size] = _BODY * (size - BODY_AT)
        return
    (stored,) = unpack_from(">I", sibling, at + BODY_CRC_AT)
    error = stored ^ body_crc(sibling, found.body, found.body_end)
    sibling[found.body : found.body_end] = _BODY * (found.body_end - found.body)
    pack_into(">I", sibling, at + BODY_CRC_AT, body_crc(sibling, found.body, found.body_end) ^ error)
