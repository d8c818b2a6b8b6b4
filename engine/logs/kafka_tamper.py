"""The tampered sibling: batches of the same layout, valid, whose every message says that it has been tampered with."""

from __future__ import annotations

from struct import pack_into

from crc32c import crc32c

from zcquest.engine.logs.describe import parse
from zcquest.engine.logs.formats import Bytes
from zcquest.engine.logs.kafka_layout import CRC_AT, CRC_FROM, HEADER_SIZE, LENGTH_END, MAGIC, PREFIX

_OPEN, _CLOSE = b'{"tampered":"', b'"}'
_SHORTEST = len(_OPEN) + 1 + len(_CLOSE)


def tampered(batches: Bytes) -> bytes:
    """Whole batches with every message's value replaced by one of the same length; all else stays, but for the CRCs.

    A rotten batch stays rotten: its body is not trusted to hold records, so all of it is overwritten, and its CRC is
    wrong by the same bits as before. Raises ValueError where `batches` is not whole, uncompressed batches.
    """
    sibling = bytearray(batches)
    at = 0
    while at < len(sibling):
        if len(sibling) - at < HEADER_SIZE:
            raise ValueError(f"no whole batch at byte {at}")
        _, length, _, magic, crc = PREFIX.unpack_from(sibling, at)
        stop = at + LENGTH_END + length
        if magic != MAGIC or length < HEADER_SIZE - LENGTH_END or stop > len(sibling):
            raise ValueError(f"no whole batch at byte {at}")
        error = crc ^ _crc(sibling, at, stop)
        if error:
            sibling[at + HEADER_SIZE : stop] = b"B" * (stop - at - HEADER_SIZE)
        else:
            _tamper_values(sibling, at)
        pack_into(">I", sibling, at + CRC_AT, _crc(sibling, at, stop) ^ error)
        at = stop
    return bytes(sibling)


def is_tampered(value: bytes | None) -> bool:
    """Whether a message's value is one that `tampered` writes. An empty value or none has nothing to tell by."""
    if not value:
        return False
    return value.startswith(_OPEN + b"B") if len(value) >= _SHORTEST else not value.strip(b"B")


def _tamper_values(sibling: bytearray, at: int) -> None:
    fields, whole = parse(sibling, at)
    if not whole:
        raise ValueError(f"the records of the batch at byte {at} cannot be read")
    for field in fields:
        if field.name == "value":
            sibling[field.offset : field.offset + field.length] = _value(field.length)


def _value(length: int) -> bytes:
    if length < _SHORTEST:
        return b"B" * length
    return _OPEN + b"B" * (length - len(_OPEN) - len(_CLOSE)) + _CLOSE


def _crc(batches: bytearray, at: int, stop: int) -> int:
    return crc32c(memoryview(batches)[at + CRC_FROM : stop])
