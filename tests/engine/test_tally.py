"""Tally, trace and the lines of it: a run added up, and kept in bounds whatever its length."""

from __future__ import annotations

import asyncio
import errno
from pathlib import Path

import pytest

from zcquest.engine.calls import CALLS, CODES
from zcquest.engine.experiment import HEAD, TAIL, Laboratory, read_lines
from zcquest.engine.machine.recorder import Recorder
from zcquest.engine.places import Evidence, Mover, Place
from zcquest.engine.plan import parse_plan
from zcquest.engine.probe import Finding, Proof
from zcquest.engine.tally import Hop, Tally, add_up
from zcquest.engine.trace import WINDOW_RECORDS, Trace

pytestmark = pytest.mark.asyncio(loop_scope="session")

KIB, MIB = 1 << 10, 1 << 20
CODE = {call.name: code for code, call in enumerate(CODES)}


# -- whole runs ----------------------------------------------------------------------------------------------------


@pytest.mark.usefixtures("cold_disk")
async def test_bytes_that_somebody_else_had_fetched_are_a_disk_hop_without_a_meter(
    laboratory: Laboratory, scene
) -> None:
    """As under strace, which reads a mapped buffer to print it before the machine's write faults it in."""
    plan = parse_plan("once:\n mmap(log)\nrepeat:\n write(sock, map, 64K)\n", CALLS)
    async with laboratory.session(scene(start="cold"), plan) as session:
        assert session.eviction
        session.log.read_bytes()
        await session.run()
        await session.finish()
        seen = await laboratory.conclude(session)
    disk = [hop for hop in seen.tally.hops if hop.source is Place.DISK]
    assert [(hop.bytes, hop.mover, hop.evidence) for hop in disk] == [(64 * KIB, Mover.DMA, Evidence.MODELLED)]
    assert seen.meters.disk_read_bytes == 0
    assert seen.tally.copies() == 3.0


@pytest.mark.usefixtures("cold_disk")
@pytest.mark.parametrize(
    ("text", "total", "cpu", "switches"),
    [
        ("repeat:\n read(log, buf, 64K)\n write(sock, buf, 64K)\n", 4.0, 2.0, 4),
        ("once:\n mmap(log)\nrepeat:\n write(sock, map, 64K)\n", 3.0, 1.0, 4),
        ("repeat:\n sendfile(sock, log, 64K)\n", 2.0, 0.0, 2),
        ("once:\n mmap(log)\nrepeat:\n memcpy(buf, map, 64K)\n write(sock, buf, 64K)\n", 4.0, 2.0, None),
    ],
)
async def test_four_three_two(observe, text: str, total: float, cpu: float, switches: int | None) -> None:
    seen = await observe(text, start="cold", probing=True)
    tally = seen.tally
    assert (tally.copies(), tally.cpu_copies, tally.dma_copies) == (total, cpu, 2.0)
    if switches is not None:
        assert tally.switches == switches
    assert {hop.evidence for hop in tally.hops} == {Evidence.METERED, Evidence.PROVED, Evidence.MODELLED}
    assert [hop.target for hop in tally.hops][-1] is Place.NIC
    warm = await observe(text, probing=True)
    assert warm.tally.copies() == total - 1


async def test_a_fault_in_user_code_is_a_switch_and_one_inside_a_call_is_none(observe) -> None:
    text = "once:\n mmap(log)\nrepeat:\n memcpy(buf, map, 64K)\n write(sock, buf, 64K)\n"
    seen = await observe(text, 64 * KIB)
    assert 1 <= seen.tally.user_faults <= 2
    assert seen.tally.switches == 2 * 2 + 2 * seen.tally.user_faults
    assert seen.tally.calls == 2


async def test_failed_calls_and_calls_on_a_plans_behalf_are_counted_and_carry_nothing(observe) -> None:
    text = "once:\n readahead(sock, 4K)\nrepeat:\n sendfile(sock, log, 1M)\n"
    slow = {"nonblocking": True, "window": 16 * KIB, "send_buffer": 16 * KIB, "rate": 64 * MIB}
    seen = await observe(text, MIB, **slow)
    tally = seen.tally
    assert tally.errors["EAGAIN"] == tally.syscalls["poll"] > 0
    assert tally.steps[0].failed == 1
    assert tally.calls == sum(tally.syscalls.values()) == seen.calls
    assert tally.switches == 2 * seen.calls
    assert tally.steps[1].bytes == MIB
    assert tally.steps[1].failed == tally.errors["EAGAIN"]
    mixed = await observe("repeat:\n read(log, buf, 1K)\n write(sock, buf, 1K)\n sendfile(sock, log, 1K)\n", 64 * KIB)
    assert mixed.tally.syscalls == {"read": 32, "write": 32, "sendfile": 32, "lseek": 31}
    assert [step.bytes for step in mixed.tally.steps] == [32 * KIB] * 3
    assert mixed.tally.steps[0].calls == 32 + 31


async def test_bytes_that_were_read_and_lost_were_copied_all_the_same(observe) -> None:
    seen = await observe(
        "repeat:\n read(log, buf, 64K)\n read(log, buf, 64K)\n write(sock, buf, 64K)\n", 256 * KIB, probing=True
    )
    assert seen.delivery is not None and seen.delivery.received == 128 * KIB
    read, again, sent, _ = seen.tally.hops
    assert {hop.evidence for hop in (read, again, sent)} == {Evidence.PROVED}
    assert [hop.copied for hop in (read, again, sent)] == [128 * KIB] * 3
    assert seen.tally.cpu_copies == 3.0
    assert any("overwritten" in str(note) for note in seen.notes)


# -- sums by hand --------------------------------------------------------------------------------------------------


def hop(mover: Mover, copied: float, evidence: Evidence = Evidence.PROVED) -> Hop:
    return Hop(0, Place.BUFFER, Place.SOCKET, mover, 1000, copied, evidence)


async def test_copies_are_bytes_copied_by_payload_byte() -> None:
    hops = (hop(Mover.CPU, 1000), hop(Mover.DMA, 500), hop(Mover.MIXED, 250), hop(Mover.NONE, 0))
    tally = Tally(payload=1000, hops=hops, syscalls={"read": 3}, user_faults=2, kernel_faults=7)
    assert (tally.copies(), tally.cpu_copies, tally.dma_copies) == (1.75, 1.25, 0.5)
    assert (tally.calls, tally.switches) == (3, 10)


async def test_a_sum_with_a_gap_in_it_is_no_figure() -> None:
    gap = hop(Mover.UNKNOWN, 0, Evidence.NOTHING)
    tally = Tally(payload=1000, hops=(hop(Mover.CPU, 1000), gap), syscalls={}, user_faults=0, kernel_faults=0)
    assert tally.copies() is None and tally.cpu_copies is None
    assert Tally(payload=0, hops=(hop(Mover.CPU, 1),), syscalls={}, user_faults=0, kernel_faults=0).copies() is None


async def test_a_hop_that_came_out_mixed_is_copied_in_part(tmp_path: Path) -> None:
    plan = parse_plan("repeat:\n sendfile(sock, log, 1000)\n", CALLS)
    recorder = Recorder(tmp_path / "trace")
    recorder.call(0, CODE["sendfile"], lambda: 1000, (), 0, 1000)
    proofs = {0: Proof(Finding.MIXED, old=1, new=3)}
    tally = add_up(Trace(tmp_path / "trace"), plan, 1000, proofs)
    assert [(hop.mover, hop.copied) for hop in tally.hops] == [(Mover.MIXED, 250.0), (Mover.DMA, 1000)]
    assert "4 tampered bytes" in str(tally.hops[0].note)


# -- the trace's file ----------------------------------------------------------------------------------------------


async def test_what_a_recorder_writes_a_trace_reads(tmp_path: Path) -> None:
    def refuse(*_: object) -> int:
        raise OSError(errno.EPIPE, "gone")

    trace = Trace(tmp_path / "trace")
    assert (len(trace), trace.in_flight(), list(trace.records())) == (0, None, [])
    recorder = Recorder(trace.path)
    recorder.begin()
    assert recorder.call(3, CODE["write"], lambda fd: 10 * fd, (4,), 123, 1 << 62) == (40, 0)
    assert recorder.call(4, CODE["send"], refuse, (), -1, 7) == (-1, errno.EPIPE)
    recorder.stand(1 << 40, 99)
    first, second = trace.records()
    assert (first.step, CODES[first.code].name, first.offset, first.size, first.result) == (
        3,
        "write",
        123,
        1 << 62,
        40,
    )
    assert (first.errno, first.error, second.error, second.result) == (0, None, "EPIPE", -1)
    assert first.at_ns + first.took_ns <= second.at_ns
    assert (trace.standing().position, trace.standing().sent) == (1 << 40, 99)
    assert [record.step for record in trace.records(1)] == [4]
    assert [record.step for record in trace.records(0, 1)] == [3]


async def test_the_call_in_flight_is_known_while_it_runs(tmp_path: Path) -> None:
    trace = Trace(tmp_path / "trace")
    recorder, seen = Recorder(trace.path), []

    def look() -> int:
        seen.append((trace.in_flight(), len(trace)))
        return 0

    recorder.call(0, CODE["read"], look, (), 0, 0)
    recorder.call(7, CODE["verify"], look, (), 0, 0)
    assert [(flying.step, CODES[flying.code].name, count) for flying, count in seen if flying] == [
        (0, "read", 0),
        (7, "verify", 1),
    ]
    assert trace.in_flight() is None


async def test_a_trace_goes_on_across_its_windows(tmp_path: Path) -> None:
    trace = Trace(tmp_path / "trace")
    recorder = Recorder(trace.path)
    count = 2 * WINDOW_RECORDS + 5
    for number in range(count):
        recorder.call(0, 0, lambda: 0, (), number, 0)
    assert len(trace) == count
    assert [record.offset for record in trace.records()] == list(range(count))
    assert [record.offset for record in trace.records(WINDOW_RECORDS - 1, WINDOW_RECORDS + 2)] == [
        WINDOW_RECORDS - 1,
        WINDOW_RECORDS,
        WINDOW_RECORDS + 1,
    ]


async def test_the_lines_of_a_long_trace_are_its_head_and_tail(tmp_path: Path) -> None:
    plan = parse_plan("repeat:\n sendfile(sock, log, 1)\n", CALLS)
    recorder = Recorder(tmp_path / "trace")
    for count in (0, 1, HEAD + TAIL, HEAD + TAIL + 1, 5 * (HEAD + TAIL)):
        while recorder.calls < count:
            recorder.call(0, CODE["sendfile"], lambda: 1, (), recorder.calls, 1)
        lines = read_lines(Trace(tmp_path / "trace"), plan)
        numbers = [line.number for line in lines]
        assert len(numbers) == min(count, HEAD + TAIL)
        assert numbers[:HEAD] == list(range(count))[:HEAD]
        assert numbers[HEAD:] == list(range(count))[HEAD:][-TAIL:]
        assert [line.text for line in lines] == [f"sendfile(4, 3, [{n}] => [{n + 1}], 1)" for n in numbers]


async def test_adding_up_a_long_trace_leaves_the_event_loop_alone(laboratory: Laboratory, scene) -> None:
    plan = parse_plan("repeat:\n" + 9 * " read(log, buf, 21)\n" + " write(sock, buf, 21)\n", CALLS)
    async with laboratory.session(scene(MIB), plan) as session:
        await session.run()
        await session.finish()
        assert len(session.trace) > 50_000
        concluding = asyncio.ensure_future(laboratory.conclude(session, probing=False))
        turns = 0
        while not concluding.done():
            await asyncio.sleep(0)
            turns += 1
        assert turns > 10
        assert concluding.result().tally.calls == len(session.trace)
