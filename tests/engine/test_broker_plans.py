"""What Kafka, RocketMQ and the two calls of the textbooks cost a cold message: the table of their sources, proved.

Every hop within the machine is decided by the probe, the disk's by the kernel's counter; the NIC's alone is modelled,
for loopback has none.
"""

from __future__ import annotations

import pytest

from zcquest.engine.experiment import Observation
from zcquest.engine.places import Evidence, Mover, Place
from zcquest.levels.plans import plan_names, plan_text

pytestmark = [pytest.mark.asyncio(loop_scope="session"), pytest.mark.usefixtures("cold_disk")]

SIZE = 1 << 20
KIB = 1 << 10

# plan: copies in all, by the CPU, and the calls of each kind for a log of a mebibyte with messages of a kibibyte
TABLE = {
    "read-write": (4, 2, {"read": SIZE // (64 * KIB), "write": SIZE // (64 * KIB)}),
    "rocketmq-heap": (5, 3, {"mmap": 1, "write": SIZE // (32 * KIB)}),  # one for 32 messages
    "rocketmq-mapped": (3, 1, {"mmap": 1, "write": SIZE // KIB}),  # one for each message
    "mmap-write": (3, 1, {"mmap": 1, "write": SIZE // (32 * KIB)}),
    "kafka": (2, 0, {"sendfile": 1}),
    "kafka-tls": (6, 4, {"pread": SIZE // (32 * KIB), "write": SIZE // (16 * KIB)}),  # one for each TLS record
}


def ways(seen: Observation) -> list[tuple[Place, Place, Mover, Evidence]]:
    return [(hop.source, hop.target, hop.mover, hop.evidence) for hop in seen.tally.hops]


async def test_every_shipped_plan_is_in_the_table() -> None:
    assert set(TABLE) == set(plan_names())


@pytest.mark.parametrize("name", TABLE)
async def test_a_plan_makes_the_copies_and_the_calls_that_its_source_makes(observe, name: str) -> None:
    copies, by_cpu, calls = TABLE[name]
    log = {"format": "kafka" if name.startswith("kafka") else "rocketmq", "message": KIB}
    seen = await observe(plan_text(name), SIZE, start="cold", probing=True, **log)
    assert seen.features["delivery"].kept
    assert seen.tally.copies() == pytest.approx(copies, abs=0.005)
    assert seen.tally.cpu_copies == pytest.approx(by_cpu, abs=0.005)
    assert seen.tally.dma_copies == pytest.approx(2, abs=0.005)
    assert dict(seen.tally.syscalls) == calls
    witnesses = {(source, target): evidence for source, target, _, evidence in ways(seen)}
    assert witnesses.pop((Place.DISK, Place.PAGE_CACHE)) is Evidence.METERED
    assert witnesses.pop((Place.SOCKET, Place.NIC)) is Evidence.MODELLED
    assert set(witnesses.values()) == {Evidence.PROVED}


async def test_the_default_nobody_mentions_copies_three_times_in_user_space_and_out_of_it(observe) -> None:
    seen = await observe(plan_text("rocketmq-heap"), SIZE, start="cold", probing=True, format="rocketmq")
    by_cpu = [(source, target) for source, target, mover, _ in ways(seen) if mover is Mover.CPU]
    assert by_cpu == [
        (Place.MAPPING, Place.BUFFER),
        (Place.BUFFER, Place.BUFFER2),
        (Place.BUFFER2, Place.SOCKET),
    ]
    assert seen.buffer == 64 * KIB


async def test_tls_takes_the_bytes_through_three_buffers(observe) -> None:
    seen = await observe(plan_text("kafka-tls"), SIZE, start="cold", probing=True)
    by_cpu = dict.fromkeys((source, target) for source, target, mover, _ in ways(seen) if mover is Mover.CPU)
    assert list(by_cpu) == [
        (Place.PAGE_CACHE, Place.BUFFER),
        (Place.BUFFER, Place.BUFFER2),
        (Place.BUFFER2, Place.BUFFER3),
        (Place.BUFFER3, Place.SOCKET),
    ]
    assert seen.buffer == 64 * KIB
