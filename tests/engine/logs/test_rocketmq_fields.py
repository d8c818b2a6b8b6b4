"""The names of a record's fields, against the published layout."""

from __future__ import annotations

import struct
from itertools import pairwise

import pytest

from zcquest.engine.logs import LogSpec, format_of
from zcquest.engine.logs.rocketmq_log import read_log

ROCKETMQ = format_of("rocketmq")
LOG = ROCKETMQ.build(LogSpec(size=65536, format="rocketmq", topics=3, tags=("Aa", "BB")))


@pytest.mark.parametrize(("at", "size"), [(0, 1024), (10240, 1024), (63 * 1024, 1024)])
def test_fields_cover_a_record_without_gaps(at: int, size: int) -> None:
    found = ROCKETMQ.fields(LOG, at)
    assert found[0].offset == at
    assert found[-1].offset + found[-1].length == at + size
    for one, other in pairwise(found):
        assert one.offset + one.length == other.offset


def test_fields_are_those_of_rocketmq_in_its_order() -> None:
    at = 10240
    found = {field.name: field for field in ROCKETMQ.fields(LOG, at)}
    (stored,) = [stored for stored in read_log(LOG) if stored.physical_offset == at]
    (crc,) = struct.unpack_from(">I", LOG, at + 8)
    rest = at + 88 + len(stored.body)
    expected = {
        "totalSize": (at, 4, 1024),
        "magicCode": (at + 4, 4, 0xDAA320A7),
        "bodyCRC": (at + 8, 4, crc),
        "queueId": (at + 12, 4, 0),
        "flag": (at + 16, 4, 0),
        "queueOffset": (at + 20, 8, stored.queue_offset),
        "physicalOffset": (at + 28, 8, at),
        "sysFlag": (at + 36, 4, 0),
        "bornTimestamp": (at + 40, 8, stored.born_timestamp),
        "bornHost": (at + 48, 8, LOG[at + 48 : at + 56]),
        "storeTimestamp": (at + 56, 8, stored.store_timestamp),
        "storeHost": (at + 64, 8, LOG[at + 64 : at + 72]),
        "reconsumeTimes": (at + 72, 4, 0),
        "preparedTransactionOffset": (at + 76, 8, 0),
        "bodyLength": (at + 84, 4, len(stored.body)),
        "body": (at + 88, len(stored.body), stored.body),
        "topicLength": (rest, 1, len(stored.topic)),
        "topic": (rest + 1, len(stored.topic), stored.topic),
        "propertiesLength": (rest + 1 + len(stored.topic), 2, len(stored.properties)),
        "properties": (at + 1024 - len(stored.properties), len(stored.properties), stored.properties),
    }
    assert {name: (field.offset, field.length, field.value) for name, field in found.items()} == expected
    assert list(found) == list(expected)


def test_the_blank_record_has_its_size_its_magic_and_nothing() -> None:
    found = ROCKETMQ.fields(LOG, 63 * 1024)
    assert [(field.name, field.length) for field in found] == [("totalSize", 4), ("magicCode", 4), ("blank", 1016)]
    smallest = ROCKETMQ.build(LogSpec(size=2056, format="rocketmq"))
    assert [field.name for field in ROCKETMQ.fields(smallest, 2048)] == ["totalSize", "magicCode"]


@pytest.mark.parametrize("cut", [8, 11, 12, 60, 88, 500, 1023])
def test_fields_of_a_cut_message_end_where_it_ends(cut: int) -> None:
    whole = ROCKETMQ.fields(LOG, 0)
    found = ROCKETMQ.fields(LOG[:cut], 0)
    assert found == whole[: len(found)]
    assert sum(field.length for field in found) <= cut
    assert len(found) == sum(field.offset + field.length <= min(cut, 84) for field in whole)


def test_parts_that_do_not_add_up_are_not_named() -> None:
    log = bytearray(LOG)
    struct.pack_into(">i", log, 84, 5)
    assert ROCKETMQ.fields(log, 0)[-1].name == "preparedTransactionOffset"


def test_no_record_no_fields() -> None:
    assert ROCKETMQ.fields(LOG[:7], 0) == []
    assert ROCKETMQ.fields(LOG, len(LOG)) == []
    assert ROCKETMQ.fields(LOG, -1) == []
    assert ROCKETMQ.fields(LOG, 1) == []
