"""The shape of `level.toml` and `chapter.toml`. Sizes may be written as in plans: `64K`, `1M`, or a number of bytes."""

from __future__ import annotations

import re
from collections.abc import Iterable
from difflib import get_close_matches
from enum import StrEnum
from typing import Annotated, Literal

import msgspec

from zcquest.engine.calls import CALLS
from zcquest.engine.calls.base import SOCKETS
from zcquest.engine.logs import LogSpec, Subscription, format_of
from zcquest.engine.logs.rocketmq_orders import topic_names
from zcquest.engine.message import message
from zcquest.engine.plan import parse
from zcquest.engine.ratio import FEWEST
from zcquest.engine.scene import BenchNetwork, DeadLetters, Neighbour, Poison, Receive, Scene, Truncate
from zcquest.engine.sizes import parse_size
from zcquest.levels.level_error import Rejected
from zcquest.levels.plans import UnknownPlan, plan_text

LEVEL_ID = re.compile(r"[1-9]\d*-[1-9]\d*")
STARS = 3


class Metric(StrEnum):
    """What a plan is measured by; less is better."""

    COPIES = "copies"  # bytes copied per payload byte
    SWITCHES = "switches"  # user/kernel mode switches
    BUFFER = "buffer"  # bytes of user-space buffers


class Feature(StrEnum):
    """What the broker must still do, judged by its outcome."""

    DELIVERY = "delivery"
    CHECKSUM = "checksum"
    SURVIVAL = "survival"
    RETRY = "retry"
    DLQ = "dlq"
    ISOLATION = "isolation"
    DURABILITY = "durability"
    POWER_CUT = "power_cut"
    TAG_FILTER = "tag_filter"


class Size(int):
    """A number of bytes, zero or more."""


class PositiveSize(Size):
    """A number of bytes, one or more."""


class Table(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A TOML table that refuses keys it does not know."""


Name = Annotated[str, msgspec.Meta(min_length=1, pattern=r"^\S(.*\S)?$")]
Positive = Annotated[float, msgspec.Meta(gt=0)]
PlanText = Annotated[str, msgspec.Meta(min_length=1)]


class LogFile(Table, frozen=True, kw_only=True):
    """The log of a scene; `rotten` are the batches (0-based) whose bytes no longer fit their checksum.

    RocketMQ has messages instead of batches, several `topics` in one log, and `tags` that its messages have.
    """

    format: Literal["kafka", "rocketmq"] = "kafka"
    size: PositiveSize
    message: PositiveSize = PositiveSize(1024)
    batch: PositiveSize = PositiveSize(16384)
    seed: int = 1
    rotten: tuple[Annotated[int, msgspec.Meta(ge=0)], ...] = ()
    topics: int | msgspec.UnsetType = msgspec.UNSET
    tags: tuple[str, ...] | msgspec.UnsetType = msgspec.UNSET

    def __post_init__(self) -> None:
        try:
            self.spec()
        except ValueError as error:
            key, _, reason = str(error).rpartition(": ")
            raise Rejected(message("no such log can be made: {reason}", reason=reason), key) from error

    def spec(self) -> LogSpec:
        return LogSpec(
            format=self.format,
            size=int(self.size),
            message=int(self.message),
            batch=int(self.batch),
            seed=self.seed,
            rotten=self.rotten,
            topics=self.topics,
            tags=self.tags,
        )


class ConsumerFile(Table, frozen=True, kw_only=True):
    """A consumer: `rate` in bytes per second, unset as fast as it can, `window` is its SO_RCVBUF in bytes."""

    rate: PositiveSize | None = None
    window: PositiveSize | None = None


class MachineFile(Table, frozen=True, kw_only=True):
    """The machine's limits: `memory` caps the plan's buffers, `send_buffer` is its SO_SNDBUF; bytes both."""

    nonblocking: bool = False
    memory: PositiveSize = PositiveSize(64 << 20)
    send_buffer: PositiveSize | None = None


class ProducerFile(Table, frozen=True, kw_only=True):
    """The other direction: a producer sends the log, `rate` in bytes per second, and `log` is empty at first.

    `window` bytes at most are sent ahead of what is acknowledged; `kill` has the machine killed in the middle.
    """

    window: PositiveSize = PositiveSize(256 << 10)
    rate: PositiveSize | None = None
    kill: bool = False


class TruncateFile(Table, frozen=True, kw_only=True):
    """A fault: the log is cut to `to` bytes after the plan's first `after_calls` calls."""

    after_calls: Annotated[int, msgspec.Meta(ge=0)]
    to: Size


class PoisonFile(Table, frozen=True, kw_only=True):
    """A message, by its number in the log, that the consumer rejects: its first `failures` deliveries, else all."""

    message: Annotated[int, msgspec.Meta(ge=0)]
    failures: Annotated[int, msgspec.Meta(ge=1)] | None = None


class QueueFile(Table, frozen=True, kw_only=True):
    """The dead-letter queue; `rewritten` asks for RocketMQ's form. Faults: `limit` is RLIMIT_FSIZE, `full` no room."""

    rewritten: bool = False
    limit: Size | None = None
    full: bool = False


class SubscriptionFile(Table, frozen=True, kw_only=True):
    """What the consumer wants of a RocketMQ log: the messages of a topic, and of a tag; unset is all."""

    topic: str | None = None
    tag: str | None = None


class NetworkFile(Table, frozen=True, kw_only=True):
    """The bench NIC instead of loopback; whether its card gathers scattered pages."""

    scatter_gather: bool = True


class MetricsFile(Table, frozen=True, kw_only=True):
    """One figure a metric, where it matters: `copies` per payload byte, `switches`, `buffer` in bytes."""

    copies: Annotated[float, msgspec.Meta(ge=0)] | None = None
    switches: Annotated[int, msgspec.Meta(ge=0)] | None = None
    buffer: Size | None = None

    def of(self, metric: Metric) -> float | int | None:
        match metric:
            case Metric.COPIES:
                return self.copies
            case Metric.SWITCHES:
                return self.switches
            case Metric.BUFFER:
                return self.buffer


class SceneFile(Table, frozen=True, kw_only=True):
    """What the plan is run in; `deadline` in seconds. `par` earns stars, `limit` must be kept to pass."""

    name: Name
    log: LogFile
    start: Literal["cold", "warm"] = "cold"
    deadline: Positive = 20.0
    consumer: ConsumerFile = ConsumerFile()
    machine: MachineFile = MachineFile()
    truncate: TruncateFile | None = None
    poison: tuple[PoisonFile, ...] = ()
    retries: Annotated[int, msgspec.Meta(ge=0)] | None = None
    dlq: QueueFile | None = None
    neighbours: tuple[ConsumerFile, ...] = ()
    producer: ProducerFile | None = None
    subscription: SubscriptionFile | None = None
    network: NetworkFile | None = None
    limit: MetricsFile = MetricsFile()
    par: MetricsFile = MetricsFile()

    def __post_init__(self) -> None:
        if self.truncate and self.truncate.to >= self.log.size:
            raise Rejected(
                message("cutting a log of {size} bytes needs a smaller size than that", size=self.log.size),
                "truncate.to",
            )
        if (self.poison or self.dlq) and self.log.format != "rocketmq":
            raise Rejected(message("a Kafka segment's messages cannot be sent again alone"), "poison")

        most = format_of(self.log.format).messages(self.log.spec()) if self.poison else 0
        if beyond := [poison.message for poison in self.poison if poison.message >= most]:
            reason = message("there is no message {number}, the log has {count}", number=beyond[0], count=most)
            raise Rejected(reason, "poison")
        if self.network and self.producer:
            raise Rejected(message("consumers, and nobody else, are at the other end of the bench NIC"), "network")
        if len(self.neighbours) >= len(SOCKETS):
            raise Rejected(
                message("there are {count} sockets, one for each consumer", count=len(SOCKETS)), "neighbours"
            )
        sending = (self.truncate, self.poison, self.dlq, self.neighbours, self.subscription)
        if self.producer and (any(sending) or self.consumer != ConsumerFile()):
            raise Rejected(message("a scene has a producer, or a consumer and what can happen to its log"), "producer")
        if self.subscription:
            self._refuse_unknown_subscription(self.subscription)

    def _refuse_unknown_subscription(self, wanted: SubscriptionFile) -> None:
        if self.log.format != "rocketmq":
            raise Rejected(message("only a RocketMQ log has topics and tags to subscribe to"), "subscription")
        topics, tags = self._topics(), self.log.tags or ()
        if (wanted.topic or topics[0]) not in topics or (wanted.topic is None and len(topics) > 1):
            raise Rejected(message("the log has the topics {names}", names=", ".join(topics)), "subscription.topic")
        if wanted.tag is not None and wanted.tag not in tags:
            raise Rejected(message("the log has the tags {names}", names=", ".join(tags)), "subscription.tag")

    def _topics(self) -> list[str]:
        return [name.decode() for name in topic_names(self.log.topics or 1)]

    def _subscription(self) -> Subscription | None:
        wanted = self.subscription
        return Subscription(topic=wanted.topic or self._topics()[0], tag=wanted.tag) if wanted else None

    def engine_scene(self) -> Scene:
        """This scene in the engine's terms."""
        cut, queue, producer = self.truncate, self.dlq, self.producer
        return Scene(
            name=self.name,
            log=self.log.spec(),
            start=self.start,
            deadline=self.deadline,
            rate=_plain(self.producer.rate if self.producer else self.consumer.rate),
            window=_plain(self.consumer.window),
            nonblocking=self.machine.nonblocking,
            memory=int(self.machine.memory),
            send_buffer=_plain(self.machine.send_buffer),
            truncate=Truncate(after_calls=cut.after_calls, to=int(cut.to)) if cut else None,
            poison=tuple(Poison(message=poison.message, failures=poison.failures) for poison in self.poison),
            retries=self.retries,
            neighbours=tuple(Neighbour(rate=_plain(one.rate), window=_plain(one.window)) for one in self.neighbours),
            dlq=None if queue is None else DeadLetters(rewritten=queue.rewritten, limit=queue.limit, full=queue.full),
            receive=Receive(window=int(producer.window), kill=producer.kill) if producer else None,
            subscription=self._subscription(),
            network=BenchNetwork(scatter_gather=self.network.scatter_gather) if self.network else None,
        )


class ReferenceFile(Table, frozen=True, kw_only=True):
    """A plan with what it must earn; the tests run it."""

    name: Name
    plan: PlanText
    passed: bool
    stars: Annotated[int, msgspec.Meta(ge=0, le=STARS)]

    def __post_init__(self) -> None:
        if self.passed != (self.stars > 0):
            raise Rejected(message("a plan that passes earns one star or more, one that does not earns none"), "stars")


class RaceFile(Table, frozen=True, kw_only=True):
    """A race that the plan must not lose: `least` is what its throughput must be, as a multiple of the shipped plan
    `rival`'s. Run `pairs` times each over a log that is warm."""

    rival: Name
    least: Positive
    log: LogFile
    pairs: Annotated[int, msgspec.Meta(ge=FEWEST)] = 7

    def __post_init__(self) -> None:
        try:
            plan_text(self.rival)
        except UnknownPlan as unknown:
            raise Rejected(unknown.message, "rival") from unknown


class LevelFile(Table, frozen=True, kw_only=True):
    """`level.toml`: the palette, the scenes the same plan is run in, what is scored, and the reference plans."""

    schema: Literal[1]
    id: Annotated[str, msgspec.Meta(pattern=f"^{LEVEL_ID.pattern}$")]
    calls: Annotated[tuple[str, ...], msgspec.Meta(min_length=1)]
    stars: Annotated[tuple[Metric, ...], msgspec.Meta(min_length=STARS - 1, max_length=STARS - 1)]
    features: Annotated[tuple[Feature, ...], msgspec.Meta(min_length=1)]
    scenes: Annotated[tuple[SceneFile, ...], msgspec.Meta(min_length=1)] = msgspec.field(name="scene")
    references: Annotated[tuple[ReferenceFile, ...], msgspec.Meta(min_length=1)] = msgspec.field(name="reference")
    race: RaceFile | None = None
    draft: str = ""

    def __post_init__(self) -> None:
        _refuse_unknown_calls(self.calls)
        _refuse_repeats("calls", self.calls)
        _refuse_repeats("stars", self.stars)
        _refuse_repeats("features", self.features)
        _refuse_repeats("scene", (scene.name for scene in self.scenes), ".name")
        _refuse_repeats("reference", (reference.name for reference in self.references), ".name")
        for index, metric in enumerate(self.stars):
            if all(scene.par.of(metric) is None for scene in self.scenes):
                raise Rejected(message("no scene has a par for {metric}", metric=metric.value), f"stars[{index}]")
        if self.references and not any(reference.passed for reference in self.references):  # the lab has none
            raise Rejected(message("no reference plan passes this level"), "reference")
        for index, reference in enumerate(self.references):
            if problems := parse(reference.plan, CALLS, self.calls).problems:
                raise Rejected(problems[0].sentence, f"reference[{index}].plan")


class Bilingual(Table, frozen=True, kw_only=True):
    """A short text in each language."""

    en: Name
    zh: Name


class ChapterFile(Table, frozen=True, kw_only=True):
    """`chapter.toml`; `intro` is what the campaign says of the chapter."""

    number: Annotated[int, msgspec.Meta(ge=1)]
    title: Bilingual
    intro: Bilingual | None = None


def decode_custom(kind: type, value: object) -> object:
    """msgspec's hook for the sizes. Raises Rejected for what is not a size."""
    if issubclass(kind, Size):
        return _size(kind, value)
    raise NotImplementedError(kind)


def _size(kind: type[Size], value: object) -> Size:
    expected = message("expected a size such as 512, 64K or 1M, got {got}", got=repr(value))
    try:
        size = parse_size(value) if isinstance(value, str) else value
    except ValueError:
        raise Rejected(expected) from None
    if not isinstance(size, int) or isinstance(size, bool) or size < 0:
        raise Rejected(expected)
    if size == 0 and kind is PositiveSize:
        raise Rejected(message("expected a size above zero"))
    return kind(size)


def _plain(size: Size | None) -> int | None:
    return None if size is None else int(size)


def _refuse_unknown_calls(calls: tuple[str, ...]) -> None:
    for index, call in enumerate(calls):
        if call not in CALLS:
            nearest = get_close_matches(call, CALLS, n=1, cutoff=0.0)
            reason = message("there is no call {call}; the nearest is {nearest}", call=call, nearest=", ".join(nearest))
            raise Rejected(reason, f"calls[{index}]")


def _refuse_repeats(key: str, names: Iterable[str], suffix: str = "") -> None:
    seen: set[str] = set()
    for index, name in enumerate(names):
        if name in seen:
            raise Rejected(message("{name} stands here twice", name=str(name)), f"{key}[{index}]{suffix}")
        seen.add(name)
