"""Live readings of the places: what is where, right now, as the kernel shows it from outside the machine."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import psutil

from zcquest.engine.pagecache import Residency

_LOOPBACK = "lo"
_ESTABLISHED = {"01", "04", "05", "08"}  # or closing with data still in its queues
_FIN_SENT, _FIN_RECEIVED = "04", "08"  # FIN_WAIT1, CLOSE_WAIT: the queue counts the FIN, which is no byte


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
    nic_sent: int  # through the loopback device since the run began, everybody's packets included
    taken: int  # log bytes behind the plan's cursor
    sent: int  # accepted by the socket
    received: int  # read by the consumer
    messages: int  # of which whole, good messages (a count)
    calls: int  # made so far (a count)
    rejections: int = 0  # messages that the consumer has sent back (a count)


def socket_queues(port: int) -> tuple[int, int]:
    """Bytes unacknowledged at the machine's end and unread at the consumer's, for the connection to `port`."""
    sending = receiving = 0
    ours = f":{port:04X} "
    with open("/proc/net/tcp") as table:
        for line in table:
            if ours not in line:  # a busy host has thousands of connections
                continue
            _, local, remote, state, queues, *_ = line.split()
            unsent, unread = (int(queue, 16) for queue in queues.split(":"))
            if state in _ESTABLISHED and f"{remote} ".endswith(ours):
                sending += unsent - (state == _FIN_SENT and unsent > 0)
            elif state in _ESTABLISHED and f"{local} ".endswith(ours):
                receiving += unread - (state == _FIN_RECEIVED and unread > 0)
    return sending, receiving


def arriving_queues(port: int) -> tuple[int, int]:
    """The same in the other direction: bytes unacknowledged at the producer's end and unread at the machine's."""
    sending = receiving = 0
    ours = f":{port:04X} "
    with open("/proc/net/tcp") as table:
        for line in table:
            if ours not in line:
                continue
            _, local, remote, state, queues, *_ = line.split()
            unsent, unread = (int(queue, 16) for queue in queues.split(":"))
            if state in _ESTABLISHED and f"{local} ".endswith(ours):
                sending += unsent - (state == _FIN_SENT and unsent > 0)
            elif state in _ESTABLISHED and f"{remote} ".endswith(ours):
                receiving += unread - (state == _FIN_RECEIVED and unread > 0)
    return sending, receiving


def mapping_resident(pid: int, log: Path) -> int | None:
    """Bytes of the machine's mapping of `log` that its page tables hold (Rss in smaps); None without a mapping."""
    try:
        areas = Path(f"/proc/{pid}/smaps").read_text()
    except OSError:
        return None
    found = [area.partition("\nRss:")[2] for area in areas.split(f" {log}\n")[1:]]
    return sum(int(area.split(maxsplit=1)[0]) * 1024 for area in found) if found else None


def loopback_sent() -> int:
    """Bytes that have left through the loopback device since the host came up."""
    return int(psutil.net_io_counters(pernic=True)[_LOOPBACK].bytes_sent)
