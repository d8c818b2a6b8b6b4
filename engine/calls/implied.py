"""Calls that no plan names: the machine makes them because a real program would have to. They count like any other."""

from __future__ import annotations

import select
from collections.abc import Iterator
from typing import TYPE_CHECKING, ClassVar

from zcquest.engine.calls.base import DESCRIPTORS, Call, Parameter
from zcquest.engine.plan.model import Lane, Step

if TYPE_CHECKING:
    from zcquest.engine.machine.machine import Machine
    from zcquest.engine.trace import Record


class Implied(Call):
    """A call without a place in the palette."""

    parameters: ClassVar[tuple[Parameter, ...]] = ()
    lanes: ClassVar[tuple[Lane, ...]] = ()

    def execute(self, machine: Machine, step: Step) -> Iterator[None]:
        raise TypeError(f"{self.name} is made on a plan's behalf, never written in one")


class Lseek(Implied):
    """lseek(2), where `read` follows a mover that left the file's own position behind."""

    name: ClassVar[str] = "lseek"
    prototype: ClassVar[str] = "off_t lseek(int fd, off_t offset, int whence);"

    def show(self, step: Step, record: Record) -> str:
        return f"lseek({DESCRIPTORS['log']}, {record.offset}, SEEK_SET)"


F_SETPIPE_SZ = 1031  # <linux/fcntl.h>


class Fcntl(Implied):
    """fcntl(2), where a plan asks for a pipe of a certain capacity."""

    name: ClassVar[str] = "fcntl"
    prototype: ClassVar[str] = "int fcntl(int fd, int cmd, int arg);"

    def show(self, step: Step, record: Record) -> str:
        return f"fcntl({record.offset}, F_SETPIPE_SZ, {record.size})"


class Recover(Implied):
    """What a machine does first where another one was killed: keep the log's whole batches, cut off what follows."""

    name: ClassVar[str] = "recover"
    prototype: ClassVar[str] = "off_t recover(int fd);"
    system: ClassVar[bool] = False
    event: ClassVar[bool] = True

    def show(self, step: Step, record: Record) -> str:
        return f"+++ killed by SIGKILL +++ recover({DESCRIPTORS['log']})"


class Poll(Implied):
    """poll(2), after a non-blocking socket said EAGAIN."""

    name: ClassVar[str] = "poll"
    prototype: ClassVar[str] = "int poll(struct pollfd *fds, nfds_t nfds, int timeout);"

    def show(self, step: Step, record: Record) -> str:
        events = "POLLIN" if record.size == select.POLLIN else "POLLOUT"
        fds = [fd for fd in record.offset.to_bytes(8, "little") if fd]
        return f"poll([{', '.join(f'{{fd={fd}, events={events}}}' for fd in fds)}], {len(fds)}, -1)"
