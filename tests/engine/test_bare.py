"""Observed, bare and modelled execution of the same random plans: one stream, one number of calls.

The model says what the plan language means in a few lines of its own, on plain bytes; it knows nothing of the engine.
"""

from __future__ import annotations

import random
import shutil
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from crc32c import crc32c

from zcquest.engine.calls import CALLS
from zcquest.engine.experiment import Laboratory
from zcquest.engine.logs import LogSpec, ensure
from zcquest.engine.machine.bare import compile_repeat
from zcquest.engine.plan import Lane, Plan, Step, parse, parse_plan
from zcquest.engine.scene import Scene
from zcquest.engine.session import Session

pytestmark = pytest.mark.asyncio(loop_scope="session")

SIZES = [21, 100, 977, 1000, 4096, 4097, 16384, 30011, 65535, 65536, 100003, 262144]


class Broken(Exception):
    """The plan ends here; the argument says how."""


@dataclass
class Buf:
    """A buffer, by the book: what it was last filled with (None: nothing yet), of which at:end still has to go."""

    capacity: int
    held: bytearray | None = None
    at: int = 0
    end: int = 0

    def fill(self, data: bytes) -> None:
        self.held, self.at, self.end = bytearray(data.ljust(self.capacity, b"\0")), 0, len(data)

    def give(self, count: int) -> bytes:
        """Up to `count` bytes of what has to go, which then have gone."""
        assert self.held is not None
        data = bytes(self.held[self.at : min(self.at + count, self.end)])
        self.at += len(data)
        return data


@dataclass
class Model:
    """What a plan does to a log, by the book."""

    log: bytes
    buffers: dict[str, Buf]
    pos: int = 0
    file: int = 0
    mapped: bool = False
    eof: bool = False
    stream: bytearray = field(default_factory=bytearray)
    payload: int = 0
    calls: int = 0

    def load(self, buf: Buf, data: bytes) -> None:
        if not data:
            self.eof = True
            return
        buf.fill(data)
        self.pos += len(data)

    def step(self, name: str, words: tuple[object, ...]) -> None:
        count = words[-1]
        assert name == "mmap" or isinstance(count, int)
        match name, words:
            case "mmap", _:
                self.calls += 1
                self.mapped = True
            case "read", (_, target, _):
                self.calls += self.file != self.pos  # the lseek
                self.calls += 1
                self.load(self.buffers[target], self.log[self.pos : self.pos + count])
                self.file = self.pos
            case "pread", (_, target, _):
                self.calls += 1
                self.load(self.buffers[target], self.log[self.pos : self.pos + count])
            case (("write" | "send"), ("sock", "map", _)):
                if not self.mapped:
                    self.calls += 1
                    raise Broken("error")
                self.forward(count)
            case (("write" | "send"), ("sock", source, _)):
                buf = self.buffers[source]
                if buf.held is None:
                    self.stream += bytes(min(count, buf.capacity))
                    self.calls += 1
                elif data := buf.give(count):
                    self.stream += data
                    self.payload += len(data)
                    self.calls += 1
            case "sendfile", _:
                self.forward(count)
            case "memcpy", (target, "map", _):
                if not self.mapped:
                    raise Broken("no_bytes")
                if self.pos < len(self.log):
                    self.calls += 1
                    self.load(self.buffers[target], self.log[self.pos : self.pos + count])
            case "memcpy", (target, source, _):
                buf = self.buffers[source]
                if buf.held is None:
                    self.calls += 1
                elif data := buf.give(count):
                    self.calls += 1
                    if target != source:
                        self.buffers[target].fill(data)
                    else:
                        buf.fill(data + buf.held[buf.at : buf.end])
            case other:
                raise AssertionError(other)

    def forward(self, count: int) -> None:
        data = self.log[self.pos : self.pos + count]
        self.calls += bool(data)
        self.stream += data
        self.pos += len(data)
        self.payload += len(data)

    @property
    def pending(self) -> int:
        return sum(buf.end - buf.at for buf in self.buffers.values())

    @property
    def finished(self) -> bool:
        return self.pos >= len(self.log) and not self.pending

    def run(self, plan: Plan) -> str:
        try:
            for step in plan.lane(Lane.ONCE):
                self.step(step.call, step.values)
            repeat = plan.lane(Lane.REPEAT)
            while repeat and not self.finished:
                before = self.pos, self.payload
                for step in repeat:
                    self.step(step.call, step.values)
                if (self.pos, self.payload) == before:
                    break
        except Broken as how:
            return str(how)
        if self.finished:
            return "sent"
        return "end_of_file" if self.eof and not self.pending else "stalled"


def buffers(plan: Plan) -> dict[str, Buf]:
    def most(word: str) -> int:
        return max((step.values[-1] for step in plan.steps if word in step.values), default=0)

    return {word: Buf(most(word)) for word in ("buf", "buf2", "buf3")}


def random_plan(dice: random.Random) -> Plan:
    """Mostly plans that a player could have meant."""
    size = dice.choice(SIZES)

    def amount() -> int:
        return size if dice.random() < 0.7 else dice.choice(SIZES)

    def mover() -> str:
        kind = dice.random()
        push = dice.choice(["write", "send"])
        one, other = dice.choice([("buf", "buf2"), ("buf", "buf2"), ("buf2", "buf"), ("buf3", "buf")])
        if kind < 0.25:
            return f"{dice.choice(['read', 'pread'])}(log, {one}, {amount()})\n{push}(sock, {one}, {amount()})"
        if kind < 0.40:
            filled = dice.choice(["read(log,", "pread(log,", "memcpy("])
            load = f"{filled} {one}, {amount()})" if "log" in filled else f"memcpy({one}, map, {amount()})"
            return f"{load}\nmemcpy({other}, {one}, {amount()})\n{push}(sock, {other}, {amount()})"
        if kind < 0.55:
            return f"sendfile(sock, log, {amount()})"
        if kind < 0.70:
            return f"{push}(sock, map, {amount()})"
        if kind < 0.80:
            return f"memcpy({one}, map, {amount()})\n{push}(sock, {one}, {amount()})"
        if kind < 0.86:
            return f"memcpy({one}, {one}, {amount()})"
        if kind < 0.92:
            return f"memcpy({other}, {one}, {amount()})"
        return f"{push}(sock, {one}, {amount()})"

    while True:
        once = [mover() for _ in range(dice.choice([0, 0, 0, 1, 2]))]
        repeat = [mover() for _ in range(dice.choice([1, 1, 2, 3]))]
        if "map" in "".join(once + repeat) and dice.random() < 0.9:
            once.insert(0, dice.choice(["mmap(log)", "mmap(log, private)", "mmap(log, populate)"]))
        text = ("once:\n" + "\n".join(once) + "\n" if once else "") + "repeat:\n" + "\n".join(repeat) + "\n"
        if not (parsed := parse(text, CALLS)).problems:
            return parsed.plan


def random_spec(dice: random.Random, plan: Plan) -> LogSpec:
    smallest = min(step.values[-1] for step in plan.steps if step.call != "mmap")
    return LogSpec(size=dice.choice([1000, 4096, 50021, 65536, 200000]) if smallest > 500 else 5003, seed=3)


def cases(count: int) -> Iterator[tuple[int, Plan, LogSpec]]:
    for seed in range(count):
        dice = random.Random(seed)
        plan = random_plan(dice)
        yield seed, plan, random_spec(dice, plan)


async def open_session(laboratory: Laboratory, plan: Plan, spec: LogSpec, folder: Path) -> Session:
    log = folder / "orders-0" / "00.log"
    log.parent.mkdir(parents=True)
    shutil.copyfile(ensure(spec, laboratory.cache), log)
    return await Session.open(laboratory.children, Scene(name="random", log=spec, start="warm"), plan, log)


def said(plan: Plan) -> str:
    def line(step: Step) -> str:
        return f"{step.call}({', '.join(map(str, step.values))})"

    return "; ".join(f"{step.lane}: {line(step)}" for step in plan.steps)


@pytest.mark.parametrize("decade", range(6))
async def test_random_plans_do_what_the_language_says_observed_and_bare(
    laboratory: Laboratory, tmp_path: Path, decade: int
) -> None:
    for seed, plan, spec in list(cases(60))[decade * 10 : decade * 10 + 10]:
        log = ensure(spec, laboratory.cache).read_bytes()
        model = Model(log, buffers(plan))
        ending = model.run(plan)
        for bare in (False, True):
            about = f"seed {seed}, {'bare' if bare else 'observed'}: {said(plan)} on {spec.size}"
            folder = tmp_path / f"{seed}-{bare}"
            async with await open_session(laboratory, plan, spec, folder) as session:
                stop = await (session.run_bare() if bare else session.run())
                delivery = await session.finish()
            assert delivery is not None, about
            assert (delivery.received, delivery.crc) == (len(model.stream), crc32c(bytes(model.stream))), about
            assert session.paused.calls == model.calls, about
            assert session.paused.sent == model.payload, about
            assert session.paused.position == model.pos, about
            assert session.paused.pending == model.pending, about
            if not bare or ending != "end_of_file":
                assert str(stop.ending) == ending, about
            if not bare:
                assert len(session.trace) == model.calls, about


async def test_the_random_plans_are_worth_the_while() -> None:
    plans = [plan for _, plan, _ in cases(60)]
    endings = {Model(bytes(spec.size), buffers(plan)).run(plan) for _, plan, spec in cases(60)}
    assert endings >= {"sent", "stalled", "error"}
    assert sum(compile_repeat(plan) is not None for plan in plans) > 15, "few are compiled"
    assert {step.call for plan in plans for step in plan.steps} >= {"read", "pread", "send", "memcpy", "sendfile"}


@pytest.mark.parametrize(
    "text",
    [
        "once:\n read(log, buf, 64K)\nrepeat:\n write(sock, buf, 64K)\n read(log, buf, 64K)\n",  # buf is full at once
        "repeat:\n write(sock, buf, 4K)\n pread(log, buf, 4K)\n",  # buf holds nothing of the log yet
        "repeat:\n write(sock, map, 64K)\n",  # no mapping: a null pointer
        "repeat:\n write(sock, map, 4G)\n",  # which no size may turn into an empty write
        "repeat:\n sendfile(sock, log, 64K)\n sendfile(sock, log, 64K)\n",  # the second comes too late on an odd log
        "once:\n mmap(log)\nrepeat:\n write(sock, map, 64K)\n send(sock, map, 64K)\n",
        "repeat:\n send(sock, buf, 1K)\n read(log, buf, 3K)\n",
        "repeat:\n read(log, buf, 64K)\n write(sock, buf, 32K)\n",  # what is left at the file's end is still to be sent
        "repeat:\n read(log, buf, 64K)\n memcpy(buf2, buf, 30K)\n write(sock, buf2, 20K)\n",
        "once:\n mmap(log)\nrepeat:\n write(sock, buf2, 4K)\n memcpy(buf2, buf, 4K)\n memcpy(buf, map, 4K)\n",
    ],
)
async def test_plans_that_once_came_out_different_bare(laboratory: Laboratory, tmp_path: Path, text: str) -> None:
    plan, spec = parse_plan(text, CALLS), LogSpec(size=3 * 65536 - 4096)
    seen = []
    for bare in (False, True):
        async with await open_session(laboratory, plan, spec, tmp_path / str(bare)) as session:
            stop = await (session.run_bare() if bare else session.run())
            delivery = await session.finish()
        assert delivery is not None
        seen.append((stop.ending, stop.errno, delivery.received, delivery.crc, session.paused.calls))
    assert seen[0] == seen[1]
