"""A laboratory in which nothing runs: what plans do in it was written down by hand, call by call, in real types.

A screen that is given it (`game.laboratory = frozen.open`) steps, runs, tampers and judges as ever, and shows the same
on every host and at every time. A `Course` is what one plan does in one scene.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any

from zcquest.engine.calls import CALLS, CODES
from zcquest.engine.control import Compared, Paused, Peeked
from zcquest.engine.dead_letters import DeadLettersFound
from zcquest.engine.experiment import Network, Observation, read_lines
from zcquest.engine.features import FEATURES, Arrival, Outcome
from zcquest.engine.gauges import Gauges, Outlet
from zcquest.engine.kept_trace import pack
from zcquest.engine.logs import Delivery, Span, ensure
from zcquest.engine.machine.executor import Ending
from zcquest.engine.meters import Meters
from zcquest.engine.network.counters import NicCount
from zcquest.engine.pagecache import Residency, Witness
from zcquest.engine.plan import Plan, format_plan, parse
from zcquest.engine.probe import Finding, Proof
from zcquest.engine.scene import Scene
from zcquest.engine.session import Stop, Tampered, TamperRefused
from zcquest.engine.tally import Card, add_up
from zcquest.engine.trace import HEADER, RECORD, Trace
from zcquest.engine.trace import PAGE as HEADER_SIZE

LOOPBACK, NOT_COUNTED = Card(), NicCount(0, 0)
HEADERS = 66  # bytes of Ethernet, IP and TCP around what one call sends


@dataclass(frozen=True, slots=True)
class Made:
    """A call as the trace has it, the readings after it, and the range of the log whose bytes it moved."""

    row: tuple[int, ...]
    gauges: Gauges
    moved: tuple[int, int] | None

    @property
    def step(self) -> int:
        return self.row[2]

    @property
    def call(self) -> str:
        return CODES[self.row[3]].name


class Course:
    """What a plan does in one scene. Build it call by call; what a call does to a place goes on from there."""

    def __init__(
        self,
        text: str,
        before: Gauges,
        proofs: Mapping[int, Proof],
        delivery: Delivery,
        log: tuple[Span, ...],
        *,
        overwritten: int = 0,
        dead: DeadLettersFound | None = None,
        card: Card = LOOPBACK,
        nic: NicCount = NOT_COUNTED,
    ) -> None:
        """`proofs` by 0-based step; `overwritten` are bytes of buf that were never sent; the rest as in the engine."""
        self.plan: Plan = parse(text, CALLS).plan
        self.before = before
        self.made: list[Made] = []
        self.proofs = proofs
        self.delivery = delivery
        self.log = log
        self.overwritten = overwritten
        self.dead = dead
        self.card = card
        self.nic = nic

    @property
    def now(self) -> Gauges:
        return self.made[-1].gauges if self.made else self.before

    def call(
        self,
        step: int,
        result: int,
        *,
        size: int | None = None,
        offset: int = 0,
        us: int = 4,
        disk: int = 0,
        faults: int = 0,
        moved: tuple[int, int] | None = None,
        errno: int = 0,
        **readings: Any,
    ) -> None:
        """The plan's next call, of this 0-based step; `readings` are the gauges that it moves."""
        at = self.made[-1].row[0] + self.made[-1].row[1] + 2_000 if self.made else 1_000
        code = CODES.index(CALLS[self.plan.steps[step].call])
        asked = result if size is None else size
        row = (at, us * 1000, step, code, errno, offset, asked, result, faults, 0, disk // 512, 0)
        after = replace(self.now, calls=len(self.made) + 1, disk_read=self.now.disk_read + disk, **readings)
        self.made.append(Made(row, after, moved))

    def send(self, step: int, count: int, *, socket: int = 0, **more: Any) -> None:
        """A call that puts `count` bytes into a socket, by its number, where they stay until the next call."""
        outlets = list(self._drained())
        outlets[socket] = replace(outlets[socket], sent=outlets[socket].sent + count, receive_queue=count)
        sent = {"nic_sent": self.now.nic_sent + count + HEADERS, **_told(outlets)}
        self.call(step, count, **{**sent, **more})

    def drained(self) -> dict[str, Any]:
        """The readings once every consumer has read what was sent to it: before a call that sends nothing."""
        return _told(self._drained())

    def _drained(self) -> tuple[Outlet, ...]:
        return tuple(
            Outlet(sent=outlet.sent, send_queue=0, receive_queue=0, received=outlet.sent, messages=outlet.sent // 1024)
            for outlet in self.now.outlets
        )

    def resident(self, *stretches: tuple[int, int]) -> dict[str, Any]:
        """The readings of a page cache that holds these pages [first, end) of the log."""
        total = len(self.before.cache_map)
        held = {page for first, end in stretches for page in range(first, end)}
        return {
            "cache": Residency(len(held), total, Witness.CACHESTAT),
            "cache_map": tuple(float(page in held) for page in range(total)),
        }


def _told(outlets: Sequence[Outlet]) -> dict[str, Any]:
    """The connections as gauges have them."""
    first, *neighbours = outlets
    return {**{name: getattr(first, name) for name in Outlet.__slots__}, "neighbours": tuple(neighbours)}


class FrozenSession:
    """Stands for an engine's `Session` while the calls of a course are made one by one."""

    held = True  # the consumer leaves what it is sent where it is
    stop: Stop | None = None
    tampered = False
    _copied = False  # what the tampering of the latest call will come to

    def __init__(self, course: Course, scene: Scene, log: Path, folder: Path) -> None:
        self.course, self.scene, self.plan, self.log = course, scene, course.plan, log
        self.far_ends = (None,) * len(scene.rates)  # as many as there are consumers
        self.dlq: Path | None = None
        self.trace = Trace(folder / "frozen.trace")
        self.calls = 0
        self._write()

    @property
    def paused(self) -> Paused:
        last = self._last
        return Paused(calls=self.calls, step=last.step if last else 0, moved=last.moved if last else None)

    async def gauges(self, *, hurried: bool = False) -> Gauges:
        return self._last.gauges if self._last else self.course.before

    async def buffers(self) -> tuple[Peeked, ...]:
        """`buf`, once something was read into it: the log's own bytes."""
        loaded = [made for made in self.course.made[: self.calls] if made.call == "read" and made.moved]
        if not loaded or self.stop:
            return ()
        first, end = loaded[-1].moved or (0, 0)
        return (Peeked("buf", first, self.log.read_bytes()[first:end]),)

    async def step(self) -> Paused:
        if self.calls == len(self.course.made):
            self.stop = Stop(Ending.SENT)
        else:
            self.calls += 1
            self._write()
        return self.paused

    async def run(self) -> Stop:
        self.calls = len(self.course.made)
        self._write()
        await self.step()
        assert self.stop
        return self.stop

    async def finish(self) -> Delivery:
        return self.course.delivery

    async def tamper(self) -> Tampered:
        last = self._last
        if last is None or last.moved is None:
            raise TamperRefused
        self.tampered = True
        self._copied = self.course.proofs[last.step].finding is Finding.COPIED
        in_buffer = self.plan.steps[last.step].values[1] == "buf" and last.call == "write"
        return Tampered(last.moved, last.moved, in_buffer, last.moved[1] - last.moved[0])

    async def compare(self, moved: tuple[int, int], since: int = 0, consumer: int = 0) -> Compared:
        """What came of the tampering, as far as it has arrived."""
        now = (await self.gauges()).outlets[consumer]
        received = self.course.delivery.received if self.stop else now.received
        arrived = max(0, min(received, moved[1]) - moved[0])
        return Compared(arrived, 0) if self._copied else Compared(0, arrived)

    @property
    def _last(self) -> Made | None:
        return self.course.made[self.calls - 1] if self.calls else None

    def _write(self) -> None:
        """The trace file as a machine would have it by now."""
        made = self.course.made[: self.calls]
        rows = b"".join(RECORD.pack(*each.row) for each in made)
        now = made[-1].gauges if made else self.course.before
        neighbours = [outlet.sent for outlet in now.neighbours] + [0] * (3 - len(now.neighbours))
        header = HEADER.pack(len(made), 0, 0, now.taken, now.sent, *neighbours)
        self.trace.path.write_bytes(header.ljust(HEADER_SIZE, b"\0") + rows)


class FrozenLaboratory:
    """Stands for an engine's `Laboratory`. Knows what each of its plans does in each scene, and nothing else.

    With `waiting` a run begins and never gets anywhere; `refusal` is raised instead of running anything.
    """

    def __init__(self, folder: Path, courses: Callable[[str, str], Course]) -> None:
        """`courses` gives the course of a plan's text in the scene of a name; logs and traces go to `folder`."""
        self.cache = folder / "logs"
        self.cache.mkdir(exist_ok=True)
        self.children = SimpleNamespace(folder=folder)
        self.keep_trace: Callable[[bytes], str] | None = None
        self.refusal: Exception | None = None
        self.waiting = False
        self._folder = folder
        self._courses = courses

    async def open(self) -> FrozenLaboratory:
        """In the place of `ZcquestApp.laboratory`."""
        return self

    @asynccontextmanager
    async def session(self, scene: Scene, plan: Plan, *, keep: int = 0) -> AsyncIterator[FrozenSession]:
        await self._may_run()
        yield self._session(scene, plan)

    async def observe(self, scene: Scene, plan: Plan, *, watch: Any = None, probing: bool = True) -> Observation:
        await self._may_run()
        session = self._session(scene, plan)
        await session.run()
        return await self.conclude(session)

    async def conclude(self, session: FrozenSession, *, probing: bool = True) -> Observation:
        return _observation(session, self.keep_trace)

    async def _may_run(self) -> None:
        if self.refusal:
            raise self.refusal
        if self.waiting:
            await asyncio.Event().wait()

    def _session(self, scene: Scene, plan: Plan) -> FrozenSession:
        log = ensure(scene.log, self.cache)
        return FrozenSession(self._courses(format_plan(plan), scene.name), scene, log, self._folder)


def _observation(session: FrozenSession, keep_trace: Callable[[bytes], str] | None) -> Observation:
    course, scene, plan = session.course, session.scene, session.plan
    assert session.stop
    neighbours = (Arrival(course.delivery, lost=False),) * len(scene.neighbours)
    payload = course.delivery.payload * len(scene.rates)
    took = sum(made.row[1] for made in course.made) / 1e9
    outcome = Outcome(
        scene=scene,
        stop=session.stop,
        delivery=course.delivery,
        consumer_lost=False,
        batches=course.log,
        garbage=0,
        overwritten=course.overwritten,
        pending=0,
        dead=course.dead,
        neighbours=neighbours,
    )
    return Observation(
        scene=scene,
        plan=plan,
        stop=session.stop,
        tally=add_up(session.trace, plan, payload, course.proofs, card=course.card),
        network=Network(scene.network.scatter_gather, course.nic) if scene.network else None,
        delivery=course.delivery,
        features={name: found for name, judge in FEATURES.items() if (found := judge(outcome))},
        meters=Meters(disk_read_bytes=course.now.disk_read, private_bytes=course.now.buffer),
        calibration=None,
        proofs=course.proofs,
        eviction=None,
        buffer=course.now.buffer,
        wall_s=took + 1e-4,
        user_s=0.001,
        sys_s=took,
        minor_faults=sum(made.row[8] for made in course.made) + 3,
        major_faults=0,
        voluntary_switches=2,
        involuntary_switches=1,
        lines=tuple(read_lines(session.trace, plan)),
        calls=len(course.made),
        notes=(),
        rejections=course.now.rejections,
        neighbours=neighbours,
        trace=keep_trace(pack(session.trace, plan)) if keep_trace else "",
    )
