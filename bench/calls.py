"""What observing a call costs, and how close bare execution comes to the loop a Python programmer would write."""

from __future__ import annotations

import asyncio
import sys
from pathlib import Path
from typing import NamedTuple

from bench.timing import median, ran, row
from zcquest.engine.calls import CALLS
from zcquest.engine.experiment import Laboratory
from zcquest.engine.logs import LogSpec
from zcquest.engine.machine.executor import Ending
from zcquest.engine.plan import parse_plan
from zcquest.engine.run_log import place_log
from zcquest.engine.scene import Scene
from zcquest.engine.session import Session

PLANS = {
    "sendfile 1 KiB": "repeat:\n    sendfile(sock, log, 1K)\n",
    "sendfile 64 KiB": "repeat:\n    sendfile(sock, log, 64K)\n",
    "read + write 1 KiB": "repeat:\n    read(log, buf, 1K)\n    write(sock, buf, 1K)\n",
    "read + write 64 KiB": "repeat:\n    read(log, buf, 64K)\n    write(sock, buf, 64K)\n",
    "mmap + write 64 KiB": "once:\n    mmap(log)\nrepeat:\n    write(sock, map, 64K)\n",
}
PAIRS = 5
SIZE = 512 << 20


class Cost(NamedTuple):
    """Seconds of a loop, by the clock and of the processor of whoever runs it."""

    wall: float
    cpu: float


async def observing(laboratory: Laboratory) -> None:
    """A call observed against the same call bare: same plan, same consumer that discards, in turn."""
    name = "sendfile 1 KiB"
    plan = parse_plan(PLANS[name], CALLS)
    calls = SIZE / 1024
    wall, cpu = [], []
    for _ in range(PAIRS):
        bare = await _ours(laboratory, PLANS[name], bare=True)
        observed = await _ours(laboratory, PLANS[name], bare=False)
        wall.append((observed.wall - bare.wall) / calls * 1e6)
        cpu.append((observed.cpu - bare.cpu) / calls * 1e6)
    said = f"{median(cpu):.2f} µs, {median(wall):.2f} by clock"
    row(f"observing adds, a call ({plan.steps[0].call} 1 KiB), CPU", said, "under 3 µs", median(cpu) < 3)


async def bare(laboratory: Laboratory) -> None:
    """Bare execution against a hand-written loop in the very same machine process setting."""
    for name, text in PLANS.items():
        wall, cpu = [], []
        for _ in range(PAIRS):
            by_hand = await _by_hand(laboratory, name, text)
            ours = await _ours(laboratory, text, bare=True)
            wall.append(ours.wall / by_hand.wall)
            cpu.append(ours.cpu / by_hand.cpu)
        said = f"{median(cpu):.2f} x, {median(wall):.2f} by clock"
        row(f"bare against a plain loop, {name}, CPU", said, "at most 1.10 x", median(cpu) <= 1.10)


def scene() -> Scene:
    """What most of these plans run in."""
    return Scene(name="bench", log=LogSpec(size=SIZE, message=16384, batch=262144), start="warm", deadline=60.0)


async def _ours(laboratory: Laboratory, text: str, *, bare: bool) -> Cost:
    async with discarding(laboratory, text) as session:
        before = ran(session.machine_pid)
        stop = await (session.run_bare() if bare else session.run())
        assert stop.ending is Ending.SENT, stop
        return Cost(session.paused.wall_s, ran(session.machine_pid) - before)


async def _by_hand(laboratory: Laboratory, name: str, text: str) -> Cost:
    """The same loop, written out, in a plain Python process that sends to the same kind of consumer."""
    async with discarding(laboratory, text) as session:
        process = await asyncio.create_subprocess_exec(
            sys.executable,
            str(Path(__file__).with_name("by_hand.py")),
            name,
            str(session.log),
            stdout=asyncio.subprocess.PIPE,
        )
        printed, _ = await process.communicate()
        return Cost(*map(float, printed.split()))


class discarding:
    """A session whose consumer only counts, in `scene()` unless another one is given."""

    def __init__(self, laboratory: Laboratory, text: str, in_scene: Scene | None = None) -> None:
        self.laboratory = laboratory
        self.plan = parse_plan(text, CALLS)
        self.scene = in_scene or scene()

    async def __aenter__(self) -> Session:
        import tempfile

        self._folder = tempfile.TemporaryDirectory(dir=self.laboratory.children.folder)
        log = place_log(self.scene, self.laboratory.cache, Path(self._folder.name))
        self._session = await Session.open(self.laboratory.children, self.scene, self.plan, log, discard=True)
        return self._session

    async def __aexit__(self, *_: object) -> None:
        await self._session.close()
        self._folder.cleanup()
