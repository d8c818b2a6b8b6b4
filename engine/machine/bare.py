"""Bare execution: the plan as the plain loop a program would have, compiled once, nothing recorded but totals.

The observed executor asks questions at every call (what is ahead, what is rotten, what was lost). A race must not pay
for them, so each step of `repeat` contributes a few lines (`Call.inline`) to one function whose state is local
variables. Where verify or select have looked at the whole log in `once`, that function is a loop over the ranges that
they chose (`Call.ranged`). Only our own lines and integers are compiled, never the player's text. A plan that one of
its calls cannot inline runs through the ordinary executor with a recorder that only counts.
"""

from __future__ import annotations

import os
from array import array
from bisect import bisect_right
from itertools import accumulate
from operator import sub
from typing import Any

from zcquest.engine.calls import CALLS, CODES
from zcquest.engine.calls.base import BUFFERS, PIPES, REJECTED
from zcquest.engine.machine.executor import Ending, Verdict, conclude, execute
from zcquest.engine.machine.extent import Extent
from zcquest.engine.machine.filters import FILTERS
from zcquest.engine.machine.machine import Machine
from zcquest.engine.machine.memory import checked, libc
from zcquest.engine.machine.recorder import Counter
from zcquest.engine.plan import Lane, Plan, Step


def iovecs(base: int, starts: array[int], stops: array[int]) -> tuple[array[int], array[int]]:
    """An array of struct iovec for ranges of the mapping at `base`, and where each ends in the stream of them all."""
    iov = array("Q", bytes(16 * len(starts)))
    sizes = array("q", map(sub, stops, starts))
    iov[::2] = array("Q", [base + start for start in starts])
    iov[1::2] = array("Q", sizes)
    return iov, array("q", accumulate(sizes))


_NAMES = {
    "write": os.write,
    "sendfile": os.sendfile,
    "splice": os.splice,
    "os": os,
    "bisect_right": bisect_right,
    "writev": libc.writev,
    "checked": checked,
    "iovecs": iovecs,
    "pread": lambda fd, at, count, offset: checked(libc.pread(fd, at, count, offset)),
}


def run(machine: Machine, plan: Plan) -> Verdict:
    """Run the plan to its end; the machine's totals (position, bytes sent, calls) are exact afterwards."""
    machine.recorder = Counter(frozenset(code for code, call in enumerate(CODES) if not call.system))
    source = compile_repeat(plan) if machine.sock.getblocking() and not machine.fan else None
    if source is None:
        return _last(machine, plan)
    once = Plan(plan.lane(Lane.ONCE))
    if once.steps:
        verdict = _last(machine, once)
        if verdict.ending not in (Ending.SENT, Ending.STALLED, Ending.END_OF_FILE):
            return verdict
    ready = _ready_for_ranges if machine.sieve.looked else _ready
    if not ready(machine, plan.lane(Lane.REPEAT)):
        return _last(machine, Plan(plan.lane(Lane.REPEAT)))
    names: dict[str, Any] = dict(_NAMES)
    exec(compile(source, "<plan>", "exec"), names)  # our own lines and integers only
    try:
        names["repeat"](machine, Extent)
    except OSError as failure:
        machine.recorder.calls += 1  # a failed call counts
        return Verdict(Ending.ERROR, errno=failure.errno or 0)
    except EOFError:
        machine.end_of_file = True
    return conclude(machine)


def compile_repeat(plan: Plan) -> str | None:
    """The source of the repeat lane's loop; None where a call has no inline form in this plan."""
    steps = plan.lane(Lane.REPEAT)
    if any(step.lane in REJECTED for step in plan.steps):
        return None
    if any(step.call in FILTERS for step in plan.steps):
        return _compile_ranges(steps)
    inlined = [inline for step in steps if (inline := CALLS[step.call].inline(step))]
    if len(inlined) < len(steps) or not steps or _mixes_positions(steps) or _mixes_pipes(steps):
        return None
    words = {word for step in steps for word in step.values}
    buffers = [word for word in BUFFERS if word in words]
    pipes = [word for word in PIPES if word in words]
    guard = _GUARD if buffers or pipes else ("", "")  # only what goes through these can go round without moving on
    return _LOOP.format(
        buffers=_indent(4, *(_BUFFER.format(word=word) for word in buffers), *(f"{word}_held = 0" for word in pipes)),
        waiting="".join([f" or {word}_lo < {word}_hi" for word in buffers] + [f" or {word}_held" for word in pipes]),
        left=_indent(
            8,
            *(line.format(word=word) for word in buffers for line in _LEFT),
            *(_LEFT_IN_PIPE.format(word=word) for word in pipes),
        ),
        map="machine.mapping.view" if "map" in words else "None",
        setup=_indent(4, *(line for inline in inlined for line in inline.setup)),
        body=_indent(12, guard[0], *(line for inline in inlined for line in inline.body), guard[1]),
    )


def _compile_ranges(steps: tuple[Step, ...]) -> str | None:
    """The loop over what filters of `once` have chosen: one step sends it all."""
    found = CALLS[steps[0].call].ranged(steps[0]) if len(steps) == 1 else None
    if found is None:
        return None
    mapped = "map" in steps[0].values
    return _RANGES.format(
        base="machine.mapping.address" if mapped else "0",
        map="machine.mapping.view" if mapped else "None",
        body=_indent(8, *found.body),
    )


_GUARD = ("mark = pos + sent", "if pos + sent == mark: break")


def _ready(machine: Machine, steps: tuple[Step, ...]) -> bool:
    """Does `once` leave what the loop starts from? The cursor where the kernel has it, nothing that waits in buffers,
    and each memory there before it is sent: what is sent of one that is not, only the ordinary executor knows."""
    words = {word for step in steps for word in step.values}
    if machine.pending or machine.file_position != machine.position:
        return False
    if "map" in words and machine.mapping is None:
        return False
    if any(machine.pipes[word].filled or steps[0].values[1] != word for word in words.intersection(PIPES)):
        return False
    return _fills_before_it_gives(steps, {word for word, buffer in machine.buffers.items() if buffer.filled})


def _fills_before_it_gives(steps: tuple[Step, ...], filled: set[str]) -> bool:
    """Whether each buffer that the first round takes from is filled for sure by then. `filled` are so at its start.

    Only the round's first mover is sure to find bytes ahead of the cursor, and a buffer's bytes are taken once.
    """
    filled, fresh, moved = set(filled), set[str](), False
    for step in steps:
        first, second = step.values[:2]
        if second in BUFFERS and first != "log":  # write(sock, buf, ..), memcpy(buf2, buf, ..)
            if second not in filled:
                return False
            if second in fresh and first in BUFFERS:
                filled.add(first)
                fresh.add(first)
            fresh.discard(second)
            continue
        into = second if first == "log" else first  # read(log, buf, ..), memcpy(buf, map, ..)
        if into in BUFFERS and not moved:
            filled.add(into)
            fresh.add(into)
        moved = True
    return True


def _ready_for_ranges(machine: Machine, steps: tuple[Step, ...]) -> bool:
    """Have the filters looked at the whole log, and does nothing wait in buf?"""
    if not machine.sieve.complete or machine.pending:
        return False
    return "map" not in steps[0].values or machine.mapping is not None


def _indent(width: int, *lines: str) -> str:
    return "\n".join(" " * width + line for line in lines if line)


def _mixes_positions(steps: tuple[Step, ...]) -> bool:
    """Does `read` share the cursor with another mover? Then an lseek is needed now and then."""
    movers = {step.call for step in steps if step.values[0] == "log" and CALLS[step.call].routes(step)}
    movers |= {step.call for step in steps if "map" in (a.value for a in step.arguments) or step.call == "sendfile"}
    return "read" in movers and len(movers) > 1


def _mixes_pipes(steps: tuple[Step, ...]) -> bool:
    """Is there more than the way through one pipe? Then what lies in it need not be the last that was taken."""
    pipes = {word for step in steps for word in step.values if word in PIPES}
    return bool(pipes) and (len(pipes) > 1 or any(step.call != "splice" for step in steps))


def _last(machine: Machine, plan: Plan) -> Verdict:
    verdicts = [verdict for verdict in execute(machine, plan) if verdict]
    return verdicts[-1]


_LOOP = """
def repeat(machine, Extent):
    start, size = machine.position, machine.size
    pos, loaded, sent, calls, work = start, 0, 0, 0, 0
    map = {map}
{buffers}
    readinto, send = machine.file.readinto, machine.sock.send
{setup}
    try:
        while pos < size{waiting}:
{body}
    finally:
        machine.position = machine.file_position = pos
        machine.sent.payload += sent + pos - start - loaded
        machine.recorder.calls += calls + work
        machine.recorder.user_calls += work
{left}
"""

_BUFFER = (
    "{word} = machine.buffers['{word}'].view; {word}_at = machine.buffers['{word}'].address; "
    "{word}_lo = {word}_hi = {word}_log = 0"
)
_LEFT = (
    "if {word}_lo < {word}_hi:",
    "    machine.buffers['{word}'].filled = True",
    "    machine.buffers['{word}'].pending.append(Extent({word}_lo, {word}_log + {word}_lo, {word}_hi - {word}_lo))",
)
_LEFT_IN_PIPE = "machine.pipes['{word}'].put_log(pos - {word}_held, {word}_held)"
_RANGES = """
def repeat(machine, Extent):
    starts, stops = machine.sieve.rest(machine.position)
    base, map = {base}, {map}
    send = machine.sock.send
    calls, pos, total = 0, machine.position, 0
    try:
{body}
        pos, total = machine.size, sum(stops) - sum(starts)
    finally:
        machine.position = pos
        machine.sent.payload += total or sum(min(stop, pos) - at for at, stop in zip(starts, stops) if at < pos)
        machine.recorder.calls += calls
"""
