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
from zcquest.engine.features import FEATURES, Outcome
from zcquest.engine.gauges import Gauges
from zcquest.engine.kept_trace import pack
from zcquest.engine.logs import Delivery, Span, ensure
from zcquest.engine.machine.executor import Ending
from zcquest.engine.message import message
from zcquest.engine.meters import Meters
from zcquest.engine.network.counters import NicCount
from zcquest.engine.pagecache import PAGE, Residency, Witness
from zcquest.engine.places import Place
from zcquest.engine.plan import Plan, format_plan, parse
from zcquest.engine.probe import Finding, Proof
from zcquest.engine.scene import Scene
from zcquest.engine.session import Stop, Tampered, TamperRefused
from zcquest.engine.sizes import format_size
from zcquest.engine.tally import Card, add_up
from zcquest.engine.trace import HEADER, RECORD, Trace
from zcquest.engine.trace import PAGE as HEADER_SIZE

COPIED = Proof(Finding.COPIED, old=65536)
SHARED = Proof(Finding.SHARED, new=65536)
LOOPBACK, NOT_COUNTED = Card(), NicCount(0, 0)
HEADERS = 66  # bytes of Ethernet, IP and TCP around what one call sends


def nothing_yet(size: int, *, warm: bool = False, **more: Any) -> Gauges:
    """The readings before a plan's first call on a log of `size` bytes."""
    pages = size // PAGE
    zero = dict.fromkeys(("send_queue", "receive_queue", "nic_sent", "taken", "sent", "received", "messages"), 0)
    return Gauges(
        cache=Residency(pages if warm else 0, pages, Witness.CACHESTAT),
        cache_map=(float(warm),) * pages,
        disk_read=0,
        buffer_pending=0,
        mapping_resident=None,
        calls=0,
        **{"buffer": 0, **zero, **more},
    )


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

    def send(self, step: int, count: int, **more: Any) -> None:
        """A call that puts `count` bytes into the socket, where the consumer leaves them until the next call."""
        now = self.now
        moved = {"sent": now.sent + count, "receive_queue": count, "nic_sent": now.nic_sent + count + HEADERS}
        self.call(step, count, **{"received": now.sent, "messages": now.sent // 1024, **moved, **more})

    def resident(self, *stretches: tuple[int, int]) -> dict[str, Any]:
        """The readings of a page cache that holds these pages [first, end) of the log."""
        total = len(self.before.cache_map)
        held = {page for first, end in stretches for page in range(first, end)}
        return {
            "cache": Residency(len(held), total, Witness.CACHESTAT),
            "cache_map": tuple(float(page in held) for page in range(total)),
        }


class FrozenSession:
    """Stands for an engine's `Session` while the calls of a course are made one by one."""

    held = True  # the consumer leaves what it is sent where it is
    stop: Stop | None = None
    tampered = False
    far_ends = (None,)  # one consumer
    _copied = False  # what the tampering of the latest call will come to

    def __init__(self, course: Course, scene: Scene, log: Path, folder: Path) -> None:
        self.course, self.scene, self.plan, self.log = course, scene, course.plan, log
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
        received = self.course.delivery.received if self.stop else (await self.gauges()).received
        arrived = max(0, min(received, moved[1]) - moved[0])
        return Compared(arrived, 0) if self._copied else Compared(0, arrived)

    @property
    def _last(self) -> Made | None:
        return self.course.made[self.calls - 1] if self.calls else None

    def _write(self) -> None:
        """The trace file as a machine would have it by now."""
        made = self.course.made[: self.calls]
        rows = b"".join(RECORD.pack(*each.row) for each in made)
        taken, sent = (made[-1].gauges.taken, made[-1].gauges.sent) if made else (0, 0)
        self.trace.path.write_bytes(HEADER.pack(len(made), 0, 0, taken, sent, 0, 0, 0).ljust(HEADER_SIZE, b"\0") + rows)


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
    )
    return Observation(
        scene=scene,
        plan=plan,
        stop=session.stop,
        tally=add_up(session.trace, plan, course.delivery.payload, course.proofs, card=course.card),
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
        trace=keep_trace(pack(session.trace, plan)) if keep_trace else "",
    )


# Logs and what arrives of them


def batches(size: int, each: int = 16384, messages: int = 16) -> tuple[Span, ...]:
    """A log of batches of `each` bytes with so many messages in each."""
    return tuple(
        Span(number * each, (number + 1) * each, number * messages, (number + 1) * messages - 1)
        for number in range(size // each)
    )


def delivery(received: int, messages: int, **more: Any) -> Delivery:
    """What a consumer tells that read so many bytes, and good messages in order."""
    found = {
        "batches": messages // 16,
        "rotten": 0,
        "first_rotten": None,
        "rotten_runs": [],
        "runs": [(0, messages - 1)],
        "runs_cut": False,
        "duplicates": 0,
        "out_of_order": 0,
        "tampered": 0,
        "garbage_at": None,
        "tail": 0,
        "crc": 0,
    }
    return Delivery(received=received, messages=messages, **{**found, **more})


# Courses


def read_and_write(bucket: int, size: int = 65536) -> Course:
    """The long way: every byte into buf and out of it again, `bucket` bytes at a time. The log starts cold."""
    course = Course(
        f"repeat:\n    read(log, buf, {format_size(bucket)})\n    write(sock, buf, {format_size(bucket)})",
        nothing_yet(size, buffer=bucket),
        {0: COPIED, 1: COPIED},
        delivery(size, 64),
        batches(size),
    )
    held = 0  # bytes in the page cache: the kernel reads ahead, a little at first
    for at in range(0, size, bucket):
        end, disk = at + bucket, 0
        if end > held:
            disk = size - held if held else max(bucket, 16384)
        held += disk
        course.call(
            0,
            bucket,
            us=180 if disk else 3,
            disk=disk,
            moved=(at, end),
            buffer_pending=bucket,
            taken=end,
            received=at,
            messages=at // 1024,
            receive_queue=0,
            **course.resident((0, -(-held // PAGE))),
        )
        course.send(1, bucket, us=9, moved=(at, end), buffer_pending=0)
    return course


def forgetful() -> Course:
    """Reads 16K and writes 4K of them: three quarters of the log never leave."""
    size = 65536
    course = Course(
        "repeat:\n    read(log, buf, 16K)\n    write(sock, buf, 4K)",
        nothing_yet(size, buffer=16384),
        {0: COPIED, 1: COPIED},
        delivery(16384, 0, runs=[], garbage_at=4096),
        batches(size),
        overwritten=36864,
    )
    for at in range(0, size, 16384):
        disk = 0 if at else size
        moved = (at, at + 16384)
        course.call(0, 16384, us=180 if disk else 5, disk=disk, moved=moved, taken=moved[1], **course.resident((0, 16)))
        course.send(1, 4096, us=7, moved=(at, at + 4096), buffer_pending=12288)
    return course


def mapped(count: int, size: int = 65536) -> Course:
    """The page cache's own pages, shown to user space and written to the socket from there, `count` bytes a call."""
    course = Course(
        f"once:\n    mmap(log)\nrepeat:\n    write(sock, map, {format_size(count)})",
        nothing_yet(size),
        {0: SHARED, 1: COPIED},
        delivery(size, 64),
        batches(size),
    )
    course.call(0, 0x7F3C00000000, size=size, us=11, mapping_resident=0)
    for at in range(0, size, count):
        first = {"us": 240, "disk": size, "faults": 1, "mapping_resident": size, **course.resident((0, size // PAGE))}
        course.send(1, count, offset=at, moved=(at, at + count), **({} if at else first))
    return course


def sent_by_the_kernel(
    text: str, size: int = 65536, *, card: Card = LOOPBACK, gathers: bool = True, nic: NicCount | None = None
) -> Course:
    """sendfile, over and over; over a card that does not gather, the kernel copies on the way out."""
    departure = None if gathers else Proof(Finding.COPIED, old=499)
    course = Course(
        text,
        nothing_yet(size, scatter_gather=gathers if nic else None),
        {0: Proof(Finding.SHARED, new=size, departure=departure)},
        delivery(size, 64),
        batches(size),
        card=card,
        nic=nic or NOT_COUNTED,
    )
    count = min(size, course.plan.steps[0].values[2])
    for at in range(0, size, count):
        first = {"us": 260, "disk": size, **course.resident((0, size // PAGE))}
        course.send(0, count, offset=at, moved=(at, at + count), **({} if at else first))
    return course


def over_the_bench(text: str, *, gathers: bool) -> Course:
    """The same over the bench NIC, with what its own counters saw."""
    nic = NicCount(65998, 7) if gathers else NicCount(68638, 47)
    note = message(
        "a veth pair has no DMA: this copy is what a real card would make. "
        "Metered: {nic} counted {bytes} bytes in {packets} packets on their way out, headers included",
        nic="v0",
        bytes=nic.bytes,
        packets=nic.packets,
    )
    return sent_by_the_kernel(text, card=Card(note, gathers), gathers=gathers, nic=nic)


def with_dead_letters(poisonous: Sequence[int]) -> Course:
    """A CommitLog sent in one call; each message that comes back goes to the DLQ without a detour."""
    size, each = 1 << 20, 1024
    course = Course(
        "repeat:\n    sendfile(sock, log, 1M)\non reject:\n    copy_file_range(log, dlq, msg)",
        nothing_yet(size),
        {0: SHARED, 1: replace(COPIED, sink=Place.DLQ)},
        delivery(size, size // each),
        batches(size, each, 1),
        dead=DeadLettersFound(tuple(poisonous), {}, None, each * len(poisonous)),
    )
    course.send(0, size, us=900, disk=size, moved=(0, size), **course.resident((0, size // PAGE)))
    for count, number in enumerate(poisonous, 1):
        course.call(
            1,
            each,
            offset=number * each,
            us=12,
            rejections=len(poisonous),
            dead_letters=count * each,
            received=size,
            messages=size // each - len(poisonous),
            receive_queue=0,
        )
    return course


def received_and_flushed() -> Course:
    """What comes in over the socket is written, flushed, and only then acknowledged."""
    size, bucket = 1 << 20, 256 << 10
    course = Course(
        "repeat:\n    recv(sock, buf, 256K, waitall)\n    write(log, buf, 256K)\n    fsync(log)\n"
        "    send(sock, ack, 8)",
        nothing_yet(size, buffer=bucket, receive_queue=bucket),
        {0: COPIED, 1: COPIED},
        delivery(size, 1024),
        batches(size),
    )
    for at in range(0, size, bucket):
        end = at + bucket
        course.call(0, bucket, us=150, moved=(at, end), buffer_pending=bucket, receive_queue=0, taken=end)
        course.call(1, bucket, us=90, moved=(at, end), buffer_pending=0, **course.resident((0, end // PAGE)))
        course.call(2, 0, us=2100)
        course.call(3, 8, us=6, received=end, sent=end, receive_queue=bucket if end < size else 0)
    return course
