"""The CommitLog as bytes, against the published layout read with nothing but struct and zlib."""

from __future__ import annotations

import json
import struct
import subprocess
import sys
import zlib
from collections import Counter
from itertools import pairwise
from pathlib import Path
from typing import NamedTuple

import crc32c
import msgspec
import pytest

from zcquest.engine.logs import LogSpec, ensure, format_of
from zcquest.engine.logs.rocketmq_log import read_log
from zcquest.engine.logs.rocketmq_message import StoredMessage, encode

ROCKETMQ = format_of("rocketmq")


def commit_log(size: int = 65536, **fields: object) -> LogSpec:
    return LogSpec(size=size, format="rocketmq", **fields)  # type: ignore[arg-type]


SPECS = [
    commit_log(1032),
    commit_log(1033),
    commit_log(2055),
    commit_log(2056),
    commit_log(),
    commit_log(65537, seed=9),
    commit_log(100_000, message=400, topics=3, tags=("Aa", "BB", "退货")),
    commit_log(100_000, message=350, topics=100),
    commit_log(3 << 20, message=700_000),
    commit_log(9 << 20, message=4 << 20),
    commit_log((1 << 20) + 13, message=1001, tags=("x" * 64,)),
]


class Read(NamedTuple):
    queue: int
    queue_offset: int
    physical: int
    born: int
    stored: int
    body: bytes
    topic: bytes
    properties: dict[str, str]
    crc_is_good: bool


def read(log: bytes) -> list[Read]:
    """The messages by facts: offsets and sizes of all 17 fields, as RocketMQ's encoder writes them."""
    found, at = [], 0
    while True:
        size, magic = struct.unpack_from(">ii", log, at)
        if magic == -875286124:
            assert at + size == len(log)
            assert not any(log[at + 8 :])
            return found
        assert magic == -626843481
        (crc,) = struct.unpack_from(">i", log, at + 8)
        queue, flag, queue_offset, physical, sys_flag, born = struct.unpack_from(">iiqqiq", log, at + 12)
        (stored,) = struct.unpack_from(">q", log, at + 56)
        for host in (48, 64):
            assert log[at + host] == 10 and 0 < struct.unpack_from(">i", log, at + host + 4)[0] < 65536
        reconsumed, prepared, length = struct.unpack_from(">iqi", log, at + 72)
        assert (flag, sys_flag, reconsumed, prepared) == (0, 0, 0, 0)
        body = log[at + 88 : at + 88 + length]
        rest = at + 88 + length
        topic = log[rest + 1 : rest + 1 + log[rest]]
        rest += 1 + log[rest]
        (properties,) = struct.unpack_from(">h", log, rest)
        assert rest + 2 + properties == at + size
        pairs = log[rest + 2 : at + size].decode().split("\x02")
        assert pairs.pop() == ""
        good = crc == zlib.crc32(body) & 0x7FFFFFFF
        found.append(
            Read(queue, queue_offset, physical, born, stored, body, topic, dict(p.split("\x01") for p in pairs), good)
        )
        at += size


@pytest.mark.parametrize("spec", SPECS, ids=lambda spec: f"{spec.size}-{spec.message}")
def test_log_has_exactly_its_size_and_every_field_where_rocketmq_puts_it(spec: LogSpec) -> None:
    log = ROCKETMQ.build(spec)
    found = read(log)
    assert len(log) == spec.size
    assert len(found) == ROCKETMQ.messages(spec) == (spec.size - 8) // spec.message
    assert [one.physical for one in found] == [number * spec.message for number in range(len(found))]
    assert all(one.crc_is_good for one in found)
    times = [time for one in found for time in (one.born, one.stored)]
    assert times == sorted(set(times))
    assert len({one.properties["UNIQ_KEY"] for one in found}) == len(found)
    for one in found:
        order = json.loads(one.body)
        assert {"order", "customer", "city", "total", "note"} <= set(order)
        assert (one.properties["KEYS"], one.properties["WAIT"]) == (str(order["order"]), "true")
        assert len(one.properties["UNIQ_KEY"]) == 32 and int(one.properties["UNIQ_KEY"], 16)


def test_the_blank_record_begins_where_no_message_and_blank_record_fit_any_more() -> None:
    for size in range(2048, 3080):
        log = ROCKETMQ.build(commit_log(size))
        messages = 2 if size >= 2056 else 1
        assert struct.unpack_from(">iI", log, messages * 1024) == (size - messages * 1024, 0xCBD43194)
        if size >= 3072 + 8:
            break


def test_topics_share_the_log_and_each_counts_its_own_queue() -> None:
    found = read(ROCKETMQ.build(commit_log(200_000, message=400, topics=5, tags=("a", "b", "c"))))
    topics = [one.topic.decode() for one in found]
    assert set(topics) == {f"orders-{number}" for number in range(5)}
    assert sum(one != other for one, other in pairwise(topics)) > len(topics) // 2
    counted: Counter[bytes] = Counter()
    for one in found:
        assert (one.queue, one.queue_offset) == (0, counted[one.topic])
        counted[one.topic] += 1
    per_tag = Counter((one.topic, one.properties["TAGS"]) for one in found)
    assert len(per_tag) == 15 and min(per_tag.values()) > 10


def test_one_topic_and_no_tags_where_none_are_asked_for() -> None:
    found = read(ROCKETMQ.build(commit_log()))
    assert {one.topic for one in found} == {b"orders"}
    assert not any("TAGS" in one.properties for one in found)


def test_rot_is_in_the_body_of_the_named_messages_alone() -> None:
    good, rotten = ROCKETMQ.build(commit_log()), ROCKETMQ.build(commit_log(rotten=(0, 7, 62)))
    differences = [at for at, (one, other) in enumerate(zip(good, rotten, strict=True)) if one != other]
    assert [at // 1024 for at in differences] == [0, 7, 62]
    assert [number for number, one in enumerate(read(rotten)) if not one.crc_is_good] == [0, 7, 62]
    assert all(88 <= at % 1024 < 88 + len(read(good)[0].body) for at in differences)


@pytest.fixture(scope="module")
def large() -> LogSpec:
    return commit_log((64 << 20) + 12345, message=4000, topics=7, tags=("Aa", "BB"), rotten=(3, 9000, 16779))


def test_large_log_repeats_bodies_but_not_offsets_keys_and_times(large: LogSpec) -> None:
    blocks = list(ROCKETMQ.segments(large))
    assert sum(map(len, blocks)) == large.size
    assert max(map(len, blocks)) <= 4 << 20
    found = read(b"".join(blocks))
    assert [one.physical for one in found] == [number * 4000 for number in range(16780)]
    assert [one.properties["KEYS"] for one in found] == [str(1_000_000_000 + number) for number in range(16780)]
    assert len({one.properties["UNIQ_KEY"] for one in found}) == len(found)
    assert [one.stored for one in found] == sorted({one.stored for one in found})
    assert tuple(number for number, one in enumerate(found) if not one.crc_is_good) == large.rotten
    for topic in {one.topic for one in found}:
        offsets = [one.queue_offset for one in found if one.topic == topic]
        assert offsets == list(range(len(offsets)))
    assert len({one.body for one in found}) < 600


def test_same_spec_same_bytes_in_another_process() -> None:
    code = (
        "import crc32c; from zcquest.engine.logs import *;"
        "spec = LogSpec(size=100000, format='rocketmq', seed=5, topics=3, tags=('a', 'b'));"
        "print(crc32c.crc32c(format_of('rocketmq').build(spec)))"
    )
    printed = subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, text=True).stdout
    spec = commit_log(100000, seed=5, topics=3, tags=("a", "b"))
    assert int(printed) == crc32c.crc32c(ROCKETMQ.build(spec))
    for other in ({"seed": 6}, {"topics": 4}, {"tags": ("a", "c")}):
        fields = {"seed": 5, "topics": 3, "tags": ("a", "b"), **other}
        assert ROCKETMQ.build(commit_log(100000, **fields)) != ROCKETMQ.build(spec)


def test_bytes_of_a_spec_change_only_with_the_version() -> None:
    """Cached logs are told apart by spec and version: new bytes need a new version, and then a new line here."""
    spec = commit_log(topics=2, tags=("Aa", "BB"))
    assert (ROCKETMQ.version, crc32c.crc32c(ROCKETMQ.build(spec))) == (1, 2103013457)


def test_cached_kafka_logs_are_still_found_beside_commit_logs(tmp_path: Path) -> None:
    """The name holds a hash of the spec: what RocketMQ adds to a spec must not make every Kafka log anew."""
    assert ensure(LogSpec(size=65536), tmp_path).name.startswith("kafka-64K-eb4f2bf31d1ad200-")
    names = {ensure(spec, tmp_path).name for spec in (commit_log(), commit_log(topics=2), commit_log(tags=("a",)))}
    assert len(names) == 3
    assert all(name.startswith("rocketmq-64K-") for name in names)
    assert ensure(commit_log(topics=2), tmp_path).read_bytes() == ROCKETMQ.build(commit_log(topics=2))


@pytest.mark.parametrize(
    ("fields", "words"),
    [
        ({"size": 1031}, "size: 1031 is not between 1032"),
        ({"size": (4 << 30) + 1}, "size"),
        ({"message": 200}, "message: 200 is not between"),
        ({"message": (4 << 20) + 1}, "message"),
        ({"message": 300, "tags": ("x" * 64,)}, "message: 300 is not between"),
        ({"batch": 8192}, "batch: a CommitLog has no batches"),
        ({"topics": 0}, "topics: 0 is not between"),
        ({"topics": 10_001}, "topics"),
        ({"tags": ("",)}, "tags: number 0"),
        ({"tags": ("a", "a b")}, "tags: number 1"),
        ({"tags": ("a||b",)}, "tags"),
        ({"tags": ("a\x02b",)}, "tags"),
        ({"tags": ("x" * 65,)}, "tags"),
        ({"tags": ("a", "a")}, "tags: a tag is named twice"),
        ({"rotten": (63,)}, "rotten: there is no message 63, the log has 63"),
        ({"rotten": (1, 1)}, "rotten: a message is named twice"),
        ({"format": "kafka", "topics": 2}, "topics: a Kafka segment holds one topic"),
        ({"format": "kafka", "tags": ("a",)}, "tags: Kafka's messages have none"),
    ],
)
def test_impossible_specs_are_refused_by_name(fields: dict[str, object], words: str) -> None:
    with pytest.raises(msgspec.ValidationError, match=words):
        msgspec.convert({"size": 65536, "format": "rocketmq", **fields}, LogSpec)


def test_the_smallest_message_that_a_spec_allows_can_be_made_with_every_topic_and_tag() -> None:
    for topics, tags in ((1, ()), (12, ("a", "退货" * 32)), (1000, ("b",))):
        fields: dict[str, object] = {"topics": topics, "tags": tags}
        with pytest.raises(ValueError, match="not between") as refused:
            commit_log(100_000, message=1, **fields)
        least = int(str(refused.value).split()[5])
        assert all(one.crc_is_good for one in read(ROCKETMQ.build(commit_log(100_000, message=least, **fields))))


@pytest.mark.parametrize(
    ("part", "size"), [("body", (4 << 20) + 1), ("topic", 128), ("properties", 32768)], ids=lambda value: str(value)
)
def test_a_message_that_rocketmq_would_refuse_is_not_encoded(part: str, size: int) -> None:
    parts = {"body": b"", "topic": b"", "properties": b"", part: b"x" * size}
    with pytest.raises(ValueError, match=part):
        encode(StoredMessage(queue_id=0, queue_offset=0, physical_offset=0, **parts))


def test_all_seventeen_fields_survive_encoding_and_reading() -> None:
    stored = StoredMessage(
        queue_id=3,
        queue_offset=1 << 40,
        physical_offset=0,
        topic="%RETRY%组".encode(),
        body=b"\x00\xff" * 100,
        properties=b"KEYS\x017\x02TAGS\x01\xe9\x80\x80\x02",
        flag=-1,
        sys_flag=0xF00,
        born_timestamp=1,
        born_host=(0xFFFFFFFF, 65535),
        store_timestamp=(1 << 63) - 1,
        store_host=(1, 2),
        reconsume_times=16,
        prepared_transaction_offset=-5,
    )
    assert list(read_log(encode(stored))) == [stored]
    assert len(encode(stored)) == stored.size == 91 + 200 + 10 + 16
    assert stored.tag == "退"


def test_importing_the_package_or_walking_loads_neither_parser_nor_aiokafka() -> None:
    code = (
        "import sys; from zcquest.engine.logs import *; LogSpec(size=65536, format='rocketmq');"
        "format_of('rocketmq').walk(memoryview(bytes(100))); assert not {'aiokafka', 'crc32c'} & set(sys.modules)"
    )
    subprocess.run([sys.executable, "-c", code], check=True)
