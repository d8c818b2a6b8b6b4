"""What the kernel does with a plan's calls, by the project's own probe and meters.

A row that comes out otherwise on another kernel is a finding about that kernel.
"""

from __future__ import annotations

from pathlib import Path

import pytest

from zcquest.engine.calls import CALLS
from zcquest.engine.experiment import Laboratory
from zcquest.engine.logs import LogSpec
from zcquest.engine.machine.executor import Ending
from zcquest.engine.places import Evidence, Mover, Place
from zcquest.engine.plan import parse_plan
from zcquest.engine.probe import Finding
from zcquest.engine.scene import Scene, Truncate
from zcquest.engine.session import Session

pytestmark = pytest.mark.asyncio(loop_scope="session")

MIB = 1 << 20
AROUND = 64 << 10  # bytes that one fault of a file mapping brings in, at most (fault-around)
LARGEST_CALL = 0x7FFFF000


@pytest.mark.parametrize(
    ("plan", "step", "finding"),
    [
        ("repeat:\n read(log, buf, 64K)\n write(sock, buf, 64K)\n", 0, Finding.COPIED),
        ("repeat:\n read(log, buf, 64K)\n write(sock, buf, 64K)\n", 1, Finding.COPIED),
        ("repeat:\n pread(log, buf, 64K)\n send(sock, buf, 64K)\n", 0, Finding.COPIED),
        ("repeat:\n pread(log, buf, 64K)\n send(sock, buf, 64K)\n", 1, Finding.COPIED),
        ("once:\n mmap(log)\nrepeat:\n write(sock, map, 64K)\n", 0, Finding.SHARED),
        ("once:\n mmap(log, populate)\nrepeat:\n write(sock, map, 64K)\n", 0, Finding.SHARED),
        ("once:\n mmap(log, private)\nrepeat:\n write(sock, map, 64K)\n", 0, Finding.SHARED),
        ("once:\n mmap(log, private, populate)\nrepeat:\n send(sock, map, 64K)\n", 0, Finding.SHARED),
        ("once:\n mmap(log)\nrepeat:\n write(sock, map, 64K)\n", 1, Finding.COPIED),
        ("once:\n mmap(log)\nrepeat:\n send(sock, map, 64K)\n", 1, Finding.COPIED),
        ("repeat:\n sendfile(sock, log, 64K)\n", 0, Finding.SHARED),
        ("once:\n mmap(log)\nrepeat:\n memcpy(buf, map, 64K)\n write(sock, buf, 64K)\n", 1, Finding.COPIED),
        ("once:\n mmap(log)\nrepeat:\n memcpy(buf, map, 64K)\n write(sock, buf, 64K)\n", 2, Finding.COPIED),
    ],
)
async def test_each_hop_is_copied_or_shared(
    laboratory: Laboratory, scene, plan: str, step: int, finding: Finding
) -> None:
    proofs = await laboratory.probe.prove(scene(), parse_plan(plan, CALLS), {step})
    assert proofs[step].finding is finding


@pytest.mark.usefixtures("cold_disk")
@pytest.mark.parametrize(
    "plan",
    [
        "repeat:\n read(log, buf, 256K)\n write(sock, buf, 256K)\n",
        "repeat:\n sendfile(sock, log, 4M)\n",
        "once:\n mmap(log)\nrepeat:\n write(sock, map, 64K)\n",
        "once:\n mmap(log)\nrepeat:\n verify(map, 1M)\n sendfile(sock, log, 1M)\n",
        "once:\n readahead(log, 4M)\nrepeat:\n pread(log, buf, 64K)\n send(sock, buf, 64K)\n",
    ],
)
async def test_a_cold_log_is_read_from_disk_once_to_the_byte_and_a_warm_one_never(observe, plan: str) -> None:
    cold = await observe(plan, 4 * MIB, start="cold")
    disk = [hop for hop in cold.tally.hops if hop.source is Place.DISK]
    assert cold.eviction and sum(hop.bytes for hop in disk) == 4 * MIB
    assert {(hop.mover, hop.evidence) for hop in disk} == {(Mover.DMA, Evidence.METERED)}
    assert cold.meters.disk_read_bytes == 4 * MIB
    warm = await observe(plan, 4 * MIB)
    assert not [hop for hop in warm.tally.hops if hop.source is Place.DISK]
    assert warm.meters.disk_read_bytes == 0


TOUCHED = "once:\n mmap(log)\nrepeat:\n verify(map)\n sendfile(sock, log, 4M)\n"


async def test_touching_a_mapping_in_user_code_faults_once_a_fault_around(observe) -> None:
    seen = await observe(TOUCHED, 4 * MIB)
    assert 4 * MIB // AROUND <= seen.tally.user_faults <= 4 * MIB // AROUND + 1
    assert seen.tally.switches == 2 * seen.tally.calls + 2 * seen.tally.user_faults


@pytest.mark.usefixtures("cold_disk")
async def test_touching_a_cold_mapping_waits_for_the_disk_in_some_of_its_faults(laboratory: Laboratory, scene) -> None:
    async with laboratory.session(scene(4 * MIB, start="cold"), parse_plan(TOUCHED, CALLS)) as session:
        await session.run()
        _, verify, _ = session.trace.records()
    assert verify.major >= 1
    assert verify.faults >= 4 * MIB // AROUND  # more, where a fault comes before the pages around it
    assert verify.disk_bytes == 4 * MIB


async def test_a_populated_mapping_takes_its_faults_inside_mmap(observe) -> None:
    seen = await observe("once:\n mmap(log, populate)\nrepeat:\n verify(map)\n write(sock, map, 4M)\n", 4 * MIB)
    assert seen.tally.user_faults == 0
    mmap, verify, write = seen.tally.steps
    assert 4 * MIB // AROUND <= mmap.faults <= 4 * MIB // AROUND + 1
    assert verify.faults == write.faults == 0


async def test_writing_a_mapping_faults_inside_the_call_and_switches_nothing_more(observe) -> None:
    seen = await observe("once:\n mmap(log)\nrepeat:\n write(sock, map, 4M)\n", 4 * MIB)
    assert seen.tally.user_faults == 0
    assert 4 * MIB // AROUND <= seen.tally.kernel_faults <= 4 * MIB // AROUND + 1
    assert seen.tally.switches == 2 * 2


async def test_sendfile_faults_nothing(observe) -> None:
    seen = await observe("repeat:\n sendfile(sock, log, 64K)\n", 4 * MIB)
    assert (seen.tally.user_faults, seen.tally.kernel_faults) == (0, 0)


async def test_writing_a_mapping_past_the_files_new_end_is_efault(observe) -> None:
    cut = Truncate(after_calls=1, to=MIB // 2)
    seen = await observe("once:\n mmap(log)\nrepeat:\n write(sock, map, 1M)\n", MIB, truncate=cut)
    assert (seen.stop.ending, seen.tally.errors) == (Ending.ERROR, {"EFAULT": 1})
    assert seen.delivery is not None and seen.delivery.received == MIB // 2


@pytest.mark.parametrize("user_work", ["verify(map)", "memcpy(buf, map, 1M)"])
async def test_user_code_past_the_files_new_end_dies_of_sigbus(observe, user_work: str) -> None:
    cut = Truncate(after_calls=1, to=MIB // 2)
    seen = await observe(f"once:\n mmap(log)\nrepeat:\n {user_work}\n write(sock, buf, 1M)\n", MIB, truncate=cut)
    assert (seen.stop.ending, seen.stop.signal) == (Ending.KILLED, 7)
    assert seen.stop.in_flight is not None and seen.stop.in_flight.step == 1
    assert seen.calls == 1


async def test_reading_past_the_files_new_end_is_only_an_end_of_file(observe) -> None:
    cut = Truncate(after_calls=1, to=MIB // 2)
    seen = await observe("repeat:\n read(log, buf, 64K)\n write(sock, buf, 64K)\n", MIB, truncate=cut)
    assert (seen.stop.ending, seen.tally.errors) == (Ending.END_OF_FILE, {})


@pytest.mark.parametrize(
    "plan",
    ["repeat:\n sendfile(sock, log, 4G)\n", "once:\n mmap(log)\nrepeat:\n write(sock, map, 4G)\n"],
)
async def test_one_call_moves_two_gibibytes_less_a_page_at_most(
    laboratory: Laboratory, two_gibibytes: Path, plan: str
) -> None:
    size = two_gibibytes.stat().st_size
    scene = Scene(name="2G", log=LogSpec(size=size), start="warm", deadline=60.0)
    session = await Session.open(laboratory.children, scene, parse_plan(plan, CALLS), two_gibibytes, discard=True)
    async with session:
        stop = await session.run()
        await session.finish()
        results = [record.result for record in session.trace.records()][-2:]
    assert stop.ending is Ending.SENT
    assert results == [LARGEST_CALL, size - LARGEST_CALL]
    assert session.progress is not None and session.progress.received == size
