"""The ConsumeQueue: built from a log, walked, searched by tag, and refused where it points to nothing."""

from __future__ import annotations

import struct

import pytest

from zcquest.engine.logs import LogSpec, format_of
from zcquest.engine.logs.java_hash import java_hash
from zcquest.engine.logs.rocketmq_log import DamagedLog, read_log
from zcquest.engine.logs.rocketmq_message import StoredMessage, encode
from zcquest.engine.logs.rocketmq_queue import DamagedQueue, consume_queue, entries, tagged

ROCKETMQ = format_of("rocketmq")
LOG = ROCKETMQ.build(LogSpec(size=200_000, format="rocketmq", message=400, topics=3, tags=("Aa", "BB", "other")))
MESSAGES = list(read_log(LOG))
INDEX = consume_queue(LOG, b"orders-1", 0)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("", 0),
        ("a", 97),
        ("Aa", 2112),
        ("BB", 2112),
        ("hello", 99162322),
        ("TagA", 2598919),
        ("polygenelubricants", -2147483648),
        ("😀", 1772899),  # two UTF-16 code units
        ("退货", 0x9000 * 31 + 0x8D27),
        ("\ud800", 0xD800),
    ],
)
def test_the_hash_is_javas(text: str, expected: int) -> None:
    assert java_hash(text) == expected


@pytest.mark.parametrize("topic", [b"orders-0", b"orders-1", b"orders-2"])
def test_index_has_twenty_bytes_for_every_message_of_its_topic(topic: bytes) -> None:
    index = consume_queue(LOG, topic, 0)
    mine = [stored for stored in MESSAGES if stored.topic == topic]
    assert len(index) == 20 * len(mine)
    for number, stored in enumerate(mine):
        assert struct.unpack_from(">qiq", index, number * 20) == (
            stored.physical_offset,
            400,
            {"Aa": 2112, "BB": 2112, "other": 106069776}[stored.tag],
        )


def test_entries_lead_to_the_messages() -> None:
    found = list(entries(INDEX, len(LOG)))
    assert [LOG[entry.offset : entry.offset + entry.size] for entry in found] == [
        encode(stored) for stored in MESSAGES if stored.topic == b"orders-1"
    ]


def test_a_tag_finds_all_its_messages_and_those_whose_tag_collides() -> None:
    by_offset = {stored.physical_offset: stored for stored in MESSAGES}
    tags = [by_offset[entry.offset].tag for entry in tagged(INDEX, len(LOG), "Aa")]
    mine = [stored.tag for stored in MESSAGES if stored.topic == b"orders-1"]
    assert tags == [tag for tag in mine if tag in ("Aa", "BB")]
    assert 0 < tags.count("Aa") < len(tags)
    assert list(tagged(INDEX, len(LOG), "BB")) == list(tagged(INDEX, len(LOG), "Aa"))
    assert len(list(tagged(INDEX, len(LOG), "other"))) == mine.count("other")
    assert list(tagged(INDEX, len(LOG), "none such")) == []


def test_what_has_no_tag_has_code_0_and_a_negative_hash_keeps_its_sign() -> None:
    def stored(number: int, offset: int, properties: bytes) -> StoredMessage:
        return StoredMessage(
            queue_id=2, queue_offset=number, physical_offset=offset, topic=b"t", body=b"", properties=properties
        )

    first = stored(0, 0, b"")
    second = stored(1, first.size, b"TAGS\x01polygenelubricants\x02")
    index = consume_queue(encode(first) + encode(second), b"t", 2)
    assert [entry.tags_code for entry in entries(index, first.size + second.size)] == [0, -2147483648]
    assert consume_queue(encode(first) + encode(second), b"t", 0) == b""


def test_a_tag_that_is_no_text_is_indexed_as_java_reads_it() -> None:
    stored = StoredMessage(
        queue_id=0, queue_offset=0, physical_offset=0, topic=b"t", body=b"", properties=b"TAGS\x01\xff\x02"
    )
    (entry,) = entries(consume_queue(encode(stored), b"t", 0), stored.size)
    assert entry.tags_code == 0xFFFD


def test_index_is_built_over_rotten_bodies_but_not_over_a_broken_log() -> None:
    spec = LogSpec(size=65536, format="rocketmq", rotten=(5,))
    assert len(consume_queue(ROCKETMQ.build(spec), b"orders", 0)) == 63 * 20
    with pytest.raises(DamagedLog, match="ends 576 bytes into a record") as refused:
        consume_queue(ROCKETMQ.build(spec)[: 40000 - 512], b"orders", 0)
    assert refused.value.offset == 38 * 1024


def test_a_queue_that_skips_a_number_is_refused() -> None:
    log = bytearray(ROCKETMQ.build(LogSpec(size=65536, format="rocketmq")))
    struct.pack_into(">q", log, 10240 + 20, 11)
    with pytest.raises(DamagedLog, match="number 11 of its queue, and is number 10") as refused:
        consume_queue(log, b"orders", 0)
    assert refused.value.offset == 10240


@pytest.mark.parametrize(
    ("entry", "words"),
    [
        ((199_601, 400, 0), "400 bytes at 199601 reach past the log's end at 200000"),
        ((1 << 62, 400, 0), "reach past"),
        ((0, 200_001, 0), "reach past"),
        ((-400, 400, 0), "cannot be a message"),
        ((0, 90, 0), "cannot be a message"),
        ((0, -1, 0), "cannot be a message"),
    ],
)
def test_an_entry_that_leads_nowhere_is_refused_with_its_place(entry: tuple[int, int, int], words: str) -> None:
    damaged = INDEX[:60] + struct.pack(">qiq", *entry) + INDEX[80:]
    for walk in (lambda: entries(damaged, len(LOG)), lambda: tagged(damaged, len(LOG), "none such")):
        with pytest.raises(DamagedQueue) as refused:
            list(walk())
        assert refused.value.offset == 60
        assert words in str(refused.value.message)


def test_a_cut_index_is_refused_after_its_whole_entries() -> None:
    walking = entries(INDEX[:50], len(LOG))
    assert [next(walking) for _ in range(2)] == list(entries(INDEX[:40], len(LOG)))
    with pytest.raises(DamagedQueue, match="10 bytes into an entry") as refused:
        next(walking)
    assert refused.value.offset == 40


def test_a_log_cut_since_leaves_entries_past_its_end() -> None:
    whole = [entry for entry in entries(INDEX, len(LOG)) if entry.offset + entry.size <= 100_000]
    got = []
    with pytest.raises(DamagedQueue, match="past the log's end at 100000") as refused:
        for entry in entries(INDEX, 100_000):
            got.append(entry)
    assert got == whole
    assert refused.value.offset == 20 * len(whole)
