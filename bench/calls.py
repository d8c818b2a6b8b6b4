"""What observing a call costs, and how close bare execution comes to the loop a Python programmer would write."""

from __future__ import annotations

import asyncio
import sys
from pathlib import Path

from bench.timing import median, row
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
SIZE = 256 << 20


async def observing(laboratory: Laboratory) -> None:
    """Wall time a call, observed against bare: same plan, same consumer that discards, in turn."""
    plan = parse_plan(PLANS["sendfile 1 KiB"], CALLS)
    extra = []
    for _ in range(PAIRS):
        bare = await _seconds(laboratory, PLANS["sendfile 1 KiB"], bare=True)
        observed = await _seconds(laboratory, PLANS["sendfile 1 KiB"], bare=False)
        extra.append((observed - bare) / (SIZE / 1024) * 1e6)
    cost = median(extra)
    row(f"observing adds, a call ({plan.steps[0].call} 1 KiB)", f"{cost:.2f} µs", "under 3 µs", cost < 3)


async def bare(laboratory: Laboratory) -> None:
    """Bare execution against a hand-written loop in the very same machine process setting."""
    for name, text in PLANS.items():
        ratios = []
        for _ in range(PAIRS):
            by_hand = await _by_hand(laboratory, name, text)
            ours = await _seconds(laboratory, text, bare=True)
            ratios.append(ours / by_hand)
        ratio = median(ratios)
        row(f"bare against a plain Python loop, {name}", f"{ratio:.2f} x", "at most 1.10 x", ratio <= 1.10)


def scene() -> Scene:
    """What most of these plans run in."""
    return Scene(name="bench", log=LogSpec(size=SIZE, message=16384, batch=262144), start="warm", deadline=60.0)


async def _seconds(laboratory: Laboratory, text: str, *, bare: bool) -> float:
    async with discarding(laboratory, text) as session:
        stop = await (session.run_bare() if bare else session.run())
        assert stop.ending is Ending.SENT, stop
        return session.paused.wall_s


async def _by_hand(laboratory: Laboratory, name: str, text: str) -> float:
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
        return float(printed)


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
