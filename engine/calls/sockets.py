"""Calls that hand user memory to a socket, or take it from there.

A short count of what is handed over is followed by another call, as a real program must.
"""

from __future__ import annotations

import ctypes
import errno
import os
import socket
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Any, ClassVar

from zcquest.engine.calls.base import (
    BUFFERS,
    DESCRIPTORS,
    MESSAGE,
    Call,
    CallFailed,
    Kind,
    Parameter,
    flags,
    route,
    write_end,
)
from zcquest.engine.calls.inline import Inline, advance, each_range, push
from zcquest.engine.places import Route
from zcquest.engine.plan.model import Step

if TYPE_CHECKING:
    from zcquest.engine.machine.machine import Machine
    from zcquest.engine.trace import Record


NULL = -1  # a record's offset where the program passed a null pointer


class Write(Call):
    """write(2) of what a buffer or `map` holds."""

    name: ClassVar[str] = "write"
    prototype: ClassVar[str] = "ssize_t write(int fd, const void *buf, size_t count);"
    moves: ClassVar[bool] = True
    parameters: ClassVar[tuple[Parameter, ...]] = (
        Parameter("fd", Kind.FD),
        Parameter("mem", Kind.MEMORY),
        Parameter("count", Kind.SIZE),
    )
    flags: ClassVar[tuple[int, ...]] = ()

    def routes(self, step: Step) -> tuple[Route, ...]:
        return route(step.values[1], step.values[0])

    def execute(self, machine: Machine, step: Step) -> Iterator[None]:
        target, source, size = step.values[:3]
        count = machine.count(size, source)
        fd, view = write_end(target), machine.memory(source)
        while count > 0 and (chunk := machine.chunk(source, count)):
            at, length = chunk
            if view is None:
                function, arguments = machine.raw(self.name, fd, None, length, *self.flags)
                at = NULL
            else:
                function, arguments = self.transfer(machine, fd, view[at : at + length])
            sent = self.make(machine, step, function, arguments, at, length)
            if sent is None:
                yield
                return
            machine.gone(source, target, sent)
            count -= sent
            yield

    def transfer(self, machine: Machine, fd: int, data: memoryview) -> tuple[Callable[..., int], tuple[Any, ...]]:
        """What to call, with what, to hand `data` to the descriptor."""
        return os.write, (fd, data)

    def make(
        self,
        machine: Machine,
        step: Step,
        function: Callable[..., int],
        arguments: tuple[Any, ...],
        at: int,
        length: int,
    ) -> int | None:
        """Make the call; its count, or None where there was no room and the step does not wait for any."""
        return machine.call(self.name, function, arguments, at, length)

    opening: ClassVar[str] = f"write({DESCRIPTORS['sock']}, "

    def inline(self, step: Step) -> Inline | None:
        target, source, count = step.values[:3]
        if target != "sock" or source == "ack":
            return None
        if source in BUFFERS:
            return push(source, self.opening, count)
        return advance(f"{self.opening}map[pos:pos + {{count}}])", count)

    def ranged(self, step: Step) -> Inline | None:
        target, source, count = step.values[:3]
        if (target, source) != ("sock", "map") or count == MESSAGE:
            return None
        return each_range(f"{self.opening}map[pos:pos + {{count}}])", count)

    def show(self, step: Step, record: Record) -> str:
        return f"write({write_end(step.values[0])}, {_memory(step, record)}, {record.size})"


class Send(Write):
    """send(2), which the kernel sees as sendto."""

    name: ClassVar[str] = "send"
    prototype: ClassVar[str] = "ssize_t send(int sockfd, const void *buf, size_t len, int flags);"

    parameters: ClassVar[tuple[Parameter, ...]] = (
        *Write.parameters,
        Parameter("flags", Kind.FLAGS, ("dontwait",), optional=True),
    )
    flags: ClassVar[tuple[int, ...]] = (0,)
    opening: ClassVar[str] = "send("

    def transfer(self, machine: Machine, fd: int, data: memoryview) -> tuple[Callable[..., int], tuple[Any, ...]]:
        if fd == machine.sock.fileno():
            return machine.sock.send, (data,)
        address = ctypes.addressof(ctypes.c_char.from_buffer(data))
        return machine.raw("send", fd, address, len(data), 0)

    def make(
        self,
        machine: Machine,
        step: Step,
        function: Callable[..., int],
        arguments: tuple[Any, ...],
        at: int,
        length: int,
    ) -> int | None:
        """With dontwait, a full socket is left for the next round; where none has room, the machine polls."""
        if not flags(step, 3) or write_end(step.values[0]) != machine.sock.fileno() or len(arguments) != 1:
            return machine.call(self.name, function, arguments, at, length)
        sent, error = machine.attempt(self.name, function, (*arguments, socket.MSG_DONTWAIT), at, length)
        if error in (errno.EAGAIN, errno.EINTR):
            machine.blocked.add(step.values[0])
            return None
        if error:
            raise CallFailed(error)
        return sent

    def inline(self, step: Step) -> Inline | None:
        return None if flags(step, 3) else super().inline(step)

    def ranged(self, step: Step) -> Inline | None:
        return None if flags(step, 3) else super().ranged(step)

    def show(self, step: Step, record: Record) -> str:
        how = "MSG_DONTWAIT" if flags(step, 3) else "0"
        return f"sendto({write_end(step.values[0])}, {_memory(step, record)}, {record.size}, {how}, NULL, 0)"


_RECV = {"waitall": socket.MSG_WAITALL}


class Recv(Call):
    """recv(2), which the kernel sees as recvfrom: what has arrived, at most `len` bytes; with waitall no less."""

    name: ClassVar[str] = "recv"
    prototype: ClassVar[str] = "ssize_t recv(int sockfd, void *buf, size_t len, int flags);"
    moves: ClassVar[bool] = True
    parameters: ClassVar[tuple[Parameter, ...]] = (
        Parameter("fd", Kind.FD),
        Parameter("mem", Kind.MEMORY),
        Parameter("len", Kind.SIZE),
        Parameter("flags", Kind.FLAGS, tuple(_RECV), optional=True),
    )

    def routes(self, step: Step) -> tuple[Route, ...]:
        return route(step.values[0], step.values[1])

    def execute(self, machine: Machine, step: Step) -> Iterator[None]:
        source, target, size = step.values[:3]
        count = machine.count(size)
        how = sum(_RECV[word] for word in flags(step, 3))
        function, arguments = machine.raw("recv", DESCRIPTORS[source], machine.address(target), count, how)
        got = machine.call(self.name, function, arguments, 0, count)
        if source == "sock" and target in BUFFERS:
            machine.received(target, got)
        yield

    def show(self, step: Step, record: Record) -> str:
        how = "|".join(f"MSG_{word.upper()}" for word in flags(step, 3)) or "0"
        return f"recvfrom({DESCRIPTORS[step.values[0]]}, {step.values[1]}, {record.size}, {how}, NULL, NULL)"


def _memory(step: Step, record: Record) -> str:
    return "NULL" if record.offset == NULL else f"{step.values[1]}+{record.offset}"
