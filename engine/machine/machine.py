"""The machine: the player's broker, as the steps see it. Descriptors, user memory, and one cursor into the log."""

from __future__ import annotations

import errno
import io
import select
import socket
from collections import Counter as Counts
from collections import deque
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, NamedTuple

from zcquest.engine.calls.base import ACK_SIZE, BUFFERS, DESCRIPTORS, MESSAGE, CallFailed, NoBytes
from zcquest.engine.logs import Walk, format_of
from zcquest.engine.logs.rocketmq_retry import rewrite
from zcquest.engine.machine.memory import (
    MAP_FIXED,
    MAP_POPULATE,
    MAP_PRIVATE,
    MAP_SHARED,
    PROT_READ,
    Acknowledgement,
    Buffer,
    Extent,
    Mapping,
    checked,
    libc,
    map_memory,
)
from zcquest.engine.machine.recorder import Counter, Recorder
from zcquest.engine.plan.model import Step

LOG, SOCK = DESCRIPTORS["log"], DESCRIPTORS["sock"]


class Reference(NamedTuple):
    """A message in the log: its offset and size in bytes."""

    offset: int
    size: int


@dataclass(slots=True)
class Sent:
    """What has left through the socket: bytes of the log, and bytes that never came from it."""

    payload: int = 0
    garbage: int = 0


class Machine:
    """State of one run.

    `position` is the offset of the next log byte that no mover has taken; every mover takes from there. `read` uses the
    file's own position, which the kernel keeps: when the two differ, `seek` makes, and counts, the lseek that it takes.
    """

    def __init__(
        self, recorder: Recorder, sock: socket.socket, size: int, log_format: str, codes: dict[str, int]
    ) -> None:
        self.recorder: Recorder | Counter = recorder
        self.sock = sock
        self.size = size
        self.walk: Callable[[memoryview], Walk] = format_of(log_format).walk
        self.codes = codes
        self.file = io.FileIO(LOG, closefd=False)
        self.poller = select.poll()
        self.buffers: dict[str, Buffer] = {}  # those that the plan names with a size
        self.mapping: Mapping | None = None
        self.ack = Acknowledgement()
        self.position = 0
        self.file_position = 0
        self.cleared: int | None = None  # verify(map) has vouched for everything before this offset
        self.rejected: deque[tuple[int, int]] = deque()  # rotten ranges of the log still ahead of the cursor
        self.sent = Sent()
        self.overwritten = 0  # bytes put into a buffer that the next load overwrote before they had gone
        self.end_of_file = False
        self.end = size  # where movers stop: the log's end, or the rejected message's
        self.settle: Callable[[], list[Reference]] | None = None  # asks the consumer what it has sent back
        self.message: Reference | None = None  # the rejected message that a lane runs for
        self.rejections: Counts[int] = Counts()  # of each message, by its offset
        self.retries: int | None = None
        self.given_up = 0
        self._kept_position = 0
        self.step = 0
        self.moved: tuple[int, int] | None = None  # the log range that the latest call moved
        self.moved_from: tuple[Buffer, int] | None = None  # and where it lay, when a buffer was its source

    # -- calls ---------------------------------------------------------------------------------------------------------

    def call(self, name: str, function: Callable[..., int], arguments: tuple[Any, ...], offset: int, size: int) -> int:
        """Make a call of the current step and record it. Raises CallFailed; a would-block waits (and counts) first."""
        self.moved = None
        result, error = self.recorder.call(self.step, self.codes[name], function, arguments, offset, size)
        while error:
            if error not in (errno.EAGAIN, errno.EINTR):
                raise CallFailed(error)
            events = select.POLLIN if name in ("read", "recv") else select.POLLOUT
            self.attempt("poll", self._poll, (events,), SOCK, events)
            result, error = self.attempt(name, function, arguments, offset, size)
        return result

    def attempt(
        self, name: str, function: Callable[..., int], arguments: tuple[Any, ...], offset: int, size: int
    ) -> tuple[int, int]:
        """Make a call and record it; its result and errno, whatever they are."""
        self.moved = None
        return self.recorder.call(self.step, self.codes[name], function, arguments, offset, size)

    def raw(self, function: str, *arguments: int | None) -> tuple[Callable[..., int], tuple[Any, ...]]:
        """A libc function by name, as something `call` can make: -1 becomes the OSError that it stands for."""
        entry = getattr(libc, function)
        return lambda *values: checked(entry(*values)), arguments

    def _poll(self, events: int) -> int:
        self.poller.register(SOCK, events)
        return len(self.poller.poll())

    def count(self, size: int | str, memory: str = "") -> int:
        """The bytes that a step's size stands for: MESSAGE is as long as the rejected message, or what was made of it
        in `memory`."""
        if size == MESSAGE:
            assert self.message
            held = self.buffers[memory].waiting if memory in self.buffers else 0
            return max(self.message.size, held)
        return int(size)

    # -- rejected messages ---------------------------------------------------------------------------------------------

    @contextmanager
    def aside(self, message: Reference) -> Iterator[None]:
        """For a while the log is that one message: every mover starts at it and ends with it."""
        kept = self.position, self.end, self.cleared, self.rejected
        self.message, self._kept_position = message, self.position
        self.position = message.offset
        self.end, self.cleared, self.rejected = message.offset + message.size, None, deque()
        try:
            yield
        finally:
            self.message = None
            self.position, self.end, self.cleared, self.rejected = kept
            for buffer in self.buffers.values():
                buffer.pending.clear()

    def aim(self, step: Step) -> None:
        """A step that says `msg` means the whole message, whatever the steps before it took of it."""
        if self.message and MESSAGE in step.values:
            self.position = self.message.offset
            for word in step.values:
                if word in self.buffers:
                    self.buffers[word].again(self.message.offset)

    def rewrite(self, name: str, word: str, *, dead: bool) -> None:
        """Give the message at the start of the memory the form that RocketMQ stores after its rejection."""
        assert self.message
        times = self.rejections[self.message.offset]
        view, size, buffer = self.memory(word), self.message.size, self.buffers.get(word)
        if view is None or word == "ack" or (buffer and not buffer.holds(self.message.offset, size)):
            raise NoBytes(name, word)
        if word == "map":
            view = view[self.message.offset :]
        fresh = self.call(name, _rewrite, (view, size, times, dead), self.message.offset, size)
        if buffer:
            buffer.grown(fresh)

    @property
    def taken(self) -> int:
        """The offset of the next log byte that no mover has taken, whatever is done for rejected messages."""
        return self._kept_position if self.message else self.position

    # -- user memory ---------------------------------------------------------------------------------------------------

    def _place(self, word: str) -> Buffer | Mapping | Acknowledgement | None:
        if word in BUFFERS:
            return self.buffers.get(word)
        return self.mapping if word == "map" else self.ack

    def memory(self, word: str) -> memoryview | None:
        """The bytes of a memory; None before there is a mapping, and for a buffer of no size."""
        place = self._place(word)
        return place.view if place else None

    def into_buffer(self, word: str, count: int) -> memoryview:
        """The first `count` bytes of a buffer, to be filled."""
        return self.buffers[word].view[:count]

    def address(self, word: str) -> int | None:
        """Where a memory lies; None (a null pointer) where `memory` is None."""
        place = self._place(word)
        return place.address if place else None

    def length(self, word: str) -> int:
        """Bytes of a memory."""
        return len(self.memory(word) or b"")

    def chunk(self, word: str, most: int) -> tuple[int, int] | None:
        """What the memory has to give next: where in it, and how many bytes (at most `most`). None: nothing.

        A buffer that nothing has filled gives the zeros it holds, a map that nobody mapped a null pointer: the kernel
        and the consumer will say what they think of that.
        """
        if word == "ack":
            return 0, min(most, ACK_SIZE)
        if word == "map":
            if not self.mapping:
                return 0, most
            length = self.ahead(most)
            return (self.position, length) if length else None
        buffer = self.buffers[word]
        if not buffer.filled:
            return 0, min(most, buffer.capacity)
        if not buffer.pending:
            return None
        first = buffer.pending[0]
        return first.at, min(most, first.length)

    def gone(self, source: str, target: str, count: int) -> None:
        """`count` bytes of the latest chunk of `source` were accepted by `target`."""
        if source == "ack" or (source in BUFFERS and not self.buffers[source].filled):
            self.sent.garbage += count if target == "sock" else 0
            return
        if source in BUFFERS:
            self.unloaded(source, count)
        else:
            self.take(count)
        if target == "sock":
            self.sent.payload += count

    def forwarded(self, target: str, count: int) -> None:
        """The kernel has carried `count` log bytes from the cursor on to `target`."""
        self.take(count)
        self.end_of_file = not count
        if target == "sock":
            self.sent.payload += count

    def copied(self, source: str, target: str, count: int) -> None:
        """User code has copied `count` bytes of the latest chunk of `source` to the start of `target`."""
        if target not in BUFFERS or source == "ack":
            return
        if source == "map":
            self.loaded(target, count)
            return
        buffer = self.buffers[source]
        if not buffer.pending:
            return  # nothing of the log: the zeros of a buffer that was never filled
        first = buffer.pending[0]
        if source != target:
            log = first.log
            self.unloaded(source, count)
            self.overwritten += self.buffers[target].fill(log, count)
            return
        clear = max(first.at, count)  # before that, the source lies where the target does now
        if clear < first.at + count:
            self.moved = (first.log + clear - first.at, first.log + count)
            self.moved_from = (buffer, clear)
        buffer.gathered(count)

    def map_log(self, name: str, fd: int, words: tuple[str, ...]) -> None:
        """mmap(2) `fd` as long as the log is; a second mapping takes the first one's place."""
        kind = MAP_PRIVATE if "private" in words else MAP_SHARED
        populate = MAP_POPULATE if "populate" in words else 0
        old = self.mapping.address if self.mapping else None
        fixed = MAP_FIXED if old else 0
        arguments = (old, self.size, PROT_READ, kind | populate | fixed, fd)
        address = self.call(name, map_memory, arguments, old or 0, self.size)
        self.mapping = Mapping(address, self.size)
        self.moved = (0, self.size)
        self.moved_from = None

    def verify(self, name: str, word: str, most: int | None) -> bool:
        """Check whole batches in user code. False when there was nothing left to check. Raises NoBytes."""
        if word == "ack":  # eight bytes are no batch
            self.call(name, self._walk, ([], [self.ack.view]), 0, ACK_SIZE)
            return True
        if word == "map":
            if not self.mapping:
                raise NoBytes(name, word)
            return self._verify_mapping(name, most)
        buffer = self.buffers.get(word)
        if not buffer or not buffer.filled:
            raise NoBytes(name, word)
        return self._verify_buffer(name, buffer)

    def _verify_mapping(self, name: str, most: int | None) -> bool:
        assert self.mapping
        start = max(self.position, self.cleared or 0)  # on a batch's edge, wherever the cursor is
        stop = self.end if most is None else min(self.position + most, self.end)
        if stop <= start:
            return False
        walks: list[Walk] = []
        self.call(name, self._walk, (walks, [self.mapping.view[start:stop]]), start, stop - start)
        self.cleared = start + walks[0].cleared
        self.rejected.extend((start + first, start + last) for first, last in walks[0].rotten)
        return True

    def _verify_buffer(self, name: str, buffer: Buffer) -> bool:
        extents = list(buffer.pending)
        if not extents:
            return False
        views = [buffer.view[extent.at : extent.at + extent.length] for extent in extents]
        walks: list[Walk] = []
        self.call(name, self._walk, (walks, views), extents[0].log, sum(map(len, views)))
        buffer.pending.clear()
        for extent, walk in zip(extents, walks, strict=True):
            buffer.pending.extend(_good_parts(extent, walk))
        tail = extents[-1].length - walks[-1].cleared
        if tail and extents[-1].log + extents[-1].length == self.position:
            self.position -= tail  # a batch cut by the chunk's end is given back: the next load takes it again
        return True

    def _walk(self, walks: list[Walk], views: list[memoryview]) -> int:
        walks.extend(map(self.walk, views))
        return sum(len(walk.rotten) for walk in walks)

    # -- the log -------------------------------------------------------------------------------------------------------

    def seek(self) -> None:
        """Bring the file's own position to the cursor, with an lseek if it takes one."""
        if self.file_position != self.position:
            self.call("lseek", self.file.seek, (self.position,), self.position, 0)
            self.file_position = self.position

    def ahead(self, most: int) -> int:
        """How many log bytes (at most `most`) a mover may take from the cursor on: rotten ranges are stepped over."""
        if self.cleared is None:
            left = self.end - self.position
            return most if most < left else max(0, left)
        while self.rejected and self.position >= self.rejected[0][0]:
            self.position = max(self.position, self.rejected.popleft()[1])
        end = min(self.position + most, self.cleared)
        if self.rejected:
            end = min(end, self.rejected[0][0])
        return max(0, end - self.position)

    def take(self, count: int) -> None:
        """A mover has taken `count` bytes from the cursor on."""
        if count:
            self.moved = (self.position, self.position + count)
            self.moved_from = None
        self.position += count

    def loaded(self, word: str, count: int) -> None:
        """A call has put the next `count` log bytes at the start of a buffer."""
        if not count:
            self.end_of_file = True
            return
        self.overwritten += self.buffers[word].fill(self.position, count)
        self.take(count)

    def received(self, word: str, count: int) -> None:
        """A call has put `count` bytes from the socket at the start of a buffer: no log's, for the plan sends one."""

    def unloaded(self, word: str, count: int) -> None:
        """The first `count` pending bytes of a buffer have gone on."""
        if count:
            buffer = self.buffers[word]
            first = buffer.pending[0]
            self.moved, self.moved_from = (first.log, min(first.log + count, self.end)), (buffer, first.at)
            buffer.consume(count)

    # -- progress ------------------------------------------------------------------------------------------------------

    @property
    def pending(self) -> int:
        """Bytes in buffers that were read and not yet sent."""
        return sum(buffer.waiting for buffer in self.buffers.values())

    @property
    def finished(self) -> bool:
        """The whole log was taken and nothing of it waits in a buffer."""
        if self.rejected:
            self.ahead(0)
        return self.position >= self.size and not self.pending

    def progress(self) -> tuple[int, int]:
        """Two equal readings, one iteration apart, mean that the loop does not advance."""
        return self.position, self.sent.payload


def _rewrite(view: memoryview, size: int, times: int, dead: bool) -> int:
    return rewrite(view, size, times, dead=dead)


def _good_parts(extent: Extent, walk: Walk) -> list[Extent]:
    """What of `extent` may be sent: the whole batches, without the rotten ones."""
    parts = []
    start = 0
    for first, last in [*walk.rotten, (walk.cleared, walk.cleared)]:
        if first > start:
            parts.append(Extent(extent.at + start, extent.log + start, first - start))
        start = last
    return parts
