"""Repeat, take the best or the median, print one line."""

from __future__ import annotations

import statistics
import subprocess
import time
from collections.abc import Callable, Sequence
from pathlib import Path


def best_of(count: int, work: Callable[[], float]) -> float:
    """The smallest of `count` results of `work`, in its own unit: what the machine can do when left alone."""
    return min(work() for _ in range(count))


def wall(command: Sequence[str], env: dict[str, str] | None = None) -> float:
    """Seconds that a command takes; its output is thrown away. Raises CalledProcessError."""
    start = time.perf_counter()
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, env=env)
    return time.perf_counter() - start


def ran(pid: int) -> float:
    """Seconds for which a process's first thread has had a processor so far: what others take does not count."""
    return int(Path(f"/proc/{pid}/schedstat").read_text().split()[0]) / 1e9


def row(what: str, value: str, limit: str, good: bool) -> None:
    """One figure with what the project asks of it."""
    print(f"{'ok  ' if good else 'MISS'}  {what:<58} {value:>16}   asked: {limit}", flush=True)


def median(values: Sequence[float]) -> float:
    return statistics.median(values)
