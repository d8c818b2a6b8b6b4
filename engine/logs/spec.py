"""What a log is made from. The same spec gives the same bytes, on every machine."""

from __future__ import annotations

from typing import Literal

import msgspec
from msgspec import UNSET, UnsetType

from zcquest.engine.logs import kafka_layout, rocketmq_layout
from zcquest.engine.logs.rocketmq_orders import least_message

MAX_SIZE = 4 << 30
MAX_OWN = 1 << 40
MIN_MESSAGE = 128  # an order needs about 120 bytes, record overhead included
MIN_BATCH = 192
MAX_BATCH = 4 << 20
BATCH = 16384
MAX_TOPICS = 10_000
MAX_TAG = 64  # characters


class OutOfRange(ValueError):
    """A figure from which no log can be made; `least` and `most` are the bounds, themselves allowed."""

    def __init__(self, name: str, value: int, least: int, most: int) -> None:
        super().__init__(f"{name}: {value} is not between {least} and {most}")
        self.value, self.least, self.most = value, least, most


class LogSpec(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A log of exactly `size` bytes. All sizes in bytes; raises ValueError where no such log can be made.

    Kafka: `message` is about what one message takes in the log, its overhead included; `batch` is the size of every
    batch but the last. `rotten` numbers the batches, from 0, whose stored bytes do not match their CRC.

    RocketMQ: every message takes exactly `message` bytes, and a blank record the rest of the file. There are no
    batches, so `rotten` numbers messages. `topics` share the log (unset: one), and every message has one of `tags`
    (unset: none has). What is unset is left out of the spec's JSON.

    `file` is the path of a file of somebody else's, which is the log as it stands (see `own_log`): nothing is made.
    """

    size: int
    format: Literal["kafka", "rocketmq", "raw"] = "kafka"
    message: int = 1024
    batch: int = BATCH
    seed: int = 1
    rotten: tuple[int, ...] = ()
    topics: int | UnsetType = UNSET
    tags: tuple[str, ...] | UnsetType = UNSET
    file: str | UnsetType = UNSET

    def __post_init__(self) -> None:
        if self.file is not UNSET:
            _within("size", self.size, 1, MAX_OWN)
            return
        if self.format == "raw":
            raise ValueError("format: raw bytes are a file's, they cannot be made")
        unit, count = ("message", self._messages()) if self.format == "rocketmq" else ("batch", self._batches())
        _within("seed", self.seed, 0, (1 << 63) - 1)
        if len(set(self.rotten)) != len(self.rotten):
            raise ValueError(f"rotten: a {unit} is named twice")
        for number in self.rotten:
            if not 0 <= number < count:
                raise ValueError(f"rotten: there is no {unit} {number}, the log has {count}, counted from 0")

    def _batches(self) -> int:
        """The number of Kafka batches, once all that makes them is known to be good."""
        _within("size", self.size, MIN_BATCH, MAX_SIZE)
        _within("batch", self.batch, MIN_BATCH, MAX_BATCH)
        _within("message", self.message, MIN_MESSAGE, self.batch)
        if self.topics is not UNSET:
            raise ValueError("topics: a Kafka segment holds one topic alone")
        if self.tags is not UNSET:
            raise ValueError("tags: Kafka's messages have none")
        return kafka_layout.cut(self.size, self.message, self.batch).batches

    def _messages(self) -> int:
        """The number of messages in the CommitLog, once all that makes them is known to be good."""
        if self.batch != BATCH:
            raise ValueError("batch: a CommitLog has no batches")
        topics, tags = self.topics, self.tags or ()
        if topics is not UNSET:
            _within("topics", topics, 1, MAX_TOPICS)
        for number, tag in enumerate(tags):
            if not 0 < len(tag) <= MAX_TAG or not tag.isprintable() or " " in tag or "||" in tag:
                raise ValueError(f"tags: number {number}, counted from 0, cannot be a tag")
        if len(set(tags)) != len(tags):
            raise ValueError("tags: a tag is named twice")
        _within("message", self.message, least_message(topics or 1, tags), MAX_BATCH)
        _within("size", self.size, self.message + rocketmq_layout.BLANK_SIZE, MAX_SIZE)
        return rocketmq_layout.cut(self.size, self.message).messages


def _within(name: str, value: int, least: int, most: int) -> None:
    if not least <= value <= most:
        raise OutOfRange(name, value, least, most)
