"""What a network device counts of itself."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

LOOPBACK = "lo"
_SENT_BYTES, _SENT_PACKETS = 8, 9  # columns of /proc/net/dev after the device's name


@dataclass(frozen=True, slots=True)
class NicCount:
    """Bytes (headers included) and packets that a device sent. A packet may be larger than the wire's 1500 bytes."""

    bytes: int
    packets: int

    def since(self, before: NicCount) -> NicCount:
        return NicCount(self.bytes - before.bytes, self.packets - before.packets)


class NicGauge:
    """What a device has sent since the first look at it; its last reading where it is gone."""

    def __init__(self, name: str = LOOPBACK, pid: int | None = None) -> None:
        """The device in the network namespace of `pid` (our own if None)."""
        self._device = name, pid
        self._before: NicCount | None = None
        self.latest = NicCount(0, 0)

    def read(self) -> NicCount:
        """On loopback, for everybody."""
        if now := read_nic(*self._device):
            self._before = self._before or now
            self.latest = now.since(self._before)
        return self.latest


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
