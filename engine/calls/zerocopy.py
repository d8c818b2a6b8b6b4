"""Calls that move bytes between descriptors without showing them to the program."""

from __future__ import annotations

import os
from collections.abc import Iterator
from typing import TYPE_CHECKING, ClassVar

from zcquest.engine.calls.base import DESCRIPTORS, Call, Kind, Parameter, route
from zcquest.engine.calls.inline import Inline, advance
from zcquest.engine.places import Route
from zcquest.engine.plan.model import Step

if TYPE_CHECKING:
    from zcquest.engine.machine.machine import Machine
    from zcquest.engine.trace import Record


class Sendfile(Call):
    """sendfile(2) from the plan's cursor, with an explicit offset as Kafka's JVM makes it."""

    name: ClassVar[str] = "sendfile"
    prototype: ClassVar[str] = "ssize_t sendfile(int out_fd, int in_fd, off_t *offset, size_t count);"
    moves: ClassVar[bool] = True
    parameters: ClassVar[tuple[Parameter, ...]] = (
        Parameter("out_fd", Kind.FD),
        Parameter("in_fd", Kind.FD),
        Parameter("count", Kind.SIZE),
    )

    def routes(self, step: Step) -> tuple[Route, ...]:
        return route(step.values[1], step.values[0])

    def execute(self, machine: Machine, step: Step) -> Iterator[None]:
        target, source, size = step.values
        count = machine.count(size)
        out, into = DESCRIPTORS[target], DESCRIPTORS[source]
        if source != "log":
            machine.call(self.name, os.sendfile, (out, into, 0, count), 0, count)
            yield
            return
        while count > 0 and (length := machine.ahead(count)):
            at = machine.position
            sent = machine.call(self.name, os.sendfile, (out, into, at, length), at, length)
            machine.forwarded(target, sent)
            count -= sent
            yield
            if not sent:
                return

    def inline(self, step: Step) -> Inline | None:
        if step.values[:2] != ("sock", "log"):
            return None
        out, into = DESCRIPTORS["sock"], DESCRIPTORS["log"]
        return advance(f"sendfile({out}, {into}, pos, {{count}})", step.values[2])

    def show(self, step: Step, record: Record) -> str:
        out, into = DESCRIPTORS[step.values[0]], DESCRIPTORS[step.values[1]]
        after = f" => [{record.offset + record.result}]" if record.result > 0 else ""
        return f"sendfile({out}, {into}, [{record.offset}]{after}, {record.size})"
