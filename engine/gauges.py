"""Live readings of the places: what is where, right now, as the kernel shows it from outside the machine."""

from __future__ import annotations

import fcntl
import os
import sys
import termios
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from time import monotonic

from zcquest.engine.calls.base import DESCRIPTORS
from zcquest.engine.pagecache import Residency, survey

_STRETCHES = 256  # of a log, in `cache_map`
_REST = 30  # how much longer than a look at a log's pages took, until a hurried reading takes another one
_ESTABLISHED = {"01", "04", "05", "08"}  # or closing with data still in its queues
_FIN_SENT, _FIN_RECEIVED = "04", "08"  # FIN_WAIT1, CLOSE_WAIT: the queue counts the FIN, which is no byte


@dataclass(frozen=True, slots=True)
class Outlet:
    """One consumer's connection. Bytes, unless a comment says otherwise."""

    sent: int  # accepted by the machine's socket
    send_queue: int  # in that socket, not yet acknowledged by the consumer's
    receive_queue: int  # in the consumer's socket, not yet read
    received: int  # read by the consumer
    messages: int  # of which whole, good messages (a count)


@dataclass(frozen=True, slots=True)
class Gauges:
    """One reading of every place. Bytes, unless a comment says otherwise; None: not there, or not to be had."""

    cache: Residency | None  # pages of the log in the page cache
    cache_map: tuple[float, ...]  # the same along the log: resident fraction of each stretch, 0 to 1
    disk_read: int  # fetched by the block layer for the machine so far
    buffer: int  # capacity of buf
    buffer_pending: int  # read into buf and not yet sent
    mapping_resident: int | None  # pages of the mapping in the machine's own page tables
    send_queue: int  # in the machine's socket, not yet acknowledged by the consumer's
    receive_queue: int  # in the consumer's socket, not yet read
    nic_sent: int  # through the NIC since the run began, headers included; through loopback, everybody's
    taken: int  # log bytes behind the plan's cursor
    sent: int  # accepted by the socket; by the log of a machine that receives
    received: int  # read by the consumer
    messages: int  # of which whole, good messages (a count)
    calls: int  # made so far (a count)
    rejections: int = 0  # messages that the consumer has sent back (a count)
    dead_letters: int = 0  # in the DLQ's file
    nic_packets: int = 0  # that `nic_sent` was sent in (a count)
    scatter_gather: bool | None = None  # whether the bench NIC gathers scattered pages; None: the run is on loopback
    pipe_fill: int | None = None  # in `pipe`, not yet taken out; None: no pipe was made
    pipe_size: int | None = None  # its capacity, if every slot of it held a full page
    pipe2_fill: int | None = None
    pipe2_size: int | None = None
    flushed: int = 0  # of what was written to the log, what an fsync has said is on the disk
    neighbours: tuple[Outlet, ...] = ()  # the connections of `sock2` and so on

    @property
    def outlets(self) -> tuple[Outlet, ...]:
        """Each consumer's connection, the one at `sock` first."""
        first = Outlet(self.sent, self.send_queue, self.receive_queue, self.received, self.messages)
        return first, *self.neighbours


class PageGauge:
    """The pages of one log in the page cache."""

    def __init__(self, fd: int, size: int) -> None:
        self._fd = fd
        self._size = size
        self._latest: tuple[Residency, tuple[float, ...]] | None = None
        self._good_until = 0.0

    def read(self, hurried: bool) -> tuple[Residency, tuple[float, ...]]:
        """`cache` and `cache_map`; of a moment before, if `hurried` and the log is so big that asking takes long."""
        begun = monotonic()
        if self._latest and hurried and begun < self._good_until:
            return self._latest
        cache, shares = survey(self._fd, self._size, _STRETCHES)
        self._latest = cache, tuple(shares)
        now = monotonic()
        self._good_until = now + _REST * (now - begun)
        return self._latest


def socket_queues(port: int, sender: int | None = None, receiver: int | None = None) -> tuple[int, int]:
    """Bytes unacknowledged at the machine's end and unread at the consumer's, for the connection to `port`.

    `sender` and `receiver` are processes in the network namespaces of the two ends; None: this process's own.
    """
    ours = f":{port:04X} "
    sending = receiving = 0
    for local, remote, state, unsent, unread in _connections(ours, sender, receiver):
        if f"{remote} ".endswith(ours):
            sending += unsent - (state == _FIN_SENT and unsent > 0)
        elif f"{local} ".endswith(ours):
            receiving += unread - (state == _FIN_RECEIVED and unread > 0)
    return sending, receiving


def _connections(ours: str, *pids: int | None) -> Iterator[tuple[str, str, str, int, int]]:
    """Local and remote address, state and queues of the connections with `ours` in them; of each namespace once."""
    for pid in dict.fromkeys(pids):
        try:
            table = Path(f"/proc/{pid or 'self'}/net/tcp").read_text()
        except OSError:
            continue  # that end is gone, and its queue with it
        for line in table.splitlines():
            if ours not in line:  # a busy host has thousands of connections
                continue
            _, local, remote, state, queues, *_ = line.split()
            if state in _ESTABLISHED:
                unsent, unread = (int(queue, 16) for queue in queues.split(":"))
                yield local, remote, state, unsent, unread


def arriving_queues(port: int) -> tuple[int, int]:
    """The same in the other direction: bytes unacknowledged at the producer's end and unread at the machine's."""
    ours = f":{port:04X} "
    sending = receiving = 0
    for local, remote, state, unsent, unread in _connections(ours, None):
        if f"{local} ".endswith(ours):
            sending += unsent - (state == _FIN_SENT and unsent > 0)
        elif f"{remote} ".endswith(ours):
            receiving += unread - (state == _FIN_RECEIVED and unread > 0)
    return sending, receiving


def pipe_level(pid: int, word: str) -> tuple[int, int] | tuple[None, None]:
    """Bytes in a pipe of the machine's (FIONREAD) and its capacity (F_GETPIPE_SZ); twice None where it has none.

    Asked through a descriptor of one's own, opened by way of /proc.
    """
    try:
        fd = os.open(f"/proc/{pid}/fd/{DESCRIPTORS[word]}", os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)
    except OSError:
        return None, None
    try:
        count = fcntl.ioctl(fd, termios.FIONREAD, bytes(4))
        return int.from_bytes(count, sys.byteorder), fcntl.fcntl(fd, fcntl.F_GETPIPE_SZ)
    except OSError:  # something else stands there
        return None, None
    finally:
        os.close(fd)


def mapping_resident(pid: int, log: Path) -> int | None:
    """Bytes of the machine's mapping of `log` that its page tables hold (Rss in smaps); None without a mapping."""
    try:
        areas = Path(f"/proc/{pid}/smaps").read_text()
    except OSError:
        return None
    found = [area.partition("\nRss:")[2] for area in areas.split(f" {log}\n")[1:]]
    return sum(int(area.split(maxsplit=1)[0]) * 1024 for area in found) if found else None
