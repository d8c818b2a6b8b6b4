"""The tampered sibling of a CommitLog, its spans, and the ranges of whole records that a tampering covers."""

from __future__ import annotations

import os
import struct
from pathlib import Path

import pytest

from zcquest.engine.consumer.comparison import compare
from zcquest.engine.logs import LogSpec, format_of
from zcquest.engine.logs.rocketmq_log import read_log
from zcquest.engine.run_log import RunLog

ROCKETMQ = format_of("rocketmq")
SPECS = [
    LogSpec(size=65536, format="rocketmq"),
    LogSpec(size=100_001, format="rocketmq", message=400, topics=3, tags=("Aa", "BB")),
    LogSpec(size=3 << 20, format="rocketmq", message=700_000),
]
LOG = ROCKETMQ.build(SPECS[0])


@pytest.mark.parametrize("spec", SPECS, ids=lambda spec: str(spec.size))
def test_sibling_is_valid_and_differs_in_bodies_alone(spec: LogSpec) -> None:
    log = ROCKETMQ.build(spec)
    sibling = ROCKETMQ.tampered(log)
    assert len(sibling) == len(log)
    for one, other in zip(read_log(log), read_log(sibling), strict=True):
        assert other.body == b"B" * len(one.body)
        for name in one.__struct_fields__:
            assert name == "body" or getattr(one, name) == getattr(other, name)


@pytest.mark.parametrize("spec", SPECS, ids=lambda spec: str(spec.size))
def test_consumer_tells_the_sibling_from_the_log(spec: LogSpec) -> None:
    log = ROCKETMQ.build(spec)
    for stream, expected in ((log, 0), (ROCKETMQ.tampered(log), ROCKETMQ.messages(spec))):
        reader = ROCKETMQ.reader()
        reader.feed(stream)
        report = reader.report()
        assert (report.tampered, report.messages, report.rotten) == (expected, ROCKETMQ.messages(spec), 0)


def test_every_page_of_messages_tells_which_sibling_it_is_from() -> None:
    log = ROCKETMQ.build(LogSpec(size=1 << 20, format="rocketmq"))
    sibling = ROCKETMQ.tampered(log)
    for at in range(0, len(log) - 4096, 4096):
        same = sum(one == other for one, other in zip(log[at : at + 4096], sibling[at : at + 4096], strict=True))
        assert same < 1024


def test_rotten_messages_stay_rotten() -> None:
    log = bytearray(ROCKETMQ.build(LogSpec(size=65536, format="rocketmq", rotten=(1,))))
    struct.pack_into(">i", log, 5 * 1024 + 84, 7)
    sibling = ROCKETMQ.tampered(log)
    walked = ROCKETMQ.walk(memoryview(sibling))
    assert (walked.rotten, walked.cleared) == ([(1024, 2048), (5120, 6144)], 65536)
    assert sibling[5120 + 88 : 6144] == b"B" * 936
    reader = ROCKETMQ.reader()
    reader.feed(sibling)
    assert (reader.report().rotten, reader.report().tampered) == (2, 61)


@pytest.mark.parametrize("cut", [1, 7, 60, 20000])
def test_what_is_not_whole_records_is_refused(cut: int) -> None:
    with pytest.raises(ValueError, match=f"no whole record at byte {cut - cut % 1024}"):
        ROCKETMQ.tampered(LOG[:cut])
    with pytest.raises(ValueError, match="no whole record at byte 65536"):
        ROCKETMQ.tampered(LOG + b"\0" * 100)


@pytest.mark.parametrize(
    ("offset", "length", "expected"),
    [
        (0, 1, (0, 1024)),
        (0, 1024, (0, 1024)),
        (0, 1025, (0, 2048)),
        (1023, 2, (0, 2048)),
        (20000, 40000, (19456, 60416)),
        (64511, 1, (63488, 64512)),
        (64511, 2, (63488, 65536)),
        (65000, 1, (64512, 65536)),
        (0, 1 << 40, (0, 65536)),
        (1024, 0, (1024, 2048)),
    ],
)
def test_bounds_are_whole_records(tmp_path: Path, offset: int, length: int, expected: tuple[int, int]) -> None:
    path = tmp_path / "log"
    path.write_bytes(LOG)
    with path.open("rb") as file:
        assert ROCKETMQ.bounds(file.fileno(), offset, length, 65536) == expected


def test_bounds_of_what_cannot_be_walked_reach_to_the_end(tmp_path: Path) -> None:
    path = tmp_path / "log"
    path.write_bytes(LOG[:40000])
    with path.open("rb") as file:
        assert ROCKETMQ.bounds(file.fileno(), 39990, 1, 40000) == (39936, 40000)
        assert ROCKETMQ.bounds(file.fileno(), 60000, 1, 65536) == (40960, 65536)
    path.write_bytes(b"\0" * 5000)
    with path.open("rb") as file:
        assert ROCKETMQ.bounds(file.fileno(), 4000, 1, 5000) == (0, 5000)


@pytest.mark.parametrize("message", [300, 1024, 1 << 20, 4 << 20])
def test_spans_are_the_whole_messages_and_their_numbers(tmp_path: Path, message: int) -> None:
    spec = LogSpec(size=20 << 20, format="rocketmq", message=message, rotten=(3,))
    path = tmp_path / "log"
    path.write_bytes(ROCKETMQ.build(spec))
    with path.open("rb") as file:
        found = list(ROCKETMQ.spans(file.fileno(), spec.size))
        assert [(span.start, span.end, span.first, span.last) for span in found] == [
            (number * message, (number + 1) * message, number, number) for number in range(ROCKETMQ.messages(spec))
        ]
        assert list(ROCKETMQ.spans(file.fileno(), 4 * message - 1)) == found[:3]
        os.truncate(path, 2 * message + 50)
        assert list(ROCKETMQ.spans(file.fileno(), spec.size)) == found[:2]
        os.truncate(path, 0)
        assert list(ROCKETMQ.spans(file.fileno(), spec.size)) == []


@pytest.mark.parametrize(
    "received", [LOG, LOG[:30000], LOG[3072:], LOG[1024:30000]], ids=["all", "cut", "late", "part"]
)
def test_old_and_new_bytes_are_told_apart_wherever_a_message_lands_in_the_stream(
    tmp_path: Path, received: bytes
) -> None:
    log, sibling = tmp_path / "a.log", tmp_path / "a.sibling"
    log.write_bytes(LOG)
    assert RunLog(log, "rocketmq").write_sibling(5000, 9000) == (4096, 9216)
    old, new = compare(received, "rocketmq", str(log), str(sibling), 5000, 9000)
    assert (old > 3000, new) == (True, 0)
    shift = LOG.index(received)
    tampered = bytearray(received)
    tampered[4096 - shift : 9216 - shift] = sibling.read_bytes()[4096:9216]
    assert compare(bytes(tampered), "rocketmq", str(log), str(sibling), 5000, 9000) == (0, old)


def test_messages_that_never_arrived_count_for_neither(tmp_path: Path) -> None:
    log, sibling = tmp_path / "a.log", tmp_path / "a.sibling"
    log.write_bytes(LOG)
    RunLog(log, "rocketmq").write_sibling(0, 65536)
    assert compare(LOG[32768:50000], "rocketmq", str(log), str(sibling), 0, 32768) == (0, 0)
