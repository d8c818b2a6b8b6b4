"""The log as memory: mmap and what can be advised about a mapping."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, ClassVar

from zcquest.engine.calls.base import DESCRIPTORS, Call, Kind, Parameter, flags, route
from zcquest.engine.places import Route
from zcquest.engine.plan.model import Step

if TYPE_CHECKING:
    from zcquest.engine.machine.machine import Machine
    from zcquest.engine.trace import Record


class Mmap(Call):
    """mmap(2) of the whole log, or of its index, read-only. A second mapping replaces the first (MAP_FIXED)."""

    name: ClassVar[str] = "mmap"
    carries_all: ClassVar[bool] = True
    prototype: ClassVar[str] = "void *mmap(void *addr, size_t length, int prot, int flags, int fd, off_t offset);"
    parameters: ClassVar[tuple[Parameter, ...]] = (
        Parameter("fd", Kind.FD),
        Parameter("flags", Kind.FLAGS, ("populate", "private"), optional=True),
    )

    def routes(self, step: Step) -> tuple[Route, ...]:
        return route(step.values[0], "map")

    def execute(self, machine: Machine, step: Step) -> Iterator[None]:
        machine.map_file(self.name, step.values[0], flags(step, 1))
        yield

    def show(self, step: Step, record: Record) -> str:
        kind = "MAP_PRIVATE" if "private" in flags(step, 1) else "MAP_SHARED"
        fixed = "|MAP_FIXED" if record.offset else ""
        populate = "|MAP_POPULATE" if "populate" in flags(step, 1) else ""
        where = hex(record.offset) if record.offset else "NULL"
        fd = DESCRIPTORS[step.values[0]]
        return f"mmap({where}, {record.size}, PROT_READ, {kind}{fixed}{populate}, {fd}, 0)"


_MADVISE = {  # values of <sys/mman.h>
    "normal": 0,
    "random": 1,
    "sequential": 2,
    "willneed": 3,
    "dontneed": 4,
    "hugepage": 14,
    "cold": 20,
    "populate_read": 22,
}


class Madvise(Call):
    """madvise(2) for the whole mapping."""

    name: ClassVar[str] = "madvise"
    prototype: ClassVar[str] = "int madvise(void *addr, size_t length, int advice);"
    parameters: ClassVar[tuple[Parameter, ...]] = (
        Parameter("mem", Kind.MEMORY),
        Parameter("advice", Kind.FLAGS, tuple(_MADVISE)),
    )
    advice: ClassVar[bool] = True

    def execute(self, machine: Machine, step: Step) -> Iterator[None]:
        memory = step.values[0]
        for advice in step.values[1:]:
            value = _MADVISE[advice]
            function, arguments = machine.raw("madvise", machine.address(memory), machine.length(memory), value)
            machine.attempt(self.name, function, arguments, value, machine.length(memory))
            yield

    def show(self, step: Step, record: Record) -> str:
        advice = next(name for name, value in _MADVISE.items() if value == record.offset)
        return f"madvise({step.values[0]}, {record.size}, MADV_{advice.upper()})"
