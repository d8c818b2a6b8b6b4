"""Faults, by really causing them: each is an outcome or a clear refusal, and leaves no hang, process or file."""

from __future__ import annotations

import asyncio
import contextlib
import errno
import json
import os
import resource
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import psutil
import pytest

from zcquest.engine import pagecache
from zcquest.engine.calls import CALLS
from zcquest.engine.children import ChildLost, Children, sweep
from zcquest.engine.experiment import Laboratory
from zcquest.engine.logs import LogUnavailable
from zcquest.engine.machine.executor import Ending
from zcquest.engine.places import Place
from zcquest.engine.plan import parse_plan
from zcquest.engine.session import Session

pytestmark = pytest.mark.asyncio(loop_scope="session")

MIB = 1 << 20
SENDFILE = parse_plan("repeat:\n sendfile(sock, log, 4K)\n", CALLS)
WRITE = parse_plan("repeat:\n read(log, buf, 4K)\n write(sock, buf, 4K)\n", CALLS)
MAPPED = parse_plan("once:\n mmap(log)\nrepeat:\n send(sock, map, 4K)\n", CALLS)
SLOW = {"rate": 1 << 20, "window": 16384, "send_buffer": 16384}


async def until(true: Callable[[], Any], seconds: float = 5.0) -> None:
    """Wait for something that another process does."""
    end = time.monotonic() + seconds
    while not true():
        assert time.monotonic() < end
        await asyncio.sleep(0.005)


async def soon(awaitable: Awaitable[Any], seconds: float = 3.0) -> Any:
    """No hang."""
    return await asyncio.wait_for(awaitable, seconds)


def gone(pid: int) -> bool:
    """An orphan's zombie is for init to reap, in its own time."""
    try:
        return psutil.Process(pid).status() == psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return True


def consumer_pid(session: Session) -> int:
    assert session.far
    return session.far.child.pid


# -- one of the two processes goes ---------------------------------------------------------------------------------


@pytest.mark.parametrize("plan", [SENDFILE, WRITE, MAPPED])
async def test_a_consumer_killed_in_the_middle_is_an_errno_of_the_plan(laboratory: Laboratory, scene, plan) -> None:
    async with laboratory.session(scene(8 * MIB, **SLOW), plan) as session:
        running = asyncio.ensure_future(session.run())
        await until(lambda: len(session.trace) > 8)
        os.kill(consumer_pid(session), signal.SIGKILL)
        stop = await soon(running)
        assert (stop.ending, stop.errno in (errno.EPIPE, errno.ECONNRESET)) == (Ending.ERROR, True)
        await soon(session.finish())
        assert session.consumer_lost
        seen = await laboratory.conclude(session, probing=False)
    assert seen.features["delivery"].kept is False
    assert set(seen.tally.errors) <= {"EPIPE", "ECONNRESET"}


async def test_a_consumer_that_is_gone_before_the_first_call(laboratory: Laboratory, scene) -> None:
    async with laboratory.session(scene(), WRITE) as session:
        os.kill(consumer_pid(session), signal.SIGKILL)
        await until(lambda: session.consumer_lost)
        stop = await soon(session.run())
        assert stop.ending is Ending.ERROR
        await soon(session.finish())
        seen = await laboratory.conclude(session, probing=False)
    assert seen.delivery is None and not seen.features["delivery"].kept


@pytest.mark.parametrize("plan", [SENDFILE, WRITE])
async def test_a_killed_machine_leaves_its_trace_and_where_it_stood(laboratory: Laboratory, scene, plan) -> None:
    async with laboratory.session(scene(8 * MIB, **SLOW), plan) as session:
        running = asyncio.ensure_future(session.run())
        await until(lambda: len(session.trace) > 8)
        os.kill(session.machine_pid, signal.SIGKILL)
        stop = await soon(running)
        assert (stop.ending, stop.signal) == (Ending.KILLED, signal.SIGKILL)
        delivery = await session.finish()
        records = list(session.trace.records())
        assert delivery and delivery.received >= session.paused.sent > 0
        assert session.paused.calls == len(records)
        moved = sum(record.result for record in records) // (2 if plan is WRITE else 1)
        assert abs(session.paused.sent - moved) <= 4096
        seen = await laboratory.conclude(session, probing=False)
    assert not seen.features["survival"].kept
    assert "SIGKILL" in str(seen.features["survival"].detail)


async def test_a_machine_killed_between_two_steps(laboratory: Laboratory, scene) -> None:
    async with laboratory.session(scene(), WRITE) as session:
        await session.step()
        os.kill(session.machine_pid, signal.SIGKILL)
        await soon(session.step())
        assert session.stop and session.stop.ending is Ending.KILLED
        await soon(session.finish())


async def test_a_lost_forkserver_is_said_and_takes_its_children_along(engine_folder: Path, scene) -> None:
    folder = engine_folder / "lost"
    folder.mkdir()
    async with Children(folder) as children:
        laboratory = Laboratory(children, engine_folder / "logs")
        async with laboratory.session(scene(8 * MIB, **SLOW), SENDFILE) as session:
            pids = [session.machine_pid, consumer_pid(session)]
            running = asyncio.ensure_future(session.run())
            await until(lambda: len(session.trace) > 2)
            assert children._process
            children._process.kill()
            with pytest.raises(ChildLost):
                await soon(running)
            await until(lambda: all(map(gone, pids)))
        with pytest.raises(ChildLost):
            await soon(laboratory.observe(scene(), SENDFILE))
    assert not list(folder.iterdir())


async def test_a_host_that_forks_no_more_processes_is_said(engine_folder: Path, scene) -> None:
    if os.geteuid() == 0:
        pytest.skip("no limit on processes stops root")
    folder = engine_folder / "nproc"
    folder.mkdir()
    async with Children(folder) as children:
        assert children._process
        resource.prlimit(children._process.pid, resource.RLIMIT_NPROC, (0, 0))
        with pytest.raises(ChildLost, match="Resource temporarily unavailable"):
            await soon(Laboratory(children, engine_folder / "logs").observe(scene(), SENDFILE))


# -- time ----------------------------------------------------------------------------------------------------------


async def test_a_stuck_consumer_meets_the_deadline(laboratory: Laboratory, scene) -> None:
    stuck = scene(8 * MIB, deadline=0.3, rate=1, window=16384, send_buffer=16384)
    async with laboratory.session(stuck, WRITE) as session:
        stop = await soon(session.run())
        assert stop.ending is Ending.DEADLINE
        await soon(session.finish(), 5)
        assert not session.consumers_done
        seen = await laboratory.conclude(session, probing=False)
    assert any("still reading" in str(note) for note in seen.notes)
    assert not seen.features["survival"].kept


@pytest.mark.parametrize("nonblocking", [False, True])
async def test_a_plan_that_waits_for_what_never_comes_sleeps_until_the_deadline(observe, nonblocking: bool) -> None:
    text = "repeat:\n read(sock, buf, 4K)\n sendfile(sock, log, 4K)\n"
    seen = await soon(observe(text, deadline=0.2, nonblocking=nonblocking), 5)
    assert seen.stop.ending is Ending.DEADLINE
    assert seen.calls <= 1
    assert seen.stop.in_flight is not None


@pytest.mark.parametrize(
    "text",
    [
        "once:\n mmap(log)\nrepeat:\n verify(map, 1K)\n sendfile(sock, log, 1K)\n",
        "repeat:\n pread(log, buf, 1K)\n verify(buf)\n write(sock, buf, 1K)\n",
        "repeat:\n write(sock, buf, 4K)\n",
        "repeat:\n memcpy(buf, buf, 4K)\n",
        "once:\n read(log, buf, 4K)\n",
        "repeat:\n read(log, buf, 64K)\n",
    ],
)
async def test_a_plan_that_does_not_advance_is_stopped(observe, text: str) -> None:
    seen = await soon(observe(text))
    assert seen.stop.ending is Ending.STALLED
    assert seen.calls < 10


async def test_cancel_ends_a_run_and_the_wait_for_a_slow_consumer(laboratory: Laboratory, scene) -> None:
    async with laboratory.session(scene(8 * MIB, **SLOW), SENDFILE) as session:
        running = asyncio.ensure_future(session.run())
        await until(lambda: len(session.trace) > 2)
        session.cancel()
        assert (await soon(running, 1)).ending is Ending.CANCELLED
        await soon(session.finish(), 1)
    whole = scene(MIB, rate=1 << 17, window=2 * MIB, send_buffer=2 * MIB)
    async with laboratory.session(whole, SENDFILE) as session:
        assert (await soon(session.run())).ending is Ending.SENT
        finishing = asyncio.ensure_future(session.finish())
        await asyncio.sleep(0.1)
        session.cancel()
        await soon(finishing, 1)
        assert not session.consumers_done


# -- strangers -----------------------------------------------------------------------------------------------------


async def test_strangers_at_the_consumers_door_are_turned_away_and_hold_nobody_up(
    laboratory: Laboratory, scene, monkeypatch: pytest.MonkeyPatch
) -> None:
    """They come before the machine, whose spawning waits for them: silent, wrong, half a token, and a crowd."""
    strangers: list[socket.socket] = []
    spawn = Children.spawn

    async def after_strangers(children: Children, role: str, config: Any, expected: object, **options: bool) -> Any:
        if role == "machine":
            for shown in (b"", b"\0" * 32, config.token[:31], b"GET / HTTP/1.1\r\nHost: localhost:1\r\n\r\n"):
                stranger = socket.create_connection(("127.0.0.1", config.port))
                stranger.sendall(shown)
                strangers.append(stranger)
            strangers.extend(socket.create_connection(("127.0.0.1", config.port)) for _ in range(100))
        return await spawn(children, role, config, expected, **options)

    monkeypatch.setattr(Children, "spawn", after_strangers)
    async with laboratory.session(scene(), WRITE) as session:
        begun = time.monotonic()
        await soon(session.step())
        await soon(session.run())
        delivery = await soon(session.finish())
        assert time.monotonic() - begun < 3
    assert delivery and delivery.received == 64 << 10 and delivery.garbage_at is None
    for stranger in strangers:
        stranger.settimeout(2)
        with contextlib.suppress(ConnectionResetError):
            assert stranger.recv(1) == b""
        stranger.close()


async def test_what_is_asked_before_the_machine_is_let_in_is_not_lost(engine_folder: Path) -> None:
    from zcquest.engine.control import ConsumerConfig, FromConsumer, Hold, Listening, Progress, Report

    folder = engine_folder / "early"
    folder.mkdir()
    async with Children(folder) as children:
        token = b"t" * 32
        consumer = await children.spawn("consumer", ConsumerConfig(token=token, log_format="kafka"), FromConsumer)
        listening = await soon(consumer.hear())
        assert isinstance(listening, Listening)
        await consumer.say(Hold(True))
        await consumer.say(Report())
        await asyncio.sleep(0.05)
        with socket.create_connection(("127.0.0.1", listening.port)) as machine:
            machine.sendall(token + b"unread")
            progress = await soon(consumer.hear())
            assert isinstance(progress, Progress) and progress.received == 0
        await consumer.end()


# -- room ----------------------------------------------------------------------------------------------------------


@pytest.fixture
def small_disk(tmp_path: Path):
    """A file system of 6 MiB."""
    if os.geteuid() != 0:
        pytest.skip("only root may mount a small file system")
    mounted = subprocess.run(["mount", "-t", "tmpfs", "-o", "size=6m", "none", tmp_path], capture_output=True)
    if mounted.returncode:
        pytest.skip("nothing can be mounted here")
    yield tmp_path
    subprocess.run(["umount", "-l", tmp_path], check=True)


async def test_a_full_disk_is_said_and_everything_taken_back(small_disk: Path, engine_folder: Path, scene) -> None:
    runs, logs = small_disk / "runs", engine_folder / "logs"
    runs.mkdir()
    async with Children(runs) as children:
        laboratory = Laboratory(children, logs)
        with pytest.raises(OSError, match="No space left"):  # no room for the run's own log
            await laboratory.observe(scene(16 * MIB), SENDFILE)
        with pytest.raises(LogUnavailable, match="bytes are free"):  # nor for a log in the cache
            await Laboratory(children, small_disk / "cache").observe(scene(16 * MIB), SENDFILE)
        tiny = parse_plan("repeat:\n sendfile(sock, log, 16)\n", CALLS)
        with pytest.raises(OSError, match="No space left") as refused:  # nor for the trace of 131072 calls
            await laboratory.observe(scene(2 * MIB), tiny)
        assert str(refused.value.filename).endswith(".trace")
        seen = await laboratory.observe(scene(MIB), SENDFILE, probing=False)
        assert seen.stop.ending is Ending.SENT
        with (runs / "filler").open("wb", buffering=0) as filler, pytest.raises(OSError):
            while True:
                filler.write(bytes(4096))
        with pytest.raises(OSError, match="No space left"):
            await laboratory.observe(scene(), SENDFILE)
        (runs / "filler").unlink()
    assert not list(runs.iterdir())


async def test_a_limit_on_file_sizes_is_said(engine_folder: Path, scene) -> None:
    folder = engine_folder / "fsize"
    folder.mkdir()
    async with Children(folder) as children:
        laboratory = Laboratory(children, engine_folder / "logs")
        assert children._process
        resource.prlimit(children._process.pid, resource.RLIMIT_FSIZE, (65536, 65536))  # the trace needs more
        with pytest.raises(OSError) as refused:
            await soon(laboratory.observe(scene(), SENDFILE))
        assert refused.value.errno == errno.EFBIG
    assert not list(folder.iterdir())


async def test_in_memory_nothing_can_be_cold_and_the_run_says_so(engine_folder: Path, scene) -> None:
    with tempfile.TemporaryDirectory(dir="/dev/shm") as folder:
        async with Children(Path(folder)) as children:
            seen = await Laboratory(children, engine_folder / "logs").observe(scene(start="cold"), SENDFILE)
    assert seen.stop.ending is Ending.SENT
    assert seen.eviction is not None and seen.eviction.left.pages == 64 * 1024 // pagecache.PAGE
    assert any("no cold start" in str(note) for note in seen.notes)
    assert not [hop for hop in seen.tally.hops if hop.source is Place.DISK]
    assert seen.tally.copies() == 1.0  # the modelled one at the network card; the pages were shared


@pytest.mark.parametrize(("asked", "memory", "refused"), [(64, 64, False), (65, 64, True), (1 << 30, 64, True)])
async def test_the_kernel_refuses_a_buffer_beyond_the_scenes_memory(
    observe, asked: int, memory: int, refused: bool
) -> None:
    text = f"repeat:\n read(log, buf, {asked}M)\n write(sock, buf, {asked}M)\n"
    seen = await observe(text, memory=memory * MIB)
    if refused:
        assert (seen.stop.ending, seen.stop.errno, seen.calls) == (Ending.NO_MEMORY, errno.ENOMEM, 0)
    else:
        assert seen.stop.ending is Ending.SENT


@pytest.mark.parametrize(("second", "refused"), [("24M", False), ("40M", True)])
async def test_the_scenes_memory_is_for_all_buffers_together(observe, second: str, refused: bool) -> None:
    text = f"repeat:\n read(log, buf, 40M)\n memcpy(buf2, buf, {second})\n write(sock, buf2, {second})\n"
    seen = await observe(text, memory=64 * MIB)
    assert seen.buffer == (80 if refused else 64) * MIB
    assert seen.stop.ending is (Ending.NO_MEMORY if refused else Ending.SENT)


# -- the game ------------------------------------------------------------------------------------------------------

GAME = """
import asyncio, json, sys
from pathlib import Path
from zcquest.engine.calls import CALLS
from zcquest.engine.children import Children
from zcquest.engine.experiment import Laboratory
from zcquest.engine.logs import LogSpec
from zcquest.engine.plan import parse_plan
from zcquest.engine.scene import Scene

async def main():
    async with Children(Path(sys.argv[1])) as children:
        laboratory = Laboratory(children, Path(sys.argv[2]))
        scene = Scene(name="slow", log=LogSpec(size=8 << 20), start="warm", rate=1 << 20, window=16384)
        async with laboratory.session(scene, parse_plan("repeat:\\n sendfile(sock, log, 4K)\\n", CALLS)) as session:
            running = asyncio.ensure_future(session.run())
            while len(session.trace) < 4:
                await asyncio.sleep(0.01)
            print(json.dumps([children._process.pid, session.machine_pid, session.far.child.pid]), flush=True)
            await running

asyncio.run(main())
"""


def start_game(runs: Path, logs: Path) -> tuple[subprocess.Popen[str], list[int]]:
    game = subprocess.Popen([sys.executable, "-c", GAME, runs, logs], stdout=subprocess.PIPE, text=True)
    assert game.stdout
    return game, json.loads(game.stdout.readline())


@pytest.mark.parametrize("by", [signal.SIGKILL, signal.SIGTERM, signal.SIGINT, signal.SIGHUP])
async def test_a_game_that_ends_at_once_leaves_no_process_and_no_folder(engine_folder: Path, by: int) -> None:
    runs = engine_folder / f"killed-{by}"
    runs.mkdir()
    game, pids = await asyncio.to_thread(start_game, runs, engine_folder / "logs")
    assert len(list(runs.iterdir())) == 1
    game.send_signal(by)
    await until(lambda: all(map(gone, pids)) and not list(runs.iterdir()), 2.0)
    await asyncio.to_thread(game.wait, 5)
    assert game.stdout
    game.stdout.close()


async def test_two_games_at_once_keep_out_of_each_others_way(engine_folder: Path, scene) -> None:
    runs = engine_folder / "two"
    runs.mkdir()
    game, pids = await asyncio.to_thread(start_game, runs, engine_folder / "logs")
    (theirs,) = runs.iterdir()
    os.utime(theirs, (0, 0))  # as if it had been idle for long
    assert sweep(runs) == 0
    async with Children(runs) as children:
        seen = await Laboratory(children, engine_folder / "logs").observe(scene(), SENDFILE, probing=False)
        assert seen.stop.ending is Ending.SENT
    assert list(runs.iterdir()) == [theirs] and not any(map(gone, pids))
    game.kill()
    await asyncio.to_thread(game.wait, 5)
    assert game.stdout
    game.stdout.close()
    await until(lambda: not list(runs.iterdir()))


async def test_what_a_killed_game_and_forkserver_left_is_swept_away_but_not_what_is_young(engine_folder: Path) -> None:
    runs = engine_folder / "swept"
    runs.mkdir()
    game, pids = await asyncio.to_thread(start_game, runs, engine_folder / "logs")
    for pid in (pids[0], game.pid):
        os.kill(pid, signal.SIGSTOP)
    for pid in (pids[0], game.pid):
        os.kill(pid, signal.SIGKILL)
    await asyncio.to_thread(game.wait, 5)
    assert game.stdout
    game.stdout.close()
    await until(lambda: all(map(gone, pids)), 2.0)
    (left,) = runs.iterdir()
    assert sweep(runs) == 0
    os.utime(left, (0, 0))
    assert sweep(runs) == 1
    assert not list(runs.iterdir())
