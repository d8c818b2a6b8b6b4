"""The names of the fields of a CommitLog record, for whoever shows its bytes."""

from __future__ import annotations

from zcquest.engine.logs.formats import Bytes, Field
from zcquest.engine.logs.rocketmq_layout import MESSAGE_MAGIC, PREFIX, parts, record_size

_PREFIX_FIELDS = (("totalSize", 4), ("magicCode", 4))
_HEADER_FIELDS = (
    ("bodyCRC", 4),
    ("queueId", 4),
    ("flag", 4),
    ("queueOffset", 8),
    ("physicalOffset", 8),
    ("sysFlag", 4),
    ("bornTimestamp", 8),
    ("bornHost", 8),  # 4 bytes of address, 4 of port
    ("storeTimestamp", 8),
    ("storeHost", 8),
    ("reconsumeTimes", 4),
    ("preparedTransactionOffset", 8),
)
_UNSIGNED = {"totalSize", "magicCode", "bodyCRC"}
_HOSTS = {"bornHost", "storeHost"}


def fields(data: Bytes, at: int) -> list[Field]:
    """The fields of the record that starts at `at`, in order and without gaps; offsets are offsets in `data`.

    Where the bytes end or stop making sense, so does the list.
    """
    named = _Fields(data)
    if at < 0 or len(data) - at < PREFIX.size or (size := record_size(data, at)) is None:
        return []
    for name, length in _PREFIX_FIELDS:
        at = named.number(at, length, name)
    start, end = at - PREFIX.size, at - PREFIX.size + size
    if named.found[1].value != MESSAGE_MAGIC:
        named.raw(at, end, "blank")
        return named.found
    for name, length in _HEADER_FIELDS:
        if at + length > len(data):
            return named.found
        at = named.raw(at, at + length, name) if name in _HOSTS else named.number(at, length, name)
    if end > len(data) or (found := parts(data, start, size)) is None:
        return named.found
    named.number(at, 4, "bodyLength")
    named.raw(found.body, found.body_end, "body")
    named.number(found.body_end, 1, "topicLength")
    named.raw(found.topic, found.topic_end, "topic")
    named.number(found.topic_end, 2, "propertiesLength")
    named.raw(found.properties, end, "properties")
    return named.found


class _Fields:
    """Adds fields to a list; each method returns the offset after the field. What is empty, or cut, is left out."""

    def __init__(self, data: Bytes) -> None:
        self.data = data
        self.found: list[Field] = []

    def number(self, at: int, length: int, name: str) -> int:
        value = int.from_bytes(self.data[at : at + length], "big", signed=name not in _UNSIGNED)
        self.found.append(Field(at, length, name, value))
        return at + length

    def raw(self, at: int, end: int, name: str) -> int:
        if at < end <= len(self.data):
            self.found.append(Field(at, end - at, name, bytes(self.data[at:end])))
        return end
