"""The circumstances of a run: the log, the state of the page cache, the consumer, the machine's limits, a fault."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from zcquest.engine.logs import LogSpec, Subscription

MIB = 1 << 20


@dataclass(frozen=True, slots=True, kw_only=True)
class Truncate:
    """Another process cuts the log to `to` bytes after the plan's first `after_calls` calls."""

    after_calls: int
    to: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Poison:
    """A message, by its number in the log, whose first `failures` deliveries the consumer rejects; None: all."""

    message: int
    failures: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class DeadLetters:
    """The dead-letter queue of a run: a file in the CommitLog's format, empty at first.

    `rewritten` asks for RocketMQ's form of a dead letter, else for the message as it was. Faults: `limit` is the most
    bytes a file of the machine may grow to (RLIMIT_FSIZE: beyond it EFBIG), `full` a device without room (ENOSPC).
    """

    rewritten: bool = False
    limit: int | None = None
    full: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Receive:
    """The other direction: a producer sends the log over the socket, and `log` is the machine's own, empty at first.

    `window` bytes at most are sent ahead of what is acknowledged. With `kill` the machine is killed (SIGKILL) at a
    random moment, and another one carries on with the log that it left.
    """

    window: int = 256 << 10
    kill: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class BenchNetwork:
    """The bench NIC instead of loopback; whether its card gathers scattered pages."""

    scatter_gather: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class Neighbour:
    """Another consumer of the same log: reads `rate` bytes per second, its SO_RCVBUF is `window` bytes."""

    rate: int | None = None
    window: int | None = None


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
    network: BenchNetwork | None = None  # None: loopback
    subscription: Subscription | None = None  # None: the consumer wants every message
    poison: tuple[Poison, ...] = ()  # of a RocketMQ log: there a message can be sent again alone
    retries: int | None = None  # how often a rejected message may be delivered again; None: no one counts
    dlq: DeadLetters | None = None
    strays: tuple[int, ...] = ()  # a fault: offsets that the consumer rejects, where no message begins
    dies_at: int | None = None  # a fault: the consumer dies when this message arrives, before it says anything of it
    neighbours: tuple[Neighbour, ...] = ()  # at `sock2`, `sock3` and `sock4`
    receive: Receive | None = None  # `rate` is then the producer's, and `window` nobody's

    @property
    def rates(self) -> tuple[int | None, ...]:
        """Bytes per second that each consumer reads, the one at `sock` first; None: as fast as it can."""
        return (self.rate, *(neighbour.rate for neighbour in self.neighbours))

    @property
    def rejecting(self) -> bool:
        """Whether the consumer may send messages back."""
        return bool(self.poison or self.strays) or self.dies_at is not None
