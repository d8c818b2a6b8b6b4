"""A machine that serves several consumers: a socket for each, with a cursor into the log of its own."""

from __future__ import annotations

import socket
from collections import deque
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from typing import Any

from zcquest.engine.calls.base import SOCKETS
from zcquest.engine.machine.extent import Extent
from zcquest.engine.machine.filters import FILTERS
from zcquest.engine.machine.machine import Machine, Reference, Sent
from zcquest.engine.machine.takers import buffers_taken, takers_by_step
from zcquest.engine.plan import Plan, Step


@dataclass(slots=True, eq=False)
class Outlet:
    """How far one consumer has been served: the cursor, what was sent, and what of each buffer it still has to get."""

    sock: socket.socket
    position: int = 0
    skipped: int = 0
    sent: Sent = field(default_factory=Sent)
    pending: dict[str, deque[Extent]] = field(default_factory=dict)

    def waiting(self, word: str) -> int:
        """Bytes of a buffer that it still has to get."""
        return sum(extent.length for extent in self.pending.get(word, ()))

    def forget(self, word: str) -> int:
        """Other bytes lie in the buffer now; how many of those before them it had not got."""
        lost = self.waiting(word)
        self.pending.pop(word, None)
        return lost


class FanMachine(Machine):
    """State of a run with `sock`, `sock2` and so on.

    The machine's own cursor, counts and pending bytes are those of the outlet that the current step serves; the other
    outlets' stand aside meanwhile. A step that names a socket serves that one. What any other step does, it does for
    all that take its bytes from it later on, as far as they stand at the same byte.
    """

    fan = True

    def __init__(self, neighbours: Sequence[socket.socket], plan: Plan, *machine: Any, **options: Any) -> None:
        super().__init__(*machine, **options)
        self.outlets = [Outlet(sock) for sock in (self.sock, *neighbours)]
        self.current = 0
        self._takers = takers_by_step(plan)

    @contextmanager
    def serving(self, step: Step) -> Iterator[None]:
        named = next((SOCKETS.index(word) for word in step.values if word in SOCKETS), None)
        if named is not None:
            if named < len(self.outlets):
                self._serve(named)
            yield
            return
        takers = [number for number in self._takers[self.step] if number < len(self.outlets)]
        if takers:
            self._serve(self._leader(step, takers))
        with self._together(step, [self.outlets[number] for number in takers if number != self.current]):
            yield

    def face_consumer(self) -> None:
        self._serve(0)

    @contextmanager
    def aside(self, message: Reference) -> Iterator[None]:
        """As with one socket; the neighbours' cursors stand at the message too."""
        self.face_consumer()
        self._stow()
        kept = [(outlet.position, outlet.skipped) for outlet in self.outlets]
        for outlet in self.outlets:
            outlet.position = message.offset
        try:
            with super().aside(message):
                try:
                    yield
                finally:
                    self.face_consumer()
        finally:
            for outlet, (position, skipped) in zip(self.outlets, kept, strict=True):
                outlet.position, outlet.skipped = position, skipped
                outlet.pending.clear()

    def outlet(self, number: int) -> Outlet:
        """The one of `sock`, `sock2` and so on, by its number from 0."""
        self._stow()
        return self.outlets[number]

    @property
    def taken(self) -> int:
        return self._kept_position if self.message else self.outlet(0).position

    @property
    def passed_over(self) -> int:
        return self.outlet(0).skipped

    @property
    def handed(self) -> tuple[Sent, ...]:
        self._stow()
        return tuple(outlet.sent for outlet in self.outlets)

    @property
    def sockets(self) -> tuple[socket.socket, ...]:
        return tuple(outlet.sock for outlet in self.outlets)

    @property
    def pending(self) -> int:
        """Bytes in buffers that were read and not yet sent to everybody: as many as the hindmost still has to get."""
        self._stow()
        return sum(max(outlet.waiting(word) for outlet in self.outlets) for word in self.buffers)

    @property
    def finished(self) -> bool:
        self._stow()
        if self.sieve.looked:
            for number in range(len(self.outlets)):
                self._serve(number)
                self.ahead(0)
            self._stow()
        return all(outlet.position >= self.size for outlet in self.outlets) and not self.waiting

    def progress(self) -> tuple[int, int]:
        self._stow()
        return (
            sum(outlet.position for outlet in self.outlets),
            sum(outlet.sent.payload for outlet in self.outlets),
        )

    def _serve(self, number: int) -> None:
        if number != self.current:
            self._stow()
            self.current, outlet = number, self.outlets[number]
            self.sock, self.sent = outlet.sock, outlet.sent
            self.position, self.skipped = outlet.position, outlet.skipped
            for word, buffer in self.buffers.items():
                buffer.pending = outlet.pending.setdefault(word, deque())

    def _stow(self) -> None:
        """Write down how far the one that is served has come."""
        outlet = self.outlets[self.current]
        outlet.position, outlet.skipped, outlet.sent = self.position, self.skipped, self.sent
        outlet.pending = {word: buffer.pending for word, buffer in self.buffers.items()}

    def _leader(self, step: Step, takers: Sequence[int]) -> int:
        """Whose cursor a step starts from: the hindmost, so that it leaves nothing out. A filter that has begun goes on
        from the foremost, so that nobody waits for a slow one."""
        self._stow()
        choose = max if step.call in FILTERS and self.sieve.looked else min
        return choose(takers, key=lambda number: self.outlets[number].position)

    @contextmanager
    def _together(self, step: Step, others: Sequence[Outlet]) -> Iterator[None]:
        """What the step does for the outlet that is served is done for those of the others that stand where it does.

        To all the rest, a buffer that the step fills is lost, and what they had not got of it.
        """
        sources = buffers_taken(step)
        with_it = [
            outlet
            for outlet in others
            if outlet.position == self.position
            and all(outlet.pending.get(word, deque()) == self.buffers[word].pending for word in sources)
        ]
        fills = {word: self.buffers[word].fills for word in step.values if word in self.buffers}
        try:
            yield
        finally:
            filled = [word for word, before in fills.items() if self.buffers[word].fills != before]
            for outlet in self.outlets:
                if outlet is not self.outlets[self.current]:
                    kept = sources if outlet in with_it else ()
                    self.overwritten += sum(outlet.forget(word) for word in filled if word not in kept)
            for outlet in with_it:
                outlet.position, outlet.skipped = self.position, self.skipped
                for word in {*filled, *sources}:
                    outlet.pending[word] = deque(map(replace, self.buffers[word].pending))
