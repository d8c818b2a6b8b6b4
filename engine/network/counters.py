"""What a network device counts of itself."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

_SENT_BYTES, _SENT_PACKETS = 8, 9  # columns of /proc/net/dev after the device's name


@dataclass(frozen=True, slots=True)
class NicCount:
    """Bytes (headers included) and packets that a device sent. A packet may be larger than the wire's 1500 bytes."""

    bytes: int
    packets: int

    def since(self, before: NicCount) -> NicCount:
        return NicCount(self.bytes - before.bytes, self.packets - before.packets)


def read_nic(name: str, pid: int | None = None) -> NicCount | None:
    """The counters of a device in the network namespace of `pid` (our own if None); None when either is gone."""
    try:
        table = Path(f"/proc/{pid or 'self'}/net/dev").read_text()
    except OSError:
        return None
    for line in table.splitlines():
        device, colon, columns = line.partition(":")
        if colon and device.strip() == name:
            figures = columns.split()
            return NicCount(int(figures[_SENT_BYTES]), int(figures[_SENT_PACKETS]))
    return None
