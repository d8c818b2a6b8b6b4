"""What a killed machine left behind, looked at before anything else touches it."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path

from zcquest.engine.filesystem import in_memory
from zcquest.engine.logs import format_of
from zcquest.engine.pagecache import PAGE, unwritten

_PIECE = 1 << 20  # bytes compared at a time


@dataclass(frozen=True, slots=True)
class Crash:
    """The moment of a SIGKILL. Bytes of the log, counted from its start, but where a comment says otherwise."""

    sent: int  # by the producer
    acked: int  # by the machine
    found: int  # that its file was long
    intact: int  # from the start on as the producer sent them
    kept: int  # whole batches, that the next machine went on from
    lost_offset: int | None  # the message of the first byte that was acknowledged and is not there; None: all are
    unsafe: int | None  # acknowledged bytes that no disk had yet; None: nothing here can tell
    overstated: int | None  # acknowledged, and never sent


@dataclass(frozen=True, slots=True)
class Remains:
    """What can be read off the file."""

    found: int
    intact: int
    unsafe: int | None


def examine(log: Path, source: Path, acked: int) -> Remains:
    """Hold the log against the producer's, and ask the kernel which of the acknowledged pages the disk has.

    A page that holds later bytes too is left out: those may have dirtied it again.
    """
    with open(log, "rb") as left, open(source, "rb") as right:
        whole, all_of_them = acked // PAGE * PAGE, -(-acked // PAGE)
        left_in_memory = all_of_them if in_memory(log.parent) else unwritten(left.fileno(), whole)
        found = os.fstat(left.fileno()).st_size
        intact = 0
        while (one := left.read(_PIECE)) and (other := right.read(len(one))):
            same = len(one) if one == other else _common(one, other)
            intact += same
            if same < len(one):
                break
    missing = max(0, acked - intact)
    unsafe = None if left_in_memory is None else min(acked, missing + left_in_memory * PAGE)
    return Remains(found, intact, unsafe)


def message_at(source: Path, log_format: str, at: int) -> int | None:
    """The first offset of the batch that holds byte `at` of the log."""
    with open(source, "rb") as file:
        spans = format_of(log_format).spans(file.fileno(), os.fstat(file.fileno()).st_size)
        return next((span.first for span in spans if span.end > at), None)


def _common(one: bytes, other: bytes) -> int:
    """Where two pieces begin to differ, or the shorter one ends."""
    pairs = enumerate(zip(one, other, strict=False))
    return next((index for index, (ours, theirs) in pairs if ours != theirs), min(len(one), len(other)))
