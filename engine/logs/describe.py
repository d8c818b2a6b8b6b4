"""The names of the fields of a Kafka batch, for whoever shows its bytes."""

from __future__ import annotations

from contextlib import suppress

from zcquest.engine.logs.formats import Bytes, Field
from zcquest.engine.logs.kafka_layout import HEADER, HEADER_SIZE, LENGTH_END, read_varint

_HEADER_FIELDS = (
    ("baseOffset", 8),
    ("batchLength", 4),
    ("partitionLeaderEpoch", 4),
    ("magic", 1),
    ("crc", 4),
    ("attributes", 2),
    ("lastOffsetDelta", 4),
    ("baseTimestamp", 8),
    ("maxTimestamp", 8),
    ("producerId", 8),
    ("producerEpoch", 2),
    ("baseSequence", 4),
    ("recordsCount", 4),
)
_CODEC_MASK = 7


def fields(data: Bytes, at: int) -> list[Field]:
    """The fields of the batch that starts at `at`, in order and without gaps; offsets are offsets in `data`.

    Compressed records are one field, `records`. Where the bytes end or stop making sense, so does the list.
    """
    return parse(data, at)[0]


def parse(data: Bytes, at: int) -> tuple[list[Field], bool]:
    """The fields as in `fields`, and whether they are those of all records of a whole, uncompressed batch."""
    if at < 0 or len(data) - at < HEADER_SIZE:
        return [], False
    values = HEADER.unpack_from(data, at)
    found: list[Field] = []
    for (name, length), value in zip(_HEADER_FIELDS, values, strict=True):
        found.append(Field(at, length, name, value))
        at += length
    stop = found[0].offset + LENGTH_END + values[1]
    if values[5] & _CODEC_MASK:
        if at < stop <= len(data):
            found.append(Field(at, stop - at, "records", bytes(data[at:stop])))
        return found, False
    records = _Records(data, min(stop, len(data)), found)
    with suppress(IndexError, ValueError):
        for _ in range(values[12]):
            at = records.describe(at)
        return found, at == stop
    return found, False


class _Records:
    """Adds the fields of one record after the other to a list; IndexError or ValueError where there are none."""

    def __init__(self, data: Bytes, stop: int, found: list[Field]) -> None:
        self.data = data
        self.stop = stop
        self.found = found

    def describe(self, at: int) -> int:
        """Add the fields of the record at `at`; the offset after it."""
        length, at = self._varint(at, "length")
        end = at + length
        at = self._take(at, 1, "attributes", self.data[at])
        _, at = self._varint(at, "timestampDelta")
        _, at = self._varint(at, "offsetDelta")
        at = self._sized(at, "key")
        at = self._sized(at, "value")
        headers, at = self._varint(at, "headersCount")
        for _ in range(headers):
            at = self._sized(at, "headerKey")
            at = self._sized(at, "headerValue")
        if at != end:
            raise ValueError(end)
        return at

    def _varint(self, at: int, name: str) -> tuple[int, int]:
        value, after = read_varint(self.data, at)
        self._take(at, after - at, name, value)
        return value, after

    def _sized(self, at: int, name: str) -> int:
        length, at = self._varint(at, f"{name}Length")
        if length < 0:
            return at  # null: no bytes follow
        if at + length > self.stop:
            raise ValueError(at)  # before a nonsense length is copied
        return self._take(at, length, name, bytes(self.data[at : at + length]))

    def _take(self, at: int, length: int, name: str, value: int | bytes) -> int:
        if at + length > self.stop:
            raise ValueError(at)
        self.found.append(Field(at, length, name, value))
        return at + length
