"""A CommitLog file read by who trusts nothing: what is damaged is refused, with offset and reason."""

from __future__ import annotations

from collections.abc import Iterator

from zcquest.engine.logs.formats import Damaged
from zcquest.engine.logs.rocketmq_layout import (
    BODY_CRC_AT,
    PREFIX,
    Bytes,
    Parts,
    body_crc,
    is_blank,
    parts,
    record_size,
)
from zcquest.engine.logs.rocketmq_message import StoredMessage, decode
from zcquest.engine.message import message


class DamagedLog(Damaged):
    """What stands at `offset` (bytes) of the CommitLog cannot be what a broker wrote there; `message` says why."""


def read_log(data: Bytes, *, check_bodies: bool = True) -> Iterator[StoredMessage]:
    """The messages of the CommitLog's first file, in order, up to its blank record or its end.

    `data` may be a view of a mapping: nothing is copied but the message at hand. Without `check_bodies` a body may
    have rotted: so a broker reads when it builds its index. Raises DamagedLog, after the messages before the damage.
    """
    at, end = 0, len(data)
    while at < end:
        size = _record(data, at, end)
        if is_blank(data, at):
            if at + size < end:
                raise DamagedLog(at, message("the blank record ends {bytes} bytes early", bytes=end - at - size))
            return
        found = _parts(data, at, size)
        stored = decode(data, at, found)
        if stored.physical_offset != at:
            raise DamagedLog(at, message("the message says it stands at {offset}", offset=stored.physical_offset))
        if check_bodies:
            _check_body(data, at, found)
        yield stored
        at += size


def _record(data: Bytes, at: int, end: int) -> int:
    """The size of the record at `at`, which is there as a whole."""
    if end - at < PREFIX.size:
        raise DamagedLog(at, message("the log ends {bytes} bytes into a record", bytes=end - at))
    size = record_size(data, at)
    if size is None:
        claimed, magic = PREFIX.unpack_from(data, at)
        raise DamagedLog(
            at, message("no record has magic {magic} and {size} bytes", magic="0x" + format(magic, "08X"), size=claimed)
        )
    if size > end - at:
        raise DamagedLog(at, message("the log ends {bytes} bytes into a record of {size}", bytes=end - at, size=size))
    return size


def _parts(data: Bytes, at: int, size: int) -> Parts:
    found = parts(data, at, size)
    if found is None:
        raise DamagedLog(at, message("the parts of the message do not add up to its {size} bytes", size=size))
    return found


def _check_body(data: Bytes, at: int, found: Parts) -> None:
    stored = int.from_bytes(data[at + BODY_CRC_AT : at + BODY_CRC_AT + 4], "big")
    actual = body_crc(data, found.body, found.body_end)
    if stored != actual:
        raise DamagedLog(
            at,
            message(
                "the body's CRC-32 is {actual}, the message says {stored}",
                actual="0x" + format(actual, "08X"),
                stored="0x" + format(stored, "08X"),
            ),
        )
