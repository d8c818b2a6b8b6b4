"""How long it takes to begin: a session, a run with its probes, the commands."""

from __future__ import annotations

import sys
import time

from bench.timing import best_of, median, row, wall
from zcquest.levels.loader import load_campaign
from zcquest.levels.play import open_laboratory, play, read_plan

ROUNDS = 5


async def session() -> None:
    """From nothing to a session of 1-1 that could make its first call; then its run with all probes."""
    level = load_campaign().level("1-1")
    plan = read_plan(level, level.solution.plan)
    ready, runs = [], []
    for _ in range(ROUNDS):
        start = time.perf_counter()
        async with open_laboratory() as laboratory:
            async with laboratory.session(level.scenes[0].engine_scene(), plan):
                ready.append((time.perf_counter() - start) * 1000)
            start = time.perf_counter()
            await play(laboratory, level, plan)
            runs.append((time.perf_counter() - start) * 1000)
    row("session of 1-1 ready, forkserver and all", f"{median(ready):.0f} ms", "within 400 ms", median(ready) < 400)
    row("run of 1-1 with its probes, calibration too", f"{median(runs):.0f} ms", "within 300 ms", median(runs) < 300)


def commands() -> None:
    """`zcquest --version` against an interpreter that imports click and does nothing."""
    bare = best_of(ROUNDS, lambda: wall([sys.executable, "-c", "import click"]))
    ours = best_of(ROUNDS, lambda: wall([sys.executable, "-m", "zcquest", "--version"]))
    row("zcquest --version against python with click", f"{ours / bare:.2f} x", "under 1.5 x", ours / bare < 1.5)
