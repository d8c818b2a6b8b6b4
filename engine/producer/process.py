"""The producer process: sends its log to the machine, and keeps a message no longer than until it is acknowledged.

The far end of the socket where the machine receives. It sends with sendfile(2): over loopback its own page-cache pages
lie in the machine's receive queue, which is what lets the tamper probe see whether recv copied them.
"""

from __future__ import annotations

import contextlib
import os
import select
import signal
import socket
from time import monotonic, sleep

import msgspec

from zcquest.engine.control import COUNT, Aim, Killed, Line, Listening, Produced, ProducerConfig, ToProducer
from zcquest.engine.door import CROWD, admit
from zcquest.engine.logs import format_of
from zcquest.engine.process_name import name_process

_CHUNK = 1 << 18
_LAST = 1  # byte of the log that is held back until the machine has been killed: it cannot be done before
_TICKS_PER_SECOND = 50  # how finely a rate is kept


def main(control: socket.socket, raw: bytes) -> None:
    """Serve one run; returns when the session hangs up."""
    name_process("zcq:producer")
    config = msgspec.msgpack.decode(raw, type=ProducerConfig)
    line = Line(control, ToProducer)
    listener = socket.socket()
    listener.bind(("127.0.0.1", 0))
    listener.listen(CROWD)
    line.say(Listening(pid=os.getpid(), port=listener.getsockname()[1]))
    Producer(listener, line, config).serve()


class _SessionGone(Exception):
    """Nobody is there to report to."""


class Producer:
    """Sends, reads acknowledgements, and answers the session in between. All figures are bytes of the log."""

    def __init__(self, listener: socket.socket, line: Line, config: ProducerConfig) -> None:
        self.listener = listener
        self.line = line
        self.config = config
        self.log = os.open(config.log, os.O_RDONLY | os.O_CLOEXEC)
        self.size = os.fstat(self.log).st_size
        self.sent = 0  # counted from the log's start: where the next sendfile begins
        self.acked = 0  # the highest count that the machine has acknowledged
        self._acknowledged = 0  # the same of this connection: what was in flight on another one is no longer
        self._part = b""  # of an acknowledgement
        self.overstated: int | None = None  # a count that was acknowledged and had never been sent
        self.over = False
        self.lost = False
        self.killed: Killed | None = None
        self._victim = -1  # pidfd of the machine, once it is known
        self._allowance = _CHUNK if config.rate is None else max(1, config.rate // _TICKS_PER_SECOND)

    def serve(self) -> None:
        """Until the session hangs up."""
        try:
            while not self.over:
                connection = admit(self.listener, self.config.token, self.line, self._answer)
                assert connection
                with connection:
                    if self._agree(connection):
                        self._feed(connection)
                if self.killed and not self.killed.told:
                    self.killed = msgspec.structs.replace(self.killed, told=True)  # now it may come back
                else:
                    self.over = True
                self.line.say(self.produced())
            while True:
                self._answer()
        except _SessionGone:
            return

    def _agree(self, connection: socket.socket) -> bool:
        """Hear how much of the log the machine has, and say from where it will be sent: whole batches that were not
        acknowledged. Those that were are here no longer, whether the machine has them or not."""
        try:
            raw = connection.recv(COUNT.size, socket.MSG_WAITALL)
            if len(raw) < COUNT.size:
                return False
            self.sent = self._acknowledged = max(COUNT.unpack(raw)[0], self._kept_from())
            connection.sendall(COUNT.pack(self.sent))
        except OSError:
            return False
        return True

    def _kept_from(self) -> int:
        """Where the first batch begins that was not acknowledged to its end."""
        if not self.acked:
            return 0
        spans = format_of(self.config.log_format).spans(self.log, self.size)
        return next((span.start for span in spans if span.end > self.acked), self.size)

    def _feed(self, connection: socket.socket) -> None:
        """Until the connection ends, however it does."""
        connection.setblocking(False)
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)  # a window's last bytes go out at once
        poller = select.poll()
        poller.register(self.line.sock, select.POLLIN)
        self._part = b""
        shut, listening, next_at = False, 0, 0.0
        while True:
            room = self._room()
            if not room:  # so the machine has something to do when it is hit
                self._shoot()
            wait = next_at - monotonic()
            wanted = select.POLLIN | (select.POLLOUT if room and wait <= 0 else 0)
            if wanted != listening:
                poller.register(connection, wanted)
                listening = wanted
            pause = max(0, int(wait * 1000) + 1) if room and wait > 0 else None
            for fd, event in poller.poll(pause):
                if fd == self.line.sock.fileno():
                    self._answer()
                    continue
                try:
                    if event & ~select.POLLOUT and not self._hear(connection):
                        return
                    if event & select.POLLOUT and room:
                        count = os.sendfile(connection.fileno(), self.log, self.sent, room)
                        self.sent += count
                        if self.config.rate:
                            next_at = monotonic() + count / self.config.rate
                except BlockingIOError:
                    continue
                except OSError:
                    self.lost = not (self.killed and not self.killed.told)
                    self._drain(connection)
                    return
            if self.sent == self.size and not shut:
                with contextlib.suppress(OSError):  # already broken: the next poll says so
                    connection.shutdown(socket.SHUT_WR)
                shut = True

    def _room(self) -> int:
        """Bytes that may be sent now: within the window, the log, and what is left before the machine is killed."""
        if self.killed and not self.killed.told:
            return 0  # nobody is there any more
        end = self.size if self.killed or self.config.kill_at is None else self.size - _LAST
        return max(0, min(self._allowance, self._acknowledged + self.config.window - self.sent, end - self.sent))

    def _hear(self, connection: socket.socket) -> bool:
        """Take acknowledgements; False when the machine has hung up."""
        data = connection.recv(1 << 12)
        if not data:
            return False
        data = self._part + data
        whole = len(data) // COUNT.size * COUNT.size
        self._part = data[whole:]
        for (count,) in COUNT.iter_unpack(data[:whole]):
            if count > self.sent:
                self.overstated = count
            else:
                self.acked = max(self.acked, count)
                self._acknowledged = max(self._acknowledged, count)
        return True

    def _drain(self, connection: socket.socket) -> None:
        """What had arrived before the connection broke was acknowledged all the same."""
        with contextlib.suppress(OSError):
            while self._hear(connection):
                pass

    def _shoot(self) -> None:
        """SIGKILL for the machine, when it is time: at no point of its plan in particular.

        Asleep until then, not spinning: that would keep the machine off this processor, always in the same call.
        """
        if self.config.kill_at is None or self.killed or self._victim < 0 or self.sent < self.config.kill_at:
            return
        sleep(self.config.kill_delay)
        with contextlib.suppress(ProcessLookupError):
            signal.pidfd_send_signal(self._victim, signal.SIGKILL)
        self.killed = Killed(sent=self.sent)
        os.close(self._victim)

    def _answer(self) -> None:
        told = self.line.hear()
        if told is None:
            raise _SessionGone
        if isinstance(told, Aim):
            self._victim = os.pidfd_open(told.pid)
        else:
            self.line.say(self.produced())

    def produced(self) -> Produced:
        """How far it has come."""
        return Produced(
            delivery=b"",
            over=self.over,
            lost=self.lost,
            received=self.acked,
            sent=self.sent,
            overstated=self.overstated,
            killed=self.killed,
        )
