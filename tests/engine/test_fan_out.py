"""Two consumers of one log: each has a cursor of its own, and a slow one need not hold the other up."""

from __future__ import annotations

import pytest

from zcquest.engine.calls import CALLS
from zcquest.engine.experiment import Laboratory, Observation
from zcquest.engine.fan_out import FanSession
from zcquest.engine.logs import LogSpec
from zcquest.engine.machine.executor import Ending
from zcquest.engine.places import Mover, Place
from zcquest.engine.plan import parse_plan
from zcquest.engine.scene import DeadLetters, Neighbour, Poison, Scene

pytestmark = pytest.mark.asyncio(loop_scope="session")

SIZE = 2 << 20
SLOW = Neighbour(rate=4 << 20, window=16 << 10)
WAITING = "once:\n mmap(log)\nrepeat:\n send(sock, map, 64K)\n send(sock2, map, 64K)\n"
ISOLATED = "once:\n mmap(log)\nrepeat:\n send(sock, map, 64K, dontwait)\n send(sock2, map, 64K, dontwait)\n"


def scene(**fields: object) -> Scene:
    given = {"name": "fan", "log": LogSpec(size=SIZE), "start": "warm", "neighbour": SLOW, "send_buffer": 64 << 10}
    return Scene(**{**given, **fields})  # type: ignore[arg-type]


async def observe(laboratory: Laboratory, text: str, *, probing: bool = False, **fields: object) -> Observation:
    return await laboratory.observe(scene(**fields), parse_plan(text, CALLS), probing=probing)


@pytest.mark.parametrize(
    "text",
    [
        WAITING,
        ISOLATED,
        "repeat:\n sendfile(sock, log, 100003)\n sendfile(sock2, log, 7000)\n",
        "repeat:\n sendfile(sock2, log, 1G)\n sendfile(sock, log, 64K)\n",
        "repeat:\n read(log, buf, 64K)\n write(sock, buf, 64K)\n write(sock2, buf, 64K)\n",
        "repeat:\n read(log, buf, 64K)\n write(sock2, buf, 1K)\n write(sock, buf, 64K)\n write(sock2, buf, 63K)\n",
        "once:\n mmap(log)\nrepeat:\n verify(map, 1M)\n sendfile(sock, log, 1M)\n write(sock2, map, 1M)\n",
    ],
)
async def test_both_get_the_whole_log(laboratory: Laboratory, text: str) -> None:
    fast = Neighbour()
    plan = parse_plan(text, CALLS)
    async with laboratory.session(scene(neighbour=fast), plan) as session:
        assert isinstance(session, FanSession)
        stop = await session.run()
        await session.finish()
        ours, theirs = session.delivery, session.neighbours_delivery
        assert stop.ending is Ending.SENT
        assert ours and theirs
        assert ours.received == theirs.received == SIZE
        assert ours.crc == theirs.crc
        assert session.payload == 2 * SIZE


async def test_a_plan_that_waits_for_the_slow_one_holds_the_fast_one_up(laboratory: Laboratory) -> None:
    observed = await observe(laboratory, WAITING)
    judged = observed.features["isolation"]
    assert observed.features["delivery"].kept
    assert not judged.kept
    assert "had to wait" in str(judged.detail)


async def test_a_plan_that_does_not_wait_isolates_the_slow_one(laboratory: Laboratory) -> None:
    observed = await observe(laboratory, ISOLATED)
    assert observed.features["isolation"].kept, str(observed.features["isolation"].detail)
    assert observed.features["delivery"].kept
    assert observed.tally.errors["EAGAIN"] > 1
    assert observed.tally.syscalls["poll"] > 1  # and none of them spins


async def test_a_neighbour_who_gets_less_than_all_is_no_isolation(laboratory: Laboratory) -> None:
    observed = await observe(laboratory, "once:\n sendfile(sock, log, 2M)\nrepeat:\n sendfile(sock, log, 1M)\n")
    assert observed.stop.ending is Ending.STALLED
    assert "of the slow consumer's" in str(observed.features["isolation"].detail)


async def test_the_probe_looks_at_the_neighbours_bytes_too(laboratory: Laboratory) -> None:
    text = "once:\n mmap(log)\nrepeat:\n sendfile(sock, log, 64K)\n write(sock2, map, 64K)\n"
    observed = await observe(laboratory, text, probing=True, neighbour=Neighbour())
    movers = {hop.step: hop.mover for hop in observed.tally.hops if hop.target is Place.SOCKET}
    assert movers == {1: Mover.NONE, 2: Mover.CPU}
    assert observed.tally.copies() == pytest.approx(1.5)  # warm: a DMA for each, and a copy for one of two


async def test_it_can_be_stepped(laboratory: Laboratory) -> None:
    plan = parse_plan("repeat:\n sendfile(sock, log, 1M)\n sendfile(sock2, log, 1M)\n", CALLS)
    async with laboratory.session(scene(neighbour=Neighbour(), send_buffer=None), plan) as session:
        while not session.stop:
            await session.step()
            await session.gauges()
        await session.finish()
        assert session.neighbours_delivery and session.neighbours_delivery.received == SIZE


async def test_without_a_neighbour_there_is_no_second_socket(laboratory: Laboratory) -> None:
    observed = await observe(laboratory, "repeat:\n sendfile(sock2, log, 64K)\n", neighbour=None)
    assert observed.tally.errors == {"EBADF": 1}


@pytest.mark.parametrize("first", ["sock", "sock2"])
async def test_what_the_consumer_rejects_comes_back_to_it_alone(laboratory: Laboratory, first: str) -> None:
    """Whichever socket the repeat lane served last."""
    second = "sock2" if first == "sock" else "sock"
    log = LogSpec(size=256 << 10, format="rocketmq")
    text = (
        f"repeat:\n sendfile({first}, log, 64K)\n sendfile({second}, log, 64K)\n"
        "on reject:\n sendfile(sock, log, msg)\n"
        "on giveup:\n sendfile(sock2, log, msg)\n copy_file_range(log, dlq, msg)\n"
    )
    given = {"log": log, "neighbour": Neighbour(), "poison": (Poison(message=7),), "retries": 2, "dlq": DeadLetters()}
    async with laboratory.session(scene(**given), parse_plan(text, CALLS)) as session:
        stop = await session.run()
        await session.finish()
        ours, theirs = session.delivery, session.neighbours_delivery
        assert session.dlq and stop.ending is Ending.SENT
        assert session.dlq.read_bytes() == session.log.read_bytes()[7 << 10 : 8 << 10]
        assert ours and theirs
        assert ours.attempts == [(7, 3, False)]
        assert (ours.received, theirs.received) == (log.size + (2 << 10), log.size + (1 << 10))
        assert session.paused.position == log.size
