"""Several consumers of one log: each has a socket and a cursor of its own, and a slow one need not hold another up."""

from __future__ import annotations

import asyncio
import os
import signal
from pathlib import Path

import psutil
import pytest

from zcquest.engine.calls import CALLS
from zcquest.engine.experiment import Laboratory, Observation
from zcquest.engine.logs import LogSpec
from zcquest.engine.machine.executor import Ending
from zcquest.engine.places import CONSUMERS, SOCKETS, Evidence, Mover, Place
from zcquest.engine.plan import parse_plan
from zcquest.engine.scene import BenchNetwork, DeadLetters, Neighbour, Poison, Scene

pytestmark = pytest.mark.asyncio(loop_scope="session")

SIZE = 2 << 20
FAST, SLOW = Neighbour(), Neighbour(rate=4 << 20, window=16 << 10)
WAITING = "once:\n mmap(log)\nrepeat:\n send(sock, map, 64K)\n send(sock2, map, 64K)\n"
ISOLATED = "once:\n mmap(log)\nrepeat:\n send(sock, map, 64K, dontwait)\n send(sock2, map, 64K, dontwait)\n"
FOUR = "repeat:\n" + "".join(f" sendfile({word}, log, 64K)\n" for word in ("sock", "sock2", "sock3", "sock4"))


def scene(*neighbours: Neighbour, **fields: object) -> Scene:
    given = {"name": "fan", "log": LogSpec(size=SIZE), "start": "warm", "send_buffer": 64 << 10}
    return Scene(**{**given, "neighbours": neighbours, **fields})  # type: ignore[arg-type]


async def observe(
    laboratory: Laboratory, text: str, *neighbours: Neighbour, probing: bool = False, **fields: object
) -> Observation:
    return await laboratory.observe(scene(*neighbours, **fields), parse_plan(text, CALLS), probing=probing)


@pytest.mark.parametrize(
    "text",
    [
        WAITING,
        ISOLATED,
        "repeat:\n sendfile(sock, log, 100003)\n sendfile(sock2, log, 7000)\n",
        "repeat:\n sendfile(sock2, log, 1G)\n sendfile(sock, log, 64K)\n",
        "repeat:\n read(log, buf, 64K)\n write(sock, buf, 64K)\n write(sock2, buf, 64K)\n",
        "repeat:\n read(log, buf, 64K)\n write(sock2, buf, 1K)\n write(sock, buf, 64K)\n write(sock2, buf, 63K)\n",
        "repeat:\n read(log, buf, 50000)\n verify(buf)\n write(sock, buf, 64K)\n write(sock2, buf, 64K)\n",
        "repeat:\n read(log, buf, 64K)\n memcpy(buf2, buf, 64K)\n write(sock, buf2, 64K)\n write(sock2, buf2, 64K)\n",
        "repeat:\n read(log, buf, 64K)\n write(sock2, buf, 1K)\n write(sock, buf, 1K)\n memcpy(buf, buf, 64K)\n"
        " write(sock, buf, 64K)\n write(sock2, buf, 64K)\n",
        "repeat:\n read(log, buf, 64K)\n write(sock2, buf, 64K)\n sendfile(sock, log, 64K)\n",
        "repeat:\n sendfile(sock, log, 1M)\n pread(log, buf, 64K)\n verify(buf)\n write(sock2, buf, 64K)\n",
        "once:\n mmap(log)\nrepeat:\n verify(map, 1M)\n sendfile(sock, log, 1M)\n write(sock2, map, 1M)\n",
    ],
)
async def test_both_get_the_whole_log(laboratory: Laboratory, text: str) -> None:
    async with laboratory.session(scene(FAST), parse_plan(text, CALLS)) as session:
        stop = await session.run()
        await session.finish()
        ours, theirs = (far.delivery for far in session.far_ends)
        assert stop.ending is Ending.SENT
        assert ours and theirs
        assert ours.received == theirs.received == SIZE
        assert ours.crc == theirs.crc
        assert session.payload == 2 * SIZE
        assert not session.paused.overwritten


@pytest.mark.parametrize(
    "text",
    [
        FOUR,
        "repeat:\n read(log, buf, 64K)\n"
        + "".join(f" write({word}, buf, 64K)\n" for word in ("sock3", "sock", "sock4", "sock2")),
        "once:\n mmap(log)\nrepeat:\n sendfile(sock4, log, 1M)\n read(log, buf, 64K)\n write(sock, buf, 64K)\n"
        " send(sock3, map, 30000)\n memcpy(buf2, buf, 64K)\n write(sock2, buf2, 64K)\n",
        "once:\n pipe()\n pipe()\nrepeat:\n splice(log, pipe, 64K)\n sendfile(sock2, log, 1M)\n tee(pipe, pipe2, 64K)\n"
        " splice(pipe, sock, 64K)\n splice(pipe2, sock3, 64K)\n read(log, buf, 64K)\n write(sock4, buf, 64K)\n",
    ],
)
@pytest.mark.parametrize("network", [None, BenchNetwork(), BenchNetwork(scatter_gather=False)])
async def test_four_get_the_whole_log(laboratory: Laboratory, text: str, network: BenchNetwork | None) -> None:
    plan = parse_plan(text, CALLS)
    async with laboratory.session(scene(FAST, SLOW, FAST, network=network), plan) as session:
        stop = await session.run()
        await session.finish()
        log = session.log.read_bytes()
        assert stop.ending is Ending.SENT, stop
        reports = [far.delivery for far in session.far_ends]
        assert [report and report.received for report in reports] == [SIZE] * 4
        assert len({report and report.crc for report in reports}) == 1
        assert session.payload == 4 * len(log)
        last = await session.gauges()
        while any(outlet.send_queue for outlet in last.outlets):  # the latest acknowledgement may be on its way
            last = await session.gauges()
        assert [outlet.received for outlet in last.outlets] == [outlet.sent for outlet in last.outlets] == [SIZE] * 4
        assert not any(outlet.receive_queue for outlet in last.outlets)
        if network:
            assert last.nic_sent > 4 * SIZE


async def test_the_bytes_lie_in_the_socket_of_the_one_they_were_sent_to(laboratory: Laboratory) -> None:
    plan = parse_plan(FOUR.replace("64K", "16K"), CALLS)
    async with laboratory.session(scene(FAST, FAST, FAST, send_buffer=None), plan) as session:
        for number in range(12):
            await session.step()
            now = await session.gauges()
            queued = [outlet.send_queue + outlet.receive_queue for outlet in now.outlets]
            assert queued == [16 << 10 if at == number % 4 else 0 for at in range(4)]
            sent = [(number + 4 - at) // 4 * (16 << 10) for at in range(4)]
            assert [outlet.sent for outlet in now.outlets] == sent
        await session.run()
        await session.finish()
        assert [far.delivery and far.delivery.received for far in session.far_ends] == [SIZE] * 4


async def test_a_rotten_batch_is_kept_from_each_of_them(laboratory: Laboratory) -> None:
    log = LogSpec(size=SIZE, rotten=(3, 4, 77))
    text = "repeat:\n read(log, buf, 100000)\n verify(buf)\n" + "".join(
        f" write({word}, buf, 100000)\n" for word in ("sock", "sock2", "sock3")
    )
    seen = await observe(laboratory, text, FAST, FAST, log=log)
    assert seen.stop.ending is Ending.SENT
    assert seen.features["checksum"].kept and seen.features["delivery"].kept, seen.features
    assert "each of 3 consumers" in str(seen.features["delivery"].detail)
    seen = await observe(laboratory, text.replace(" write(sock3, buf", " sendfile(sock3, log"), FAST, FAST, log=log)
    assert "consumer 3: 3 rotten batches" in str(seen.features["checksum"].detail)


async def test_what_a_slow_one_had_not_taken_of_a_buffer_is_lost_to_it_and_said_so(laboratory: Laboratory) -> None:
    text = "repeat:\n read(log, buf, 64K)\n send(sock, buf, 64K)\n send(sock2, buf, 64K, dontwait)\n"
    async with laboratory.session(scene(SLOW), parse_plan(text, CALLS)) as session:
        await session.run()
        await session.finish()
        seen = await laboratory.conclude(session, probing=False)
        received = [far.delivery and far.delivery.received for far in session.far_ends]
        assert received == [SIZE, SIZE - session.paused.overwritten] and session.paused.overwritten
    judged = seen.features["delivery"]
    assert not judged.kept and str(judged.detail).startswith("consumer 2: ")


async def test_a_plan_that_waits_for_the_slow_one_holds_the_fast_one_up(laboratory: Laboratory) -> None:
    observed = await observe(laboratory, WAITING, SLOW)
    judged = observed.features["isolation"]
    assert observed.features["delivery"].kept
    assert not judged.kept
    assert "had to wait" in str(judged.detail)


async def test_a_plan_that_does_not_wait_isolates_the_slow_one(laboratory: Laboratory) -> None:
    observed = await observe(laboratory, ISOLATED, SLOW)
    assert observed.features["isolation"].kept, str(observed.features["isolation"].detail)
    assert observed.features["delivery"].kept
    assert observed.tally.errors["EAGAIN"] > 1
    assert observed.tally.syscalls["poll"] > 1  # and none of them spins


@pytest.mark.parametrize("slow", [1, 2, 3, 4])
async def test_one_slow_of_four_holds_nobody_up(laboratory: Laboratory, slow: int) -> None:
    text = "once:\n mmap(log)\nrepeat:\n" + "".join(
        f" send({word}, map, 64K, dontwait)\n" for word in ("sock", "sock2", "sock3", "sock4")
    )
    others = [SLOW if number == slow else FAST for number in (2, 3, 4)]
    own = {"rate": SLOW.rate, "window": SLOW.window} if slow == 1 else {}
    observed = await observe(laboratory, text, *others, **own)
    judged = observed.features["isolation"]
    assert judged.kept, str(judged.detail)
    assert observed.features["delivery"].kept
    waiting = await observe(laboratory, text.replace(", dontwait", ""), *others, **own)
    judged = waiting.features["isolation"]
    assert not judged.kept and judged.detail.values["number"] == slow, str(judged.detail)
    assert waiting.features["delivery"].kept


@pytest.mark.parametrize("own", [{}, {"rate": SLOW.rate, "window": SLOW.window}])
async def test_a_filter_goes_ahead_of_the_foremost(laboratory: Laboratory, own: dict[str, int]) -> None:
    text = "once:\n mmap(log)\nrepeat:\n verify(map, 64K)\n" + "".join(
        f" send({word}, map, 64K, dontwait)\n" for word in ("sock", "sock2")
    )
    log = LogSpec(size=SIZE, rotten=(0, 50))
    observed = await observe(laboratory, text, FAST if own else SLOW, log=log, **own)
    judged = observed.features["isolation"]
    assert judged.kept, str(judged.detail)
    assert observed.stop.ending is Ending.SENT
    assert observed.features["delivery"].kept and observed.features["checksum"].kept


async def test_a_socket_that_takes_in_everything_at_once_makes_nobody_wait(laboratory: Laboratory) -> None:
    """So the verdict is not read off the bytes alone."""
    observed = await observe(laboratory, WAITING, Neighbour(rate=1 << 20), log=LogSpec(size=64 << 10), send_buffer=None)
    judged = observed.features["isolation"]
    assert judged.kept and "no call slept" in str(judged.detail), str(judged.detail)


async def test_without_a_slow_one_there_is_nobody_to_isolate(laboratory: Laboratory) -> None:
    assert "isolation" not in (await observe(laboratory, WAITING, FAST)).features


async def test_a_neighbour_who_gets_less_than_all_is_no_isolation_and_no_delivery(laboratory: Laboratory) -> None:
    text = "once:\n sendfile(sock, log, 2M)\nrepeat:\n sendfile(sock, log, 1M)\n"
    observed = await observe(laboratory, text, SLOW)
    assert observed.stop.ending is Ending.STALLED
    assert "of consumer 2, a slow one" in str(observed.features["isolation"].detail)
    assert not observed.features["delivery"].kept
    assert "consumer 2: 0 of" in str(observed.features["delivery"].detail)


async def test_the_probe_looks_at_each_ones_bytes(laboratory: Laboratory) -> None:
    text = (
        "once:\n mmap(log)\nrepeat:\n sendfile(sock, log, 64K)\n write(sock2, map, 64K)\n"
        " sendfile(sock3, log, 64K)\n pread(log, buf, 64K)\n write(sock4, buf, 64K)\n"
    )
    observed = await observe(laboratory, text, FAST, FAST, FAST, probing=True)
    proved = {(hop.step, hop.target): hop.mover for hop in observed.tally.hops if hop.evidence is Evidence.PROVED}
    assert proved == {
        (0, Place.MAPPING): Mover.NONE,
        (1, Place.SOCKET): Mover.NONE,
        (2, Place.SOCKET2): Mover.CPU,
        (3, Place.SOCKET3): Mover.NONE,
        (4, Place.BUFFER): Mover.CPU,
        (5, Place.SOCKET4): Mover.CPU,
    }
    assert [observed.proofs[step].sink for step in (1, 2, 3, 5)] == list(CONSUMERS)
    notes = [hop.note for hop in observed.tally.hops if hop.evidence is Evidence.PROVED]
    assert [note.values.get("number") for note in notes if note] == [2, None, 2, 3, 4, 4]
    left = {hop.source: hop.bytes for hop in observed.tally.hops if hop.target is Place.NIC}
    assert left == dict.fromkeys(SOCKETS, SIZE)
    assert observed.tally.copies() == pytest.approx(1 + 3 / 4)  # warm: a DMA for each, and three copies for four


async def test_a_card_that_does_not_gather_copies_for_each(laboratory: Laboratory) -> None:
    text = "repeat:\n sendfile(sock, log, 64K)\n sendfile(sock2, log, 64K)\n"
    observed = await observe(
        laboratory, text, FAST, probing=True, network=BenchNetwork(scatter_gather=False), send_buffer=None
    )
    for socket in (Place.SOCKET, Place.SOCKET2):
        (copied,) = [hop for hop in observed.tally.hops if hop.source is socket and hop.mover is Mover.CPU]
        assert copied.evidence is Evidence.PROVED and copied.bytes == SIZE


async def test_a_bare_run_serves_all(laboratory: Laboratory) -> None:
    async with laboratory.session(scene(FAST, FAST, FAST), parse_plan(FOUR, CALLS)) as session:
        stop = await session.run_bare()
        await session.finish()
        assert stop.ending is Ending.SENT
        assert [far.delivery and far.delivery.received for far in session.far_ends] == [SIZE] * 4
        assert [session.paused.sent, *(handed.payload for handed in session.paused.neighbours)] == [SIZE] * 4
        assert session.paused.calls >= 4 * SIZE // (64 << 10)


async def test_it_can_be_stepped(laboratory: Laboratory) -> None:
    plan = parse_plan("repeat:\n sendfile(sock, log, 1M)\n sendfile(sock2, log, 1M)\n", CALLS)
    async with laboratory.session(scene(FAST, send_buffer=None), plan) as session:
        while not session.stop:
            await session.step()
            await session.gauges()
        await session.finish()
        assert [far.delivery and far.delivery.received for far in session.far_ends] == [SIZE, SIZE]


@pytest.mark.parametrize("there", [1, 2, 3])
async def test_a_socket_that_the_scene_does_not_have_is_no_descriptor(laboratory: Laboratory, there: int) -> None:
    text = f"repeat:\n sendfile(sock{there + 1}, log, 64K)\n"
    observed = await observe(laboratory, text, *[FAST] * (there - 1))
    assert observed.tally.errors == {"EBADF": 1}


@pytest.mark.parametrize("dying", [0, 2])
async def test_one_that_dies_ends_the_plan_and_is_named(
    laboratory: Laboratory, dying: int, engine_folder: Path
) -> None:
    plan = parse_plan(FOUR, CALLS)
    async with laboratory.session(scene(FAST, SLOW, FAST), plan) as session:
        pids = [session.machine_pid, *(far.child.pid for far in session.far_ends)]
        for _ in range(8):
            await session.step()
        os.kill(pids[1 + dying], signal.SIGKILL)
        await session.far_ends[dying].over.wait()
        stop = await session.run()
        await session.finish()
        assert stop.ending is Ending.ERROR, stop
        seen = await laboratory.conclude(session, probing=False)
        judged = seen.features["delivery"]
        assert not judged.kept and str(judged.detail).startswith("consumer ")
        assert [far.lost for far in session.far_ends] == [number == dying for number in range(4)]
    assert not any(psutil.pid_exists(pid) for pid in pids)
    assert not [path for path in laboratory.children.folder.iterdir() if path.name.startswith("session")]


async def test_nobody_is_left_when_it_is_closed_in_the_middle(laboratory: Laboratory) -> None:
    async with laboratory.session(scene(SLOW, SLOW, SLOW), parse_plan(FOUR, CALLS)) as session:
        running = asyncio.create_task(session.run())
        while not (await session.gauges()).outlets[3].received:
            await asyncio.sleep(0.01)
        pids = [session.machine_pid, *(far.child.pid for far in session.far_ends)]
        assert len(set(pids)) == 5
    assert (await running).ending is Ending.CANCELLED
    assert not any(psutil.pid_exists(pid) for pid in pids)


@pytest.mark.parametrize("first", ["sock", "sock2"])
async def test_what_the_consumer_rejects_comes_back_to_it_alone(laboratory: Laboratory, first: str) -> None:
    """Whichever socket the repeat lane served last."""
    second = "sock2" if first == "sock" else "sock"
    log = LogSpec(size=256 << 10, format="rocketmq")
    text = (
        f"repeat:\n sendfile({first}, log, 64K)\n sendfile({second}, log, 64K)\n sendfile(sock3, log, 1M)\n"
        "on reject:\n sendfile(sock, log, msg)\n"
        "on giveup:\n sendfile(sock2, log, msg)\n copy_file_range(log, dlq, msg)\n"
    )
    given = {"log": log, "poison": (Poison(message=7),), "retries": 2, "dlq": DeadLetters()}
    async with laboratory.session(scene(FAST, FAST, **given), parse_plan(text, CALLS)) as session:
        stop = await session.run()
        await session.finish()
        ours, theirs, others = (far.delivery for far in session.far_ends)
        assert session.dlq and stop.ending is Ending.SENT
        assert session.dlq.read_bytes() == session.log.read_bytes()[7 << 10 : 8 << 10]
        assert ours and theirs and others
        assert ours.attempts == [(7, 3, False)]
        received = (ours.received, theirs.received, others.received)
        assert received == (log.size + (2 << 10), log.size + (1 << 10), log.size)
        assert session.paused.position == log.size
