"""The consumer's side of a CommitLog stream: every message parsed, every CRC and order checked."""

from __future__ import annotations

from collections.abc import Callable

from crc32c import crc32c

from zcquest.engine.logs.formats import Bytes, Delivery, Unwanted
from zcquest.engine.logs.kafka_arrivals import Arrivals, Runs
from zcquest.engine.logs.rocketmq_layout import PREFIX, is_blank, parts, physical_offset, record_size
from zcquest.engine.logs.rocketmq_message import StoredMessage, decode, is_wanted, number_of
from zcquest.engine.logs.rocketmq_queue import tags_code
from zcquest.engine.logs.rocketmq_tamper import is_tampered
from zcquest.engine.logs.rocketmq_walk import is_good
from zcquest.engine.logs.subscription import Subscription


class RocketMQReader:
    """Reads a stream of records that arrives in pieces of any size, holding one unfinished record at most.

    In its report a message is a batch of one, and offsets are the messages' numbers (`number_of`). Blank records
    are passed; they are no messages.

    `judge` is asked about every good message, by number, CommitLog offset and size: whether it is a delivery like any
    other (True), or one more attempt after a rejection, which then is not counted here.
    """

    def __init__(self, subscription: Subscription | None = None) -> None:
        self._wanted = subscription
        self._unfinished = bytearray()
        self._needed = PREFIX.size  # bytes that `_unfinished` must reach before something can be said about it
        self._received = 0
        self._crc = 0
        self._batches = 0
        self._tampered = 0
        self._rotten = 0
        self._rotten_runs = Runs()
        self._arrivals = Arrivals()
        self._following = 0
        self._garbage_at: int | None = None
        self.judge: Callable[[int, int, int], bool] | None = None
        self._subscribed = self._unwanted = self._collisions = 0
        self._first_unwanted: Unwanted | None = None

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
            subscribed=None if self._wanted is None else self._subscribed,
            unwanted=self._unwanted,
            collisions=self._collisions,
            first_unwanted=self._first_unwanted,
        )

    def _parse(self, view: memoryview) -> None:
        at, end = 0, len(view)
        while at < end and self._garbage_at is None:
            if self._unfinished:
                at = self._complete(view, at)
                continue
            size = record_size(view, at) if end - at >= PREFIX.size else PREFIX.size
            if size is None:
                self._garbage(self._received + at)
            elif end - at < size:
                self._unfinished += view[at:]
                self._needed = size
                return
            else:
                self._record(view, at, size)
                at += size

    def _complete(self, view: memoryview, at: int) -> int:
        """Give the unfinished record what it lacks; the offset in `view` after that."""
        take = min(self._needed - len(self._unfinished), len(view) - at)
        self._unfinished += view[at : at + take]
        at += take
        if len(self._unfinished) < self._needed:
            return at
        size = record_size(self._unfinished, 0)
        if size is None:
            self._garbage(self._received + at - len(self._unfinished))
        elif len(self._unfinished) < size:
            self._needed = size
        else:
            record, self._unfinished = self._unfinished, bytearray()
            self._record(record, 0, size)
        return at

    def _record(self, data: Bytes, at: int, size: int) -> None:
        """Read one whole record."""
        if is_blank(data, at):
            return
        self._batches += 1
        found = parts(data, at, size)
        number = number_of(bytes(data[found.properties : at + size]), self._following) if found else self._following
        self._following = number + 1
        if found is not None and not is_wanted(data, found, at + size, self._wanted):
            self._not_subscribed_to(decode(data, at, found), number)
            return
        self._subscribed += size
        if found is None or not is_good(data, at, found):
            self._rotten += 1
            self._rotten_runs.add(number, number)
            return
        if self.judge is None or self.judge(number, physical_offset(data, at), size):
            self._arrivals.add([number])
        self._tampered += is_tampered(data[found.body : found.body_end])

    def _not_subscribed_to(self, stored: StoredMessage, number: int) -> None:
        assert self._wanted
        topic = stored.topic.decode(errors="replace")
        self._unwanted += 1
        self._collisions += topic == self._wanted.topic and tags_code(stored.tag) == tags_code(self._wanted.tag or "")
        if self._first_unwanted is None:
            self._first_unwanted = Unwanted(number, stored.physical_offset, topic, stored.tag)

    def _garbage(self, position: int) -> None:
        self._garbage_at = position
        self._unfinished = bytearray()
