"""The tampered sibling, and the ranges of whole batches that a tampering covers."""

from __future__ import annotations

import os
import struct
from pathlib import Path

import crc32c
import pytest
from aiokafka.record.default_records import DefaultRecordBatch, DefaultRecordBatchBuilder

from zcquest.engine.logs import LogSpec, format_of

KAFKA = format_of("kafka")
SPECS = [
    LogSpec(size=65536),
    LogSpec(size=100001),
    LogSpec(size=50001, message=128, batch=192),
    LogSpec(size=3 << 20, message=700_000, batch=1 << 20),
]


def read(log: bytes) -> list[DefaultRecordBatch]:
    found, at = [], 0
    while at < len(log):
        (length,) = struct.unpack_from(">i", log, at + 8)
        found.append(DefaultRecordBatch(log[at : at + 12 + length]))
        at += 12 + length
    return found


@pytest.mark.parametrize("spec", SPECS, ids=lambda spec: str(spec.size))
def test_sibling_is_valid_and_differs_in_values_alone(spec: LogSpec) -> None:
    log = KAFKA.build(spec)
    sibling = KAFKA.tampered(log)
    assert len(sibling) == len(log)
    for one, other in zip(read(log), read(sibling), strict=True):
        assert other.validate_crc()
        for mine, theirs in zip(one, other, strict=True):
            assert (mine.offset, mine.timestamp, mine.key, mine.headers) == (
                theirs.offset,
                theirs.timestamp,
                theirs.key,
                theirs.headers,
            )
            assert theirs.value == b'{"tampered":"' + b"B" * (len(mine.value) - 15) + b'"}'
    same = sum(one == other for one, other in zip(log, sibling, strict=True))
    assert same < len(log) * 0.6


@pytest.mark.parametrize("spec", SPECS, ids=lambda spec: str(spec.size))
def test_consumer_tells_the_sibling_from_the_log(spec: LogSpec) -> None:
    log = KAFKA.build(spec)
    for stream, expected in ((log, 0), (KAFKA.tampered(log), KAFKA.messages(spec))):
        reader = KAFKA.reader()
        reader.feed(stream)
        report = reader.report()
        assert (report.tampered, report.messages, report.rotten) == (expected, KAFKA.messages(spec), 0)


def test_every_page_of_a_log_tells_which_sibling_it_is_from() -> None:
    log = KAFKA.build(LogSpec(size=1 << 20))
    sibling = KAFKA.tampered(log)
    for at in range(0, len(log), 4096):
        same = sum(one == other for one, other in zip(log[at : at + 4096], sibling[at : at + 4096], strict=True))
        assert same < 1024


def test_rotten_batches_stay_rotten() -> None:
    sibling = KAFKA.tampered(KAFKA.build(LogSpec(size=65536, rotten=(1,))))
    walked = KAFKA.walk(memoryview(sibling))
    assert (walked.rotten, walked.cleared) == ([(16384, 32768)], 65536)
    reader = KAFKA.reader()
    reader.feed(sibling)
    assert (reader.report().rotten, reader.report().tampered) == (1, 48)


def test_values_too_short_for_json_become_all_b() -> None:
    builder = DefaultRecordBatchBuilder(2, 0, 0, -1, -1, -1, 4096)
    values = [b"", None, b"x", b"y" * 15, b"z" * 16]
    for offset, value in enumerate(values):
        builder.append(offset, 1, None, value, [])
    sibling = KAFKA.tampered(builder.build())
    (batch,) = read(sibling)
    assert [record.value for record in batch] == [b"", None, b"B", b"B" * 15, b'{"tampered":"B"}']
    reader = KAFKA.reader()
    reader.feed(sibling)
    assert reader.report().tampered == 3


@pytest.mark.parametrize("cut", [1, 60, 61, 20000])
def test_what_is_not_whole_batches_is_refused(cut: int) -> None:
    log = KAFKA.build(LogSpec(size=65536))
    with pytest.raises(ValueError, match="no whole batch at byte"):
        KAFKA.tampered(log[:cut])
    with pytest.raises(ValueError, match="no whole batch at byte 65536"):
        KAFKA.tampered(log + b"\0" * 100)


@pytest.mark.parametrize("nonsense", [b"\0", b"\xff" * 939], ids=["a length that lies", "all ones"])
def test_nonsense_under_a_good_crc_is_refused(nonsense: bytes) -> None:
    batch = bytearray(KAFKA.build(LogSpec(size=1000)))
    batch[61 : 61 + len(nonsense)] = nonsense
    struct.pack_into(">I", batch, 17, crc32c.crc32c(bytes(batch[21:])))
    with pytest.raises(ValueError, match="cannot be read"):
        KAFKA.tampered(batch)


@pytest.mark.parametrize(
    ("offset", "length", "expected"),
    [
        (0, 1, (0, 16384)),
        (0, 16384, (0, 16384)),
        (0, 16385, (0, 32768)),
        (16383, 2, (0, 32768)),
        (16384, 1, (16384, 32768)),
        (20000, 40000, (16384, 65537)),
        (49152, 16385, (49152, 65537)),
        (65536, 1, (49152, 65537)),
        (0, 1 << 40, (0, 65537)),
        (20000, 0, (16384, 32768)),
        (16384, 0, (16384, 32768)),
    ],
)
def test_bounds_are_whole_batches(tmp_path: Path, offset: int, length: int, expected: tuple[int, int]) -> None:
    path = tmp_path / "log"
    path.write_bytes(KAFKA.build(LogSpec(size=65537)))
    with path.open("rb") as file:
        assert KAFKA.bounds(file.fileno(), offset, length, 65537) == expected


def test_bounds_of_what_cannot_be_walked_reach_to_the_end(tmp_path: Path) -> None:
    path = tmp_path / "log"
    path.write_bytes(KAFKA.build(LogSpec(size=65536)))
    os.truncate(path, 40000)
    with path.open("rb") as file:
        assert KAFKA.bounds(file.fileno(), 33000, 1, 40000) == (32768, 40000)
        assert KAFKA.bounds(file.fileno(), 60000, 1, 65536) == (49152, 65536)
        assert KAFKA.bounds(file.fileno(), 100, 1, 40000) == (0, 16384)
    path.write_bytes(b"\0" * 5000)
    with path.open("rb") as file:
        assert KAFKA.bounds(file.fileno(), 4000, 1, 5000) == (0, 5000)


def test_spans_are_the_whole_batches_and_their_offsets(tmp_path: Path) -> None:
    path = tmp_path / "log"
    path.write_bytes(KAFKA.build(LogSpec(size=65537)))
    with path.open("rb") as file:
        found = list(KAFKA.spans(file.fileno(), 65537))
        assert [(span.start, span.end) for span in found] == [
            *((at, at + 16384) for at in (0, 16384, 32768)),
            (49152, 65537),
        ]
        assert [(span.first, span.last) for span in found] == [(0, 15), (16, 31), (32, 47), (48, 63)]
        assert list(KAFKA.spans(file.fileno(), 65536)) == found[:3]
        os.truncate(path, 49152 + 20)
        assert list(KAFKA.spans(file.fileno(), 65537)) == found[:3]
