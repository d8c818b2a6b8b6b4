"""What a log is made from. The same spec gives the same bytes, on every machine."""

from __future__ import annotations

from typing import Literal

import msgspec

from zcquest.engine.logs.kafka_layout import cut

MAX_SIZE = 4 << 30
MIN_MESSAGE = 128  # an order needs about 120 bytes, record overhead included
MIN_BATCH = 192
MAX_BATCH = 4 << 20


class LogSpec(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A log of exactly `size` bytes. All sizes in bytes; raises ValueError where no such log can be made.

    `message` is about what one message takes in the log, its overhead included; `batch` is the size of every batch
    but the last. `rotten` numbers the batches, from 0, whose stored bytes do not match their CRC.
    """

    size: int
    format: Literal["kafka"] = "kafka"
    message: int = 1024
    batch: int = 16384
    seed: int = 1
    rotten: tuple[int, ...] = ()

    def __post_init__(self) -> None:
        _within("size", self.size, MIN_BATCH, MAX_SIZE)
        _within("batch", self.batch, MIN_BATCH, MAX_BATCH)
        _within("message", self.message, MIN_MESSAGE, self.batch)
        _within("seed", self.seed, 0, (1 << 63) - 1)
        if len(set(self.rotten)) != len(self.rotten):
            raise ValueError("rotten: a batch is named twice")
        batches = cut(self.size, self.message, self.batch).batches
        for number in self.rotten:
            if not 0 <= number < batches:
                raise ValueError(f"rotten: there is no batch {number}, the log has {batches}, counted from 0")


def _within(name: str, value: int, least: int, most: int) -> None:
    if not least <= value <= most:
        raise ValueError(f"{name}: {value} is not between {least} and {most}")
