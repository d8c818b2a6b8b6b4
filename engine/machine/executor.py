"""Runs a plan's lanes on a machine, one call at a time."""

from __future__ import annotations

import select
from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum

from zcquest.engine.calls import CALLS
from zcquest.engine.calls.base import DESCRIPTORS, CallFailed, NoBytes, Refusal
from zcquest.engine.machine.machine import Machine
from zcquest.engine.message import Message
from zcquest.engine.plan import Lane, Plan


class Ending(StrEnum):
    """Why a run is over. The first three are the machine's own, the others were done to it."""

    SENT = "sent"  # the whole log was taken, and nothing of it waits in user memory or a pipe
    END_OF_FILE = "end_of_file"  # a call said 0: the file ends here, whatever its size was
    STALLED = "stalled"  # a round of `repeat` moved nothing, or the plan ended early
    ERROR = "error"  # a call failed
    NO_BYTES = "no_bytes"  # user-space work without bytes in user space
    DAMAGED = "damaged"  # user-space work met a log or an index that cannot be followed
    NO_MEMORY = "no_memory"  # the kernel refused the plan's buffer
    KILLED = "killed"  # a signal ended the machine
    DEADLINE = "deadline"
    CANCELLED = "cancelled"


@dataclass(frozen=True, slots=True)
class Verdict:
    """How the plan ended: an errno where a call failed, the name of what held nothing, the reason of damage."""

    ending: Ending
    errno: int = 0
    memory: str = ""
    reason: Message | None = None


def execute(machine: Machine, plan: Plan) -> Iterator[Verdict | None]:
    """Yields None after each call, and at last the verdict."""
    try:
        yield from _lanes(machine, plan)
        yield conclude(machine)
    except CallFailed as failure:
        yield Verdict(Ending.ERROR, errno=failure.errno)
    except NoBytes as lack:
        yield Verdict(Ending.NO_BYTES, memory=lack.memory)
    except Refusal as refusal:
        yield Verdict(Ending.DAMAGED, reason=refusal.message)


def _lanes(machine: Machine, plan: Plan) -> Iterator[None]:
    numbered = list(enumerate(plan.steps))
    once = [(index, step) for index, step in numbered if step.lane is Lane.ONCE]
    repeat = [(index, step, CALLS[step.call].execute) for index, step in numbered if step.lane is Lane.REPEAT]
    for index, step in once:
        machine.step = index
        with machine.serving(step):
            yield from CALLS[step.call].execute(machine, step)
    before = machine.progress()
    while repeat and not machine.finished:
        if machine.blocked:
            machine.blocked.clear()
        for index, step, execute in repeat:
            machine.step = index
            if machine.fan:
                with machine.serving(step):
                    yield from execute(machine, step)
            else:
                yield from execute(machine, step)
        now = machine.progress()
        if now == before:
            if not machine.blocked:
                break
            machine.wait(select.POLLOUT, *sorted(DESCRIPTORS[word] for word in machine.blocked))
            yield
        before = now
    yield from send_back(machine, plan)


def send_back(machine: Machine, plan: Plan) -> Iterator[None]:
    """Run the lanes of rejected messages, once the log is sent.

    References are taken in the order in which the consumer sent them; a lane runs to its end before the next one is
    taken; what is delivered again, and rejected again, comes after all that was rejected before.
    """
    if machine.settle is None or machine.waiting or not (machine.finished or machine.end_of_file):
        return
    numbered = list(enumerate(plan.steps))
    machine.face_consumer()
    while references := machine.settle():
        for message in references:
            machine.rejections[message.offset] += 1
            last = machine.retries is not None and machine.rejections[message.offset] > machine.retries
            machine.given_up += last
            with machine.aside(message):
                for index, step in numbered:
                    if step.lane is (Lane.ON_GIVEUP if last else Lane.ON_REJECT):
                        machine.step = index
                        with machine.serving(step):
                            machine.aim(step)
                            yield from CALLS[step.call].execute(machine, step)


def conclude(machine: Machine) -> Verdict:
    """How a plan that made all its calls has ended."""
    if machine.finished:
        return Verdict(Ending.SENT)
    if machine.end_of_file and not machine.waiting:
        return Verdict(Ending.END_OF_FILE)
    return Verdict(Ending.STALLED)
