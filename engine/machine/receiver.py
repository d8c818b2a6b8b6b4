"""The machine in the other direction: messages come in over the socket, and the log is its own to write."""

from __future__ import annotations

import mmap
import os
from dataclasses import dataclass

from zcquest.engine.calls.base import BUFFERS, PIPES
from zcquest.engine.logs import format_of
from zcquest.engine.machine.machine import Machine
from zcquest.engine.machine.pipe import Piece, payload


@dataclass(frozen=True, slots=True)
class Recovery:
    """What there was of a log when a machine started on it, and how much of it was kept. Bytes both."""

    found: int
    kept: int


def recover(path: str, log_format: str) -> Recovery:
    """Cut the log off where its whole, sound batches end, as a broker does when it starts after a crash."""
    fd = os.open(path, os.O_RDWR | os.O_CLOEXEC)
    try:
        found = os.fstat(fd).st_size
        kept = sound_prefix(fd, log_format)
        if kept < found:
            os.ftruncate(fd, kept)
        return Recovery(found, kept)
    finally:
        os.close(fd)


def sound_prefix(fd: int, log_format: str) -> int:
    """How many bytes the log's whole batches take, up to the first that is rotten."""
    if not os.fstat(fd).st_size:
        return 0
    with mmap.mmap(fd, 0, prot=mmap.PROT_READ) as mapping, memoryview(mapping) as view:
        walk = format_of(log_format).walk(view)
    return walk.rotten[0][0] if walk.rotten else walk.cleared


class Receiver(Machine):
    """State of one run. `position` counts the bytes received, `sent.payload` those that the log has accepted."""

    def begin(self, start: int, stored: int) -> None:
        """The producer will send from offset `start` on; the log holds `stored` bytes."""
        self.position = self.file_position = start
        self.sent.payload = stored
        self.ack.say(start)

    def received(self, word: str, count: int) -> None:
        """A call has put the next `count` bytes of the producer's log at the start of a buffer."""
        if count:
            self.overwritten += self.buffers[word].fill(self.position, count)
        self._took(count)

    def spliced(self, source: str, target: str, count: int) -> None:
        """A pipe has taken the next `count` bytes of the producer's log, or bytes that are none of it."""
        if source != "sock":
            self.pipes[target].put((Piece(None, count),))
            return
        self.pipes[target].put_log(self.position, count)
        self._took(count)

    def _took(self, count: int) -> None:
        if not count:
            self.end_of_file = True
            return
        self.moved, self.moved_from = (self.position, self.position + count), None
        self.position += count
        self.file_position = self.position
        self.ack.say(self.position)

    def passed_on(self, target: str, pieces: list[Piece]) -> None:
        """These came out of a pipe, and are at `target`."""
        if target in PIPES:
            super().passed_on(target, pieces)
            return
        self._show(pieces)
        if target == "log":
            self.sent.payload += payload(pieces)
        else:
            self.sent.garbage += sum(piece.length for piece in pieces)

    def gone(self, source: str, target: str, count: int, *, lent: bool = False) -> None:
        """`count` bytes of the latest chunk of `source` were accepted by `target`."""
        if target in PIPES:
            self.pipes[target].put(self._pieces(source, count, lent=lent))
        elif target == "log":
            self.sent.payload += count
        elif source != "ack":
            self.sent.garbage += count
        if source in BUFFERS and self.buffers[source].filled:
            self.buffers[source].lent |= lent
            self.unloaded(source, count)

    def forwarded(self, target: str, count: int) -> None:
        """The kernel has carried `count` bytes of the machine's own log on: to nobody who asked for them."""
        if target in PIPES:
            self.pipes[target].put((Piece(None, count),))
        else:
            self.sent.garbage += count

    def loaded(self, word: str, count: int) -> None:
        """A call has put bytes of the machine's own log at the start of a buffer: they are none that came in."""

    def seek(self) -> None:
        """The file's own position is where the log ends: the kernel's to keep."""
        self.file_position = self.position

    @property
    def finished(self) -> bool:
        """Everything has come, and is either written or was never going to be."""
        return self.position >= self.size and (self.end_of_file or not self.waiting)
