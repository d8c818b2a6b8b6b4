"""verify: what is rotten does not go out, in user code, and a fault counted there is the plan's and nobody else's."""

from __future__ import annotations

import pytest

from zcquest.engine.machine.executor import Ending

pytestmark = pytest.mark.asyncio(loop_scope="session")

KIB, MIB = 1 << 10, 1 << 20


@pytest.mark.parametrize(
    "text",
    [
        "once:\n mmap(log, populate)\nrepeat:\n verify(map, {size})\n write(sock, map, {size})\n",
        "once:\n mmap(log, private, populate)\nrepeat:\n verify(map, {size})\n sendfile(sock, log, {size})\n",
        "once:\n mmap(log)\n madvise(map, populate_read)\nrepeat:\n verify(map, {size})\n send(sock, map, {size})\n",
        "repeat:\n pread(log, buf, {size})\n verify(buf)\n write(sock, buf, {size})\n",
        "repeat:\n read(log, buf, {size})\n verify(buf)\n send(sock, buf, {size})\n",
        "once:\n mmap(log, populate)\nrepeat:\n memcpy(buf, map, {size})\n verify(buf)\n write(sock, buf, {size})\n",
    ],
)
async def test_user_code_on_memory_that_is_there_faults_nothing_twenty_times_over(observe, text: str) -> None:
    for size in ("64K", "4M"):
        seen = [(await observe(text.format(size=size), 4 * MIB, rotten=(3, 200))).tally for _ in range(10)]
        assert [tally.user_faults for tally in seen] == [0] * 10


SENDERS = [
    "once:\n mmap(log)\nrepeat:\n verify(map, {size})\n write(sock, map, {size})\n",
    "once:\n mmap(log)\nrepeat:\n verify(map, {size})\n sendfile(sock, log, {size})\n",
    "once:\n mmap(log)\nrepeat:\n memcpy(buf, map, {size})\n verify(buf)\n write(sock, buf, {size})\n",
    "repeat:\n read(log, buf, {size})\n verify(buf)\n write(sock, buf, {size})\n",
    "repeat:\n pread(log, buf, {size})\n verify(buf)\n send(sock, buf, {size})\n",
]


@pytest.mark.parametrize("text", SENDERS)
@pytest.mark.parametrize("size", [16 * KIB, 20000, 65536, 100003, MIB])
@pytest.mark.parametrize("rotten", [(), (0,), (5, 6), (15,), (0, 3, 4, 15), tuple(range(16))])
async def test_exactly_the_good_batches_arrive(observe, text: str, size: int, rotten: tuple[int, ...]) -> None:
    seen = await observe(text.format(size=size), 256 * KIB, rotten=rotten)
    assert seen.stop.ending is Ending.SENT
    assert seen.delivery is not None
    assert (seen.delivery.batches, seen.delivery.rotten, seen.delivery.tail) == (16 - len(rotten), 0, 0)
    assert seen.features["checksum"].kept and seen.features["delivery"].kept


@pytest.mark.parametrize("text", SENDERS)
async def test_less_than_a_batch_vouches_for_nothing(observe, text: str) -> None:
    seen = await observe(text.format(size=1000), 256 * KIB)
    assert seen.stop.ending is Ending.STALLED
    assert seen.delivery is not None and seen.delivery.received == 0


@pytest.mark.parametrize(
    ("text", "memory"),
    [
        ("repeat:\n verify(map)\n sendfile(sock, log, 64K)\n", "map"),
        ("repeat:\n verify(buf)\n read(log, buf, 64K)\n write(sock, buf, 64K)\n", "buf"),
        ("repeat:\n verify(buf)\n sendfile(sock, log, 64K)\n", "buf"),
        ("repeat:\n memcpy(buf, map, 64K)\n write(sock, buf, 64K)\n", "map"),
    ],
)
async def test_user_work_without_bytes_in_user_space_ends_the_plan(observe, text: str, memory: str) -> None:
    seen = await observe(text)
    assert (seen.stop.ending, seen.stop.memory, seen.calls) == (Ending.NO_BYTES, memory, 0)


async def test_a_batch_cut_by_the_chunk_is_given_back_and_read_again(observe) -> None:
    seen = await observe("repeat:\n read(log, buf, 20000)\n verify(buf)\n write(sock, buf, 20000)\n", 64 * KIB)
    assert seen.tally.syscalls == {"read": 4, "write": 4, "lseek": 3}
    by_position = await observe("repeat:\n pread(log, buf, 20000)\n verify(buf)\n write(sock, buf, 20000)\n", 64 * KIB)
    assert by_position.tally.syscalls == {"pread": 4, "write": 4}
