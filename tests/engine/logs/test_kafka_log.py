"""The log as bytes, against the published layout, crc32c and aiokafka's own reader."""

from __future__ import annotations

import json
import struct
import subprocess
import sys

import crc32c
import msgspec
import pytest
from aiokafka.record.default_records import DefaultRecordBatch
from aiokafka.record.memory_records import MemoryRecords

from zcquest.engine.logs import LogSpec, format_of

KAFKA = format_of("kafka")
SPECS = [
    LogSpec(size=192),
    LogSpec(size=1000),
    LogSpec(size=65536),
    LogSpec(size=65537),
    LogSpec(size=100000),
    LogSpec(size=65536 + 1084),
    LogSpec(size=65536 + 1085),
    LogSpec(size=(1 << 20) + 13),
    LogSpec(size=65536, seed=9),
    LogSpec(size=50001, message=128, batch=192),
    LogSpec(size=300001, message=128, batch=4096),
    LogSpec(size=300001, message=128),
    LogSpec(size=(1 << 20) + 13, message=200, batch=200),
    LogSpec(size=3 << 20, message=700_000, batch=1 << 20),
    LogSpec(size=8194 + 61, message=8194, batch=8194 + 61),  # no single record has 8194 bytes
    LogSpec(size=10 * (2 * 8194 + 61), message=8194, batch=2 * 8194 + 61),
    LogSpec(size=10 * (2 * 8194 + 60), message=8194, batch=2 * 8194 + 60),
    LogSpec(size=2 * (1048579 + 61), message=1048579, batch=1048579 + 61),
    *(LogSpec(size=8192 + 61 + odd, message=8192, batch=8192 + 61) for odd in range(5)),
]


def batches_of(log: bytes) -> list[bytes]:
    """The log cut by the length fields alone."""
    found = []
    while log:
        (length,) = struct.unpack_from(">i", log, 8)
        found.append(log[: 12 + length])
        log = log[12 + length :]
    return found


@pytest.mark.parametrize("spec", SPECS, ids=lambda spec: f"{spec.size}-{spec.message}-{spec.batch}-{spec.seed}")
def test_log_has_exactly_its_size_and_aiokafka_reads_every_message(spec: LogSpec) -> None:
    log = KAFKA.build(spec)
    assert len(log) == spec.size
    records = MemoryRecords(log)
    read = []
    while batch := records.next_batch():
        assert isinstance(batch, DefaultRecordBatch)
        assert batch.validate_crc()
        read += list(batch)
    assert [record.offset for record in read] == list(range(KAFKA.messages(spec)))
    moments = [record.timestamp for record in read]
    assert moments == sorted(set(moments))
    for record in read:
        order = json.loads(record.value)
        assert str(order["order"]).encode() == record.key
        assert {"order", "customer", "city", "total", "note"} <= set(order)


@pytest.mark.parametrize("edge", [8192, 1 << 20])
def test_no_size_is_missed_where_a_length_takes_one_byte_more(edge: int) -> None:
    for size in range(edge + 61, edge + 61 + 64):
        log = KAFKA.build(LogSpec(size=size, message=edge, batch=1 << 21))
        assert len(log) == size
        assert len(list(DefaultRecordBatch(log))) == KAFKA.messages(LogSpec(size=size, message=edge, batch=1 << 21))


def test_64k_is_four_batches_of_sixteen_messages() -> None:
    spec = LogSpec(size=65536)
    assert KAFKA.messages(spec) == 64
    assert [len(batch) for batch in batches_of(KAFKA.build(spec))] == [16384] * 4


@pytest.mark.parametrize("spec", SPECS[:8], ids=lambda spec: str(spec.size))
def test_batch_headers_follow_the_published_layout(spec: LogSpec) -> None:
    base = 0
    for batch in batches_of(KAFKA.build(spec)):
        offset, length, epoch, magic, crc, attributes, last = struct.unpack_from(">qiibIhi", batch, 0)
        first_moment, last_moment, producer, producer_epoch, sequence, count = struct.unpack_from(">qqqhii", batch, 27)
        assert (offset, length, magic, attributes) == (base, len(batch) - 12, 2, 0)
        assert epoch >= 0  # -1 is what a producer writes; a broker knows its epoch
        assert crc == crc32c.crc32c(batch[21:])
        assert (producer, producer_epoch, sequence) == (-1, -1, -1)
        assert last == count - 1
        assert first_moment <= last_moment
        base += count


def test_cities_are_written_in_two_scripts() -> None:
    log = KAFKA.build(LogSpec(size=65536))
    cities = {json.loads(record.value)["city"] for batch in batches_of(log) for record in DefaultRecordBatch(batch)}
    assert {city.isascii() for city in cities} == {True, False}


def test_same_spec_same_bytes_in_another_process() -> None:
    code = (
        "import crc32c; from zcquest.engine.logs import *;"
        "print(crc32c.crc32c(format_of('kafka').build(LogSpec(size=100000, seed=5))))"
    )
    printed = subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, text=True).stdout
    assert int(printed) == crc32c.crc32c(KAFKA.build(LogSpec(size=100000, seed=5)))
    assert KAFKA.build(LogSpec(size=100000, seed=5)) != KAFKA.build(LogSpec(size=100000, seed=6))


def test_bytes_of_a_spec_change_only_with_the_version() -> None:
    """Cached logs are told apart by spec and version: new bytes need a new version, and then a new line here."""
    assert (KAFKA.version, crc32c.crc32c(KAFKA.build(LogSpec(size=65536)))) == (1, 3159870209)


def test_only_the_named_batches_are_rotten_and_by_their_body_alone() -> None:
    good = KAFKA.build(LogSpec(size=100000))
    rotten = KAFKA.build(LogSpec(size=100000, rotten=(1, 6)))
    assert len(good) == len(rotten)
    pairs = list(zip(batches_of(good), batches_of(rotten), strict=True))
    assert [number for number, (one, other) in enumerate(pairs) if one != other] == [1, 6]
    for number, (one, other) in enumerate(pairs):
        assert one[:61] == other[:61]
        assert (crc32c.crc32c(other[21:]) == struct.unpack_from(">I", other, 17)[0]) == (number not in (1, 6))


@pytest.fixture(scope="module")
def large() -> LogSpec:
    return LogSpec(size=(64 << 20) + 12345, message=4000, batch=65536, rotten=(3, 700, 1024))


def test_large_log_repeats_bodies_but_not_offsets(large: LogSpec) -> None:
    blocks = list(KAFKA.segments(large))
    assert sum(map(len, blocks)) == large.size
    assert max(map(len, blocks)) <= 4 << 20
    base, number, rotten, bodies = 0, 0, [], set()
    for block in blocks:
        for batch in batches_of(block):
            assert struct.unpack_from(">q", batch, 0) == (base,)
            if crc32c.crc32c(batch[21:]) != struct.unpack_from(">I", batch, 17)[0]:
                rotten.append(number)
            base += struct.unpack_from(">i", batch, 57)[0]
            number += 1
            bodies.add(batch[21:])
    assert base == KAFKA.messages(large)
    assert tuple(rotten) == large.rotten
    assert len(bodies) < 50 < number


@pytest.mark.parametrize(
    ("fields", "words"),
    [
        ({"size": 0}, "size"),
        ({"size": 191}, "size"),
        ({"size": (4 << 30) + 1}, "size"),
        ({"size": 65536, "message": 127}, "message"),
        ({"size": 65536, "message": 20000}, "message"),
        ({"size": 65536, "batch": 100}, "batch"),
        ({"size": 65536, "batch": 5 << 20}, "batch"),
        ({"size": 65536, "seed": -1}, "seed"),
        ({"size": 65536, "rotten": (4,)}, "no batch 4, the log has 4"),
        ({"size": 65536, "rotten": (-1,)}, "no batch -1"),
        ({"size": 65536, "rotten": (1, 1)}, "twice"),
    ],
)
def test_impossible_specs_are_refused_by_name(fields: dict[str, object], words: str) -> None:
    with pytest.raises(ValueError, match=words):
        LogSpec(**fields)  # type: ignore[arg-type]
    with pytest.raises(msgspec.ValidationError, match=words):
        msgspec.convert(fields, LogSpec)


def test_unknown_spec_field_is_refused() -> None:
    with pytest.raises(msgspec.ValidationError, match="sizes"):
        msgspec.convert({"size": 65536, "sizes": 1}, LogSpec)


def test_importing_the_package_or_walking_loads_no_aiokafka() -> None:
    code = (
        "import sys; from zcquest.engine.logs import *; LogSpec(size=65536); assert 'crc32c' not in sys.modules;"
        "format_of('kafka').walk(memoryview(bytes(100))); assert 'aiokafka' not in sys.modules"
    )
    subprocess.run([sys.executable, "-c", code], check=True)
