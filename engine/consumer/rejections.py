"""The messages that a consumer sends back: which, how often it has seen each, and the references it writes."""

from __future__ import annotations

import contextlib
import os
import signal
import socket
from collections.abc import Iterable, Mapping

from zcquest.engine.control import REFERENCE


class Rejections:
    """Judges deliveries. A rejection is a reference to the message, sent at once over the machine's own connection."""

    def __init__(
        self,
        connection: socket.socket,
        poison: Mapping[int, int | None],
        strays: Iterable[int] = (),
        dies_at: int | None = None,
    ) -> None:
        """`poison`: message number -> how many of its deliveries are rejected (None: all). `strays` are offsets that
        are rejected though nothing was delivered from there; the process kills itself when message `dies_at` comes."""
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)  # a reference is too small to wait for others
        self._connection = connection
        self._poison = poison
        self._strays = tuple(strays)
        self._dies_at = dies_at
        self._seen: dict[int, int] = {}
        self._rejected: set[int] = set()  # numbers whose latest delivery was
        self._said = 0

    def judge(self, number: int, offset: int, size: int) -> bool:
        """Accept or reject one delivery; False where it follows a rejection of the same message."""
        if number == self._dies_at:
            os.kill(os.getpid(), signal.SIGKILL)
        if number not in self._poison:
            return True
        failures = self._poison[number]
        again = number in self._rejected
        seen = self._seen[number] = self._seen.get(number, 0) + 1
        if failures is None or seen <= failures:
            self._rejected.add(number)
            self._say(offset, size)
        else:
            self._rejected.discard(number)
        return not again

    def settle(self) -> int:
        """How many references were sent since this was asked last."""
        for offset in self._strays:
            self._say(offset, REFERENCE.size)
        self._strays = ()
        said, self._said = self._said, 0
        return said

    def attempts(self) -> list[tuple[int, int, bool]]:
        """Of each poisonous message that came: its number, its deliveries, and whether the last one was accepted."""
        return [(number, seen, number not in self._rejected) for number, seen in sorted(self._seen.items())]

    def _say(self, offset: int, size: int) -> None:
        with contextlib.suppress(OSError):  # the machine is gone: its end is told elsewhere
            self._connection.sendall(REFERENCE.pack(offset, size))
            self._said += 1
