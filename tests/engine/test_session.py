"""Sessions: stepped, run, tampered with, cancelled, closed in every state; nothing is left behind."""

from __future__ import annotations

import asyncio
import os
from pathlib import Path

import psutil
import pytest

from zcquest.engine import run_log
from zcquest.engine.calls import CALLS
from zcquest.engine.experiment import Laboratory, read_lines
from zcquest.engine.logs import ensure
from zcquest.engine.machine.executor import Ending
from zcquest.engine.plan import parse_plan
from zcquest.engine.scene import Truncate
from zcquest.engine.session import TamperRefused

pytestmark = pytest.mark.asyncio(loop_scope="session")

KIB = 1 << 10
READ_WRITE = parse_plan("repeat:\n read(log, buf, 16K)\n write(sock, buf, 16K)\n", CALLS)
SENDFILE = parse_plan("repeat:\n sendfile(sock, log, 16K)\n", CALLS)
MAPPED = parse_plan("once:\n mmap(log)\nrepeat:\n write(sock, map, 16K)\n", CALLS)


async def test_each_step_makes_one_call_on_the_live_kernel(laboratory: Laboratory, scene) -> None:
    async with laboratory.session(scene(), READ_WRITE) as session:
        for number in range(1, 9):
            paused = await session.step()
            assert (paused.calls, len(session.trace)) == (number, number)
            assert paused.position == (number + 1) // 2 * 16 * KIB
            assert paused.sent == number // 2 * 16 * KIB
            assert session.stop is None
        await session.step()
        assert session.stop and session.stop.ending is Ending.SENT
        delivery = await session.finish()
        texts = [line.text for line in read_lines(session.trace, READ_WRITE)]
    assert delivery and delivery.messages == delivery.runs[0][1] + 1
    assert texts == ["read(3, buf, 16384)", "write(4, buf+0, 16384)"] * 4


async def test_steps_and_a_run_add_up_to_the_same_run(laboratory: Laboratory, scene) -> None:
    async with laboratory.session(scene(), SENDFILE) as session:
        await session.step()
        stop = await session.run()
        delivery = await session.finish()
        assert (stop.ending, session.paused.calls, len(session.trace)) == (Ending.SENT, 4, 4)
    assert delivery and delivery.received == 64 * KIB


async def test_a_step_that_blocks_gets_the_consumer_back(laboratory: Laboratory, scene) -> None:
    plan = parse_plan("repeat:\n sendfile(sock, log, 16M)\n", CALLS)
    async with laboratory.session(scene(16 << 20, send_buffer=64 * KIB, window=64 * KIB), plan) as session:
        paused = await session.step()
        assert paused.sent == 16 << 20


async def test_tampering_with_a_shared_page_reaches_the_consumer_and_with_a_copied_one_does_not(
    laboratory: Laboratory, scene
) -> None:
    for plan, steps, tampered in ((SENDFILE, 1, 15), (READ_WRITE, 1, 0), (READ_WRITE, 2, 0), (MAPPED, 2, 0)):
        async with laboratory.session(scene(), plan) as session:
            for _ in range(steps):
                await session.step()
            done = await session.tamper()
            assert done.moved == (0, 16 * KIB)
            assert done.in_buffer is (plan is READ_WRITE and steps == 2)
            await session.run()
            delivery = await session.finish()
        assert delivery and delivery.rotten == 0
        assert delivery.tampered >= tampered if tampered else delivery.tampered == 0


async def test_there_is_nothing_to_tamper_with_before_the_first_hop_nor_after_the_end(
    laboratory: Laboratory, scene
) -> None:
    async with laboratory.session(scene(), SENDFILE) as session:
        with pytest.raises(TamperRefused):
            await session.tamper()
        await session.run()
        with pytest.raises(TamperRefused):
            await session.tamper()


async def test_a_log_is_cut_after_as_many_calls_as_the_scene_says(laboratory: Laboratory, scene) -> None:
    for calls in (0, 1, 3):
        for by_steps in (False, True):
            cut = scene(truncate=Truncate(after_calls=calls, to=0))
            async with laboratory.session(cut, SENDFILE) as session:
                while by_steps and calls and session.paused.calls < calls:
                    await session.step()
                stop = await session.run()
                delivery = await session.finish()
            assert stop.ending is Ending.END_OF_FILE
            assert delivery and delivery.received == calls * 16 * KIB


async def test_a_cut_never_reaches_the_cached_log(
    laboratory: Laboratory, scene, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(run_log, "SHARED_FROM", 32 * KIB)
    cut = scene(seed=77, truncate=Truncate(after_calls=1, to=0))
    cached = ensure(cut.log, laboratory.cache)
    before = cached.read_bytes()
    async with laboratory.session(cut, SENDFILE) as session:
        await session.run()
    assert cached.read_bytes() == before
    async with laboratory.session(scene(seed=77), SENDFILE) as session:
        assert session.log.samefile(cached)
        await session.step()
        with pytest.raises(TamperRefused):
            await session.tamper()


@pytest.mark.parametrize("again", ["step", "run", "finish", "gauges"])
async def test_what_is_asked_of_a_finished_session_is_answered(laboratory: Laboratory, scene, again: str) -> None:
    async with laboratory.session(scene(), SENDFILE) as session:
        await session.run()
        await session.finish()
        await getattr(session, again)()
        assert session.stop and session.stop.ending is Ending.SENT
        assert session.delivery and session.delivery.received == 64 * KIB


async def test_closing_wakes_whoever_waits_and_leaves_nothing(laboratory: Laboratory, scene) -> None:
    stuck = parse_plan("repeat:\n read(sock, buf, 1)\n sendfile(sock, log, 1)\n", CALLS)
    for wait in ("run", "step"):
        async with laboratory.session(scene(), stuck) as session:
            pids = [child.pid for child in (session.near.child, session.far and session.far.child) if child]
            waiting = asyncio.ensure_future(getattr(session, wait)())
            await asyncio.sleep(0.05)
            await session.close()
            await asyncio.wait_for(waiting, 2)
            assert session.stop and session.stop.ending is Ending.CANCELLED
            assert not any(map(psutil.pid_exists, pids))


@pytest.mark.parametrize("after", [0, 0.001, 0.003, 0.006, 0.01, 0.02, 0.03, 0.05, 0.1])
async def test_a_cancelled_task_leaves_no_process_no_folder_and_a_laboratory_that_works(
    laboratory: Laboratory, scene, observe, after: float
) -> None:
    stuck = parse_plan("repeat:\n read(sock, buf, 1)\n sendfile(sock, log, 1)\n", CALLS)
    for stepping in (False, True):

        async def play(stepping: bool = stepping) -> None:
            async with laboratory.session(scene(), stuck) as session:
                await (session.step() if stepping else session.run())

        task = asyncio.ensure_future(play())
        await asyncio.sleep(after)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await asyncio.wait_for(task, 2)
    assert (await observe("repeat:\n sendfile(sock, log, 64K)\n")).stop.ending is Ending.SENT
    await no_children(laboratory)
    assert not [path for path in laboratory.children.folder.iterdir() if path.is_dir()]


async def test_fifty_sessions_leak_no_descriptor_task_or_process(laboratory: Laboratory, scene) -> None:
    before = None
    for number in range(50):
        async with laboratory.session(scene(), (SENDFILE, READ_WRITE, MAPPED)[number % 3]) as session:
            if number % 5 == 1:
                await session.step()
            if number % 5 != 2:
                await session.run()
                await session.finish()
        await no_children(laboratory)
        open_now = len(os.listdir("/proc/self/fd")), len(asyncio.all_tasks())
        assert before is None or open_now == before
        before = open_now
    process = laboratory.children._process
    assert process is not None and psutil.Process(process.pid).num_fds() < 12


async def test_two_sessions_at_once_do_not_meet(laboratory: Laboratory, scene) -> None:
    async def play(seed: int) -> int:
        async with laboratory.session(scene(1 << 20, seed=seed), READ_WRITE) as session:
            await session.run()
            delivery = await session.finish()
            assert delivery and delivery.received == 1 << 20
            return delivery.crc

    crcs = await asyncio.gather(*map(play, (5, 6, 5, 6)))
    assert crcs[0] == crcs[2] != crcs[1] == crcs[3]


async def test_a_run_folder_holds_what_belongs_to_the_run_only_while_it_lasts(laboratory: Laboratory, scene) -> None:
    async with laboratory.session(scene(), SENDFILE) as session:
        folder = session.log.parent.parent
        assert folder.parent == laboratory.children.folder
        assert Path(session.trace.path).is_file()
    assert not folder.exists()


async def no_children(laboratory: Laboratory) -> None:
    """The forkserver has no child left, not even a zombie."""
    process = laboratory.children._process
    assert process is not None
    forkserver = psutil.Process(process.pid)
    for _ in range(200):
        if not forkserver.children():
            return
        await asyncio.sleep(0.01)
    raise AssertionError(forkserver.children())
