"""A genuine Kafka v2 segment: aiokafka builds the batches, and what a broker stamps on them is stamped here."""

from __future__ import annotations

from collections.abc import Iterator
from struct import pack_into

from zcquest.engine.logs import orders
from zcquest.engine.logs.describe import fields
from zcquest.engine.logs.formats import Format, Reader
from zcquest.engine.logs.kafka_bounds import batch_bounds
from zcquest.engine.logs.kafka_layout import LENGTH_END, Layout, cut, record_sizes, varint_size
from zcquest.engine.logs.kafka_spans import spans
from zcquest.engine.logs.kafka_tamper import tampered
from zcquest.engine.logs.kafka_walk import walk
from zcquest.engine.logs.spec import LogSpec
from zcquest.engine.logs.subscription import Subscription

LEADER_EPOCH = 7
BLOCK = 2 << 20  # bytes of batches made at a time
REPEATS_OVER = 64 << 20  # bytes: a larger log repeats its first block
_ROT_AT = -32  # from the end of a batch: inside the last message's value, for every batch that a spec allows


def layout_of(spec: LogSpec) -> Layout:
    """How the log of `spec` is cut into batches and messages."""
    return cut(spec.size, spec.message, spec.batch)


def messages_of(spec: LogSpec) -> int:
    """The number of messages in the log of `spec`; their offsets run from 0."""
    return layout_of(spec).messages


def segments(spec: LogSpec) -> Iterator[bytes]:
    """The log of `spec`, in blocks of whole batches of about BLOCK bytes.

    A log over REPEATS_OVER repeats its first block to the end: the bodies recur, only the base offsets go on. These
    stand outside the CRC, so every batch stays valid, and gigabytes are made at the speed of memory.
    """
    layout = layout_of(spec)
    step = max(1, BLOCK // spec.batch)
    pattern = _batches(layout, spec.seed, range(min(step, layout.batches))) if spec.size > REPEATS_OVER else None
    for first in range(0, layout.batches, step):
        numbers = range(first, min(first + step, layout.batches))
        if pattern is not None and numbers.stop < layout.batches:
            block = bytearray(pattern)
            for number in numbers:
                pack_into(">q", block, (number - first) * spec.batch, number * layout.per_batch)
        else:
            block = _batches(layout, spec.seed, numbers)
        for number in spec.rotten:
            if number in numbers:
                block[layout.span(number)[1] - first * spec.batch + _ROT_AT] ^= 1
        yield bytes(block)


def _batches(layout: Layout, seed: int, numbers: range) -> bytearray:
    block = bytearray()
    for number in numbers:
        start, end = layout.span(number)
        block += _batch(end - start, layout.count(number), number * layout.per_batch, seed)
    return block


def _batch(size: int, count: int, base: int, seed: int) -> bytearray:
    from aiokafka.record.default_records import DefaultRecordBatchBuilder

    builder = DefaultRecordBatchBuilder(
        magic=2,
        compression_type=0,
        is_transactional=0,
        producer_id=-1,
        producer_epoch=-1,
        base_sequence=-1,
        batch_size=size + 64,  # it refuses a record by an estimate that is a little high
    )
    begin = orders.moment(base)
    for delta, record in enumerate(record_sizes(size, count)):
        number = base + delta
        key, source, moment = orders.key(number), orders.source(number, seed), orders.moment(number)
        body = record - varint_size(record - varint_size(record))
        fixed = 1 + varint_size(moment - begin) + varint_size(delta) + 1 + len(key)
        fixed += 1 + 1 + len(orders.HEADER_NAME) + 1 + len(source)
        value, spare = _fit(body - fixed)
        headers: list[tuple[str, bytes | None]] = [(orders.HEADER_NAME, source + b"+" * spare)]
        builder.append(delta, moment, key, orders.order(number, seed, value), headers)
    batch = bytearray(builder.build())
    assert len(batch) == size
    # What a broker writes when it appends the batch: outside the CRC.
    pack_into(">q", batch, 0, base)
    pack_into(">i", batch, LENGTH_END, LEADER_EPOCH)
    return batch


def _fit(room: int) -> tuple[int, int]:
    """The length of a value that fills `room` with its varint, and the bytes that cannot be filled so."""
    value = room - varint_size(room)
    while value + 1 + varint_size(value + 1) <= room:
        value += 1
    return value, room - value - varint_size(value)


def _reader(subscription: Subscription | None = None) -> Reader:
    from zcquest.engine.logs.kafka_reader import KafkaReader  # here: only a consumer pays for loading aiokafka

    return KafkaReader()


KAFKA = Format(
    name="kafka",
    version=1,
    segments=segments,
    messages=messages_of,
    tampered=tampered,
    walk=walk,
    reader=_reader,
    fields=fields,
    spans=spans,
    bounds=batch_bounds,
)
