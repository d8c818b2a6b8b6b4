"""Which messages a consumer subscribed to: told from a ConsumeQueue's entries, or from the messages themselves."""

from __future__ import annotations

from array import array
from collections.abc import Iterable

from zcquest.engine.logs.formats import Chosen
from zcquest.engine.logs.rocketmq_layout import OVERHEAD, PREFIX, is_blank, parts, record_size
from zcquest.engine.logs.rocketmq_log import DamagedLog
from zcquest.engine.logs.rocketmq_message import is_wanted
from zcquest.engine.logs.rocketmq_queue import ENTRY, ENTRY_SIZE, DamagedQueue, refusal, tags_code
from zcquest.engine.logs.subscription import Subscription
from zcquest.engine.message import Message, message


def by_index(index: memoryview, first: int, log_size: int, subscription: Subscription | None) -> Chosen:
    """The ranges of the log that the whole entries of `index` name, and whose tag has the hash of the tag wanted.

    `first` is the number of the first entry. No byte of the log is touched, so that other tags with the same hash are
    chosen too. Raises DamagedQueue at an entry that points past the log's end, to what cannot be a message, or back.
    """
    wanted = None if subscription is None or subscription.tag is None else tags_code(subscription.tag)
    starts, stops = array("q"), array("q")
    begin, end = starts.append, stops.append
    behind = open_end = -1
    messages = 0
    whole = len(index) - len(index) % ENTRY_SIZE
    for number, (offset, size, code) in enumerate(ENTRY.iter_unpack(index[:whole]), first):
        stop = offset + size
        if offset < behind or size < OVERHEAD or stop > log_size or offset < 0:
            raise DamagedQueue(number * ENTRY_SIZE, _refusal(number, offset, size, log_size))
        behind = stop
        if wanted is None or code == wanted:
            messages += 1
            if offset == open_end:  # it touches the one before: one range
                stops[-1] = open_end = stop
            else:
                begin(offset)
                end(stop)
                open_end = stop
    if whole < len(index):
        reason = message("the index ends {bytes} bytes into an entry", bytes=len(index) - whole)
        raise DamagedQueue(first * ENTRY_SIZE + whole, reason)
    return Chosen(starts, stops, max(behind, 0), messages)


def _refusal(number: int, offset: int, size: int, log_size: int) -> Message:
    reason = refusal(offset, size, log_size) or message(
        "{offset} lies before the end of the message before it", offset=offset
    )
    return message("entry {number} of the index: {reason}", number=number, reason=reason)


def by_content(
    view: memoryview, ranges: Iterable[tuple[int, int]], subscription: Subscription | None, soft_end: int
) -> Chosen:
    """The messages within `ranges` of `view` that are of the topic wanted and have exactly the tag wanted.

    Looks at a message's header, topic and properties, never at its body. A range may end within a message where that is
    at `soft_end`; then looking ends before it. Raises DamagedLog where there is no message, or not the whole of it.
    """
    starts, stops = array("q"), array("q")
    messages = looked = 0
    for start, end in ranges:
        at = looked = start
        while at < end:
            size = record_size(view, at) if end - at >= PREFIX.size else 0
            if not size or size > end - at:
                if end == soft_end and size is not None:
                    return Chosen(starts, stops, at, messages)
                raise _damage(view, at, end, size)
            if not is_blank(view, at):
                found = parts(view, at, size)
                if found is None:
                    raise _damage(view, at, end, size)
                if is_wanted(view, found, at + size, subscription):
                    messages += 1
                    if stops and stops[-1] == at:
                        stops[-1] = at + size
                    else:
                        starts.append(at)
                        stops.append(at + size)
            at += size
            looked = at
    return Chosen(starts, stops, looked, messages)


def _damage(view: memoryview, at: int, end: int, size: int | None) -> DamagedLog:
    """Why what stands at `at` is no whole message."""
    claimed, magic = PREFIX.unpack_from(view, at) if end - at >= PREFIX.size else (0, 0)
    if size is None:
        word = "0x" + format(magic, "08X")
        reason = message("no record has magic {magic} and {size} bytes", magic=word, size=claimed)
    elif not size:
        reason = message("only {bytes} bytes are left for a record", bytes=end - at)
    elif size > end - at:
        reason = message("only {bytes} bytes are left for a record of {size}", bytes=end - at, size=size)
    else:
        reason = message("the parts of the message do not add up to its {size} bytes", size=size)
    return DamagedLog(at, reason)
