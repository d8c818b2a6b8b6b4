"""Calls that move bytes between descriptors without showing them to the program."""

from __future__ import annotations

import os
from collections.abc import Iterator
from typing import TYPE_CHECKING, ClassVar

from zcquest.engine.calls.base import DESCRIPTORS, MESSAGE, PIPES, Call, Kind, Parameter, route, write_end
from zcquest.engine.calls.inline import Inline, advance, each_range
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
        out, into = write_end(target), DESCRIPTORS[source]
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
            if not sent or target in PIPES:
                return

    def inline(self, step: Step) -> Inline | None:
        if step.values[:2] != ("sock", "log"):
            return None
        out, into = DESCRIPTORS["sock"], DESCRIPTORS["log"]
        return advance(f"sendfile({out}, {into}, pos, {{count}})", step.values[2])

    def ranged(self, step: Step) -> Inline | None:
        if step.values[:2] != ("sock", "log") or step.values[2] == MESSAGE:
            return None
        out, into = DESCRIPTORS["sock"], DESCRIPTORS["log"]
        return each_range(f"sendfile({out}, {into}, pos, {{count}})", step.values[2])

    def show(self, step: Step, record: Record) -> str:
        out, into = write_end(step.values[0]), DESCRIPTORS[step.values[1]]
        after = f" => [{record.offset + record.result}]" if record.result > 0 else ""
        return f"sendfile({out}, {into}, [{record.offset}]{after}, {record.size})"


class CopyFileRange(Call):
    """copy_file_range(2) from the plan's cursor to where the other file stands.

    The pages are copied within the kernel, unless the filesystem can share whole blocks between files (reflinks).
    """

    name: ClassVar[str] = "copy_file_range"
    prototype: ClassVar[str] = (
        "ssize_t copy_file_range(int fd_in, off_t *off_in, int fd_out, off_t *off_out, size_t len, unsigned flags);"
    )
    parameters: ClassVar[tuple[Parameter, ...]] = (
        Parameter("fd_in", Kind.FD),
        Parameter("fd_out", Kind.FD),
        Parameter("len", Kind.SIZE),
    )
    moves: ClassVar[bool] = True

    def routes(self, step: Step) -> tuple[Route, ...]:
        return route(step.values[0], step.values[1])

    def execute(self, machine: Machine, step: Step) -> Iterator[None]:
        source, target, size = step.values
        count = machine.count(size)
        into, out = DESCRIPTORS[source], write_end(target)
        if source != "log":
            machine.call(self.name, os.copy_file_range, (into, out, count), 0, count)
            yield
            return
        while count > 0 and (length := machine.ahead(count)):
            at = machine.position
            copied = machine.call(self.name, os.copy_file_range, (into, out, length, at), at, length)
            machine.forwarded(target, copied)
            count -= copied
            yield
            if not copied:
                return

    def show(self, step: Step, record: Record) -> str:
        into, out = DESCRIPTORS[step.values[0]], write_end(step.values[1])
        if step.values[0] != "log":
            return f"copy_file_range({into}, NULL, {out}, NULL, {record.size}, 0)"
        return f"copy_file_range({into}, [{record.offset}], {out}, NULL, {record.size}, 0)"
