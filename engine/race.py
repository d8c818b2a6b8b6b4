"""A race: two plans on one warm log, in bare runs that take turns, so that whatever slows the host slows both."""

from __future__ import annotations

import asyncio
import shutil
import tempfile
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import msgspec

from zcquest.engine.ending import why
from zcquest.engine.experiment import Laboratory
from zcquest.engine.logs import LogSpec, Subscription, format_of
from zcquest.engine.logs.spec import BATCH, MAX_BATCH, MAX_SIZE, MIN_MESSAGE
from zcquest.engine.machine.bare import compile_repeat
from zcquest.engine.machine.executor import Ending
from zcquest.engine.message import Message, message
from zcquest.engine.plan import Plan
from zcquest.engine.ratio import FEWEST, Ratio, estimate
from zcquest.engine.run_log import RunLog, place_log
from zcquest.engine.scene import Scene
from zcquest.engine.session import Session
from zcquest.engine.stop import Stop

DEADLINE = 60.0  # seconds for one run
LEAST = 1 << 20  # bytes: a smaller log is sent before there is anything to measure
GB = 10**9

Side = Literal["a", "b"]
RaceFormat = Literal["kafka", "rocketmq"]
_ORDERS: tuple[tuple[Side, Side], ...] = (("a", "b"), ("b", "a"))


class Run(msgspec.Struct, frozen=True, kw_only=True):
    """One run of one plan. Its times are the machine process's own, from the plan's first call to its last.

    The last call returns when the kernel has taken the bytes, up to the socket's buffers before the consumer has. On
    loopback the kernel does much of the receiver's TCP work in the sender's time: `cpu_s` holds it for both plans.
    """

    bytes: int
    messages: int
    seconds: float
    cpu_s: float  # user and system time
    syscalls: int  # what a plan does in user space is none of them

    @property
    def bytes_per_s(self) -> float:
        return self.bytes / self.seconds

    @property
    def messages_per_s(self) -> float:
        return self.messages / self.seconds

    @property
    def cpu_s_per_gb(self) -> float:
        """Seconds per 10^9 bytes."""
        return self.cpu_s * GB / self.bytes


class Pair(msgspec.Struct, frozen=True):
    """One run of each plan, one right after the other; `first` is the side that went first."""

    first: Side
    a: Run
    b: Run

    @property
    def ratio(self) -> float:
        """The throughput of a, as a multiple of b's."""
        return self.a.bytes_per_s / self.b.bytes_per_s

    @property
    def cpu_ratio(self) -> float:
        """The sender's CPU time per byte with a, as a multiple of b's."""
        return self.a.cpu_s_per_gb / self.b.cpu_s_per_gb


class Invalid(msgspec.Struct, frozen=True, kw_only=True):
    """The run that spoilt the race: which plan's, in which pair (from 1; 0: the warm-up), its ending, and why."""

    side: Side
    pair: int
    ending: Ending
    errno: int
    signal: int
    reason: Message


class RaceReport(msgspec.Struct, frozen=True, kw_only=True):
    """What a race has found: metered, bare execution; sizes in bytes. The ratios are a to b, None in an invalid race.

    On loopback the consumer needs the host too, and a fast plan waits for it: then `cpu_ratio` still tells the plans
    apart where `ratio` does not.
    """

    size: int
    message: int
    format: str = "kafka"
    topics: int = 1  # that share the log; of several, the plans send the messages of one
    messages: int
    uncompiled: tuple[Side, ...]  # a call of theirs has no inline form: the executor's Python time is in their figures
    pairs: tuple[Pair, ...]
    ratio: Ratio | None  # throughput
    cpu_ratio: Ratio | None  # the sender's CPU time per byte
    invalid: Invalid | None


@dataclass(frozen=True, slots=True)
class Turn:
    """A run that is about to start: whose, in which pair (0: the warm-up), and the pairs that are done."""

    side: Side
    pair: int
    session: Session
    done: tuple[Pair, ...]


def race_log(size: int, message: int, format: RaceFormat = "kafka") -> LogSpec:
    """The log that two plans race over: `size` bytes in messages of about `message` bytes (exactly, for RocketMQ).

    Raises ValueError for a size that is not from LEAST to MAX_SIZE, or a message that the format cannot have.
    """
    if not LEAST <= size <= MAX_SIZE or not MIN_MESSAGE <= message <= min(MAX_BATCH, size):
        raise ValueError(f"no race over {size} bytes in messages of {message}")
    if format == "rocketmq":
        return LogSpec(format="rocketmq", size=size, message=message)
    return LogSpec(size=size, message=message, batch=max(BATCH, message))


async def race(
    laboratory: Laboratory,
    plan_a: Plan,
    plan_b: Plan,
    spec: LogSpec,
    pairs: int = FEWEST,
    warm_up: int = 1,
    watch: Callable[[Turn], None] | None = None,
    subscription: Subscription | None = None,
) -> RaceReport:
    """Run `warm_up` pairs that do not count, then `pairs` that do: a b, b a, a b, ... A run that does not send the
    whole log ends the race, which then is invalid; of a `subscription`, one that does not send it and nothing else.

    `watch` is given each run's session before its first call. Cancelling the task ends the run and leaves nothing.
    Raises ValueError for fewer than FEWEST pairs; ChildLost, LogUnavailable, OSError as a session does.
    """
    if pairs < FEWEST:
        raise ValueError(f"{pairs} pairs are fewer than {FEWEST}")
    folder = Path(tempfile.mkdtemp(prefix="race-", dir=laboratory.children.folder))
    try:
        scene = Scene(name="race", log=spec, start="warm", deadline=DEADLINE, subscription=subscription)
        log = await asyncio.to_thread(place_log, scene, laboratory.cache, folder)
        track = _Track(laboratory, scene, log, {"a": plan_a, "b": plan_b}, watch)
        invalid = None
        for number in range(1 - warm_up, pairs + 1):
            if invalid := await track.pair(number, _ORDERS[(number + 1) % 2]):
                break
    finally:
        shutil.rmtree(folder, ignore_errors=True)
    return RaceReport(
        size=spec.size,
        message=spec.message,
        format=spec.format,
        topics=spec.topics or 1,
        messages=track.messages,
        uncompiled=tuple(side for side, plan in track.plans.items() if compile_repeat(plan) is None),
        pairs=track.done,
        ratio=None if invalid else await _estimate(pair.ratio for pair in track.done),
        cpu_ratio=None if invalid else await _estimate(pair.cpu_ratio for pair in track.done),
        invalid=invalid,
    )


async def _estimate(ratios: Iterable[float]) -> Ratio:
    """In a thread: drawing thousands of times takes longer than a frame."""
    return await asyncio.to_thread(estimate, list(ratios))


class _Track:
    """Where the plans run: the log that they share, and the pairs that are done."""

    def __init__(
        self,
        laboratory: Laboratory,
        scene: Scene,
        log: Path,
        plans: dict[Side, Plan],
        watch: Callable[[Turn], None] | None,
    ) -> None:
        self.laboratory = laboratory
        self.scene = scene
        self.log = log
        self.plans = plans
        self.watch = watch
        self.messages, self.due = _wanted(scene, log)
        self.done: tuple[Pair, ...] = ()

    async def pair(self, number: int, order: tuple[Side, Side]) -> Invalid | None:
        """Run both plans; keep the pair if it counts."""
        runs: dict[Side, Run] = {}
        for side in order:
            run = await self._run(side, max(0, number))
            if isinstance(run, Invalid):
                return run
            runs[side] = run
        if number > 0:
            self.done += (Pair(order[0], runs["a"], runs["b"]),)
        return None

    async def _run(self, side: Side, pair: int) -> Run | Invalid:
        plan = self.plans[side]
        async with await Session.open(self.laboratory.children, self.scene, plan, self.log, discard=True) as session:
            if self.watch:
                self.watch(Turn(side, pair, session, self.done))
            stop = await session.run_bare()
            if stop.ending is Ending.SENT:
                await session.finish()
            if reason := _spoilt(session, stop, self.due):
                return Invalid(
                    side=side, pair=pair, ending=stop.ending, errno=stop.errno, signal=stop.signal, reason=reason
                )
            paused = session.paused
            return Run(
                bytes=paused.sent,
                messages=self.messages,
                seconds=paused.wall_s,
                cpu_s=paused.user_s + paused.sys_s,
                syscalls=paused.calls - paused.user_calls,
            )


def _wanted(scene: Scene, log: Path) -> tuple[int, int]:
    """How many messages are to be sent, and how many bytes."""
    found, index = format_of(scene.log.format), RunLog(log, scene.log.format).index
    if scene.subscription is None or found.index is None or index is None:
        return found.messages(scene.log), scene.log.size
    chosen = found.index.by_index(memoryview(index.read_bytes()), 0, scene.log.size, scene.subscription)
    return chosen.messages, sum(chosen.stops) - sum(chosen.starts)


def _spoilt(session: Session, stop: Stop, due: int) -> Message | None:
    """Why this run does not count: it did not end as it must, or the consumer did not get the whole log."""
    if stop.ending is Ending.SENT:
        return _incomplete(session, due)
    if stop.ending is Ending.END_OF_FILE:
        return message("the log ended before its size was reached")
    return why(
        stop.ending,
        errno=stop.errno,
        killed_by=stop.signal,
        memory=stop.memory,
        buffer=session.buffer,
        reason=stop.reason,
    )


def _incomplete(session: Session, due: int) -> Message | None:
    arrived = session.progress.received if session.progress else 0
    if session.consumer_lost:
        return message("the consumer went away")
    if session.paused.sent == arrived == due:
        return None
    if session.scene.subscription:
        return message(
            "of the {size} bytes subscribed to it sent {sent}, and {arrived} bytes arrived",
            size=due,
            sent=session.paused.sent,
            arrived=arrived,
        )
    return message(
        "of the log's {size} bytes it sent {sent}, and {arrived} bytes arrived",
        size=due,
        sent=session.paused.sent,
        arrived=arrived,
    )
