"""The machine: the player's broker, as the steps see it. Descriptors, user memory, and one cursor into the log."""

from __future__ import annotations

import errno
import io
import select
import socket
from collections import Counter as Counts
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from dataclasses import dataclass
from itertools import islice
from typing import Any, NamedTuple

from zcquest.engine.calls.base import (
    ACK_SIZE,
    BUFFERS,
    DESCRIPTORS,
    MESSAGE,
    PIPES,
    SOCKETS,
    CallFailed,
    NoBytes,
    Refusal,
)
from zcquest.engine.logs import Damaged, Subscription, format_of
from zcquest.engine.logs.rocketmq_retry import rewrite
from zcquest.engine.machine.memory import (
    MAP_FIXED,
    MAP_POPULATE,
    MAP_PRIVATE,
    MAP_SHARED,
    PROT_READ,
    Buffer,
    Mapping,
    Memories,
    checked,
    libc,
    map_memory,
)
from zcquest.engine.machine.pipe import Piece, Pipes, extents, payload, pieces_of
from zcquest.engine.machine.recorder import Counter, Recorder
from zcquest.engine.machine.sieve import IOV_MAX, Range, Sieve
from zcquest.engine.plan.model import Step

LOG = DESCRIPTORS["log"]


class Reference(NamedTuple):
    """A message in the log: its offset and size in bytes."""

    offset: int
    size: int


@dataclass(slots=True)
class Sent:
    """What has left through the socket: bytes of the log, and bytes that never came from it."""

    payload: int = 0
    garbage: int = 0


class Machine(Memories):
    """State of one run.

    `position` is the offset of the next log byte that no mover has taken; every mover takes from there. `read` uses the
    file's own position, which the kernel keeps: when the two differ, `seek` makes, and counts, the lseek that it takes.
    """

    fan = False  # whether there are several sockets

    def __init__(
        self,
        recorder: Recorder,
        sock: socket.socket,
        size: int,
        log_format: str,
        codes: dict[str, int],
        *,
        index_size: int = 0,
        subscription: Subscription | None = None,
    ) -> None:
        super().__init__()
        self.recorder: Recorder | Counter = recorder
        self.sock = sock
        self.size = size
        self.format = format_of(log_format)
        self.subscription = subscription
        self.codes = codes
        self.file = io.FileIO(LOG, closefd=False)
        self.pipes = Pipes()
        self.index_size = index_size
        self.index_position = 0  # the index's first byte that select has not looked at
        self.position = 0
        self.skipped = 0  # bytes of the log that verify and select had the movers step over
        self.file_position = 0
        self.sieve = Sieve(size)
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
        self.blocked: set[str] = set()  # sockets that had no room in this round, for calls that do not wait
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
            self.wait(events, self.sock.fileno())
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

    def wait(self, events: int, *fds: int) -> None:
        """poll(2), until one of the sockets is ready. What it waited for stands in the record: see `Poll`."""
        self.attempt("poll", _poll, (events, fds), int.from_bytes(bytes(fds), "little"), events)

    def serving(self, step: Step) -> AbstractContextManager[None]:
        """Within it the step is executed for the consumer that it is meant for; there is but one here."""
        return nullcontext()

    def face_consumer(self) -> None:
        """Serve `sock`, whose consumer is the one that sends messages back."""

    def count(self, size: int | str, memory: str = "") -> int:
        """The bytes that a step's size stands for: MESSAGE is as long as the rejected message, or what was made of it
        in `memory`; out of a pipe, all that lies in it."""
        if isinstance(size, int):
            return size
        held = self.pipes[memory].waiting if memory in PIPES else 0
        return held or self._message_size(memory)

    def _message_size(self, memory: str) -> int:
        assert self.message
        buffer = self.buffers.get(memory)
        made = buffer.rewritten if buffer and buffer.holds(self.message.offset, 1) else 0
        return made or self.message.size

    # -- rejected messages ---------------------------------------------------------------------------------------------

    @contextmanager
    def aside(self, message: Reference) -> Iterator[None]:
        """For a while the log is that one message: every mover starts at it and ends with it."""
        kept = self.position, self.end, self.sieve, self.skipped
        self.message, self._kept_position = message, self.position
        self.position = message.offset
        self.end = message.offset + message.size
        self.sieve = Sieve(self.end)
        try:
            yield
        finally:
            self.message = None
            self.position, self.end, self.sieve, self.skipped = kept
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
        """Give the message at the start of the memory the form that RocketMQ stores after its rejection.

        Raises NoBytes, and Refusal where it is no message that can be given that form.
        """
        assert self.message
        times = self.rejections[self.message.offset]
        view, size, buffer = self.memory(word), self._message_size(word), self.buffers.get(word)
        if view is None or word == "ack" or (buffer and not buffer.holds(self.message.offset, size)):
            raise NoBytes(name, word)
        if word == "map":
            view = view[self.message.offset :]
        refused: list[Damaged] = []
        fresh = self.call(name, _rewrite, (refused, view, size, times, dead), self.message.offset, size)
        if refused:
            raise Refusal(refused[0].message)
        if buffer:
            buffer.grown(fresh)

    @property
    def handed(self) -> tuple[Sent, ...]:
        """What has left through each of the sockets."""
        return (self.sent,)

    @property
    def passed_over(self) -> int:
        """Bytes of the log that were not to be sent through `sock`, behind its cursor."""
        return self.skipped

    @property
    def sockets(self) -> tuple[socket.socket, ...]:
        """Those of all consumers."""
        return (self.sock,)

    @property
    def taken(self) -> int:
        """The offset of the next log byte that no mover has taken, whatever is done for rejected messages."""
        return self._kept_position if self.message else self.position

    # -- user memory ---------------------------------------------------------------------------------------------------

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

    def chunks(self, word: str, most: int) -> list[Range]:
        """As `chunk`, for a call that gathers: up to `most` bytes of up to IOV_MAX ranges [start, stop)."""
        if word == "map" and self.mapping and self.sieve.looked:
            self.ahead(0)
            return self.sieve.gather(self.position, most)
        if word in BUFFERS and self.buffers[word].filled:
            found, left = [], most
            for extent in islice(self.buffers[word].pending, IOV_MAX):
                if not left:
                    break
                length = min(left, extent.length)
                found.append((extent.at, extent.at + length))
                left -= length
            return found
        first = self.chunk(word, most)
        return [(first[0], first[0] + first[1])] if first else []

    def gone(self, source: str, target: str, count: int, *, lent: bool = False) -> None:
        """`count` bytes of the latest chunks of `source` were accepted by `target`, which a pipe may have done by
        taking the pages themselves (`lent`)."""
        if target in PIPES:
            self.pipes[target].put(self._pieces(source, count, lent=lent))
        if source == "ack" or (source in BUFFERS and not self.buffers[source].filled):
            self.sent.garbage += count if target in SOCKETS else 0
            return
        if source in BUFFERS:
            self.buffers[source].lent |= lent
            self.unloaded(source, count)
        else:
            self.take_ranges(count)
        if target in SOCKETS:
            self.sent.payload += count

    def forwarded(self, target: str, count: int) -> None:
        """The kernel has carried `count` log bytes from the cursor on to `target`."""
        if target in PIPES:
            self.pipes[target].put_log(self.position, count)
        self.take(count)
        self.end_of_file = not count
        if target in SOCKETS:
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
            log, made = first.log, buffer.rewritten if first.at == 0 else 0
            self.unloaded(source, count)
            self.overwritten += self.buffers[target].fill(log, count)
            self.buffers[target].rewritten = made if made <= count else 0
            return
        clear = max(first.at, count)  # before that, the source lies where the target does now
        if clear < first.at + count:
            self.moved = (first.log + clear - first.at, first.log + count)
            self.moved_from = (buffer, clear)
        buffer.gathered(count)

    def map_file(self, name: str, source: str, words: tuple[str, ...]) -> None:
        """mmap(2) the index, or whatever else as long as the log is; a second mapping takes the first one's place."""
        is_index = source == "index"
        size = self.index_size if is_index and self.index_size else self.size
        kind = MAP_PRIVATE if "private" in words else MAP_SHARED
        populate = MAP_POPULATE if "populate" in words else 0
        mapped = self.index if is_index else self.mapping
        old = mapped.address if mapped else None
        fixed = MAP_FIXED if old else 0
        arguments = (old, size, PROT_READ, kind | populate | fixed, DESCRIPTORS[source])
        address = self.call(name, map_memory, arguments, old or 0, size)
        if is_index:
            self.index = Mapping(address, size)
            return
        self.mapping = Mapping(address, size)
        self.moved = (0, self.size)
        self.moved_from = None

    # -- pipes ---------------------------------------------------------------------------------------------------------

    def spliced(self, source: str, target: str, count: int) -> None:
        """A pipe has taken `count` bytes of `source`."""
        if source == "log":
            self.forwarded(target, count)
        else:
            self.pipes[target].put((Piece(None, count),))

    def drained(self, source: str, target: str, count: int) -> None:
        """`target` has taken the first `count` bytes of a pipe."""
        self.passed_on(target, self.pipes[source].take(count))

    def passed_on(self, target: str, pieces: list[Piece]) -> None:
        """These came out of a pipe, and are at `target`."""
        self._show(pieces)
        if target in PIPES:
            self.pipes[target].put(pieces)
        elif target in SOCKETS:
            self.sent.payload += payload(pieces)
            self.sent.garbage += sum(piece.length for piece in pieces) - payload(pieces)

    def duplicated(self, source: str, target: str, count: int) -> None:
        """The first `count` bytes of a pipe are in the other one too."""
        pieces = self.pipes[source].front(count)
        self._show(pieces)
        self.pipes[target].put(pieces)

    def poured(self, source: str, word: str, count: int) -> None:
        """A call has put the first `count` bytes of a pipe at the start of a buffer."""
        pieces = self.pipes[source].take(count)
        self._show(pieces)
        self.overwritten += self.buffers[word].take_in(extents(pieces))

    def _pieces(self, source: str, count: int, *, lent: bool) -> list[Piece]:
        """The next `count` bytes that a memory gives, as they lie in a pipe."""
        if source in self.buffers:
            return pieces_of(self.buffers[source], count, lent=lent)
        if source == "ack":
            return [Piece(None, count, copied=not lent)]
        return [Piece(start, stop - start, copied=not lent) for start, stop in self.chunks(source, count)]

    def _show(self, pieces: list[Piece]) -> None:
        """The latest call has moved these: where they came from, as far as somebody can still overwrite it there."""
        first = next((piece for piece in pieces if piece.log is not None and not piece.copied), None)
        if first and first.log is not None:
            self.moved = (first.log, min(first.log + first.length, self.end))
            self.moved_from = (first.lender, first.at) if first.lender else None

    # -- the log -------------------------------------------------------------------------------------------------------

    def seek(self) -> None:
        """Bring the file's own position to the cursor, with an lseek if it takes one."""
        if self.file_position != self.position:
            self.call("lseek", self.file.seek, (self.position,), self.position, 0)
            self.file_position = self.position

    def ahead(self, most: int) -> int:
        """How many log bytes (at most `most`) a mover may take from the cursor on, which first is brought to where the
        next byte lies that verify and select have let through."""
        if not self.sieve.looked:
            left = self.end - self.position
            return most if most < left else max(0, left)
        start, length = self.sieve.step(self.position, most)
        self.skipped += start - self.position
        self.position = start
        return length

    def wanted(self, most: int) -> int:
        """How many bytes to ask a file for, from the cursor on: `most`, or what verify and select leave of them. Where
        they leave none, there is no call to make."""
        return self.ahead(most) if self.sieve.looked else most

    def take(self, count: int) -> None:
        """A mover has taken `count` bytes from the cursor on."""
        if count:
            self.moved = (self.position, self.position + count)
            self.moved_from = None
        self.position += count

    def take_ranges(self, count: int) -> None:
        """A mover has taken `count` bytes from the cursor on, out of as many ranges as it takes."""
        start = self.position
        while count:
            step = self.ahead(count) or count
            self.take(step)
            count -= step
        self.moved = (start, self.position) if self.position > start else None

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
            stop = min(first.log + min(count, first.length), self.end)
            self.moved, self.moved_from = (first.log, stop), (buffer, first.at)
            buffer.consume(count)

    # -- progress ------------------------------------------------------------------------------------------------------

    @property
    def pending(self) -> int:
        """Bytes in buffers that were read and not yet sent."""
        return sum(buffer.waiting for buffer in self.buffers.values())

    @property
    def waiting(self) -> bool:
        """Whether bytes that were taken have not gone on yet."""
        return bool(self.pending or self.pipes.payload)

    @property
    def finished(self) -> bool:
        """The whole log was taken and nothing of it waits in a buffer or a pipe."""
        if self.sieve.looked:
            self.ahead(0)
        return self.position >= self.size and not self.waiting

    def progress(self) -> tuple[int, int]:
        """Two equal readings, one iteration apart, mean that the loop does not advance."""
        return self.position, self.sent.payload


def _poll(events: int, fds: tuple[int, ...]) -> int:
    poller = select.poll()
    for fd in fds:
        poller.register(fd, events)
    return len(poller.poll())


def _rewrite(refused: list[Damaged], view: memoryview, size: int, times: int, dead: bool) -> int:
    try:
        return rewrite(view, size, times, dead=dead)
    except Damaged as damage:
        refused.append(damage)
        return -1
