"""What walk and reader make of damaged and cut batches."""

from __future__ import annotations

import mmap
import random
import struct

import crc32c
import pytest
from aiokafka.record.default_records import DefaultRecordBatchBuilder

from zcquest.engine.logs import Delivery, LogSpec, format_of

KAFKA = format_of("kafka")
LOG = KAFKA.build(LogSpec(size=65536))
MINUTE = KAFKA.build(LogSpec(size=1920, message=128, batch=192))


def delivery(stream: bytes, piece: int = 1 << 30) -> Delivery:
    reader = KAFKA.reader()
    for at in range(0, len(stream), piece):
        reader.feed(stream[at : at + piece])
    return reader.report()


def test_good_log_is_delivered_whole() -> None:
    assert delivery(LOG) == Delivery(
        received=65536,
        batches=4,
        messages=64,
        rotten=0,
        first_rotten=None,
        rotten_runs=[],
        runs=[(0, 63)],
        runs_cut=False,
        duplicates=0,
        out_of_order=0,
        tampered=0,
        garbage_at=None,
        tail=0,
        crc=crc32c.crc32c(LOG),
    )
    walked = KAFKA.walk(memoryview(LOG))
    assert (walked.cleared, walked.rotten, walked.batches) == (65536, [], 4)


@pytest.mark.parametrize("seed", range(200))
def test_any_flipped_bit_under_the_crc_is_found(seed: int) -> None:
    dice = random.Random(seed)
    number = dice.randrange(4)
    flipped = bytearray(LOG)
    flipped[number * 16384 + dice.randrange(21, 16384)] ^= 1 << dice.randrange(8)
    assert KAFKA.walk(memoryview(flipped)).rotten == [(number * 16384, (number + 1) * 16384)]
    report = delivery(bytes(flipped))
    assert (report.rotten, report.first_rotten, report.messages) == (1, number * 16, 48)
    assert all(not first <= number * 16 <= last for first, last in report.runs)


@pytest.mark.parametrize("at", range(17, 21))
def test_any_flipped_bit_of_the_crc_is_found(at: int) -> None:
    flipped = bytearray(LOG)
    flipped[at] ^= 1
    assert KAFKA.walk(memoryview(flipped)).rotten == [(0, 16384)]
    assert delivery(bytes(flipped)).first_rotten == 0


@pytest.mark.parametrize("piece", [1, 7, 16, 17, 18, 61, 1000, 16384, 65536])
@pytest.mark.parametrize(
    "stream",
    [
        LOG,
        MINUTE,
        LOG[:40000],
        LOG + LOG[:16384],
        LOG[:16384] + b"\x00" * 20000,
        KAFKA.build(LogSpec(size=65536, rotten=(0, 2))),
    ],
    ids=["whole", "small batches", "cut", "again", "garbage", "rotten"],
)
def test_pieces_of_any_size_give_the_same_report(stream: bytes, piece: int) -> None:
    assert delivery(stream, piece) == delivery(stream)


def test_reader_takes_any_buffer_and_keeps_none() -> None:
    reader = KAFKA.reader()
    store = bytearray(LOG)
    reader.feed(memoryview(store)[:20000])
    store[:] = b"x" * len(store)  # the same buffer is received into again
    store.clear()  # refused if anything still looked at it
    reader.feed(LOG[20000:])
    assert reader.report() == delivery(LOG)


@pytest.mark.parametrize("cut", [1, 16, 17, 60, 61, 16383, 16384, 16385, 40000, 65535])
def test_a_cut_log_is_whole_batches_and_a_tail(cut: int) -> None:
    report = delivery(LOG[:cut])
    whole = cut // 16384
    assert (report.batches, report.messages, report.tail) == (whole, whole * 16, cut % 16384)
    assert report.garbage_at is None
    walked = KAFKA.walk(memoryview(LOG)[:cut])
    assert (walked.cleared, walked.batches, walked.rotten) == (whole * 16384, whole, [])


@pytest.mark.parametrize(
    "damage",
    [(8, ">i", (16 << 20) + 1), (8, ">i", 48), (8, ">i", -1), (16, ">b", 1), (16, ">b", 3)],
    ids=["over 16 MiB", "shorter than a header", "negative", "magic 1", "magic 3"],
)
def test_what_is_no_batch_is_garbage_from_its_first_byte(damage: tuple[int, str, int]) -> None:
    at, form, value = damage
    stream = bytearray(LOG)
    struct.pack_into(form, stream, 16384 + at, value)
    report = delivery(bytes(stream))
    assert (report.garbage_at, report.messages, report.received, report.tail) == (16384, 16, 65536, 0)
    assert report.crc == crc32c.crc32c(bytes(stream))
    assert KAFKA.walk(memoryview(stream)).cleared == 16384


@pytest.mark.parametrize("codec", range(8))
def test_good_crc_over_nonsense_is_garbage(codec: int) -> None:
    stream = bytearray(LOG)
    stream[16384 + 22] = codec
    stream[16384 + 61 : 32768] = b"\xff" * (16384 - 61)
    struct.pack_into(">I", stream, 16384 + 17, crc32c.crc32c(bytes(stream[16384 + 21 : 32768])))
    report = delivery(bytes(stream))
    assert (report.garbage_at, report.messages, report.rotten, report.runs) == (16384, 16, 0, [(0, 15)])


def test_rotten_batches_are_counted_and_their_offsets_noted() -> None:
    report = delivery(KAFKA.build(LogSpec(size=65536, rotten=(1, 2))))
    assert (report.batches, report.rotten, report.messages) == (4, 2, 32)
    assert (report.first_rotten, report.rotten_runs, report.runs) == (16, [(16, 47)], [(0, 15), (48, 63)])
    assert (report.duplicates, report.out_of_order) == (0, 0)


def test_order_is_judged_by_what_came_before() -> None:
    one, two, three, four = (LOG[at : at + 16384] for at in range(0, 65536, 16384))
    late = delivery(one + three + two + four)
    assert (late.duplicates, late.out_of_order) == (0, 16)
    assert late.runs == [(0, 15), (32, 47), (16, 31), (48, 63)]
    twice = delivery(one + two + two + three + one)
    assert (twice.duplicates, twice.out_of_order, twice.messages) == (32, 0, 80)
    assert twice.runs == [(0, 31), (16, 47), (0, 15)]
    late_twice = delivery(one + three + two + two)
    assert (late_twice.duplicates, late_twice.out_of_order) == (16, 16)


def test_at_most_64_runs_are_kept_and_the_cut_is_told() -> None:
    log = KAFKA.build(LogSpec(size=16384 * 140))
    every_other = b"".join(log[at : at + 16384] for at in range(0, len(log), 32768))
    report = delivery(every_other[: 64 * 16384])
    assert (len(report.runs), report.runs_cut) == (64, False)
    report = delivery(every_other)
    assert (len(report.runs), report.runs_cut, report.messages) == (64, True, 70 * 16)
    assert report.runs[-1] == (63 * 32, 63 * 32 + 15)
    again = delivery(every_other + every_other[-16384:])  # in none of the kept runs, yet not new
    assert (again.duplicates, again.out_of_order) == (16, 0)


def test_offsets_may_have_holes_within_a_batch() -> None:
    builder = DefaultRecordBatchBuilder(2, 0, 0, -1, -1, -1, 4096)
    for offset in (0, 2, 3, 7):  # as compaction leaves them
        builder.append(offset, 1, b"k", b"v", [])
    report = delivery(bytes(builder.build()))
    assert (report.runs, report.messages, report.out_of_order) == ([(0, 0), (2, 3), (7, 7)], 4, 0)


def test_rotten_batch_that_claims_no_offsets_still_has_its_first() -> None:
    stream = bytearray(LOG)
    struct.pack_into(">i", stream, 23, -5)
    assert delivery(bytes(stream)).rotten_runs == [(0, 0)]


def test_walk_of_a_mapping(tmp_path_factory: pytest.TempPathFactory) -> None:
    path = tmp_path_factory.mktemp("walk") / "log"
    path.write_bytes(KAFKA.build(LogSpec(size=65536, rotten=(2,))))
    with path.open("rb") as file, mmap.mmap(file.fileno(), 0, prot=mmap.PROT_READ) as mapping:
        with memoryview(mapping) as view:
            walked = KAFKA.walk(view)
        assert (walked.cleared, walked.rotten, walked.batches) == (65536, [(32768, 49152)], 4)


def test_walk_of_nothing() -> None:
    assert KAFKA.walk(memoryview(b"")).cleared == 0
    assert KAFKA.walk(memoryview(bytes(200))).batches == 0
