"""Where the calls of two runs part."""

from __future__ import annotations

from collections.abc import Sequence

import msgspec
import pytest

from zcquest.engine.calls import CALLS, CODES
from zcquest.engine.kept_trace import BLOCK, KeptTrace, pack_rows
from zcquest.engine.plan import parse_plan
from zcquest.engine.trace import RECORD
from zcquest.levels.comparing import compare
from zcquest.levels.replay import Replay
from zcquest.levels.report import MetersReport, SceneReport

PLAN = "once:\n mmap(log)\nrepeat:\n read(log, buf, 1K)\n write(sock, buf, 1K)\n"
CODE = {call.name: code for code, call in enumerate(CODES)}
METERS = MetersReport(
    **dict.fromkeys(("wall_s", "user_s", "sys_s"), 0.0),
    **dict.fromkeys(("minor_faults", "major_faults", "voluntary_switches", "involuntary_switches"), 0),
    **dict.fromkeys(("disk_read_bytes", "payload_bytes", "private_bytes"), 0),
)
SCENE = SceneReport(
    name="a", start="warm", ending="sent", errno=0, signal=0, failed_step=None, memory="", copies=None, cpu_copies=None,
    dma_copies=None, hops=(), switches=0, syscalls={}, user_faults=0, kernel_faults=0, errors={}, buffer=0, features={},
    meters=METERS, par={}, limit={}, lines=(), calls=0, notes=(), messages=0,
)  # fmt: skip


def _replay(results: Sequence[int], *, mapped: int = 0x7F0000000000, plan: str = PLAN, most: int = 1 << 20) -> Replay:
    """A run that mapped the log and then read and wrote in turn, with these results; times differ run by run."""
    rows = [(mapped % 997, 5, 0, CODE["mmap"], 0, 0, 0, mapped, 0, 0, 0, 0)]
    for number, result in enumerate(results):
        code = CODE[("read", "write")[number % 2]]
        rows.append((mapped % 991 + number, 7, 1 + number % 2, code, 0, 0, 1024, result, 0, 0, 0, 0))
    raw = [RECORD.pack(*row) for row in rows]
    blocks = (b"".join(raw[start : start + BLOCK]) for start in range(0, len(raw), BLOCK))
    parsed = parse_plan(plan, CALLS)
    trace = KeptTrace(pack_rows(blocks, parsed, most), parsed)
    return Replay(msgspec.structs.replace(SCENE, calls=len(rows)), parsed, trace)


def test_runs_that_do_the_same_are_the_same_wherever_the_kernel_put_the_mapping() -> None:
    found = compare(_replay([1024] * 10), _replay([1024] * 10, mapped=0x7FFFFFFF0000))
    assert (found.alike, found.parting, found.whole) == (11, None, True)


@pytest.mark.parametrize("at", [0, 5, BLOCK + 3])
def test_the_first_call_with_another_result_is_where_they_part(at: int) -> None:
    results = [1024] * (BLOCK + 10)
    found = compare(_replay(results), _replay([*results[:at], 100, *results[at + 1 :]]))
    assert found.alike == at + 1
    assert found.parting and found.parting.number == at + 1
    assert found.parting.left and found.parting.left.result == "1024"
    assert found.parting.right and found.parting.right.result == "100"


def test_a_step_with_other_arguments_is_another_call() -> None:
    found = compare(_replay([1024] * 4), _replay([1024] * 4, plan=PLAN.replace("read(log, buf", "read(log, buf2")))
    assert found.alike == 1


def test_where_one_run_goes_on_they_part_at_the_other_ones_end() -> None:
    found = compare(_replay([1024] * 4), _replay([1024] * 6))
    assert found.alike == 5
    assert found.parting and found.parting.left is None and found.parting.right is not None


def test_calls_that_were_not_kept_are_not_said_to_be_alike() -> None:
    found = compare(_replay([1024] * BLOCK * 2, most=0), _replay([1024] * BLOCK * 2))
    assert (found.alike, found.parting, found.whole) == (0, None, False)
