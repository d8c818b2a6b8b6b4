"""Bytes over TCP on 127.0.0.1: does it work at all, and with MSG_ZEROCOPY?"""

from __future__ import annotations

import errno
import os
import socket
from collections.abc import Callable

from zcquest.engine.host.report import Finding, attempted
from zcquest.engine.message import message

_SO_ZEROCOPY, _MSG_ZEROCOPY = 60, 0x4000000
_PATIENCE = 10.0  # seconds for a peer to answer


def loopback() -> Finding:
    """Whether bytes arrive over TCP on 127.0.0.1."""
    finding = attempted("loopback", message("TCP on 127.0.0.1"), lambda: delivers(b"x", _send_one))
    if finding.ok:
        return finding
    detail = message("the consumer cannot be reached over 127.0.0.1: {reason}", reason=finding.detail)
    return Finding("loopback", finding.title, False, detail, message("Bring the loopback interface up."))


def _send_one(out: int) -> int:
    return os.write(out, b"x")


def zerocopy() -> Finding:
    """Whether a TCP socket takes MSG_ZEROCOPY; whether it then copies is for the error queue to say."""

    def send_with_flag() -> None:
        sender, receiver = _connection()
        with sender, receiver:
            sender.setsockopt(socket.SOL_SOCKET, _SO_ZEROCOPY, 1)
            sender.send(bytes(64 << 10), _MSG_ZEROCOPY)

    advice = message("Linux 4.14 has it. ENOBUFS means that net.core.optmem_max or ulimit -l is too small.")
    return attempted("zerocopy", message("send with MSG_ZEROCOPY"), send_with_flag, advice)


def delivers(content: bytes, send: Callable[[int], int]) -> None:
    """Let `send` write some of `content` to a TCP socket's descriptor, and check what comes out at the other end.

    `send` returns the bytes it sent. Raises OSError: that of `send`, or EBADMSG when other bytes arrive.
    """
    sender, receiver = _connection()
    with sender, receiver:
        sent = send(sender.fileno())
        received = bytearray()
        while len(received) < sent and (part := receiver.recv(sent - len(received))):
            received += part
    if not sent or received != content[:sent]:
        raise OSError(errno.EBADMSG, os.strerror(errno.EBADMSG))


def _connection() -> tuple[socket.socket, socket.socket]:
    """Both ends of a TCP connection over 127.0.0.1."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        listener.settimeout(_PATIENCE)
        sender = socket.create_connection(listener.getsockname(), timeout=_PATIENCE)
        try:
            receiver, _ = listener.accept()
        except OSError:
            sender.close()
            raise
    # with a timeout a descriptor does not block: a bare call on it moves what it can and returns
    receiver.settimeout(_PATIENCE)
    return sender, receiver
