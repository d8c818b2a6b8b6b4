"""Pipes, and the calls that move pages in and out of them without showing them to the program.

How much goes into a pipe is for the pipe to say, so a step that fills one makes one call, however short the count; one
that empties it into something else goes on until it has taken what the step asks for, or all there is. A program knows
what lies in its pipe, so it does not ask an empty one again; it cannot know what still fits (each piece takes a slot of
a page), so a call on a full pipe is made, and sleeps until somebody takes bytes out.
"""

from __future__ import annotations

import ctypes
import errno
import os
import select
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Any, ClassVar

from zcquest.engine.calls.base import (
    DESCRIPTORS,
    PIPES,
    SOCKETS,
    Call,
    CallFailed,
    Kind,
    Parameter,
    flags,
    route,
    write_end,
)
from zcquest.engine.calls.implied import F_SETPIPE_SZ
from zcquest.engine.calls.inline import Inline, from_pipe, into_pipe
from zcquest.engine.calls.sockets import NULL
from zcquest.engine.places import Route
from zcquest.engine.plan.model import Lane, Step

if TYPE_CHECKING:
    from zcquest.engine.machine.machine import Machine
    from zcquest.engine.trace import Record

_FLAGS = {"move": 1, "nonblock": 2, "more": 4, "gift": 8}  # SPLICE_F_* of <linux/splice.h>


class Pipe(Call):
    """pipe2(2): the plan's first makes `pipe`, its second `pipe2`; with a size, an fcntl asks for that capacity."""

    name: ClassVar[str] = "pipe"
    prototype: ClassVar[str] = "int pipe2(int pipefd[2], int flags);"
    parameters: ClassVar[tuple[Parameter, ...]] = (Parameter("size", Kind.SIZE, optional=True),)
    lanes: ClassVar[tuple[Lane, ...]] = (Lane.ONCE,)
    most: ClassVar[int | None] = len(PIPES)

    def execute(self, machine: Machine, step: Step) -> Iterator[None]:
        word = machine.pipes.next()
        machine.call(self.name, _pipe, (DESCRIPTORS[word],), DESCRIPTORS[word], 0)
        yield
        if step.values:
            size, end = step.values[0], write_end(word)
            machine.call("fcntl", *machine.raw("fcntl", end, F_SETPIPE_SZ, size), end, size)
            yield

    def show(self, step: Step, record: Record) -> str:
        return f"pipe2([{record.offset}, {record.offset + 1}], O_CLOEXEC)"


class Splice(Call):
    """splice(2): from the plan's cursor into a pipe, or out of a pipe; one of its ends has to be one."""

    name: ClassVar[str] = "splice"
    prototype: ClassVar[str] = (
        "ssize_t splice(int fd_in, off_t *off_in, int fd_out, off_t *off_out, size_t len, unsigned flags);"
    )
    moves: ClassVar[bool] = True
    parameters: ClassVar[tuple[Parameter, ...]] = (
        Parameter("fd_in", Kind.FD),
        Parameter("fd_out", Kind.FD),
        Parameter("len", Kind.SIZE),
        Parameter("flags", Kind.FLAGS, ("move", "nonblock", "more"), optional=True),
    )

    def routes(self, step: Step) -> tuple[Route, ...]:
        ends = step.values[:2]
        return route(*ends) if set(ends) & set(PIPES) else ()

    def execute(self, machine: Machine, step: Step) -> Iterator[None]:
        source, target, size = step.values[:3]
        count = machine.count(size, source)
        if source not in PIPES:
            if source != "log" or (count := machine.ahead(count)):
                at = machine.position if source == "log" else None
                moved = self._move(machine, step, at, count)
                if moved is not None:
                    machine.spliced(source, target, moved)
                yield
            return
        while count > 0 and (length := machine.pipes.outflow(source, count)):
            moved = self._move(machine, step, None, length)
            if moved is None:
                yield
                return
            machine.drained(source, target, moved)
            count -= moved
            yield
            if not moved or target in PIPES:
                return

    def _move(self, machine: Machine, step: Step, at: int | None, length: int) -> int | None:
        """The call's count; None where it would have had to wait, and the step does not, or nobody would end it."""
        source, target = step.values[:2]
        arguments = (DESCRIPTORS[source], write_end(target), length, at, None, _bits(step, 3))
        while True:
            moved, error = machine.attempt(self.name, os.splice, arguments, NULL if at is None else at, length)
            if not error:
                return moved
            if error == errno.EINTR:
                continue
            if error != errno.EAGAIN:
                raise CallFailed(error)
            if source in SOCKETS and not machine.pipes[target].waiting:
                machine.wait(select.POLLIN, DESCRIPTORS[source])
            elif target not in SOCKETS or not machine.pipes[source].waiting:
                return None  # a pipe without room, or without bytes
            elif "nonblock" in step.values:
                machine.blocked.add(target)
                return None
            else:
                machine.wait(select.POLLOUT, DESCRIPTORS[target])

    def inline(self, step: Step) -> Inline | None:
        source, target, count = step.values[:3]
        if flags(step, 3):
            return None
        if source == "log" and target in PIPES:
            return into_pipe(target, f"splice({DESCRIPTORS[source]}, {write_end(target)}, {{count}}, pos)", count)
        if source in PIPES and target == "sock":
            return from_pipe(source, f"splice({DESCRIPTORS[source]}, {write_end(target)}, {{count}})", count)
        return None

    def show(self, step: Step, record: Record) -> str:
        at = "NULL" if record.offset == NULL else f"[{record.offset}]"
        source, target = DESCRIPTORS[step.values[0]], write_end(step.values[1])
        return f"splice({source}, {at}, {target}, NULL, {record.size}, {_words(step, 3)})"


class Tee(Call):
    """tee(2): what lies at the front of one pipe is in the other one too, and stays where it was."""

    name: ClassVar[str] = "tee"
    prototype: ClassVar[str] = "ssize_t tee(int fd_in, int fd_out, size_t len, unsigned flags);"
    moves: ClassVar[bool] = True
    parameters: ClassVar[tuple[Parameter, ...]] = (
        Parameter("fd_in", Kind.FD),
        Parameter("fd_out", Kind.FD),
        Parameter("len", Kind.SIZE),
        Parameter("flags", Kind.FLAGS, ("nonblock",), optional=True),
    )

    def routes(self, step: Step) -> tuple[Route, ...]:
        return route(*step.values[:2]) if set(step.values[:2]) == set(PIPES) else ()

    def execute(self, machine: Machine, step: Step) -> Iterator[None]:
        source, target, size = step.values[:3]
        count = machine.count(size, source)
        if source in PIPES and not (count := machine.pipes.outflow(source, count)):
            return
        made = machine.raw(self.name, DESCRIPTORS[source], write_end(target), count, _bits(step, 3))
        if (moved := _once(self, machine, made, NULL, count)) is not None:
            machine.duplicated(source, target, moved)
        yield

    def show(self, step: Step, record: Record) -> str:
        source, target = DESCRIPTORS[step.values[0]], write_end(step.values[1])
        return f"tee({source}, {target}, {record.size}, {_words(step, 3)})"


class Vmsplice(Call):
    """vmsplice(2): pages of user memory lie in the pipe, and whoever changes them changes what comes out of it."""

    name: ClassVar[str] = "vmsplice"
    prototype: ClassVar[str] = "ssize_t vmsplice(int fd, const struct iovec *iov, size_t nr_segs, unsigned flags);"
    moves: ClassVar[bool] = True
    parameters: ClassVar[tuple[Parameter, ...]] = (
        Parameter("fd", Kind.FD),
        Parameter("mem", Kind.MEMORY),
        Parameter("len", Kind.SIZE),
        Parameter("flags", Kind.FLAGS, ("nonblock", "gift"), optional=True),
    )

    def routes(self, step: Step) -> tuple[Route, ...]:
        return route(step.values[1], step.values[0]) if step.values[0] in PIPES else ()

    def execute(self, machine: Machine, step: Step) -> Iterator[None]:
        target, source, size = step.values[:3]
        chunk = machine.chunk(source, machine.count(size, source))
        if not chunk:
            return
        at, length = chunk
        address = machine.address(source)
        iov = (ctypes.c_size_t * 2)(address + at if address else 0, length)  # one struct iovec
        made = machine.raw(self.name, write_end(target), ctypes.addressof(iov), 1, _bits(step, 3))
        if (moved := _once(self, machine, made, at if address else NULL, length)) is not None:
            machine.gone(source, target, moved, lent=True)
        yield

    def show(self, step: Step, record: Record) -> str:
        base = "NULL" if record.offset == NULL else f"{step.values[1]}+{record.offset}"
        iov = f"[{{iov_base={base}, iov_len={record.size}}}]"
        return f"vmsplice({write_end(step.values[0])}, {iov}, 1, {_words(step, 3)})"


def _pipe(read_end: int) -> int:
    made = os.pipe2(os.O_CLOEXEC)
    assert made == (read_end, read_end + 1), made
    return 0


def _once(
    call: Call, machine: Machine, made: tuple[Callable[..., int], tuple[Any, ...]], offset: int, size: int
) -> int | None:
    """Make a call between pipe and pipe, or memory and pipe; None where it did not wait as it would have had to."""
    while True:
        moved, error = machine.attempt(call.name, *made, offset, size)
        if not error:
            return moved
        if error == errno.EAGAIN:
            return None
        if error != errno.EINTR:
            raise CallFailed(error)


def _bits(step: Step, start: int) -> int:
    return sum(_FLAGS[word] for word in flags(step, start))


def _words(step: Step, start: int) -> str:
    given = sorted(flags(step, start), key=_FLAGS.__getitem__)
    return "|".join(f"SPLICE_F_{word.upper()}" for word in given) or "0"
