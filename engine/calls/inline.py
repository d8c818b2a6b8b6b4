"""A call as lines of the bare loop (`zcquest.engine.machine.bare`), and the lines that moving calls share.

They may name pos, size (the cursor and the log's size), lo, hi (the unsent part of buf), loaded, sent, calls (bytes
put into buf, bytes of it sent, calls made), and the memoryviews buf and map. The common case comes first and costs
least: one call that moves all it was asked to.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Inline:
    """`body` is run each round, `setup` once before the first."""

    body: tuple[str, ...]
    setup: tuple[str, ...] = ()


def load(call: str, setup: tuple[str, ...] = ()) -> Inline:
    """Lines that fill buf from the cursor on with one call."""
    return Inline((f"hi = {call}", "lo = 0; calls += 1; pos += hi; loaded += hi"), setup)


def push(call: str, count: int) -> Inline:
    """Lines that send up to `count` bytes of buf, going on after a short count. `call` lacks its last argument."""
    return Inline(
        (
            f"left = hi - lo if hi - lo < {count} else {count}",
            "while left:",
            f"    n = {call}buf[lo:lo + left])",
            "    calls += 1; lo += n; sent += n; left -= n",
        )
    )


def advance(call: str, count: int) -> Inline:
    """Lines that move up to `count` bytes from the cursor on; `call` has `{count}` where it says how many."""
    return Inline(
        (
            "if pos < size:",
            f"    n = {call.format(count=count)}",
            "    calls += 1; pos += n",
            f"    if n != {count}:",
            f"        left = min({count} - n, size - pos)",
            "        while left:",
            f"            n = {call.format(count='left')}",
            "            calls += 1; pos += n; left -= n",
            "            if not n: size = pos; break  # the file ends here, whatever its size was",
        )
    )
