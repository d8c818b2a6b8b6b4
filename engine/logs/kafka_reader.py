"""The consumer's side of a Kafka stream: every batch parsed with aiokafka, every CRC, offset and order checked."""

from __future__ import annotations

from collections.abc import Callable
from struct import Struct

from aiokafka.record.default_records import DefaultRecordBatch
from crc32c import crc32c

from zcquest.engine.logs.formats import Bytes, Delivery
from zcquest.engine.logs.kafka_arrivals import Arrivals, Runs
from zcquest.engine.logs.kafka_layout import CRC_AT, CRC_FROM, HEADER_SIZE, LENGTH_END, MAGIC, MAX_BATCH
from zcquest.engine.logs.kafka_tamper import is_tampered

_PREFIX = Struct(">8xi4xb")  # batchLength, magic: what must be there before a batch is waited for


class KafkaReader:
    """Reads a stream of batches that arrives in pieces of any size, holding one unfinished batch at most."""

    def __init__(self) -> None:
        self._unfinished = bytearray()
        self._needed = CRC_AT  # bytes that `_unfinished` must reach before something can be said about it
        self._received = 0
        self._crc = 0
        self._batches = 0
        self._tampered = 0
        self._rotten = 0
        self._rotten_runs = Runs()
        self._arrivals = Arrivals()
        self._garbage_at: int | None = None
        self.judge: Callable[[int, int, int], bool] | None = None  # never asked: a record cannot be sent again alone

    def feed(self, data: Bytes) -> None:
        """Take the next piece of the stream; keeps no reference to `data`."""
        self._crc = crc32c(data, self._crc)
        with memoryview(data) as view:
            self._parse(view)
        self._received += len(data)

    def report(self) -> Delivery:
        """What has been received so far."""
        arrivals = self._arrivals
        return Delivery(
            received=self._received,
            batches=self._batches,
            messages=arrivals.messages,
            rotten=self._rotten,
            first_rotten=self._rotten_runs.first,
            rotten_runs=self._rotten_runs.kept(),
            runs=arrivals.runs.kept(),
            runs_cut=arrivals.runs.cut,
            duplicates=arrivals.duplicates,
            out_of_order=arrivals.out_of_order,
            tampered=self._tampered,
            garbage_at=self._garbage_at,
            tail=len(self._unfinished),
            crc=self._crc,
        )

    def _parse(self, view: memoryview) -> None:
        at, end = 0, len(view)
        while at < end and self._garbage_at is None:
            if self._unfinished:
                at = self._complete(view, at)
                continue
            size = _size(view, at) if end - at >= CRC_AT else CRC_AT
            if size is None:
                self._garbage(self._received + at)
            elif end - at < size:
                self._unfinished += view[at:]
                self._needed = size
                return
            else:
                with view[at : at + size] as batch:
                    self._batch(batch, self._received + at)
                at += size

    def _complete(self, view: memoryview, at: int) -> int:
        """Give the unfinished batch what it lacks; the offset in `view` after that."""
        take = min(self._needed - len(self._unfinished), len(view) - at)
        self._unfinished += view[at : at + take]
        at += take
        start = self._received + at - len(self._unfinished)
        if len(self._unfinished) < self._needed:
            return at
        if self._needed > CRC_AT:
            batch, self._unfinished = self._unfinished, bytearray()
            self._batch(batch, start)
        elif (size := _size(self._unfinished, 0)) is None:
            self._garbage(start)
        else:
            self._needed = size
        return at

    def _batch(self, data: Bytes, position: int) -> None:
        """Read one whole batch that starts at `position` of the stream."""
        batch = DefaultRecordBatch(data)
        # The same check as batch.validate_crc(), ten times as fast: the consumer must not be what slows a race.
        if crc32c(memoryview(data)[CRC_FROM:]) != batch.crc:
            self._batches += 1
            self._rotten += 1
            self._rotten_runs.add(batch.base_offset, max(batch.base_offset, batch.next_offset - 1))
            return
        offsets: list[int] = []
        siblings = 0
        try:
            for record in batch:
                offsets.append(record.offset)
                siblings += is_tampered(record.value)
        except Exception:  # a good CRC over nonsense: what is raised is up to aiokafka's codecs
            self._garbage(position)
            return
        self._batches += 1
        self._arrivals.add(offsets)
        self._tampered += siblings

    def _garbage(self, position: int) -> None:
        self._garbage_at = position
        self._unfinished = bytearray()


def _size(data: Bytes, at: int) -> int | None:
    """The size of the batch whose first CRC_AT bytes stand at `at`, or None where they are no batch's."""
    length, magic = _PREFIX.unpack_from(data, at)
    if magic != MAGIC or not HEADER_SIZE - LENGTH_END <= length <= MAX_BATCH:
        return None
    return int(length) + LENGTH_END
