"""One message as the CommitLog stores it: its 17 fields, to bytes and back."""

from __future__ import annotations

from struct import Struct

import msgspec

from zcquest.engine.logs import orders
from zcquest.engine.logs.rocketmq_layout import (
    BODY_AT,
    HEADER,
    MAX_BODY,
    MAX_PROPERTIES,
    MAX_TOPIC,
    MESSAGE_MAGIC,
    OVERHEAD,
    Bytes,
    Parts,
    body_crc,
)
from zcquest.engine.logs.subscription import Subscription

NAME_END, VALUE_END = b"\x01", b"\x02"
_I32, _I16 = Struct(">i"), Struct(">h")
_FIRST_KEY = int(orders.key(0))
_KEY_SIZE = len(orders.key(0))


class StoredMessage(msgspec.Struct, frozen=True, kw_only=True):
    """A message's fields but for TOTALSIZE, MAGICCODE and BODYCRC, which follow from them. Times in ms since 1970."""

    queue_id: int
    queue_offset: int  # messages of its topic and queue before it
    physical_offset: int  # bytes of the CommitLog before it
    topic: bytes
    body: bytes
    properties: bytes  # name \x01 value \x02, again and again
    flag: int = 0
    sys_flag: int = 0
    born_timestamp: int = 0
    born_host: tuple[int, int] = (0, 0)  # IPv4 address, port
    store_timestamp: int = 0
    store_host: tuple[int, int] = (0, 0)
    reconsume_times: int = 0
    prepared_transaction_offset: int = 0

    @property
    def size(self) -> int:
        """TOTALSIZE: the bytes that the message takes in the CommitLog."""
        return OVERHEAD + len(self.body) + len(self.topic) + len(self.properties)

    @property
    def tag(self) -> str:
        """Its tag; empty where it has none. What is no UTF-8 is replaced, as Java does."""
        return tag_of(self.properties)


def encode(stored: StoredMessage) -> bytes:
    """The message as the CommitLog has it. Raises ValueError where RocketMQ would refuse it, too."""
    for name, part, most in (
        ("body", stored.body, MAX_BODY),
        ("topic", stored.topic, MAX_TOPIC),
        ("properties", stored.properties, MAX_PROPERTIES),
    ):
        if len(part) > most:
            raise ValueError(f"{name}: {len(part)} bytes are more than {most}")
    header = HEADER.pack(
        stored.size,
        MESSAGE_MAGIC,
        body_crc(stored.body, 0, len(stored.body)),
        stored.queue_id,
        stored.flag,
        stored.queue_offset,
        stored.physical_offset,
        stored.sys_flag,
        stored.born_timestamp,
        *stored.born_host,
        stored.store_timestamp,
        *stored.store_host,
        stored.reconsume_times,
        stored.prepared_transaction_offset,
    )
    lengths = _I32.pack(len(stored.body)), bytes([len(stored.topic)]), _I16.pack(len(stored.properties))
    return b"".join((header, lengths[0], stored.body, lengths[1], stored.topic, lengths[2], stored.properties))


def decode(data: Bytes, at: int, found: Parts) -> StoredMessage:
    """The message at `at`, whose parts have been `found`. Checks nothing more."""
    size, _, _, queue, flag, queue_offset, physical, sys_flag, *later = HEADER.unpack_from(data, at)
    born, born_ip, born_port, store, store_ip, store_port, reconsumed, prepared = later
    return StoredMessage(
        queue_id=queue,
        queue_offset=queue_offset,
        physical_offset=physical,
        topic=bytes(data[found.topic : found.topic_end]),
        body=bytes(data[at + BODY_AT : found.body_end]),
        properties=bytes(data[found.properties : at + size]),
        flag=flag,
        sys_flag=sys_flag,
        born_timestamp=born,
        born_host=(born_ip, born_port),
        store_timestamp=store,
        store_host=(store_ip, store_port),
        reconsume_times=reconsumed,
        prepared_transaction_offset=prepared,
    )


def property_of(properties: bytes, name: bytes) -> bytes | None:
    """The value of the property with this name, or None where there is none."""
    wanted = VALUE_END + name + NAME_END
    _, found, after = (VALUE_END + properties).partition(wanted)
    return after.partition(VALUE_END)[0] if found else None


def tag_of(properties: bytes) -> str:
    """The tag that the properties name; empty where they name none."""
    return (property_of(properties, b"TAGS") or b"").decode(errors="replace")


def is_wanted(data: Bytes, found: Parts, end: int, subscription: Subscription | None) -> bool:
    """Whether the message whose parts are `found`, and which ends at `end`, has the topic and the very tag wanted."""
    if subscription is None:
        return True
    if data[found.topic : found.topic_end] != subscription.topic.encode():
        return False
    return subscription.tag is None or tag_of(bytes(data[found.properties : end])) == subscription.tag


def number_of(properties: bytes, following: int) -> int:
    """The message's number in its log, by the order id in KEYS: it stays when a retry appends the message again, while
    the offsets that the broker gives change. `following` where KEYS holds none of our order ids."""
    key = property_of(properties, b"KEYS")
    if key is None or len(key) != _KEY_SIZE or not key.isdigit():
        return following
    number = int(key) - _FIRST_KEY
    return number if number >= 0 else following
