"""The CommitLog record in bytes (R:store/.../MessageExtEncoder.java), and how a log is cut into records.

What is read and written here is RocketMQ's V1 message between IPv4 hosts, and the blank record that ends a file.
"""

from __future__ import annotations

from dataclasses import dataclass
from struct import Struct
from typing import NamedTuple
from zlib import crc32

Bytes = bytes | bytearray | memoryview

MESSAGE_MAGIC = 0xDAA320A7
BLANK_MAGIC = 0xCBD43194
PREFIX = Struct(">II")  # TOTALSIZE, MAGICCODE: what must be there before a record is waited for
HEADER = Struct(">IIIiiqqiqIiqIiiq")  # TOTALSIZE .. PREPARED TRANSACTION OFFSET, hosts as (ip, port)
BODY_CRC_AT = 8
QUEUE_OFFSET_AT = 20
PHYSICAL_OFFSET_AT = 28
STORE_HOST_AT = 64
RECONSUME_TIMES_AT = 72
LENGTH_AT = 84  # of the body, which follows it
BODY_AT = 88
OVERHEAD = 91  # bytes of a message without body, topic and properties
MAX_TOPIC = 127
MAX_PROPERTIES = 32767
MAX_BODY = 4 << 20  # RocketMQ's default maxMessageSize
MAX_MESSAGE = MAX_BODY + (64 << 10)  # bytes: a longer record is taken for garbage, as RocketMQ would not write it
BLANK_SIZE = 8  # bytes of the smallest blank record; a message is only written where one still fits behind it

_SYSFLAG_LOW = 39
_IPV6 = 0x30  # either host takes 20 bytes instead of 8
_I64, _I32, _I16 = Struct(">q"), Struct(">i"), Struct(">h")


class Parts(NamedTuple):
    """Where a message's parts of variable length stand; `properties` run to the message's end."""

    body: int
    body_end: int
    topic: int
    topic_end: int
    properties: int


def record_size(data: Bytes, at: int) -> int | None:
    """The size of the record, message or blank, whose first 8 bytes stand at `at`; None where they are no record's."""
    size, magic = PREFIX.unpack_from(data, at)
    if magic == MESSAGE_MAGIC:
        return size if OVERHEAD <= size <= MAX_MESSAGE else None
    if magic == BLANK_MAGIC:
        return size if BLANK_SIZE <= size < MAX_MESSAGE + BLANK_SIZE else None
    return None


def is_blank(data: Bytes, at: int) -> bool:
    """Whether the record at `at` is a blank one."""
    return bool(PREFIX.unpack_from(data, at)[1] == BLANK_MAGIC)


def parts(data: Bytes, at: int, size: int) -> Parts | None:
    """The parts of the message of `size` bytes at `at`; None where their lengths do not add up, or a host is IPv6."""
    if data[at + _SYSFLAG_LOW] & _IPV6:
        return None
    end = at + size
    body = at + BODY_AT
    length = _I32.unpack_from(data, at + LENGTH_AT)[0]
    body_end = body + length
    if length < 0 or body_end + 3 > end or data[body_end] > MAX_TOPIC:
        return None
    topic_end = body_end + 1 + data[body_end]
    if topic_end + 2 > end:
        return None
    properties = topic_end + 2
    if properties + _I16.unpack_from(data, topic_end)[0] != end:
        return None
    return Parts(body, body_end, body_end + 1, topic_end, properties)


def physical_offset(data: Bytes, at: int) -> int:
    """PHYSICALOFFSET of the message at `at`: where in the CommitLog the broker says that it put it (bytes)."""
    return int(_I64.unpack_from(data, at + PHYSICAL_OFFSET_AT)[0])


def body_crc(data: Bytes, start: int, stop: int) -> int:
    """What BODYCRC must be for the body [start, stop): its CRC-32 without the top bit (R:common/.../UtilAll.crc32)."""
    with memoryview(data) as view, view[start:stop] as body:
        return crc32(body) & 0x7FFFFFFF


@dataclass(frozen=True, slots=True)
class Layout:
    """A CommitLog of `size` bytes: messages of `message` bytes each, and a blank record to the end."""

    size: int
    message: int
    messages: int

    @property
    def blank(self) -> int:
        """Bytes of the blank record."""
        return self.size - self.messages * self.message


def cut(size: int, message: int) -> Layout:
    """The layout of a file of exactly `size` bytes, by RocketMQ's rule: where a message and the smallest blank record
    do not fit any more, the rest of the file is blank."""
    return Layout(size, message, (size - BLANK_SIZE) // message)
