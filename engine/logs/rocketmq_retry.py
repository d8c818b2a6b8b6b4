"""A message that a consumer sent back, as RocketMQ stores it again: for another attempt, or as a dead letter.

R:broker/.../AbstractSendMessageProcessor.consumerSendMsgBack: another topic, RECONSUMETIMES one higher, and properties
that tell where the message came from. The body stays where it is, and so does its CRC.
"""

from __future__ import annotations

from struct import Struct, pack_into, unpack_from

from zcquest.engine.logs.formats import Damaged
from zcquest.engine.logs.rocketmq_layout import (
    PHYSICAL_OFFSET_AT,
    RECONSUME_TIMES_AT,
    STORE_HOST_AT,
    Bytes,
    parts,
    record_size,
)
from zcquest.engine.logs.rocketmq_message import NAME_END, VALUE_END, property_of
from zcquest.engine.message import message

GROUP = b"shop"  # the consumers' group
RETRY_TOPIC = b"%RETRY%" + GROUP
DLQ_TOPIC = b"%DLQ%" + GROUP
GROWTH = 256  # bytes, at most, by which a message of ours becomes longer
_I32, _I16 = Struct(">i"), Struct(">h")


def rewrite(memory: memoryview, size: int, times: int, *, dead: bool) -> int:
    """Turn the message of `size` bytes at the start of `memory` into the one that its `times`th rejection makes of it.

    In place; returns its new size. Raises Damaged where there is no message, or no room for a longer one.
    """
    if size < RECONSUME_TIMES_AT or record_size(memory, 0) != size or (found := parts(memory, 0, size)) is None:
        raise Damaged(0, message("what lies there is no message that rewrite understands"))
    topic = bytes(memory[found.topic : found.topic_end])
    properties = bytes(memory[found.properties : size])
    fresh_topic = DLQ_TOPIC if dead else RETRY_TOPIC
    fresh = _sent_back(properties, topic, message_id(memory), retried=not dead or times > 1)
    tail = b"".join((bytes([len(fresh_topic)]), fresh_topic, _I16.pack(len(fresh)), fresh))
    fresh_size = found.body_end + len(tail)
    if fresh_size > len(memory):
        reason = message(
            "the rewritten message takes {size} bytes, there is room for {room}", size=fresh_size, room=len(memory)
        )
        raise Damaged(0, reason)
    memory[found.body_end : fresh_size] = tail
    pack_into(">I", memory, 0, fresh_size)
    _I32.pack_into(memory, RECONSUME_TIMES_AT, times)
    return fresh_size


def rewritten(record: Bytes, times: int, *, dead: bool) -> bytes:
    """As `rewrite`, in memory of its own."""
    memory = bytearray(len(record) + GROWTH)
    memory[: len(record)] = record
    with memoryview(memory) as view:
        size = rewrite(view, len(record), times, dead=dead)
    return bytes(memory[:size])


def message_id(record: Bytes) -> bytes:
    """The id that a broker gives a stored message: its host, port and CommitLog offset in hex."""
    host = bytes(record[STORE_HOST_AT : STORE_HOST_AT + 8])
    return (host + bytes(record[PHYSICAL_OFFSET_AT : PHYSICAL_OFFSET_AT + 8])).hex().upper().encode()


def reconsume_times(record: Bytes, at: int = 0) -> int:
    """How many times the message had been rejected when it was stored."""
    return int(unpack_from(">i", record, at + RECONSUME_TIMES_AT)[0])


def _sent_back(properties: bytes, topic: bytes, identity: bytes, *, retried: bool) -> bytes:
    fresh = {b"WAIT": b"false", b"RETRY_TOPIC": topic, b"ORIGIN_MESSAGE_ID": identity}
    if retried:  # it went through the queue of its delay, which keeps its place among the properties
        fresh |= {b"REAL_TOPIC": RETRY_TOPIC, b"REAL_QID": b"0"}
    kept = [
        pair
        for pair in properties.split(VALUE_END)
        if (pair and pair.partition(NAME_END)[0] not in fresh) or pair.startswith(_FIRST_WINS)
    ]
    names = {pair.partition(NAME_END)[0] for pair in kept}
    kept += [name + NAME_END + value for name, value in fresh.items() if name not in names]
    return b"".join(pair + VALUE_END for pair in kept)


_FIRST_WINS = (b"RETRY_TOPIC" + NAME_END, b"ORIGIN_MESSAGE_ID" + NAME_END)  # a second rejection leaves them


def origin_of(properties: bytes) -> int | None:
    """The CommitLog offset of the message that a rewritten one was made of; None where it does not say."""
    identity = property_of(properties, b"ORIGIN_MESSAGE_ID")
    try:
        return int(identity[16:], 16) if identity and len(identity) == 32 else None
    except ValueError:
        return None
