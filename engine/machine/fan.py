"""A machine that serves two consumers: a second socket, with a cursor into the log of its own."""

from __future__ import annotations

import socket
from collections import deque
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from typing import Any

from zcquest.engine.calls.base import SOCKETS
from zcquest.engine.machine.extent import Extent
from zcquest.engine.machine.machine import Machine, Reference, Sent
from zcquest.engine.plan.model import Step


@dataclass(slots=True)
class Outlet:
    """How far one consumer has been served: the cursor, what was sent, and what of each buffer it still has to get."""

    sock: socket.socket
    position: int = 0
    sent: Sent = field(default_factory=Sent)
    pending: dict[str, deque[Extent]] = field(default_factory=dict)


class FanMachine(Machine):
    """State of a run with `sock` and `sock2`.

    The machine's own cursor, counts and pending bytes are those of the socket that the current step names; the other
    one's stand aside meanwhile. What a call puts into a buffer is there for both.
    """

    fan = True

    def __init__(self, second: socket.socket, *machine: Any, **options: Any) -> None:
        super().__init__(*machine, **options)
        self.aside_outlet = Outlet(second)
        self.current = SOCKETS[0]

    def turn(self, step: Step) -> None:
        """Serve the socket that the step names, if it names one."""
        self._serve(next((word for word in step.values if word in SOCKETS), self.current))

    def face_consumer(self) -> None:
        self._serve(SOCKETS[0])

    @contextmanager
    def aside(self, message: Reference) -> Iterator[None]:
        """As with one socket; the neighbour's cursor stands at the message too."""
        kept, self.aside_outlet.position = self.aside_outlet.position, message.offset
        try:
            with super().aside(message):
                try:
                    yield
                finally:
                    self.face_consumer()
        finally:
            self.aside_outlet.position = kept
            self.aside_outlet.pending.clear()

    def _serve(self, wanted: str) -> None:
        if wanted != self.current:
            self.current = wanted
            other = self.aside_outlet
            pending = {word: buffer.pending for word, buffer in self.buffers.items()}
            self.aside_outlet = Outlet(self.sock, self.position, self.sent, pending)
            self.sock, self.position, self.sent = other.sock, other.position, other.sent
            for word, buffer in self.buffers.items():
                buffer.pending = other.pending.get(word, deque())

    def loaded(self, word: str, count: int) -> None:
        before = self.position
        super().loaded(word, count)
        other = self.aside_outlet
        if other.position == before:
            other.pending[word] = deque(map(replace, self.buffers[word].pending))
            other.position = self.position

    def outlet(self, word: str) -> tuple[int, Sent]:
        """The cursor and the counts of one socket."""
        if word == self.current:
            return self.position, self.sent
        return self.aside_outlet.position, self.aside_outlet.sent

    @property
    def taken(self) -> int:
        return self._kept_position if self.message else self.outlet(SOCKETS[0])[0]

    @property
    def delivered(self) -> Sent:
        return self.outlet(SOCKETS[0])[1]

    @property
    def delivered_to_neighbour(self) -> Sent:
        return self.outlet(SOCKETS[1])[1]

    @property
    def sockets(self) -> tuple[socket.socket, ...]:
        return self.sock, self.aside_outlet.sock

    @property
    def finished(self) -> bool:
        other = self.aside_outlet
        done = self.sieve.step(other.position, 0)[0] if self.sieve.looked else other.position
        waiting = any(other.pending.values())
        return super().finished and done >= self.size and not waiting

    def progress(self) -> tuple[int, int]:
        other = self.aside_outlet
        return self.position + other.position, self.sent.payload + other.sent.payload
