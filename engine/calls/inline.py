"""A call as lines of the bare loop (`zcquest.engine.machine.bare`), and the lines that moving calls share.

They may name pos, size (the cursor and the log's size), loaded, sent, calls, work (bytes put into buffers and pipes,
bytes of them sent, syscalls made, copies made in user space), the memoryview map, and for each buffer that the plan
names, such as buf: the memoryview buf, its address buf_at, its unsent part buf_lo to buf_hi, and buf_log, the offset in
the log of what lies at its start; for a pipe, the bytes that lie in it, pipe_held. The common case comes first and
costs least: one call that moves all it was asked to.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Inline:
    """`body` is run each round, `setup` once before the first."""

    body: tuple[str, ...]
    setup: tuple[str, ...] = ()


def each_range(call: str, count: int) -> Inline:
    """Lines that make one call a range, going on after a short count; a step's `count` bytes cut a range in two.

    `call` has `{count}` where it says how many. They may name starts, stops (arrays) and map, and keep pos and calls.
    """
    return Inline(
        (
            f"budget = {count}",
            "for pos, end in zip(starts, stops):",
            "    left = end - pos",
            "    if left < budget:",
            f"        n = {call.format(count='left')}",
            "        calls += 1; budget -= n",
            "        if n == left: continue",
            "        pos += n",
            "    while pos < end:",
            "        left = end - pos if end - pos < budget else budget",
            f"        n = {call.format(count='left')}",
            f"        calls += 1; pos += n; budget = budget - n or {count}",
            "        if not n: raise EOFError",
        )
    )


def load(buffer: str, call: str, setup: tuple[str, ...] = ()) -> Inline:
    """Lines that fill a buffer from the cursor on with one call; at the end of the file it keeps what it has."""
    return Inline((f"n = {call}", "calls += 1", "if n:", *_filled(buffer)), setup)


def fetch(buffer: str, count: int) -> Inline:
    """Lines that copy up to `count` bytes of map from the cursor on to a buffer's start."""
    return Inline(
        (
            "if pos < size:",
            f"    n = {count} if size - pos > {count} else size - pos",
            f"    {buffer}[:n] = map[pos:pos + n]",
            "    work += 1",
            *_filled(buffer),
        )
    )


def _filled(buffer: str) -> tuple[str, ...]:
    return (
        f"    {buffer}_lo = 0; {buffer}_hi = n; {buffer}_log = pos",
        "    pos += n; loaded += n",
    )


def hand_on(target: str, source: str, count: int) -> Inline:
    """Lines that copy up to `count` unsent bytes of one buffer to the start of another, whose turn it is now."""
    return Inline(
        (
            f"n = {source}_hi - {source}_lo",
            "if n:",
            f"    if n > {count}: n = {count}",
            f"    {target}[:n] = {source}[{source}_lo:{source}_lo + n]",
            f"    {target}_lo = 0; {target}_hi = n; {target}_log = {source}_log + {source}_lo",
            f"    {source}_lo += n; work += 1",
        )
    )


def push(buffer: str, call: str, count: int) -> Inline:
    """Lines that send up to `count` bytes of a buffer, going on after a short count. `call` lacks its last argument."""
    low, high = f"{buffer}_lo", f"{buffer}_hi"
    return Inline(
        (
            f"left = {high} - {low} if {high} - {low} < {count} else {count}",
            "while left:",
            f"    n = {call}{buffer}[{low}:{low} + left])",
            f"    calls += 1; {low} += n; sent += n; left -= n",
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


def into_pipe(pipe: str, call: str, count: int) -> Inline:
    """Lines that make one call to put up to `count` bytes from the cursor on into a pipe."""
    return Inline(
        (
            "if pos < size:",
            f"    n = {call.format(count=f'{count} if size - pos > {count} else size - pos')}",
            f"    calls += 1; pos += n; loaded += n; {pipe}_held += n",
        )
    )


def from_pipe(pipe: str, call: str, count: int) -> Inline:
    """Lines that send up to `count` of the bytes in a pipe, going on after a short count."""
    return Inline(
        (
            f"left = {pipe}_held if {pipe}_held < {count} else {count}",
            "while left:",
            f"    n = {call.format(count='left')}",
            f"    calls += 1; {pipe}_held -= n; sent += n; left -= n",
        )
    )
