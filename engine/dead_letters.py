"""What a run left in its dead-letter queue, read back from the file."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from zcquest.engine.logs import Span
from zcquest.engine.logs.rocketmq_fields import fields
from zcquest.engine.logs.rocketmq_layout import PREFIX, is_blank, parts, record_size
from zcquest.engine.logs.rocketmq_message import number_of
from zcquest.engine.logs.rocketmq_retry import DLQ_TOPIC, reconsume_times, rewritten

MOST = 10_000  # messages that are looked at: a queue with more holds what does not belong there anyway


@dataclass(frozen=True, slots=True)
class DeadLettersFound:
    """The queue's messages, by their numbers in the log, in order.

    `altered`: those that are neither the log's own bytes nor (where asked for) RocketMQ's form of them, and the field
    in which each differs. `garbage_at`: the byte of the file from which on nothing is a message.
    """

    numbers: tuple[int, ...]
    altered: Mapping[int, str]
    garbage_at: int | None
    size: int


def read_dead_letters(path: Path, log: Path, spans: tuple[Span, ...], times: int | None) -> DeadLettersFound | None:
    """What the queue at `path` holds of the log with these `spans`; None where there is no file.

    `times` is how often a dead letter has been rejected, where RocketMQ's form is asked for.
    """
    if not path.is_file():
        return None
    by_number = {span.first: span for span in spans}
    numbers: list[int] = []
    altered: dict[int, str] = {}
    garbage_at = None
    with path.open("rb") as file, log.open("rb") as original:
        size = os.fstat(file.fileno()).st_size
        end = 0
        for at, record in _records(file.fileno(), size):
            end = at + len(record)
            number = _number(record)
            numbers.append(number)
            span = by_number.get(number)
            if span:
                source = os.pread(original.fileno(), span.end - span.start, span.start)
                if field := _difference(record, source, times):
                    altered.setdefault(number, field)
            if len(numbers) >= MOST:
                break
        else:
            garbage_at = end if end < size else None
    return DeadLettersFound(tuple(numbers), altered, garbage_at, size)


def _records(fd: int, size: int) -> Iterator[tuple[int, bytes]]:
    at = 0
    while at + PREFIX.size <= size:
        length = record_size(os.pread(fd, PREFIX.size, at), 0)
        if length is None or at + length > size:
            return
        record = os.pread(fd, length, at)
        if is_blank(record, 0) or parts(record, 0, length) is None:
            return
        yield at, record
        at += length


def _number(record: bytes) -> int:
    found = parts(record, 0, len(record))
    assert found
    return number_of(record[found.properties :], -1)


def _difference(record: bytes, source: bytes, times: int | None) -> str:
    """The name of the first field in which the record is not what it should be; "" where it is."""
    if times is None:
        return "" if record == source else _first_field(record, source)
    if record == rewritten(source, times, dead=True):
        return ""
    if reconsume_times(record) != times:
        return "reconsumeTimes"
    found = parts(record, 0, len(record))
    if found and record[found.topic : found.topic_end] != DLQ_TOPIC:
        return "topic"
    return _first_field(record, rewritten(source, times, dead=True))


def _first_field(record: bytes, expected: bytes) -> str:
    at = next((at for at, pair in enumerate(zip(record, expected, strict=False)) if pair[0] != pair[1]), len(expected))
    names = (field.name for field in fields(expected, 0) if field.offset <= at < field.offset + field.length)
    return next(names, "properties")
