"""Work in user space: no mode switch of its own, but it needs bytes in user memory, and its page faults switch."""

from __future__ import annotations

import ctypes
from collections.abc import Iterator
from typing import TYPE_CHECKING, ClassVar

from zcquest.engine.calls.base import BUFFERS, REJECTED, Call, Kind, NoBytes, Parameter, route
from zcquest.engine.calls.inline import Inline, fetch, hand_on
from zcquest.engine.machine.filters import select, verify
from zcquest.engine.places import Route
from zcquest.engine.plan.model import Lane, Step

if TYPE_CHECKING:
    from zcquest.engine.machine.machine import Machine
    from zcquest.engine.trace import Record


class Memcpy(Call):
    """memcpy(3) from what one memory holds to the start of another."""

    name: ClassVar[str] = "memcpy"
    prototype: ClassVar[str] = "void *memcpy(void *dest, const void *src, size_t n);"
    moves: ClassVar[bool] = True
    parameters: ClassVar[tuple[Parameter, ...]] = (
        Parameter("dest", Kind.MEMORY),
        Parameter("src", Kind.MEMORY),
        Parameter("n", Kind.SIZE),
    )
    system: ClassVar[bool] = False

    def routes(self, step: Step) -> tuple[Route, ...]:
        return route(step.values[1], step.values[0])

    def execute(self, machine: Machine, step: Step) -> Iterator[None]:
        target, source, size = step.values
        count = machine.count(size, source)
        start, into = machine.address(source), machine.address(target)
        if start is None or into is None:
            raise NoBytes(self.name, "map")
        if not (chunk := machine.chunk(source, count)):
            return
        at, length = chunk
        length = min(length, machine.length(target))
        machine.call(self.name, _memmove, (into, start + at, length), at, length)
        machine.copied(source, target, length)
        yield

    def inline(self, step: Step) -> Inline | None:
        target, source, count = step.values
        if target not in BUFFERS or source == target:
            return None
        return fetch(target, count) if source == "map" else hand_on(target, source, count)

    def show(self, step: Step, record: Record) -> str:
        return f"memcpy({step.values[0]}, {step.values[1]}+{record.offset}, {record.size})"


class Verify(Call):
    """CRC-32C of every whole batch, in user code: what is rotten is left out of what the next calls send."""

    name: ClassVar[str] = "verify"
    prototype: ClassVar[str] = "int verify(const void *batches, size_t n);"
    parameters: ClassVar[tuple[Parameter, ...]] = (
        Parameter("mem", Kind.MEMORY),
        Parameter("n", Kind.SIZE, optional=True),
    )
    system: ClassVar[bool] = False

    def execute(self, machine: Machine, step: Step) -> Iterator[None]:
        count = machine.count(step.values[1]) if len(step.arguments) > 1 else None
        if verify(machine, self.name, step.values[0], count):
            yield

    def show(self, step: Step, record: Record) -> str:
        return f"verify({step.values[0]}+{record.offset}, {record.size})"


class Rewrite(Call):
    """The rejected message made into what RocketMQ stores of it: for another attempt, or as a dead letter.

    In place: topic, properties and RECONSUMETIMES change, the body stays where it is, so that it is no copy.
    """

    name: ClassVar[str] = "rewrite"
    prototype: ClassVar[str] = "int rewrite(void *message);"
    parameters: ClassVar[tuple[Parameter, ...]] = (Parameter("mem", Kind.MEMORY),)
    lanes: ClassVar[tuple[Lane, ...]] = REJECTED
    system: ClassVar[bool] = False

    def execute(self, machine: Machine, step: Step) -> Iterator[None]:
        machine.rewrite(self.name, step.values[0], dead=step.lane is Lane.ON_GIVEUP)
        yield

    def show(self, step: Step, record: Record) -> str:
        return f"rewrite({step.values[0]}, {record.size})"


class Select(Call):
    """What the consumer subscribed to, told in user code by the index or by content: the rest is left out of what the
    next calls send."""

    name: ClassVar[str] = "select"
    prototype: ClassVar[str] = "int select(const void *entries_or_messages, size_t n);"
    parameters: ClassVar[tuple[Parameter, ...]] = (
        Parameter("mem", Kind.MEMORY, ("index", *BUFFERS, "map")),
        Parameter("n", Kind.SIZE, optional=True),
    )
    system: ClassVar[bool] = False

    def execute(self, machine: Machine, step: Step) -> Iterator[None]:
        count = machine.count(step.values[1]) if len(step.arguments) > 1 else None
        if select(machine, self.name, step.values[0], count):
            yield

    def show(self, step: Step, record: Record) -> str:
        return f"select({step.values[0]}+{record.offset}, {record.size})"


def _memmove(target: int, source: int, count: int) -> int:
    ctypes.memmove(target, source, count)
    return count
