"""Bytes of any kind as a log: nothing in them is known, so nothing in them is checked but that all of them arrive."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from crc32c import crc32c

from zcquest.engine.logs.formats import Bytes, Delivery, Field, Format, Span, Walk
from zcquest.engine.logs.spec import LogSpec
from zcquest.engine.logs.subscription import Subscription

_FLIPPED = bytes(255 - value for value in range(256))


class RawReader:
    """Counts and sums up a stream that has no messages: in its report there are none."""

    def __init__(self, subscription: Subscription | None = None) -> None:
        self.judge: Callable[[int, int, int], bool] | None = None  # never asked
        self._received = 0
        self._crc = 0

    def feed(self, data: Bytes) -> None:
        """Take the next piece of the stream; keeps no reference to `data`."""
        self._crc = crc32c(data, self._crc)
        self._received += len(data)

    def report(self) -> Delivery:
        """What has been received so far."""
        return Delivery(
            received=self._received,
            batches=0,
            messages=0,
            rotten=0,
            first_rotten=None,
            rotten_runs=[],
            runs=[],
            runs_cut=False,
            duplicates=0,
            out_of_order=0,
            tampered=0,
            garbage_at=None,
            tail=0,
            crc=self._crc,
        )


def _segments(spec: LogSpec) -> Iterator[bytes]:
    raise ValueError("raw bytes are a file's, they cannot be made")


def _tampered(data: Bytes) -> bytes:
    return bytes(data).translate(_FLIPPED)


def _walk(view: memoryview) -> Walk:
    """Everything is let through: there is no checksum to hold against it."""
    return Walk(len(view), [], 0)


def _fields(data: Bytes, at: int) -> list[Field]:
    return []


def _spans(fd: int, size: int, subscription: Subscription | None = None) -> Iterator[Span]:
    if size:
        yield Span(0, size, 0, 0)


def _bounds(fd: int, offset: int, length: int, size: int) -> tuple[int, int]:
    return min(max(offset, 0), size), min(max(offset + length, 0), size)


RAW = Format(
    name="raw",
    version=1,
    segments=_segments,
    messages=lambda spec: 0,
    tampered=_tampered,
    walk=_walk,
    reader=RawReader,
    fields=_fields,
    spans=_spans,
    bounds=_bounds,
)
