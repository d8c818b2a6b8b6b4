"""Gauges against the run they are read from: held bytes are where they should be, and drain."""

from __future__ import annotations

import asyncio
import socket

import pytest

from zcquest.engine.calls import CALLS
from zcquest.engine.experiment import Laboratory
from zcquest.engine.gauges import mapping_resident, socket_queues
from zcquest.engine.meters import read_meters
from zcquest.engine.plan import parse_plan

pytestmark = pytest.mark.asyncio(loop_scope="session")

KIB, MIB = 1 << 10, 1 << 20


@pytest.mark.parametrize("text", ["sendfile(sock, log, 16K)", "read(log, buf, 16K)\n write(sock, buf, 16K)"])
async def test_what_a_step_sends_stays_in_the_socket_until_the_next(laboratory: Laboratory, scene, text: str) -> None:
    plan = parse_plan(f"repeat:\n {text}\n", CALLS)
    sends = [number for number, step in enumerate(plan.steps) if step.values[0] == "sock"]
    async with laboratory.session(scene(), plan) as session:
        sent = 0
        for number in range(4 * len(plan.steps)):
            await session.step()
            now = await session.gauges()
            if number % len(plan.steps) in sends:
                sent += 16 * KIB
                assert now.send_queue + now.receive_queue == 16 * KIB
                assert now.received == sent - 16 * KIB
            assert (now.sent, now.taken, now.calls) == (sent, session.paused.position, number + 1)
            assert now.buffer_pending == now.taken - sent
        await session.run()
        await session.finish()
        last = await session.gauges()
        assert (last.send_queue, last.receive_queue) == (0, 0)
        assert last.received == last.sent == last.taken == 64 * KIB
        assert session.delivery and last.messages == session.delivery.messages > 0
        assert last.nic_sent >= 64 * KIB


@pytest.mark.usefixtures("cold_disk")
async def test_the_page_cache_fills_from_the_front_as_the_log_is_read(laboratory: Laboratory, scene) -> None:
    plan = parse_plan("once:\n fadvise(log, random)\nrepeat:\n read(log, buf, 64K)\n write(sock, buf, 64K)\n", CALLS)
    async with laboratory.session(scene(MIB, start="cold"), plan) as session:
        before = await session.gauges()
        assert before.cache and (before.cache.pages, before.disk_read) == (0, 0)
        assert set(before.cache_map) == {0.0}
        await session.step()
        for chunk in range(1, 5):
            await session.step()
            now = await session.gauges()
            assert now.cache and now.cache.pages * 4 * KIB == chunk * 64 * KIB == now.disk_read
            filled = len(now.cache_map) * chunk // 16
            assert now.cache_map == (1.0,) * filled + (0.0,) * (len(now.cache_map) - filled)
            await session.step()
    async with laboratory.session(scene(MIB), plan) as session:
        warm = await session.gauges()
        assert warm.cache and warm.cache.pages == warm.cache.total and set(warm.cache_map) == {1.0}


async def test_a_mapping_becomes_resident_as_it_is_touched(laboratory: Laboratory, scene) -> None:
    plan = parse_plan("once:\n mmap(log)\nrepeat:\n verify(map, 256K)\n sendfile(sock, log, 256K)\n", CALLS)
    async with laboratory.session(scene(MIB), plan) as session:
        assert (await session.gauges()).mapping_resident is None
        await session.step()
        assert (await session.gauges()).mapping_resident == 0
        seen = []
        for _ in range(4):
            await session.step()
            seen.append((await session.gauges()).mapping_resident)
            await session.step()
        assert seen == sorted(seen) and seen[0] < MIB == seen[-1]
    populated = parse_plan("once:\n mmap(log, populate)\nrepeat:\n sendfile(sock, log, 1M)\n", CALLS)
    async with laboratory.session(scene(MIB), populated) as session:
        await session.step()
        assert (await session.gauges()).mapping_resident == MIB


async def test_gauges_move_while_a_run_is_on(laboratory: Laboratory, scene) -> None:
    plan = parse_plan("repeat:\n read(log, buf, 4K)\n write(sock, buf, 4K)\n", CALLS)
    async with laboratory.session(scene(4 * MIB, rate=8 * MIB, window=16 * KIB, send_buffer=16 * KIB), plan) as session:
        running = asyncio.ensure_future(session.run())
        readings = []
        while not running.done():
            readings.append(await session.gauges())
            await asyncio.sleep(0.03)
        await session.finish()
        last = await session.gauges()
    assert last.taken == last.sent == last.received == 4 * MIB
    for name in ("calls", "taken", "sent", "received", "messages"):
        values = [getattr(now, name) for now in readings]
        assert values == sorted(values)
        assert len(set(values)) > 3, name
    assert all(now.received <= now.sent + 4 * KIB for now in readings)


async def test_the_mapping_of_a_log_is_not_taken_for_private_memory(laboratory: Laboratory, scene) -> None:
    plan = parse_plan("once:\n mmap(log, populate)\nrepeat:\n sendfile(sock, log, 1M)\n", CALLS)
    async with laboratory.session(scene(64 * MIB), plan) as session:
        before = read_meters(session.machine_pid)
        await session.step()
        after = read_meters(session.machine_pid)
        assert mapping_resident(session.machine_pid, session.log) == 64 * MIB
    assert before and after
    assert after.private_bytes - before.private_bytes < MIB


async def test_a_process_that_is_gone_has_no_readings(laboratory: Laboratory, scene) -> None:
    plan = parse_plan("repeat:\n sendfile(sock, log, 1M)\n", CALLS)
    async with laboratory.session(scene(), plan) as session:
        pid = session.machine_pid
    assert read_meters(pid) is None
    assert mapping_resident(pid, session.log) is None


async def test_queues_are_those_of_one_connection() -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
        assert socket_queues(port) == (0, 0)
        with socket.create_connection(("127.0.0.1", port)) as near, server.accept()[0] as far:
            near.sendall(b"x" * 1000)
            assert sum(socket_queues(port)) == 1000
            far.recv(400)
            assert socket_queues(port)[1] == 600
