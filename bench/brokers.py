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
from zcquest.engine.logs import LogSpec, Subscription, ensure
from zcquest.engine.logs.rocketmq_queue import entries
from zcquest.engine.machine.executor import Ending
from zcquest.engine.plan import parse_plan
from zcquest.engine.race import FEWEST, race
from zcquest.engine.scene import Scene
from zcquest.levels.plans import plan_text

MESSAGES = 1_000_000
COMMIT_LOG = LogSpec(format="rocketmq", size=MESSAGES * 1024 + 8, message=1024, topics=4, tags=("paid", "shipped"))
RACED = LogSpec(size=1 << 30, message=1024)
INTERLEAVED = Scene(
    name="bench",
    log=LogSpec(format="rocketmq", size=256 << 20, message=1024, topics=2),
    start="warm",
    deadline=60.0,
    subscription=Subscription(topic="orders-1"),
)
SELECTED = "once:\n    mmap(log)\n    mmap(index)\n    select(index)\n"
LOOPS: dict[str, tuple[str, str, Scene | None]] = {  # what a plan prepares, what is timed, and in which scene
    "sendfile": ("", "repeat:\n    sendfile(sock, log, 1K)\n", None),
    "writev": (SELECTED, "repeat:\n    writev(sock, map, 1M)\n", INTERLEAVED),
}
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
    """Bare execution against the same loop in C, in turns. Both begin with all that they send settled: what select
    takes to settle it is a figure of its own, and C's time with an index includes reading that."""
    with tempfile.TemporaryDirectory() as folder:
        program = _compiled(Path(folder))
        if program is None:
            print("      no C compiler here: what a plan does is not compared with C")
            return
        for name, (once, repeat, scene) in LOOPS.items():
            rates = []
            for _ in range(PAIRS):
                in_c = await _in_c(laboratory, program, name, scene)
                prepared = await _bare(laboratory, once, scene) if scene else 0.0
                rates.append(in_c / (await _bare(laboratory, once + repeat, scene) - prepared))
            rate = median(rates)
            row(f"{name} by the message, rate against C", f"{rate:.2f} x", "at least 0.50 x", rate >= 0.5)


async def selecting(laboratory: Laboratory) -> None:
    """What select by index takes, a message of the index; two calls of mmap included."""
    messages = 0
    costs = []
    for _ in range(PAIRS):
        async with discarding(laboratory, SELECTED, INTERLEAVED) as session:
            assert session.run_log.index
            messages = session.run_log.index.stat().st_size // _ENTRY.size
            await session.run_bare()
            costs.append(session.paused.wall_s / messages * 1e6)
    cost = median(costs)
    row(f"select by index, a message of {messages:,}", f"{cost:.2f} µs", "under 1 µs", cost < 1)


async def _in_c(laboratory: Laboratory, program: Path, name: str, scene: Scene | None) -> float:
    async with discarding(laboratory, SELECTED if scene else LOOPS[name][1], scene) as session:
        index = [session.run_log.index] if session.run_log.index else []
        run = subprocess.run([program, name, session.log, *index], check=True, capture_output=True, text=True)
        return float(run.stdout)


async def _bare(laboratory: Laboratory, text: str, scene: Scene | None) -> float:
    async with discarding(laboratory, text, scene) as session:
        stop = await session.run_bare()
        assert stop.ending is (Ending.SENT if "repeat" in text else Ending.STALLED), stop
        return session.paused.wall_s


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
