"""The circumstances of a run: the log, the state of the page cache, the consumer, the machine's limits, a fault."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from zcquest.engine.logs import LogSpec

MIB = 1 << 20


@dataclass(frozen=True, slots=True, kw_only=True)
class Truncate:
    """Another process cuts the log to `to` bytes after the plan's first `after_calls` calls."""

    after_calls: int
    to: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Scene:
    """What a plan is run in. Sizes in bytes, `rate` in bytes per second, `deadline` in seconds."""

    name: str
    log: LogSpec
    start: Literal["cold", "warm"] = "cold"
    deadline: float = 20.0
    rate: int | None = None  # None: the consumer reads as fast as it can
    window: int | None = None  # the consumer's SO_RCVBUF; None: the kernel's default
    nonblocking: bool = False
    memory: int = 64 * MIB  # ceiling on the plan's user buffers, enforced by RLIMIT_DATA
    send_buffer: int | None = None  # the machine's SO_SNDBUF; None: the kernel's default
    truncate: Truncate | None = None
