"""The names of a batch's fields, against aiokafka's reading of the same bytes."""

from __future__ import annotations

import struct
from itertools import pairwise

import pytest
from aiokafka.record.default_records import DefaultRecordBatch, DefaultRecordBatchBuilder

from zcquest.engine.logs import Field, LogSpec, format_of

KAFKA = format_of("kafka")
LOG = KAFKA.build(LogSpec(size=65537))


@pytest.mark.parametrize(("at", "size"), [(0, 16384), (16384, 16384), (49152, 16385)])
def test_fields_cover_a_batch_without_gaps(at: int, size: int) -> None:
    found = KAFKA.fields(LOG, at)
    assert found[0].offset == at
    assert found[-1].offset + found[-1].length == at + size
    for one, other in pairwise(found):
        assert one.offset + one.length == other.offset


def test_header_fields_are_where_the_published_layout_has_them() -> None:
    at = 32768
    found = {field.name: field for field in KAFKA.fields(LOG, at)[:13]}
    assert (found["baseOffset"].offset, found["baseOffset"].value) == (at, 32)
    assert (found["batchLength"].offset, found["batchLength"].value) == (at + 8, 16372)
    assert (found["magic"].offset, found["magic"].length, found["magic"].value) == (at + 16, 1, 2)
    assert (found["crc"].offset, found["crc"].value) == (at + 17, struct.unpack_from(">I", LOG, at + 17)[0])
    assert (found["recordsCount"].offset, found["recordsCount"].value) == (at + 57, 16)


def test_records_say_what_aiokafka_reads() -> None:
    named = _by_name(KAFKA.fields(LOG, 16384))
    records = list(DefaultRecordBatch(LOG[16384:32768]))
    assert named["key"] == [record.key for record in records]
    assert named["value"] == [record.value for record in records]
    assert named["headerKey"] == [record.headers[0][0].encode() for record in records]
    assert named["headerValue"] == [record.headers[0][1] for record in records]
    assert named["offsetDelta"] == list(range(16))
    assert [named["baseTimestamp"][0] + delta for delta in named["timestampDelta"]] == [r.timestamp for r in records]


def test_null_key_and_value_have_a_length_and_no_bytes() -> None:
    builder = DefaultRecordBatchBuilder(2, 0, 0, -1, -1, -1, 4096)
    builder.append(0, 1, None, None, [("h", None)])
    named = _by_name(KAFKA.fields(bytes(builder.build()), 0))
    assert (named["keyLength"], named["valueLength"], named["headerValueLength"]) == ([-1], [-1], [-1])
    assert not {"key", "value", "headerValue"} & set(named)


def test_compressed_records_are_one_field() -> None:
    builder = DefaultRecordBatchBuilder(2, DefaultRecordBatch.CODEC_GZIP, 0, -1, -1, -1, 4096)
    builder.append(0, 1, b"k", b"v" * 1000, [])
    data = bytes(builder.build())
    last = KAFKA.fields(data, 0)[-1]
    assert (last.name, last.offset, last.length) == ("records", 61, len(data) - 61)


@pytest.mark.parametrize("cut", [61, 62, 100, 5000])
def test_fields_of_a_cut_batch_end_where_it_ends(cut: int) -> None:
    whole = KAFKA.fields(LOG, 0)
    found = KAFKA.fields(LOG[:cut], 0)
    assert found == whole[: len(found)]
    assert whole[len(found)].offset + whole[len(found)].length > cut


def test_no_header_no_fields() -> None:
    assert KAFKA.fields(LOG[:60], 0) == []
    assert KAFKA.fields(LOG, len(LOG)) == []
    assert KAFKA.fields(LOG, -1) == []
    assert len(KAFKA.fields(b"\xff" * 500, 0)) == 13


def _by_name(found: list[Field]) -> dict[str, list[object]]:
    named: dict[str, list[object]] = {}
    for field in found:
        named.setdefault(field.name, []).append(field.value)
    return named
