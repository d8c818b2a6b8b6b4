"""A race: whose turn it is, what is metered, and when it does not count. No timings."""

from __future__ import annotations

import asyncio
import os
import signal

import psutil
import pytest

from zcquest.engine import race as race_module
from zcquest.engine.calls import CALLS
from zcquest.engine.experiment import Laboratory
from zcquest.engine.logs import LogSpec, ensure
from zcquest.engine.logs.kafka_layout import cut
from zcquest.engine.machine.executor import Ending
from zcquest.engine.plan import parse_plan
from zcquest.engine.race import Pair, RaceReport, Run, Side, Turn, race
from zcquest.engine.ratio import FEWEST, median

pytestmark = pytest.mark.asyncio(loop_scope="session")

MIB = 1 << 20
SPEC = LogSpec(size=16 * MIB)
SENDFILE = parse_plan("repeat:\n sendfile(sock, log, 64K)\n", CALLS)
READ_WRITE = parse_plan("repeat:\n read(log, buf, 32K)\n write(sock, buf, 32K)\n", CALLS)
CHECKING = parse_plan("once:\n mmap(log)\nrepeat:\n verify(map, 1M)\n write(sock, map, 1M)\n", CALLS)
LOSING = parse_plan("repeat:\n read(log, buf, 16K)\n write(sock, buf, 4K)\n", CALLS)
CRAWLING = parse_plan("repeat:\n sendfile(sock, log, 1)\n", CALLS)


def leftovers(laboratory: Laboratory) -> list[str]:
    """Race folders, and machines and consumers that still run."""
    children = psutil.Process().children(recursive=True)
    running = [child.name() for child in children if child.status() != psutil.STATUS_ZOMBIE]
    folders = [path.name for path in laboratory.children.folder.glob("race-*")]
    return folders + [name for name in running if name in ("zcq:machine", "zcq:plan", "zcq:consumer")]


# -- a race ------------------------------------------------------------------------------------------------------------


async def test_the_plans_take_turns_on_one_log_and_every_figure_is_there(laboratory: Laboratory) -> None:
    turns: list[tuple[int, Side, int]] = []
    logs = set()

    def watch(turn: Turn) -> None:
        turns.append((turn.pair, turn.side, len(turn.done)))
        logs.add(turn.session.log)
        assert turn.session.paused.calls == 0

    report = await race(laboratory, SENDFILE, READ_WRITE, SPEC, pairs=6, watch=watch)
    a, b = "a", "b"
    warm_up = [(0, b, 0), (0, a, 0)]
    expected = [(n, side, n - 1) for n in range(1, 7) for side in ((a, b) if n % 2 else (b, a))]
    assert turns == warm_up + expected
    assert len(logs) == 1
    assert [pair.first for pair in report.pairs] == [a, b, a, b, a, b]
    assert (report.size, report.message, report.invalid, report.uncompiled) == (SPEC.size, 1024, None, ())
    messages = cut(SPEC.size, SPEC.message, SPEC.batch).messages
    assert report.messages == messages
    for pair in report.pairs:
        for run in (pair.a, pair.b):
            assert (run.bytes, run.messages) == (SPEC.size, messages)
            assert run.seconds > 0 and run.cpu_s > 0
        assert pair.a.syscalls >= SPEC.size // (64 << 10)
        assert pair.b.syscalls >= 2 * SPEC.size // (32 << 10)
    assert report.ratio is not None
    assert report.ratio.median == pytest.approx(median([pair.b.seconds / pair.a.seconds for pair in report.pairs]))
    assert report.cpu_ratio is not None
    assert report.cpu_ratio.median == pytest.approx(median([pair.a.cpu_s / pair.b.cpu_s for pair in report.pairs]))
    assert leftovers(laboratory) == []


async def test_a_race_without_warm_up_counts_every_pair(laboratory: Laboratory) -> None:
    turns: list[int] = []
    spec = LogSpec(size=MIB)
    report = await race(laboratory, SENDFILE, SENDFILE, spec, warm_up=0, watch=lambda turn: turns.append(turn.pair))
    assert turns == [1, 1, 2, 2, 3, 3, 4, 4, 5, 5]
    assert len(report.pairs) == FEWEST


async def test_fewer_than_five_pairs_are_no_race(laboratory: Laboratory) -> None:
    with pytest.raises(ValueError, match="4 pairs"):
        await race(laboratory, SENDFILE, READ_WRITE, SPEC, pairs=4)
    assert leftovers(laboratory) == []


async def test_work_in_user_space_is_no_syscall_and_has_no_compact_loop(laboratory: Laboratory) -> None:
    report = await race(laboratory, SENDFILE, CHECKING, LogSpec(size=4 * MIB))
    assert report.invalid is None
    assert report.uncompiled == ("b",)
    assert {pair.b.syscalls for pair in report.pairs} == {1 + 4}  # the mapping, and a write for each mebibyte


async def test_a_copy_in_the_compact_loop_is_no_syscall_either(laboratory: Laboratory) -> None:
    copying = "once:\n mmap(log)\nrepeat:\n memcpy(buf, map, 1M)\n memcpy(buf2, buf, 1M)\n write(sock, buf2, 1M)\n"
    report = await race(laboratory, SENDFILE, parse_plan(copying, CALLS), LogSpec(size=4 * MIB))
    assert (report.invalid, report.uncompiled) == (None, ())
    assert {pair.b.syscalls for pair in report.pairs} == {1 + 4}


# -- when it does not count --------------------------------------------------------------------------------------------


def invalid(report: RaceReport) -> tuple[Side, int, Ending, str]:
    assert (report.ratio, report.cpu_ratio) == (None, None)
    assert report.invalid
    return report.invalid.side, report.invalid.pair, report.invalid.ending, str(report.invalid.reason)


@pytest.mark.parametrize(
    ("text", "ending", "reason"),
    [
        ("repeat:\n write(sock, map, 64K)\n", Ending.ERROR, "a call failed with EFAULT"),
        ("once:\n sendfile(sock, log, 64K)\n", Ending.STALLED, "stopped before the whole log was sent"),
        ("once:\n memcpy(buf, map, 64K)\nrepeat:\n write(sock, buf, 64K)\n", Ending.NO_BYTES, "map holds no bytes"),
        ("repeat:\n read(log, buf, 1G)\n write(sock, buf, 1G)\n", Ending.NO_MEMORY, "1073741824 bytes with ENOMEM"),
    ],
)
async def test_a_plan_that_does_not_send_the_log_spoils_the_race(
    laboratory: Laboratory, text: str, ending: Ending, reason: str
) -> None:
    report = await race(laboratory, SENDFILE, parse_plan(text, CALLS), LogSpec(size=4 * MIB))
    *where, told = invalid(report)
    assert where == ["b", 0, ending]
    assert reason in told
    assert report.pairs == ()
    assert leftovers(laboratory) == []


async def test_a_plan_that_loses_bytes_does_not_win(laboratory: Laboratory) -> None:
    *where, told = invalid(await race(laboratory, LOSING, SENDFILE, SPEC))
    assert where == ["a", 0, Ending.SENT]
    assert (
        f"of the log's {SPEC.size} bytes it sent {SPEC.size // 4 + (12 << 10)}" in told
    )  # what the last read left too


async def test_a_killed_machine_spoils_the_race_and_keeps_the_pairs_that_were_done(laboratory: Laboratory) -> None:
    def watch(turn: Turn) -> None:
        if (turn.pair, turn.side) == (3, "b"):
            os.kill(turn.session.machine_pid, signal.SIGKILL)

    report = await race(laboratory, SENDFILE, READ_WRITE, LogSpec(size=4 * MIB), watch=watch)
    assert invalid(report) == ("b", 3, Ending.KILLED, "SIGKILL killed the machine")
    assert len(report.pairs) == 2
    assert leftovers(laboratory) == []


async def test_a_run_that_is_cancelled_or_takes_too_long_spoils_the_race(
    laboratory: Laboratory, monkeypatch: pytest.MonkeyPatch
) -> None:
    def cancel(turn: Turn) -> None:
        asyncio.get_running_loop().call_later(0.05, turn.session.cancel)

    assert invalid(await race(laboratory, CRAWLING, CRAWLING, SPEC, watch=cancel))[2] == Ending.CANCELLED
    monkeypatch.setattr(race_module, "DEADLINE", 1.0)
    *where, told = invalid(await race(laboratory, SENDFILE, CRAWLING, LogSpec(size=64 * MIB)))
    assert where == ["b", 0, Ending.DEADLINE]
    assert told == "the plan ran longer than it may and was stopped"
    assert leftovers(laboratory) == []


async def test_cancelling_a_race_leaves_nothing(laboratory: Laboratory) -> None:
    started = asyncio.Event()
    spec = LogSpec(size=64 * MIB)
    ensure(spec, laboratory.cache)
    racing = asyncio.create_task(race(laboratory, CRAWLING, CRAWLING, spec, watch=lambda turn: started.set()))
    await started.wait()
    await asyncio.sleep(0.05)
    racing.cancel()
    with pytest.raises(asyncio.CancelledError):
        await racing
    assert leftovers(laboratory) == []


# -- the figures -------------------------------------------------------------------------------------------------------


def run(seconds: float, cpu_s: float) -> Run:
    return Run(bytes=2 * 10**9, messages=1000, seconds=seconds, cpu_s=cpu_s, syscalls=1)


async def test_the_figures_of_a_run_and_of_a_pair() -> None:
    a, b = run(4.0, 1.0), run(8.0, 4.0)
    assert (a.bytes_per_s, a.messages_per_s, a.cpu_s_per_gb) == (0.5e9, 250.0, 0.5)
    assert (Pair("a", a, b).ratio, Pair("b", a, b).ratio) == (2.0, 2.0)
    assert Pair("a", a, b).cpu_ratio == 0.25
