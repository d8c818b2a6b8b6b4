"""RocketMQ's logs, the loops of its transfers against the same in C, and a whole race."""

from __future__ import annotations

import os
import shutil
import subprocess
import tempfile
import time
from pathlib import Path
from struct import Struct

from bench.calls import discarding
from bench.timing import median, row
from zcquest.engine.calls import CALLS
from zcquest.engine.experiment import Laboratory
from zcquest.engine.logs import LogSpec, ensure
from zcquest.engine.logs.rocketmq_queue import entries
from zcquest.engine.machine.executor import Ending
from zcquest.engine.plan import parse_plan
from zcquest.engine.race import FEWEST, race
from zcquest.levels.plans import plan_text

MESSAGES = 1_000_000
COMMIT_LOG = LogSpec(format="rocketmq", size=MESSAGES * 1024 + 8, message=1024, topics=4, tags=("paid", "shipped"))
RACED = LogSpec(size=1 << 30, message=1024)
LOOPS = {"sendfile": "repeat:\n    sendfile(sock, log, 1K)\n"}
PAIRS = 5
_ENTRY = Struct(">qiq")  # of a ConsumeQueue: CommitLog offset, size, the tag's hash


def commit_log(laboratory: Laboratory) -> None:
    """Make a CommitLog, and walk a ConsumeQueue of as many messages."""
    with tempfile.TemporaryDirectory(dir=laboratory.children.folder) as folder:
        start = time.perf_counter()
        log = ensure(COMMIT_LOG, Path(folder))
        took = time.perf_counter() - start
        assert log.stat().st_size == COMMIT_LOG.size
    row(f"a CommitLog of {MESSAGES:,} messages of 1 KiB written", f"{took:.1f} s", "under 20 s", took < 20)
    index = b"".join(_ENTRY.pack(number * 1024, 1024, number % 7) for number in range(MESSAGES))
    start = time.perf_counter()
    assert sum(entry.size for entry in entries(index, COMMIT_LOG.size)) == MESSAGES * 1024
    took = time.perf_counter() - start
    row(f"an index of {MESSAGES:,} entries walked", f"{took:.2f} s", "under 2 s", took < 2)


async def loops(laboratory: Laboratory) -> None:
    """Bare execution against the same loop in C, in turns."""
    with tempfile.TemporaryDirectory() as folder:
        program = _compiled(Path(folder))
        if program is None:
            print("      no C compiler here: what a plan does is not compared with C")
            return
        for name, text in LOOPS.items():
            ratios = []
            for _ in range(PAIRS):
                async with discarding(laboratory, text) as session:
                    run = subprocess.run([program, name, session.log], check=True, capture_output=True, text=True)
                    in_c = float(run.stdout)
                    stop = await session.run_bare()
                    assert stop.ending is Ending.SENT, stop
                    ratios.append(in_c / session.paused.wall_s)
            rate = median(ratios)
            row(f"{name} by the message, rate against C", f"{rate:.2f} x", "at least 0.50 x", rate >= 0.5)


async def whole_race(laboratory: Laboratory) -> None:
    """Two plans over one log of 1 GiB, which is there: the warm-up and the pairs."""
    ensure(RACED, laboratory.cache)
    plans = [parse_plan(plan_text(name), CALLS) for name in ("kafka", "rocketmq-heap")]
    start = time.perf_counter()
    report = await race(laboratory, plans[0], plans[1], RACED)
    took = time.perf_counter() - start
    assert report.invalid is None
    row(f"a race of 2 x {FEWEST} x 1 GiB", f"{took:.1f} s", "under 60 s", took < 60)


def _compiled(folder: Path) -> Path | None:
    """bench/loops.c as a program; None where there is no compiler."""
    compiler = shutil.which(os.environ.get("CC", "cc"))
    if compiler is None:
        return None
    program = folder / "loops"
    subprocess.run([compiler, "-O2", "-o", program, Path(__file__).with_name("loops.c")], check=True)
    return program
