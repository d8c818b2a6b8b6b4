"""RocketMQ's ConsumeQueue: of one topic and queue, where each message lies in the CommitLog, and its tag's hash."""

from __future__ import annotations

from collections.abc import Iterator
from struct import Struct
from typing import NamedTuple

from zcquest.engine.logs.formats import Damaged
from zcquest.engine.logs.java_hash import java_hash
from zcquest.engine.logs.rocketmq_layout import OVERHEAD, Bytes
from zcquest.engine.logs.rocketmq_log import DamagedLog, read_log
from zcquest.engine.message import Message, message

ENTRY = Struct(">qiq")  # CommitLog offset, TOTALSIZE, tagsCode
ENTRY_SIZE = ENTRY.size


class Entry(NamedTuple):
    """One message of the queue: its `size` bytes stand at `offset` of the CommitLog; `tags_code` is 0 without a tag."""

    offset: int
    size: int
    tags_code: int


class DamagedQueue(Damaged):
    """The entry at `offset` (bytes) of the ConsumeQueue cannot be followed; `message` says why."""


def tags_code(tag: str) -> int:
    """What the ConsumeQueue keeps of a tag: its Java hash, so that other tags may have the same. 0 for none."""
    return java_hash(tag)


def consume_queue(log: Bytes, topic: bytes, queue_id: int) -> bytes:
    """The ConsumeQueue of a topic's queue, from the CommitLog's first file; bodies are not looked at.

    Raises DamagedLog where the log cannot be walked, or a queue offset is not the next one.
    """
    index = bytearray()
    for stored in read_log(log, check_bodies=False):
        if stored.topic != topic or stored.queue_id != queue_id:
            continue
        if stored.queue_offset * ENTRY_SIZE != len(index):
            raise DamagedLog(
                stored.physical_offset,
                message(
                    "the message says it is number {said} of its queue, and is number {number}",
                    said=stored.queue_offset,
                    number=len(index) // ENTRY_SIZE,
                ),
            )
        index += ENTRY.pack(stored.physical_offset, stored.size, tags_code(stored.tag))
    return bytes(index)


def entries(index: Bytes, log_size: int) -> Iterator[Entry]:
    """The entries of a ConsumeQueue whose CommitLog has `log_size` bytes, in order.

    Raises DamagedQueue at an entry that points to what cannot be a message, or past the log's end, and where the
    index ends within an entry.
    """
    whole = len(index) - len(index) % ENTRY_SIZE
    with memoryview(index) as view, view[:whole] as table:
        for number, (offset, size, code) in enumerate(ENTRY.iter_unpack(table)):
            if reason := refusal(offset, size, log_size):
                raise DamagedQueue(number * ENTRY_SIZE, reason)
            yield Entry(offset, size, code)
    if whole < len(index):
        raise DamagedQueue(whole, message("the index ends {bytes} bytes into an entry", bytes=len(index) - whole))


def refusal(offset: int, size: int, log_size: int) -> Message | None:
    """Why no entry can name the `size` bytes at `offset` of a CommitLog of `log_size` bytes; None where one can."""
    if offset < 0 or size < OVERHEAD:
        return message("{size} bytes at {offset} cannot be a message", size=size, offset=offset)
    if offset + size > log_size:
        return message(
            "{size} bytes at {offset} reach past the log's end at {end}", size=size, offset=offset, end=log_size
        )
    return None


def tagged(index: Bytes, log_size: int, tag: str) -> Iterator[Entry]:
    """The entries whose tag has the hash of `tag`: all its messages, and those of tags that collide with it ("Aa" and
    "BB"). Who wants only the first must look at the message. Raises DamagedQueue as `entries` does."""
    wanted = tags_code(tag)
    return (entry for entry in entries(index, log_size) if entry.tags_code == wanted)
