"""What the operating system counts about the machine process, read from outside with psutil."""

from __future__ import annotations

from dataclasses import dataclass

import psutil


@dataclass(frozen=True, slots=True)
class Meters:
    """A reading, or the difference of two. Bytes, seconds, counts.

    `disk_read_bytes` is what the block layer fetched for the process (None where the kernel does not account for it);
    `read_chars` what its calls returned, cached or not.
    """

    disk_read_bytes: int | None = None
    read_chars: int = 0
    read_calls: int = 0
    write_calls: int = 0
    voluntary_switches: int = 0
    involuntary_switches: int = 0
    user_s: float = 0.0
    sys_s: float = 0.0
    private_bytes: int = 0  # unique to the process, mappings of files aside; a level, not a difference

    def since(self, earlier: Meters) -> Meters:
        """What happened between `earlier` and this reading."""
        both = self.disk_read_bytes is not None and earlier.disk_read_bytes is not None
        return Meters(
            disk_read_bytes=(self.disk_read_bytes or 0) - (earlier.disk_read_bytes or 0) if both else None,
            read_chars=self.read_chars - earlier.read_chars,
            read_calls=self.read_calls - earlier.read_calls,
            write_calls=self.write_calls - earlier.write_calls,
            voluntary_switches=self.voluntary_switches - earlier.voluntary_switches,
            involuntary_switches=self.involuntary_switches - earlier.involuntary_switches,
            user_s=self.user_s - earlier.user_s,
            sys_s=self.sys_s - earlier.sys_s,
            private_bytes=self.private_bytes,
        )


def read_meters(pid: int) -> Meters | None:
    """The process's counters now; None when it has gone."""
    try:
        process = psutil.Process(pid)
        with process.oneshot():
            switches, times = process.num_ctx_switches(), process.cpu_times()
            try:
                io = process.io_counters()
            except (AttributeError, psutil.AccessDenied, NotImplementedError):
                io = None
        return Meters(
            disk_read_bytes=io.read_bytes if io else None,
            read_chars=io.read_chars if io else 0,
            read_calls=io.read_count if io else 0,
            write_calls=io.write_count if io else 0,
            voluntary_switches=switches.voluntary,
            involuntary_switches=switches.involuntary,
            user_s=times.user,
            sys_s=times.system,
            private_bytes=_private(pid),
        )
    except (psutil.NoSuchProcess, psutil.ZombieProcess, psutil.AccessDenied, OSError):
        return None


def _private(pid: int) -> int:
    """Bytes that the process alone holds and no file holds too: psutil's USS counts the pages of a mapped log in."""
    with open(f"/proc/{pid}/smaps_rollup") as rollup:
        return sum(int(line.split()[1]) for line in rollup if line.startswith("Private_Dirty:")) * 1024
