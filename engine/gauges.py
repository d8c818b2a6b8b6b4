"""Live readings of the places: what is where, right now, as the kernel shows it from outside the machine."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import psutil

from zcquest.engine.pagecache import Residency

_LOOPBACK = "lo"
_ESTABLISHED = {"01", "04", "05", "08"}  # or closing with data still in its queues


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


def socket_queues(port: int) -> tuple[int, int]:
    """Bytes unacknowledged at the machine's end and unread at the consumer's, for the connection to `port`."""
    sending = receiving = 0
    with open("/proc/net/tcp") as table:
        next(table)
        for line in table:
            fields = line.split()
            local, remote = (int(end.rpartition(":")[2], 16) for end in fields[1:3])
            unsent, unread = (int(queue, 16) for queue in fields[4].split(":"))
            if fields[3] in _ESTABLISHED and remote == port:
                sending += unsent
            elif fields[3] in _ESTABLISHED and local == port:
                receiving += unread
    return sending, receiving


def mapping_resident(pid: int, log: Path) -> int | None:
    """Bytes of the machine's mapping of `log` that its page tables hold (Rss in smaps); None without a mapping."""
    found, resident = False, 0
    try:
        with open(f"/proc/{pid}/smaps") as areas:
            ours = False
            for line in areas:
                head = line.split()[0]
                if "-" in head and not head.endswith(":"):
                    ours = line.rstrip().endswith(str(log))
                    found |= ours
                elif ours and head == "Rss:":
                    resident += int(line.split()[1]) * 1024
    except OSError:
        return None
    return resident if found else None


def loopback_sent() -> int:
    """Bytes that have left through the loopback device since the host came up."""
    return int(psutil.net_io_counters(pernic=True)[_LOOPBACK].bytes_sent)
