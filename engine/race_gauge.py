"""How far a run of a race is. Looking costs the race something: a few times a second, and few files each time."""

from __future__ import annotations

from dataclasses import dataclass
from time import monotonic

import psutil

from zcquest.engine.network.counters import read_nic

_LOOPBACK = "lo"


@dataclass(frozen=True, slots=True)
class Reading:
    """One look at a run: seconds of a clock, bytes that left through the loopback device since the host came up
    (everybody's, headers included), and the machine process's CPU time in seconds (in the kernel's ticks of 10 ms)."""

    at: float
    sent: int
    cpu_s: float

    @classmethod
    def take(cls, machine: int) -> Reading | None:
        """A reading of the process `machine`, now; None when it has gone."""
        try:
            times = psutil.Process(machine).cpu_times()
        except psutil.Error:
            return None
        nic = read_nic(_LOOPBACK)
        return cls(monotonic(), nic.bytes, times.user + times.system) if nic else None
