"""The Kafka v2 batch in bytes (K:clients/.../record/DefaultRecordBatch.java), and how a log is cut into batches."""

from __future__ import annotations

from dataclasses import dataclass
from struct import Struct

HEADER = Struct(">qiibIhiqqqhii")
HEADER_SIZE = 61
LENGTH_AT = 8  # batchLength counts what follows it
LENGTH_END = 12
MAGIC_AT = 16
CRC_AT = 17
CRC_FROM = 21  # CRC-32C covers everything from here on: a broker stamps offset and epoch without recomputing it
MAGIC = 2
PREFIX = Struct(">qiibI")  # what stands outside the CRC, and the CRC: baseOffset .. crc
MAX_BATCH = 16 << 20  # bytes: a longer batch is taken for garbage, not waited for

# No record has these sizes: its own length varint grows by a byte just there (zig-zag, so at 64, 8192, 1048576).
IMPOSSIBLE_RECORDS = frozenset({65, 8194, 1048579})


def varint_size(value: int) -> int:
    """Bytes that Kafka's zig-zag varint needs for `value` >= 0."""
    return max(1, (value.bit_length() + 7) // 7)


def read_varint(data: bytes | bytearray | memoryview, at: int) -> tuple[int, int]:
    """The zig-zag varint at `at` and the offset after it. Raises IndexError past the end, ValueError over 64 bits."""
    raw = shift = 0
    while True:
        byte = data[at]
        at += 1
        raw |= (byte & 0x7F) << shift
        if byte < 0x80:
            return (raw >> 1) ^ -(raw & 1), at
        shift += 7
        if shift > 63:
            raise ValueError("a varint longer than 64 bits")


def _messages_in(batch: int, message: int) -> int:
    room = batch - HEADER_SIZE
    count = max(1, min(batch // message, room * 17 // (16 * message)))
    return 2 if count == 1 and room in IMPOSSIBLE_RECORDS else count


@dataclass(frozen=True, slots=True)
class Layout:
    """A log as batches: all of `batch` bytes and `per_batch` messages, but for the last one."""

    size: int
    batches: int
    batch: int
    per_batch: int
    last_messages: int

    @property
    def messages(self) -> int:
        return (self.batches - 1) * self.per_batch + self.last_messages

    def span(self, number: int) -> tuple[int, int]:
        """The bytes [start, end) of the batch with this number, counted from 0."""
        start = number * self.batch
        return start, self.size if number == self.batches - 1 else start + self.batch

    def count(self, number: int) -> int:
        """The messages in the batch with this number."""
        return self.last_messages if number == self.batches - 1 else self.per_batch


def cut(size: int, message: int, batch: int) -> Layout:
    """The layout of a log of exactly `size` bytes: what is left over becomes a batch of its own, or, when it is too
    little for a message, makes the last batch longer."""
    whole, rest = divmod(size, batch)
    batches = max(1, whole + (rest >= HEADER_SIZE + message))
    last = size - (batches - 1) * batch
    return Layout(size, batches, batch, _messages_in(batch, message), _messages_in(last, message))


def record_sizes(batch: int, count: int) -> list[int]:
    """Sizes in bytes of `count` records that fill a batch of `batch` bytes, as even as the format allows."""
    even, rest = divmod(batch - HEADER_SIZE, count)
    sizes = [even + (i < rest) for i in range(count)]
    for i, size in enumerate(sizes):
        if size in IMPOSSIBLE_RECORDS:
            other = max((k for k in range(count) if k != i), key=sizes.__getitem__)
            sizes[i] -= 2
            sizes[other] += 2
    return sizes
