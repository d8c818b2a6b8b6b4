"""A genuine RocketMQ CommitLog: what a producer writes, and what a broker stamps on it when it appends it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from struct import Struct
from typing import NamedTuple

from msgspec import UNSET

from zcquest.engine.logs import orders
from zcquest.engine.logs.formats import Bytes, Format, Index, Reader
from zcquest.engine.logs.rocketmq_fields import fields
from zcquest.engine.logs.rocketmq_layout import (
    BLANK_MAGIC,
    BODY_AT,
    OVERHEAD,
    PREFIX,
    QUEUE_OFFSET_AT,
    Layout,
    cut,
)
from zcquest.engine.logs.rocketmq_message import StoredMessage, encode
from zcquest.engine.logs.rocketmq_orders import choice, keys, properties, topic_names
from zcquest.engine.logs.rocketmq_queue import ENTRY_SIZE, consume_queue
from zcquest.engine.logs.rocketmq_select import by_content, by_index
from zcquest.engine.logs.rocketmq_spans import record_bounds, spans
from zcquest.engine.logs.rocketmq_tamper import tampered
from zcquest.engine.logs.rocketmq_walk import walk
from zcquest.engine.logs.spec import LogSpec
from zcquest.engine.logs.subscription import Subscription

BLOCK = 2 << 20  # bytes of messages made at a time
REPEATS_OVER = 64 << 20  # bytes: a larger log repeats its first block
QUEUE_ID = 0  # every topic has one queue

_STAMP = Struct(">qqiqIiqIi")  # QUEUEOFFSET .. STOREHOST
_BORN_HOST = (0x0A00000F, 50_321)  # 10.0.0.15
_STORE_HOST = (0x0A00000A, 10_911)  # 10.0.0.10, the port that a broker listens on


class _Place(NamedTuple):
    """What a broker must know of a message in a block to stamp it: offsets in bytes from the block's start."""

    start: int
    keys: int
    topic: int  # index into the names


@dataclass(frozen=True, slots=True)
class _Block:
    """Messages as producers made them, one after the other, not stamped yet."""

    data: bytearray
    places: list[_Place]


def layout_of(spec: LogSpec) -> Layout:
    """How the log of `spec` is cut into messages."""
    return cut(spec.size, spec.message)


def messages_of(spec: LogSpec) -> int:
    """The number of messages in the log of `spec`; their numbers run from 0."""
    return layout_of(spec).messages


def segments(spec: LogSpec) -> Iterator[bytes]:
    """The log of `spec`, in blocks of whole messages of about BLOCK bytes, and the blank record.

    A log over REPEATS_OVER repeats its first block to the end: topics, tags and bodies recur, while keys, offsets and
    times go on. These stand outside the CRC, so every message stays valid.
    """
    layout = layout_of(spec)
    step = max(1, BLOCK // spec.message)
    queue_offsets = [0] * (spec.topics or 1)
    pattern = _made(spec, range(min(step, layout.messages))) if spec.size > REPEATS_OVER else None
    for first in range(0, layout.messages, step):
        numbers = range(first, min(first + step, layout.messages))
        block = _made(spec, numbers) if pattern is None else _first(pattern, len(numbers), spec.message)
        _stamp(block, numbers, first * spec.message, queue_offsets)
        for number in spec.rotten:
            if number in numbers:
                place = block.places[number - first]
                block.data[(place.start + BODY_AT + place.keys) // 2] ^= 1
        yield bytes(block.data)
    yield PREFIX.pack(layout.blank, BLANK_MAGIC) + bytes(layout.blank - PREFIX.size)


def _made(spec: LogSpec, numbers: range) -> _Block:
    names, tags = topic_names(spec.topics or 1), [tag.encode() for tag in spec.tags or ()] or [b""]
    data, places = bytearray(), []
    for number in numbers:
        topic, tag = choice(number, spec.seed, len(names), len(tags))
        about = properties(number, tags[tag])
        room = spec.message - OVERHEAD - len(names[topic]) - len(about)
        start = len(data)
        data += encode(
            StoredMessage(
                queue_id=QUEUE_ID,
                queue_offset=0,
                physical_offset=0,
                topic=names[topic],
                body=orders.order(number, spec.seed, room),
                properties=about,
            )
        )
        places.append(_Place(start, len(data) - len(about), topic))
    return _Block(data, places)


def _first(pattern: _Block, count: int, message: int) -> _Block:
    """A copy of the pattern's first `count` messages of `message` bytes."""
    return _Block(pattern.data[: count * message], pattern.places[:count])


def _stamp(block: _Block, numbers: range, base: int, queue_offsets: list[int]) -> None:
    """Number the messages, and append them to their queues at `base` (bytes) of the log."""
    data = block.data
    for number, (start, keys_at, topic) in zip(numbers, block.places, strict=True):
        moment = orders.moment(number)
        stamp = (queue_offsets[topic], base + start, 0, moment, *_BORN_HOST, moment + 1, *_STORE_HOST)
        _STAMP.pack_into(data, start + QUEUE_OFFSET_AT, *stamp)
        fresh = keys(number)
        data[keys_at : keys_at + len(fresh)] = fresh
        queue_offsets[topic] += 1


def _indexed_topic(spec: LogSpec, subscription: Subscription | None) -> str | None:
    if subscription or spec.file is not UNSET:
        return subscription.topic if subscription else None
    names = topic_names(spec.topics or 1)
    return names[0].decode() if len(names) == 1 else None


def _consume_queue(log: Bytes, topic: str) -> bytes:
    return consume_queue(log, topic.encode(), QUEUE_ID)


def _reader(subscription: Subscription | None = None) -> Reader:
    from zcquest.engine.logs.rocketmq_reader import RocketMQReader

    return RocketMQReader(subscription)


ROCKETMQ = Format(
    name="rocketmq",
    version=1,
    segments=segments,
    messages=messages_of,
    tampered=tampered,
    walk=walk,
    reader=_reader,
    fields=fields,
    spans=spans,
    bounds=record_bounds,
    index=Index(_indexed_topic, _consume_queue, ENTRY_SIZE, by_index, by_content),
    identity=(12, 48),  # QUEUEID to BORNTIMESTAMP: BODYCRC before it is the body's, the physical offset its own
)
