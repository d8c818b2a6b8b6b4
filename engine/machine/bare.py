"""Bare execution: the plan as the plain loop a program would have, compiled once, nothing recorded but totals.

The observed executor asks questions at every call (what is ahead, what is rotten, what was lost). A race must not pay for
them, so each step of `repeat` contributes a few lines (`Call.inline`) to one function whose state is local variables. Only
our own lines and integers are compiled, never the player's text. A plan that one of its calls cannot inline runs through
the ordinary executor with a recorder that only counts.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from typing import Any

from zcquest.engine.calls import CALLS
from zcquest.engine.calls.base import word
from zcquest.engine.machine.executor import Ending, Verdict, conclude, execute
from zcquest.engine.machine.machine import Machine
from zcquest.engine.machine.memory import Extent, checked, libc
from zcquest.engine.plan import Lane, Plan, Step


_NAMES = {
    "write": os.write,
    "sendfile": os.sendfile,
    "pread": lambda fd, at, count, offset: checked(libc.pread(fd, at, count, offset)),
}


class Counter:
    """Stands in for the recorder: counts calls and keeps nothing else."""

    def __init__(self) -> None:
        self.calls = 0

    def begin(self) -> None:
        """There is no time zero to keep."""

    def call(
        self, step: int, code: int, function: Callable[..., int], arguments: tuple[Any, ...], offset: int, size: int
    ) -> tuple[int, int]:
        self.calls += 1
        try:
            return function(*arguments), 0
        except OSError as failure:
            return -1, failure.errno or 0


def run(machine: Machine, plan: Plan) -> Verdict:
    """Run the plan to its end; the machine's totals (position, bytes sent, calls) are exact afterwards."""
    machine.recorder = Counter()
    source = compile_repeat(plan) if machine.sock.getblocking() else None
    if source is None:
        return _last(machine, plan)
    once = Plan(plan.lane(Lane.ONCE))
    if once.steps:
        verdict = _last(machine, once)
        if verdict.ending in (Ending.ERROR, Ending.NO_BYTES):
            return verdict
    if machine.rejected or machine.file_position != machine.position:
        return _last(machine, Plan(plan.lane(Lane.REPEAT)))
    names: dict[str, Any] = dict(_NAMES)
    exec(compile(source, "<plan>", "exec"), names)  # our own lines and integers only
    try:
        names["repeat"](machine, Extent)
    except OSError as failure:
        return Verdict(Ending.ERROR, errno=failure.errno or 0)
    return conclude(machine)


def compile_repeat(plan: Plan) -> str | None:
    """The source of the repeat lane's loop; None where a call has no inline form in this plan."""
    steps = plan.lane(Lane.REPEAT)
    lines: list[str] = []
    for step in steps:
        inline = CALLS[step.call].inline(step)
        if inline is None:
            return None
        lines += inline
    if not steps or any(step.call == "verify" for step in plan.steps) or _mixes_positions(steps):
        return None
    uses_map = any(argument.value == "map" for step in steps for argument in step.arguments)
    body = "\n".join(f"            {line}" for line in lines)
    return _LOOP.format(body=body, map="machine.mapping.view" if uses_map else "None")


def _mixes_positions(steps: tuple[Step, ...]) -> bool:
    """Does `read` share the cursor with another mover? Then an lseek is needed now and then."""
    movers = {step.call for step in steps if CALLS[step.call].routes(step) and word(step, 0) != "sock"}
    movers |= {step.call for step in steps if "map" in (a.value for a in step.arguments) or step.call == "sendfile"}
    return "read" in movers and len(movers) > 1


def _last(machine: Machine, plan: Plan) -> Verdict:
    verdict = None
    for verdict in execute(machine, plan):
        pass
    return verdict or conclude(machine)


_LOOP = """
def repeat(machine, Extent):
    pos, size, sent, calls, lo, hi = machine.position, machine.size, 0, 0, 0, 0
    buffer, map = machine.buffer, {map}
    buf = buffer and buffer.view
    buf_at = buffer and buffer.address
    readinto, send = machine.file.readinto, machine.sock.send
    try:
        while pos < size or lo < hi:
            mark = pos + sent
{body}
            if pos + sent == mark:
                break
    finally:
        machine.position = machine.file_position = pos
        machine.sent.payload += sent
        machine.recorder.calls += calls
        if buffer and lo < hi:
            buffer.filled = True
            buffer.pending.append(Extent(lo, pos - (hi - lo), hi - lo))
"""
