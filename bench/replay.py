"""A kept run of a million calls: how long it takes to keep, to open and to scrub, screen and all."""

from __future__ import annotations

import asyncio
import os
import random
import tempfile
import time
from pathlib import Path
from unittest.mock import patch

import msgspec

from bench.timing import row
from zcquest.engine.calls import CALLS, CODES
from zcquest.engine.kept_trace import pack
from zcquest.engine.plan import parse_plan
from zcquest.engine.trace import HEADER, PAGE, RECORD, Trace
from zcquest.levels.loader import load_campaign
from zcquest.levels.play import open_laboratory, play, read_plan
from zcquest.levels.report import RunReport
from zcquest.tui.app import ZcquestApp
from zcquest.tui.screens.replay import ReplayScreen

CALLS_MADE = 1_000_000
SCRUBS = 60
PLAN = "repeat:\n    read(log, buf, 64)\n    write(sock, buf, 64)\n"


def _trace(path: Path) -> Trace:
    """A million reads and writes whose times are as restless as real ones."""
    codes, chance = {call.name: code for code, call in enumerate(CODES)}, random.Random(1)
    steps = [(0, codes["read"]), (1, codes["write"])]
    with open(path, "wb") as file:
        file.write(HEADER.pack(CALLS_MADE, *[0] * 7).ljust(PAGE, b"\0"))
        at = 0
        for number in range(CALLS_MADE):
            at += 2000 + chance.getrandbits(11)
            step, code = steps[number % 2]
            took = 600 + chance.getrandbits(9)
            file.write(RECORD.pack(at, took, step, code, 0, number // 2 * 64, 64, 64, 0, 0, 0, 0))
    return Trace(path)


async def scrubbing() -> None:
    """Keep the trace, open its replay on a screen of 120x36, and go to moments here and there."""
    with tempfile.TemporaryDirectory() as folder:
        level = load_campaign().level("1-1")
        async with open_laboratory() as laboratory:
            report, _verdict = await play(laboratory, level, read_plan(level, PLAN))
        trace = _trace(Path(folder) / "million.trace")
        start = time.perf_counter()
        document = pack(trace, parse_plan(PLAN, CALLS))
        kept = time.perf_counter() - start
        with patch.dict(os.environ, {"ZCQUEST_DATA": folder}):  # nobody's progress is touched
            app = ZcquestApp(warm_up=False)
        scene = msgspec.structs.replace(report.first, calls=CALLS_MADE, trace=app.traces.keep(document))
        opened, scrubbed = await _measure(app, msgspec.structs.replace(report, scenes=(scene,)))
    late = sorted(scrubbed)[int(len(scrubbed) * 0.95)]
    row(
        "a trace of 1,000,000 calls is kept in",
        f"{kept:.2f} s, {len(document) / 1e6:.1f} MB",
        "8 MiB",
        len(document) <= 8 << 20,
    )
    row("its replay opens in", f"{opened * 1000:.0f} ms", "1 s", opened <= 1)
    row("and scrubs, p95 of the CPU time to the frame", f"{late * 1000:.0f} ms", "within 50 ms", late <= 0.05)


async def _measure(app: ZcquestApp, report: RunReport) -> tuple[float, list[float]]:
    app.animation_level = "none"
    async with app.run_test(size=(120, 36)) as pilot:
        await pilot.pause()
        start = time.perf_counter()
        app.open_replay(report.level, report.plan, report.scenes)
        await pilot.pause()
        opened = time.perf_counter() - start
        screen = app.screen
        assert isinstance(screen, ReplayScreen)
        scrubbed = []
        for _scrub in range(SCRUBS):
            start = time.process_time()  # a busy machine is not the game's doing
            screen._stand(random.randrange(CALLS_MADE))
            await pilot.pause()
            scrubbed.append(time.process_time() - start)
    return opened, scrubbed


if __name__ == "__main__":
    asyncio.run(scrubbing())
