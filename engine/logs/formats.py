"""What a log format offers the rest of the engine, and the formats there are."""

from __future__ import annotations

from array import array
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from typing import NamedTuple, Protocol

import msgspec

from zcquest.engine.logs.spec import LogSpec
from zcquest.engine.logs.subscription import Subscription
from zcquest.engine.message import Message

Bytes = bytes | bytearray | memoryview


class Walk(msgspec.Struct, frozen=True):
    """What a walk over a memory found. Offsets in bytes from the start of that memory.

    Everything from `cleared` on is not a whole batch: the tail of one, or nothing that can be parsed.
    """

    cleared: int
    rotten: list[tuple[int, int]]  # [start, end) of the batches whose checksum is wrong
    batches: int


class Field(msgspec.Struct, frozen=True):
    """A named stretch of a log: `offset` and `length` in bytes, and what stands there."""

    offset: int
    length: int
    name: str
    value: int | bytes


class Span(msgspec.Struct, frozen=True):
    """One batch of a log: its bytes [start, end) and the message offsets `first` to `last` that it holds."""

    start: int
    end: int
    first: int
    last: int
    wanted: bool = True  # by the subscription that was asked for


class Chosen(NamedTuple):
    """What was selected of a log: the ranges [start, stop), each of messages that touch, in two arrays of int64."""

    starts: array[int]
    stops: array[int]
    looked: int  # where looking ended: by content an offset in the memory looked at, by index one of the log
    messages: int  # that were chosen


class Unwanted(msgspec.Struct, frozen=True):
    """A message that the consumer had not subscribed to: its number, where the CommitLog has it, topic and tag."""

    number: int
    offset: int
    topic: str
    tag: str


class Delivery(msgspec.Struct, frozen=True):
    """What a consumer received, by its own reading of the stream."""

    received: int  # bytes
    batches: int  # whole batches, rotten ones included
    messages: int  # in batches whose checksum is good
    rotten: int  # batches whose checksum is wrong; their messages are not looked at
    first_rotten: int | None  # base offset of the first of them
    rotten_runs: list[tuple[int, int]]  # offsets that the rotten batches claim, inclusive; the first MAX_RUNS
    runs: list[tuple[int, int]]  # offsets of the good messages, inclusive, in order of arrival; the first MAX_RUNS
    runs_cut: bool  # there were more runs than are kept
    duplicates: int  # messages whose offset had been there before
    out_of_order: int  # messages that came after one with a higher offset, and had not been there before
    tampered: int  # messages whose value is a tampered one
    garbage_at: int | None  # offset in the stream from which nothing could be parsed
    tail: int  # bytes of an unfinished batch at the end
    crc: int  # CRC-32C of every byte received
    attempts: list[tuple[int, int, bool]] = []  # of each poisonous message: number, deliveries, accepted in the end
    subscribed: int | None = None  # bytes of messages that the consumer had subscribed to; None: it wants everything
    unwanted: int = 0  # messages that it had not subscribed to; they count for nothing else here
    collisions: int = 0  # those of them whose tag is another one with the same hash
    first_unwanted: Unwanted | None = None

    @property
    def payload(self) -> int:
        """Bytes that the consumer has a use for: what it did not subscribe to is freight, not payload."""
        return self.received if self.subscribed is None else self.subscribed


class Reader(Protocol):
    """A consumer's parser: takes the stream in pieces of any size, in bounded memory.

    `judge`, where it is set and the format's messages can be sent again alone, is asked about every good message.
    """

    judge: Callable[[int, int, int], bool] | None

    def feed(self, data: Bytes) -> None: ...

    def report(self) -> Delivery: ...


class Damaged(Exception):
    """What stands at `offset` (bytes) of a log or of an index cannot be followed; `message` says why."""

    def __init__(self, offset: int, message: Message) -> None:
        super().__init__(f"byte {offset}: {message}")
        self.offset = offset
        self.message = message


@dataclass(frozen=True, slots=True)
class Index:
    """What knows where the messages of a topic lie, and how a subscription's messages are told from others."""

    topic: Callable[[LogSpec, Subscription | None], str | None]  # that it is about; None: of several none was chosen
    build: Callable[[Bytes, str], bytes]  # of a whole log and a topic
    entry_size: int  # bytes
    # (index, the number of its first entry, the log's size, ..), and (view, ranges of it, .., the end of one that may
    # be within a message); both raise Damaged
    by_index: Callable[[memoryview, int, int, Subscription | None], Chosen]
    by_content: Callable[[memoryview, Iterable[tuple[int, int]], Subscription | None, int], Chosen]


@dataclass(frozen=True, slots=True)
class Format:
    """One log format. `version` changes whenever the bytes made from a spec do."""

    name: str
    version: int
    segments: Callable[[LogSpec], Iterator[bytes]]  # the log in blocks, in bounded memory
    messages: Callable[[LogSpec], int]
    tampered: Callable[[Bytes], bytes]  # the sibling of whole batches: same layout, valid, other bodies
    walk: Callable[[memoryview], Walk]
    reader: Callable[..., Reader]  # given what the consumer subscribed to, if not to everything
    fields: Callable[[Bytes, int], list[Field]]  # the fields of the batch at an offset
    spans: Callable[..., Iterator[Span]]  # (fd, size[, subscription]): the log's batches, by their headers
    bounds: Callable[[int, int, int, int], tuple[int, int]]  # (fd, offset, length, size): out to whole batches
    # [from, to) of each batch: the bytes that tell it from the others, and that its sibling shares. Kafka's base offset
    # and length, where nothing else is said.
    identity: tuple[int, int] = (0, 12)
    index: Index | None = None  # None: there is none, and nothing that a consumer could subscribe to

    def build(self, spec: LogSpec) -> bytes:
        """The whole log in memory; for small ones."""
        return b"".join(self.segments(spec))


def _kafka() -> Format:
    from zcquest.engine.logs.kafka import KAFKA  # here, so that asking what a level needs loads no builder

    return KAFKA


def _rocketmq() -> Format:
    from zcquest.engine.logs.rocketmq import ROCKETMQ

    return ROCKETMQ


def _raw() -> Format:
    from zcquest.engine.logs.raw import RAW

    return RAW


FORMATS: dict[str, Callable[[], Format]] = {"kafka": _kafka, "rocketmq": _rocketmq, "raw": _raw}


def format_of(name: str) -> Format:
    """The format called `name`, loaded on demand. Raises KeyError for a name that is not in FORMATS."""
    return FORMATS[name]()
