"""What the producer of our CommitLogs says of an order besides its body: topic, tag and properties."""

from __future__ import annotations

from hashlib import blake2b

from zcquest.engine.logs import orders
from zcquest.engine.logs.rocketmq_layout import OVERHEAD

LEAST_BODY = 128  # bytes: an order with room for a note
_CLIENT = b"0A00000F2F1318B4AAC2"  # the producer's address, process and class loader, as its ids begin


def topic_names(count: int) -> tuple[bytes, ...]:
    """The names of `count` topics."""
    return (b"orders",) if count == 1 else tuple(b"orders-%d" % number for number in range(count))


def choice(number: int, seed: int, topics: int, tags: int) -> tuple[int, int]:
    """Which of the topics and of the tags (if any) message `number` has: at random, always the same."""
    dice = blake2b(b"%d %d" % (seed, number), digest_size=8).digest()
    return int.from_bytes(dice[:4], "big") % topics, int.from_bytes(dice[4:], "big") % max(1, tags)


def keys(number: int) -> bytes:
    """What a message's properties begin with: KEYS, the order's id, and UNIQ_KEY, the producer's id of the message.
    Of the same length for every number, so that it can be written over."""
    return b"KEYS\x01%b\x02UNIQ_KEY\x01%b%012X\x02" % (orders.key(number), _CLIENT, number)


def properties(number: int, tag: bytes) -> bytes:
    """A message's properties as RocketMQ's client writes them: KEYS, UNIQ_KEY, WAIT, and TAGS where it has a tag."""
    return keys(number) + b"WAIT\x01true\x02" + (b"TAGS\x01%b\x02" % tag if tag else b"")


def least_message(topics: int, tags: tuple[str, ...]) -> int:
    """The bytes that every message needs, whatever topic and tag it has."""
    longest = max((tag.encode() for tag in tags), key=len, default=b"")
    return OVERHEAD + LEAST_BODY + len(topic_names(topics)[-1]) + len(properties(0, longest))
