"""A feature is something the broker must still do, whatever the plan: judged by its outcome alone."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

from zcquest.engine.crash import Crash
from zcquest.engine.dead_letters import DeadLettersFound
from zcquest.engine.logs import Delivery, Span
from zcquest.engine.message import Message
from zcquest.engine.scene import Poison, Scene
from zcquest.engine.stop import Stop


@dataclass(frozen=True, slots=True)
class Arrival:
    """What one consumer reported last (None: it could not), and whether it died or its connection broke."""

    delivery: Delivery | None
    lost: bool


@dataclass(frozen=True, slots=True)
class Handing:
    """Bytes of the log that the plan's calls handed to one socket; and, by the time of its last byte, what each socket
    had been handed, and how often (voluntary context switches) a call had slept that was meant for that one alone."""

    bytes: int
    handed_by_then: tuple[int, ...]
    waits_by_then: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Outcome:
    """What a feature may look at. `batches` are those of the log as it was sent, in a cut log those before the cut."""

    scene: Scene
    stop: Stop
    delivery: Delivery | None  # None: the consumer could not report
    consumer_lost: bool
    batches: tuple[Span, ...]
    garbage: int  # bytes sent that were never the log's
    overwritten: int  # bytes read into buf that were overwritten before they were sent
    pending: int  # bytes left in buf at the end
    crc: int | None = None  # CRC-32C of a log of raw bytes, where nothing else can tell whether it arrived
    dead: DeadLettersFound | None = None  # None: the scene has no DLQ, or it is no file
    neighbours: tuple[Arrival, ...] = ()  # what came of the log at `sock2` and so on
    handing: tuple[Handing, ...] = ()  # how each consumer was served, the one at `sock` first
    piped: int = 0  # bytes of the log left in pipes at the end
    crash: Crash | None = None  # None: no machine was killed and followed by another

    @property
    def by_consumer(self) -> tuple[Outcome, ...]:
        """What it is to each consumer, as if there were no other."""
        alone = replace(self, neighbours=(), handing=())
        others = (replace(alone, delivery=one.delivery, consumer_lost=one.lost) for one in self.neighbours)
        return alone, *others

    @property
    def rotten(self) -> frozenset[int]:
        return frozenset(self.scene.log.rotten)

    @property
    def poison(self) -> tuple[Poison, ...]:
        """The poisonous messages that can be rejected: the consumer looks at none that has rotted, and judges none that
        it had not subscribed to."""
        unwanted = {number for number, span in enumerate(self.batches) if not span.wanted}
        return tuple(poison for poison in self.scene.poison if poison.message not in self.rotten | unwanted)


@dataclass(frozen=True, slots=True)
class Judgement:
    """Whether the feature was kept, and what was seen: counts, the first offender, where."""

    kept: bool
    detail: Message


Feature = Callable[[Outcome], Judgement | None]
"""None: the scene has nothing that this feature could be kept or lost by."""
