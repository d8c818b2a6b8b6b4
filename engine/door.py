"""How a far end of the plan's socket lets the machine in, and nobody else."""

from __future__ import annotations

import hmac
import select
import socket
from collections.abc import Callable

from zcquest.engine.control import Line

CROWD = 64  # connections that may wait to show a token


def admit(
    listener: socket.socket, token: bytes, line: Line, answer: Callable[[], None] | None = None
) -> socket.socket | None:
    """The connection that shows the run's token; anyone else is hung up on. None when the session is gone.

    Nobody is waited for: a stranger who connects and says nothing keeps no one from the door. What the session says
    meanwhile is for `answer`; without one it stays unread, for whoever let the machine in.
    """
    poller = select.poll()
    poller.register(line.sock, select.POLLIN if answer else select.POLLRDHUP)
    poller.register(listener, select.POLLIN)
    waiting: dict[int, socket.socket] = {}
    while True:
        ready = poller.poll()[-1][0]  # one at a time: a closed descriptor's number may come back in the same breath
        if ready == line.sock.fileno():
            if not answer:
                return None
            answer()
            continue
        if ready == listener.fileno():
            newcomer, _ = listener.accept()
            newcomer.setsockopt(socket.SOL_SOCKET, socket.SO_RCVLOWAT, len(token))  # readable: a whole token, or none
            waiting[newcomer.fileno()] = newcomer
            poller.register(newcomer, select.POLLIN)
            if len(waiting) <= CROWD:
                continue
            ready = next(iter(waiting))
        candidate = waiting.pop(ready)
        poller.unregister(candidate)
        if hmac.compare_digest(_shown(candidate, len(token)), token):
            for stranger in waiting.values():
                stranger.close()
            candidate.setsockopt(socket.SOL_SOCKET, socket.SO_RCVLOWAT, 1)
            return candidate
        candidate.close()


def _shown(candidate: socket.socket, length: int) -> bytes:
    try:
        return candidate.recv(length, socket.MSG_DONTWAIT)
    except OSError:
        return b""
