"""Calls on the log's descriptor that bring bytes into user memory, or tell the page cache what is coming."""

from __future__ import annotations

import os
from collections.abc import Iterator
from typing import TYPE_CHECKING, ClassVar

from zcquest.engine.calls.base import BUFFERS, DESCRIPTORS, PIPES, Call, Kind, Parameter, route
from zcquest.engine.calls.inline import Inline, load
from zcquest.engine.places import Route
from zcquest.engine.plan.model import Step

if TYPE_CHECKING:
    from zcquest.engine.machine.machine import Machine
    from zcquest.engine.trace import Record


class Read(Call):
    """read(2) at the file's own position."""

    name: ClassVar[str] = "read"
    prototype: ClassVar[str] = "ssize_t read(int fd, void *buf, size_t count);"
    moves: ClassVar[bool] = True
    parameters: ClassVar[tuple[Parameter, ...]] = (
        Parameter("fd", Kind.FD),
        Parameter("mem", Kind.MEMORY),
        Parameter("count", Kind.SIZE),
    )

    def routes(self, step: Step) -> tuple[Route, ...]:
        return route(step.values[0], step.values[1])

    def execute(self, machine: Machine, step: Step) -> Iterator[None]:
        source, target, size = step.values
        count = machine.count(size)
        if source == "log" and not (count := machine.wanted(count)):
            return
        if source in PIPES and not (count := machine.pipes.outflow(source, count)):
            return
        if source != "log" or target not in BUFFERS:
            function, arguments = machine.raw("read", DESCRIPTORS[source], machine.address(target), count)
            got = machine.call(self.name, function, arguments, 0, count)
            if source == "sock" and target in BUFFERS:
                machine.received(target, got)
            elif source in PIPES and target in BUFFERS:
                machine.poured(source, target, got)
            yield
            return
        if machine.file_position != machine.position:
            machine.seek()
            yield
        got = machine.call(
            self.name, machine.file.readinto, (machine.into_buffer(target, count),), machine.position, count
        )
        machine.file_position += got
        machine.loaded(target, got)
        yield

    def inline(self, step: Step) -> Inline | None:
        source, target, count = step.values
        if source != "log" or target not in BUFFERS:
            return None
        head = f"{target}_head_{count}"
        return load(target, f"readinto({head})", (f"{head} = {target}[:{count}]",))

    def show(self, step: Step, record: Record) -> str:
        return f"read({DESCRIPTORS[step.values[0]]}, {step.values[1]}, {record.size})"


class Pread(Call):
    """pread(2) at the plan's cursor: the file's own position stays where it is."""

    name: ClassVar[str] = "pread"
    prototype: ClassVar[str] = "ssize_t pread(int fd, void *buf, size_t count, off_t offset);"
    moves: ClassVar[bool] = True
    parameters: ClassVar[tuple[Parameter, ...]] = Read.parameters

    def routes(self, step: Step) -> tuple[Route, ...]:
        return route(step.values[0], step.values[1])

    def execute(self, machine: Machine, step: Step) -> Iterator[None]:
        source, target, size = step.values
        count = machine.count(size)
        if source == "log" and not (count := machine.wanted(count)):
            return
        function, arguments = machine.raw(
            "pread", DESCRIPTORS[source], machine.address(target), count, machine.position
        )
        got = machine.call(self.name, function, arguments, machine.position, count)
        if source == "log" and target in BUFFERS:
            machine.loaded(target, got)
        yield

    def inline(self, step: Step) -> Inline | None:
        source, target, count = step.values
        if source != "log" or target not in BUFFERS:
            return None
        return load(target, f"pread({DESCRIPTORS['log']}, {target}_at, {count}, pos)")

    def show(self, step: Step, record: Record) -> str:
        return f"pread64({DESCRIPTORS[step.values[0]]}, {step.values[1]}, {record.size}, {record.offset})"


class Readahead(Call):
    """readahead(2): start reading into the page cache, from the plan's cursor on."""

    name: ClassVar[str] = "readahead"
    prototype: ClassVar[str] = "ssize_t readahead(int fd, off64_t offset, size_t count);"
    parameters: ClassVar[tuple[Parameter, ...]] = (Parameter("fd", Kind.FD), Parameter("count", Kind.SIZE))
    advice: ClassVar[bool] = True

    def execute(self, machine: Machine, step: Step) -> Iterator[None]:
        count = machine.count(step.values[1])
        function, arguments = machine.raw("readahead", DESCRIPTORS[step.values[0]], machine.position, count)
        machine.attempt(self.name, function, arguments, machine.position, count)
        yield

    def show(self, step: Step, record: Record) -> str:
        return f"readahead({DESCRIPTORS[step.values[0]]}, {record.offset}, {record.size})"


_FADVISE = {  # values of <linux/fadvise.h>
    "normal": 0,
    "random": 1,
    "sequential": 2,
    "willneed": 3,
    "dontneed": 4,
    "noreuse": 5,
}


class Fadvise(Call):
    """posix_fadvise(2) for the whole file."""

    name: ClassVar[str] = "fadvise"
    prototype: ClassVar[str] = "int posix_fadvise(int fd, off_t offset, off_t len, int advice);"
    parameters: ClassVar[tuple[Parameter, ...]] = (
        Parameter("fd", Kind.FD),
        Parameter("advice", Kind.FLAGS, tuple(_FADVISE)),
    )
    advice: ClassVar[bool] = True

    def execute(self, machine: Machine, step: Step) -> Iterator[None]:
        for advice in step.values[1:]:
            arguments = (DESCRIPTORS[step.values[0]], 0, 0, _FADVISE[advice])
            machine.attempt(self.name, _advise, arguments, 0, _FADVISE[advice])
            yield

    def show(self, step: Step, record: Record) -> str:
        advice = next(name for name, value in _FADVISE.items() if value == record.size)
        return f"fadvise64({DESCRIPTORS[step.values[0]]}, 0, 0, POSIX_FADV_{advice.upper()})"


def _advise(fd: int, start: int, length: int, advice: int) -> int:
    os.posix_fadvise(fd, start, length, advice)
    return 0


class Fsync(Call):
    """fsync(2): on return, what was written to the file before is on its device, and so is what leads to it."""

    name: ClassVar[str] = "fsync"
    prototype: ClassVar[str] = "int fsync(int fd);"
    parameters: ClassVar[tuple[Parameter, ...]] = (Parameter("fd", Kind.FD),)
    flushes: ClassVar[bool] = True

    def execute(self, machine: Machine, step: Step) -> Iterator[None]:
        function, arguments = machine.raw(self.name, DESCRIPTORS[step.values[0]])
        machine.call(self.name, function, arguments, 0, 0)
        yield

    def show(self, step: Step, record: Record) -> str:
        return f"{self.name}({DESCRIPTORS[step.values[0]]})"


class Fdatasync(Fsync):
    """fdatasync(2): as fsync, without metadata that reading the data back does not need."""

    name: ClassVar[str] = "fdatasync"
    prototype: ClassVar[str] = "int fdatasync(int fd);"
