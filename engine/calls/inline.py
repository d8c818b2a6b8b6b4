"""Lines of the bare loop (`zcquest.engine.machine.bare`) that moving calls share.

They may name pos, size (the cursor and the log's size), lo, hi (the unsent part of buf), sent, calls (totals), and the
memoryviews buf and map.
"""

from __future__ import annotations


def push(call: str, count: int) -> list[str]:
    """Lines that send up to `count` bytes of buf, going on after a short count."""
    return [
        f"left = {count}",
        "while left and lo < hi:",
        f"    n = {call}buf[lo:hi if hi - lo < left else lo + left])",
        "    calls += 1; lo += n; sent += n; left -= n",
    ]


def advance(call: str, count: int) -> list[str]:
    """Lines that move up to `count` bytes from the cursor on; `call` may name `left`."""
    return [
        f"left = {count} if size - pos > {count} else size - pos",
        "while left:",
        f"    n = {call}",
        "    calls += 1; pos += n; sent += n; left -= n",
        "    if not n: break",
    ]
