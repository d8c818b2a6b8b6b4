"""writev(2): many stretches of user memory handed over in one call."""

from __future__ import annotations

import ctypes
import os
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Any, ClassVar

from zcquest.engine.calls.base import DESCRIPTORS, MESSAGE, write_end
from zcquest.engine.calls.inline import Inline, advance
from zcquest.engine.calls.sockets import Write
from zcquest.engine.machine.sieve import IOV_MAX
from zcquest.engine.plan.model import Step

if TYPE_CHECKING:
    from zcquest.engine.machine.machine import Machine
    from zcquest.engine.machine.sieve import Range
    from zcquest.engine.trace import Record

_COUNT_AT = 48  # bits: a record's offset holds the number of ranges above the offset of the first, which is below 2^48


class Writev(Write):
    """writev(2) of the next ranges that `map` or `buf` holds, a range being messages that touch each other."""

    name: ClassVar[str] = "writev"
    prototype: ClassVar[str] = "ssize_t writev(int fd, const struct iovec *iov, int iovcnt);"

    def execute(self, machine: Machine, step: Step) -> Iterator[None]:
        target, source, size = step.values
        left = machine.count(size, source)
        while left > 0 and (ranges := machine.chunks(source, left)):
            function, arguments = _gathering(machine, write_end(target), source, ranges)
            offset = len(ranges) << _COUNT_AT | ranges[0][0]
            sent = machine.call(self.name, function, arguments, offset, sum(stop - start for start, stop in ranges))
            machine.gone(source, target, sent)
            left -= sent
            yield

    def inline(self, step: Step) -> Inline | None:
        target, source, count = step.values
        if (target, source) != ("sock", "map") or count == MESSAGE:
            return None
        return advance(f"os.writev({DESCRIPTORS['sock']}, (map[pos:pos + {{count}}],))", count)

    def ranged(self, step: Step) -> Inline | None:
        """As many ranges with each call as the step's bytes and IOV_MAX allow; the kernel reads one array of them all,
        in which only the edges of a call are rewritten."""
        target, source, count = step.values
        if (target, source) != ("sock", "map") or count == MESSAGE:
            return None
        body = (
            f"budget, done, first, end = {count}, 0, 0, len(starts)",
            "iov, reach = iovecs(base, starts, stops)",
            "iov_at = iov.buffer_info()[0]",
            "while first < end:",
            f"    last = first + {IOV_MAX} if first + {IOV_MAX} < end else end",
            "    after = bisect_right(reach, done + budget, first, last)",
            "    part = done + budget - (reach[after - 1] if after > first else done) if after < last else 0",
            "    if part: iov[2 * after + 1] = part",
            f"    n = checked(writev({DESCRIPTORS['sock']}, iov_at + 16 * first, after - first + (part > 0)))",
            f"    calls += 1; done += n; budget = budget - n or {count}",
            "    if part: iov[2 * after + 1] = stops[after] - starts[after]",
            "    first = bisect_right(reach, done, first, end)",
            "    if first < end:",
            "        left = reach[first] - done",
            "        pos = stops[first] - left",
            "        iov[2 * first] = base + pos; iov[2 * first + 1] = left",
        )
        return Inline(body)

    def show(self, step: Step, record: Record) -> str:
        count, at = record.offset >> _COUNT_AT, record.offset & (1 << _COUNT_AT) - 1
        ranges = f"{{iov_base={step.values[1]}+{at}}}" + (", ..." if count > 1 else "")
        return f"writev({write_end(step.values[0])}, [{ranges}], {count} /* {record.size} bytes */)"


def _gathering(
    machine: Machine, fd: int, source: str, ranges: list[Range]
) -> tuple[Callable[..., int], tuple[Any, ...]]:
    from zcquest.engine.machine.memory import checked, libc  # here: the palette is read where there is no Linux

    view = machine.memory(source)
    if view is not None:
        return os.writev, (fd, [view[start:stop] for start, stop in ranges])
    start, stop = ranges[0]
    nowhere = (ctypes.c_size_t * 2)(0, stop - start)  # one struct iovec, of a null pointer
    return lambda: checked(libc.writev(fd, nowhere, 1)), ()
