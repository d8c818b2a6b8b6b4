"""What the strict reader, the consumer's parser and the walk make of damaged and cut CommitLogs."""

from __future__ import annotations

import mmap
import random
import struct
from pathlib import Path

import crc32c
import pytest

from zcquest.engine.logs import Delivery, LogSpec, format_of
from zcquest.engine.logs.rocketmq_log import DamagedLog, read_log
from zcquest.engine.logs.rocketmq_message import StoredMessage, encode

ROCKETMQ = format_of("rocketmq")
LOG = ROCKETMQ.build(LogSpec(size=65536, format="rocketmq", topics=3, tags=("a", "b")))
SMALL = ROCKETMQ.build(LogSpec(size=3000, format="rocketmq", message=320))
ROTTEN = ROCKETMQ.build(LogSpec(size=65536, format="rocketmq", rotten=(0, 5, 6)))
WHOLE = 63 * 1024  # bytes of messages; the blank record takes the rest


def delivery(stream: bytes, piece: int = 1 << 30) -> Delivery:
    reader = ROCKETMQ.reader()
    for at in range(0, len(stream), piece):
        reader.feed(stream[at : at + piece])
    return reader.report()


def changed(at: int, form: str, value: int) -> bytes:
    log = bytearray(LOG)
    struct.pack_into(form, log, at, value)
    return bytes(log)


def test_good_log_is_delivered_whole() -> None:
    assert delivery(LOG) == Delivery(
        received=65536,
        batches=63,
        messages=63,
        rotten=0,
        first_rotten=None,
        rotten_runs=[],
        runs=[(0, 62)],
        runs_cut=False,
        duplicates=0,
        out_of_order=0,
        tampered=0,
        garbage_at=None,
        tail=0,
        crc=crc32c.crc32c(LOG),
    )
    walked = ROCKETMQ.walk(memoryview(LOG))
    assert (walked.cleared, walked.rotten, walked.batches) == (65536, [], 63)
    assert [stored.physical_offset for stored in read_log(LOG)] == list(range(0, WHOLE, 1024))


@pytest.mark.parametrize("seed", range(200))
def test_any_flipped_bit_of_a_body_or_its_crc_is_found(seed: int) -> None:
    dice = random.Random(seed)
    number = dice.randrange(63)
    start = number * 1024
    (length,) = struct.unpack_from(">i", LOG, start + 84)
    flipped = bytearray(LOG)
    flipped[start + dice.choice([dice.randrange(8, 12), dice.randrange(88, 88 + length)])] ^= 1 << dice.randrange(8)
    assert ROCKETMQ.walk(memoryview(flipped)).rotten == [(start, start + 1024)]
    report = delivery(bytes(flipped))
    assert (report.rotten, report.first_rotten, report.messages) == (1, number, 62)
    with pytest.raises(DamagedLog, match="CRC-32") as refused:
        list(read_log(flipped))
    assert refused.value.offset == start
    assert len(list(read_log(flipped, check_bodies=False))) == 63


@pytest.mark.parametrize("piece", [1, 7, 8, 9, 88, 1000, 1024, 4096, 65536])
@pytest.mark.parametrize(
    "stream",
    [LOG, SMALL, LOG[:40000], LOG + LOG[:10240], LOG[:10240] + b"\x00" * 20000, ROTTEN, SMALL + SMALL],
    ids=["whole", "small messages", "cut", "again", "garbage", "rotten", "two files"],
)
def test_pieces_of_any_size_give_the_same_report(stream: bytes, piece: int) -> None:
    assert delivery(stream, piece) == delivery(stream)


def test_the_smallest_blank_record_is_passed_in_pieces_of_any_size() -> None:
    log = ROCKETMQ.build(LogSpec(size=2056, format="rocketmq"))
    for piece in range(1, 20):
        report = delivery(log, piece)
        assert (report.messages, report.tail, report.garbage_at) == (2, 0, None)


def test_reader_takes_any_buffer_and_keeps_none() -> None:
    reader = ROCKETMQ.reader()
    store = bytearray(LOG)
    reader.feed(memoryview(store)[:20000])
    store[:] = b"x" * len(store)  # the same buffer is received into again
    store.clear()  # refused if anything still looked at it
    reader.feed(LOG[20000:])
    assert reader.report() == delivery(LOG)


@pytest.mark.parametrize("cut", [1, 7, 8, 90, 1023, 1024, 1025, 40000, WHOLE, WHOLE + 1, 65535])
def test_a_cut_log_is_whole_messages_and_a_tail(cut: int) -> None:
    report = delivery(LOG[:cut])
    whole = cut // 1024
    assert (report.batches, report.messages, report.tail) == (whole, whole, cut % 1024)
    assert report.garbage_at is None
    walked = ROCKETMQ.walk(memoryview(LOG)[:cut])
    assert (walked.cleared, walked.batches, walked.rotten) == (whole * 1024, whole, [])
    got = []
    if cut % 1024:
        with pytest.raises(DamagedLog, match=f"the log ends {cut % 1024} bytes into a record") as refused:
            got.extend(read_log(LOG[:cut]))
        assert refused.value.offset == whole * 1024
    else:
        got.extend(read_log(LOG[:cut]))
        assert len(got) == whole


@pytest.mark.parametrize(
    ("at", "form", "value", "words"),
    [
        (10240, ">i", 90, "no record has magic 0xDAA320A7 and 90 bytes"),
        (10240, ">I", (4 << 20) + (64 << 10) + 1, "no record has magic"),
        (10240, ">i", -1, "no record has magic"),
        (10244, ">I", 0xDAA320AB, "no record has magic 0xDAA320AB"),
        (10244, ">I", 0, "no record has magic 0x00000000"),
        (10240 + 4, ">I", 0xCBD43194, "the blank record ends 54272 bytes early"),
        (10240 + 28, ">q", 0, "the message says it stands at 0"),
        (10240 + 84, ">i", 848, "the parts of the message do not add up to its 1024 bytes"),
        (10240 + 84, ">i", -1, "the parts"),
        (10240 + 84, ">i", 1 << 30, "the parts"),
        (10240 + 84, ">i", 1024 - 91 + 1, "the parts"),
        (10240 + 36, ">i", 1 << 4, "the parts"),
        (10240 + 36, ">i", 1 << 5, "the parts"),
        (WHOLE, ">i", 1025, "the log ends 1024 bytes into a record of 1025"),
        (WHOLE, ">i", 1000, "the blank record ends 24 bytes early"),
        (WHOLE, ">i", 7, "no record has magic 0xCBD43194 and 7 bytes"),
    ],
)
def test_what_is_damaged_is_refused_with_offset_and_reason(at: int, form: str, value: int, words: str) -> None:
    got = []
    with pytest.raises(DamagedLog) as refused:
        got.extend(read_log(changed(at, form, value)))
    assert refused.value.offset == at - at % 1024
    assert words in str(refused.value.message)


def test_the_messages_before_the_damage_are_read() -> None:
    reading = read_log(changed(10244, ">i", 0))
    assert [next(reading).physical_offset for _ in range(10)] == list(range(0, 10240, 1024))
    with pytest.raises(DamagedLog):
        next(reading)


@pytest.mark.parametrize(
    ("topic", "properties"), [(128, 0), (255, 0), (127, -1), (20, 32767)], ids=["topic", "longest topic", "-1", "long"]
)
def test_lengths_that_lie_are_refused(topic: int, properties: int) -> None:
    stored = StoredMessage(queue_id=0, queue_offset=0, physical_offset=0, topic=b"t" * 20, body=b"", properties=b"")
    record = bytearray(encode(stored))
    record[88] = topic
    struct.pack_into(">h", record, len(record) - 2, properties)
    with pytest.raises(DamagedLog, match="parts"):
        list(read_log(record))
    assert delivery(bytes(record)).rotten == 1


def test_a_topic_longer_than_a_signed_byte_says_is_refused_though_all_adds_up() -> None:
    stored = StoredMessage(queue_id=0, queue_offset=0, physical_offset=0, topic=b"t" * 127, body=b"", properties=b"")
    record = bytearray(encode(stored))
    record[89:89] = b"t"
    record[88] = 128
    struct.pack_into(">i", record, 0, len(record))
    with pytest.raises(DamagedLog, match="parts"):
        list(read_log(record))


@pytest.mark.parametrize("size", [1 << 30, (4 << 20) + (64 << 10) + 8])
def test_a_blank_record_that_claims_more_than_any_message_lacked_is_garbage(size: int) -> None:
    """Else a consumer would wait for gigabytes, and keep them."""
    report = delivery(changed(WHOLE, ">i", size))
    assert (report.garbage_at, report.messages, report.tail) == (WHOLE, 63, 0)
    with pytest.raises(DamagedLog, match="no record has magic 0xCBD43194"):
        list(read_log(changed(WHOLE, ">i", size)))


@pytest.mark.parametrize(("at", "form", "value"), [(10240, ">i", 90), (10244, ">I", 0xDAA320AB), (10240, ">i", -1)])
def test_what_is_no_record_is_garbage_from_its_first_byte(at: int, form: str, value: int) -> None:
    stream = changed(at, form, value)
    report = delivery(stream)
    assert (report.garbage_at, report.messages, report.received, report.tail) == (10240, 10, 65536, 0)
    assert report.crc == crc32c.crc32c(stream)
    assert ROCKETMQ.walk(memoryview(stream)).cleared == 10240


def test_a_message_whose_parts_do_not_add_up_is_rotten_and_the_next_one_is_not() -> None:
    stream = changed(10240 + 84, ">i", 7)
    assert ROCKETMQ.walk(memoryview(stream)).rotten == [(10240, 11264)]
    report = delivery(stream)
    assert (report.rotten_runs, report.runs, report.garbage_at) == ([(10, 10)], [(0, 9), (11, 62)], None)


def test_rotten_messages_are_counted_and_their_numbers_noted() -> None:
    report = delivery(ROTTEN)
    assert (report.batches, report.rotten, report.messages) == (63, 3, 60)
    assert (report.first_rotten, report.rotten_runs, report.runs) == (0, [(0, 0), (5, 6)], [(1, 4), (7, 62)])


def test_order_is_judged_by_the_keys_that_a_retry_keeps() -> None:
    one, two, three = (LOG[at : at + 1024] for at in (0, 1024, 2048))
    late = delivery(one + three + two)
    assert (late.runs, late.duplicates, late.out_of_order) == ([(0, 0), (2, 2), (1, 1)], 0, 1)
    again = bytearray(two)
    struct.pack_into(">qq", again, 20, 99, 999_424)  # appended once more: the broker's offsets are new ones
    twice = delivery(one + two + three + bytes(again))
    assert (twice.duplicates, twice.out_of_order, twice.messages) == (1, 0, 4)


@pytest.mark.parametrize("properties", [b"", b"KEYS\x01abc\x02", b"KEYS\x01123\x02", b"NOKEYS\x011000000005\x02"])
def test_messages_without_our_order_ids_are_numbered_as_they_come(properties: bytes) -> None:
    stream = b"".join(
        encode(
            StoredMessage(queue_id=0, queue_offset=n, physical_offset=0, topic=b"t", body=b"x", properties=properties)
        )
        for n in range(5)
    )
    assert delivery(stream).runs == [(0, 4)]


def test_walk_of_a_mapping(tmp_path: Path) -> None:
    path = tmp_path / "log"
    path.write_bytes(ROTTEN)
    with path.open("rb") as file, mmap.mmap(file.fileno(), 0, prot=mmap.PROT_READ) as mapping:
        with memoryview(mapping) as view:
            walked = ROCKETMQ.walk(view)
            numbers = [stored.queue_offset for stored in read_log(view, check_bodies=False)]
        assert (walked.cleared, walked.batches) == (65536, 63)
        assert walked.rotten == [(0, 1024), (5120, 6144), (6144, 7168)]
        assert numbers == list(range(63))


def test_walk_of_nothing() -> None:
    assert ROCKETMQ.walk(memoryview(b"")).cleared == 0
    assert ROCKETMQ.walk(memoryview(bytes(200))).batches == 0
    assert list(read_log(b"")) == []
