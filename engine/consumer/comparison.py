"""Did the old bytes arrive, or the sibling's? The tamper probe's question, answered where the bytes ended up."""

from __future__ import annotations

from zcquest.engine.logs import format_of


def compare(received: bytes, log_format: str, original: str, sibling: str, start: int, stop: int) -> tuple[int, int]:
    """How many of the log's bytes [start, stop) arrived as the original has them, and how many as the sibling has them.

    Only bytes in which the two differ are counted. Batches that never arrived count for neither.
    """
    with open(original, "rb") as file:
        old = file.read()
        edges = _batches(file.fileno(), log_format, start, stop, len(old))
    shared, shared_end = format_of(log_format).identity
    with open(sibling, "rb") as file:
        new = file.read()
    whole = len(received) == len(old)
    kept = changed = 0
    for first, last in edges:
        at = first if whole else received.find(old[first + shared : min(first + shared_end, last)]) - shared
        if at < 0:
            continue
        low, high = max(first, start), min(last, stop)
        came = received[at + low - first : at + high - first]
        as_kept, as_changed = _matches(came, old[low:high], new[low:high])
        kept += as_kept
        changed += as_changed
    return kept, changed


def _matches(came: bytes, old: bytes, new: bytes) -> tuple[int, int]:
    """At how many places where `old` and `new` differ `came` is as the one, and as the other.

    The count ends at the first byte that is neither: from there on the stream holds something else (a plan lost bytes),
    and what matches does so by chance. Whole stretches at once: two bytes are the same where their XOR is zero.
    """
    size = min(len(came), len(old))
    strays = (
        _differences(came[:size], old[:size])
        & _differences(came[:size], new[:size])
        & _differences(old[:size], new[:size])  # where they agree, `rewrite` may have put something else
    )
    first_stray = strays.to_bytes(size, "big").find(1)
    size = first_stray if first_stray >= 0 else size
    not_old, not_new, differ = (
        _differences(one[:size], other[:size]) for one, other in ((came, old), (came, new), (old, new))
    )

    def zeros(number: int) -> int:
        return number.to_bytes(size, "big").count(0)

    either = zeros(not_old | differ)  # old, new and came all the same: no witness
    return zeros(not_old) - either, zeros(not_new) - either


def count_differences(one: bytes, other: bytes) -> int:
    """How many bytes of two stretches of one length are not the same."""
    return _differences(one, other).to_bytes(len(one), "big").count(1)


def _differences(one: bytes, other: bytes) -> int:
    """A number with a byte 1 where the two differ, and a byte 0 where they are the same."""
    size = len(one)
    xor = int.from_bytes(one, "big") ^ int.from_bytes(other, "big")
    return int.from_bytes(xor.to_bytes(size, "big").translate(_ONES), "big")


_ONES = bytes([0]) + bytes([1]) * 255


def _batches(fd: int, log_format: str, start: int, stop: int, size: int) -> list[tuple[int, int]]:
    found = [(span.start, span.end) for span in format_of(log_format).spans(fd, size)]
    walked = found[-1][1] if found else 0
    if walked < size:
        found.append((walked, size))  # a batch cut short, what cannot be walked, a CommitLog's blank record
    return [(first, last) for first, last in found if first < stop and start < last]
