"""Delivery: every good message arrives once, in order, and nothing else does."""

from __future__ import annotations

from zcquest.engine.features.base import Judgement, Outcome
from zcquest.engine.logs import Delivery
from zcquest.engine.message import Message, message


def delivery(outcome: Outcome) -> Judgement:
    """The log's good batches against the runs of offsets that the consumer read.

    Messages beyond a cut are welcome: they were saved before it came.
    """
    got = outcome.delivery
    if outcome.crc is not None:
        return _all_bytes(outcome, got)
    expected = _runs(outcome)
    total = sum(last - first + 1 for first, last in expected)
    if got is None:
        return Judgement(
            False, message("the consumer died before it could report; {total} messages were due", total=total)
        )
    missing = _missing(expected, got.runs)
    if got.runs_cut and missing is not None and missing > got.runs[-1][1]:
        missing = None  # it may be in the runs that were not kept: the count of messages decides
    offence = _offence(outcome, got, missing)
    if offence is None and not (got.runs_cut and got.messages < total):
        return Judgement(
            True,
            message(
                "{messages} of {total} messages, {checksum} good, in order",
                messages=got.messages,
                total=total,
                checksum="CRC-32" if _by_message(outcome) else "CRC-32C",
            ),
        )
    return Judgement(
        False,
        message(
            "{messages} of {total} messages; {offence}",
            messages=got.messages,
            total=total,
            offence=offence or message("the rest never came"),
        ),
    )


def _all_bytes(outcome: Outcome, got: Delivery | None) -> Judgement:
    """Of bytes that mean nothing to anyone, the sum must be right."""
    size = outcome.scene.log.size
    received = got.received if got else 0
    if got and received == size and got.crc == outcome.crc:
        return Judgement(True, message("all {bytes} bytes, with the file's CRC-32C", bytes=size))
    if received == size:
        return Judgement(False, message("{bytes} bytes arrived, but not with the file's CRC-32C", bytes=size))
    return Judgement(False, message("{received} bytes of {bytes} arrived", received=received, bytes=size))


def _offence(outcome: Outcome, got: Delivery, missing: int | None) -> Message | None:
    if got.garbage_at is not None:
        if _by_message(outcome):
            return message("from byte {at} of the stream on, nothing was a message", at=got.garbage_at)
        return message("from byte {at} of the stream on, nothing was a batch", at=got.garbage_at)
    if got.duplicates:
        return message("{count} came twice", count=got.duplicates)
    if got.out_of_order:
        return message("{count} came out of order", count=got.out_of_order)
    if got.tail:
        if _by_message(outcome):
            return message("the stream ended {bytes} bytes into a message", bytes=got.tail)
        return message("the stream ended {bytes} bytes into a batch", bytes=got.tail)
    if missing is not None:
        if outcome.pending and not outcome.scene.receive:
            return message("{bytes} bytes were still in buf, unsent, when the plan ended", bytes=outcome.pending)
        if outcome.piped and not outcome.scene.receive:
            return message("{bytes} bytes still lay in a pipe when the plan ended", bytes=outcome.piped)
        if _by_message(outcome):
            return message("the first one missing is number {number}", number=missing)
        return message("the first one missing is offset {offset}", offset=missing)
    if outcome.consumer_lost:
        return message("the connection broke before its end")
    return None


def _by_message(outcome: Outcome) -> bool:
    """Whether the log is made of messages, each with a checksum of its own, and not of batches."""
    return outcome.scene.log.format == "rocketmq"


def _runs(outcome: Outcome) -> list[tuple[int, int]]:
    """The offsets due, as inclusive runs."""
    runs: list[list[int]] = []
    for number, span in enumerate(outcome.batches):
        if number in outcome.rotten or not span.wanted:
            continue
        if runs and runs[-1][1] + 1 == span.first:
            runs[-1][1] = span.last
        else:
            runs.append([span.first, span.last])
    return [(first, last) for first, last in runs]


def _missing(expected: list[tuple[int, int]], got: list[tuple[int, int]]) -> int | None:
    """The first expected offset that no run holds."""
    for first, last in expected:
        at = first
        while at <= last:
            run = next((run for run in got if run[0] <= at <= run[1]), None)
            if run is None:
                return at
            at = run[1] + 1
    return None
