"""The consumer process: accepts the machine alone, reads what it sends, and reports what arrived."""

from __future__ import annotations

import os
import select
import socket
from time import monotonic, sleep

import msgspec

from zcquest.engine.consumer.comparison import compare
from zcquest.engine.consumer.rejections import Rejections
from zcquest.engine.control import (
    Compare,
    Compared,
    ConsumerConfig,
    Hold,
    Line,
    Listening,
    Progress,
    Report,
    Settle,
    Settled,
    ToConsumer,
)
from zcquest.engine.door import CROWD, admit
from zcquest.engine.logs import format_of
from zcquest.engine.network.namespaces import join
from zcquest.engine.process_name import name_process

_CHUNK = 1 << 18
_TICKS_PER_SECOND = 50  # how finely a rate is kept


def main(control: socket.socket, raw: bytes) -> None:
    """Serve one run; returns when the session hangs up."""
    name_process("zcq:consumer")
    config = msgspec.msgpack.decode(raw, type=ConsumerConfig)
    line = Line(control, ToConsumer)
    if config.namespaces:
        join(config.namespaces)
    listener = socket.socket()
    if config.window:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, config.window)
    listener.bind((config.address, 0))
    listener.listen(CROWD)
    line.say(Listening(pid=os.getpid(), port=listener.getsockname()[1]))
    if connection := admit(listener, config.token, line):
        listener.close()
        Consumer(connection, line, config).serve()


class Consumer:
    """Reads the stream at its own pace and answers the session in between."""

    def __init__(self, connection: socket.socket, line: Line, config: ConsumerConfig) -> None:
        self.connection = connection
        self.line = line
        self.config = config
        self.held = config.held
        self.over = False
        self.lost = False
        self.reader = format_of(config.log_format).reader(config.subscription)
        self.rejections: Rejections | None = None
        if config.rejecting:
            self.rejections = Rejections(connection, config.poison, config.strays, config.dies_at)
            self.reader.judge = self.rejections.judge
        self._settling: int | None = None  # bytes that must have been read before `Settle` can be answered
        self.received = 0  # bytes
        self.kept = bytearray()
        self._chunk = memoryview(bytearray(_CHUNK))
        self._allowance = _CHUNK if config.rate is None else max(1, config.rate // _TICKS_PER_SECOND)

    def serve(self) -> None:
        """Until the session hangs up."""
        if self.config.discard:
            self._discard()
        poller = select.poll()
        poller.register(self.line.sock, select.POLLIN)
        reading = False
        while True:
            wanted = not (self.held or self.over)
            if wanted != reading:
                if wanted:
                    poller.register(self.connection, select.POLLIN)
                else:
                    poller.unregister(self.connection)
                reading = wanted
            ready = {fd for fd, _ in poller.poll()}
            if self.line.sock.fileno() in ready and not self._answer():
                return
            if self.connection.fileno() in ready and not self.held:
                self._read()
            self._settle()

    def _discard(self) -> None:
        """Take the whole stream without looking at it: a race is about the sender. Deaf to the session meanwhile."""
        take, chunk = self.connection.recv_into, self._chunk
        try:
            while got := take(chunk, 0, socket.MSG_TRUNC):
                self.received += got
        except OSError:
            self.lost = True
        self.over = True
        self.line.say(self.progress())

    def _answer(self) -> bool:
        told = self.line.hear()
        if told is None:
            return False
        if isinstance(told, Hold):
            self.held = told.held
        elif isinstance(told, Report):
            self.line.say(self.progress())
        elif isinstance(told, Settle):
            self._settling = told.received
        elif isinstance(told, Compare):
            old, new = compare(
                bytes(self.kept[told.since :]),
                self.config.log_format,
                told.original,
                told.sibling,
                told.start,
                told.stop,
            )
            self.line.say(Compared(old=old, new=new))
        return True

    def _settle(self) -> None:
        """Answer `Settle` once everything is read, or nothing more can come."""
        if self._settling is not None and (self.over or self.received >= self._settling):
            self._settling = None
            self.line.say(Settled(self.rejections.settle() if self.rejections else 0))

    def _read(self) -> None:
        started = monotonic()
        try:
            got = self.connection.recv_into(self._chunk, min(_CHUNK, self._allowance))
            self.reader.feed(self._chunk[:got])
            if len(self.kept) < self.config.keep:
                self.kept += self._chunk[:got]
        except OSError:
            self.lost, got = True, 0
        self.received += got
        if not got:
            self.over = True
            self.line.say(self.progress())
        elif self.config.rate:
            sleep(max(0.0, got / self.config.rate - (monotonic() - started)))

    def progress(self) -> Progress:
        """What has arrived so far."""
        delivery = self.reader.report()
        if self.rejections:
            delivery = msgspec.structs.replace(delivery, attempts=self.rejections.attempts())
        return Progress(
            delivery=msgspec.msgpack.encode(delivery),
            over=self.over,
            lost=self.lost,
            received=self.received,
        )
