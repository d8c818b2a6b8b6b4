"""The forkserver and its children: started once, tied to the game's life, told apart by their names."""

from __future__ import annotations

import asyncio
import os
import signal
import time
from pathlib import Path

import psutil
import pytest

from zcquest.engine.children import ChildLost, Children, sweep
from zcquest.engine.control import ConsumerConfig, FromConsumer, FromMachine, Listening, MachineConfig
from zcquest.engine.experiment import Laboratory

pytestmark = pytest.mark.asyncio(loop_scope="session")

CONSUMER = ConsumerConfig(token=b"t" * 32, log_format="kafka")


def name_of(pid: int) -> str:
    return Path(f"/proc/{pid}/comm").read_text().strip()


async def test_children_are_named_and_belong_to_the_forkserver(laboratory: Laboratory) -> None:
    children = laboratory.children
    assert children._process
    child = await children.spawn("consumer", CONSUMER, FromConsumer)
    assert isinstance(await child.hear(), Listening)
    assert (name_of(child.pid), name_of(children._process.pid)) == ("zcq:consumer", "zcq:forkserver")
    process = psutil.Process(child.pid)
    assert process.ppid() == children._process.pid
    assert os.getsid(child.pid) != os.getsid(0)
    await child.end()
    assert not psutil.pid_exists(child.pid)
    exit_ = await child.exited
    assert exit_.signal in (0, signal.SIGKILL)


async def test_how_a_child_ended_is_told(laboratory: Laboratory) -> None:
    for number in (signal.SIGKILL, signal.SIGBUS, signal.SIGSEGV):
        child = await laboratory.children.spawn("consumer", CONSUMER, FromConsumer)
        await child.hear()
        os.kill(child.pid, number)
        assert (await asyncio.wait_for(child.exited, 2)).signal == number
        with pytest.raises(ChildLost):
            await child.hear()
        with pytest.raises(ChildLost):
            await child.say(CONSUMER)
        await child.end()
        child.kill()


async def test_a_child_that_cannot_begin_leaves_its_last_words(laboratory: Laboratory) -> None:
    config = MachineConfig(
        log="/nowhere", log_format="kafka", port=1, token=b"", plan="repeat:\n sendfile(sock, log, 1)\n", trace="",
        nonblocking=False, memory=1, send_buffer=None, settle=False,
    )  # fmt: skip
    child = await laboratory.children.spawn("machine", config, FromMachine)
    with pytest.raises(ChildLost, match="Connection refused"):
        await child.hear()
    assert (await asyncio.wait_for(child.exited, 2)).status == 1
    await child.end()


async def test_ending_a_child_wakes_who_listens_to_it(laboratory: Laboratory) -> None:
    child = await laboratory.children.spawn("consumer", CONSUMER, FromConsumer)
    await child.hear()
    listening = asyncio.ensure_future(child.hear())
    await asyncio.sleep(0.01)
    await child.end()
    with pytest.raises(ChildLost):
        await asyncio.wait_for(listening, 1)


async def test_waiting_for_a_child_can_be_cancelled_without_harm_to_the_others(laboratory: Laboratory) -> None:
    children = laboratory.children
    for turns in range(6):
        spawning = asyncio.ensure_future(children.spawn("consumer", CONSUMER, FromConsumer))
        for _ in range(turns):
            await asyncio.sleep(0)
        spawning.cancel()
        await asyncio.gather(spawning, return_exceptions=True)
        child = await asyncio.wait_for(children.spawn("consumer", CONSUMER, FromConsumer), 2)
        await child.hear()
        ending = asyncio.ensure_future(child.end())
        for _ in range(1 + turns):
            await asyncio.sleep(0)
        ending.cancel()
        await asyncio.gather(ending, return_exceptions=True)
        await asyncio.wait_for(asyncio.shield(child.exited), 2)
    assert children._process
    forkserver = psutil.Process(children._process.pid)
    end = time.monotonic() + 2
    while forkserver.children():
        assert time.monotonic() < end
        await asyncio.sleep(0.01)


async def test_a_forkserver_ignores_the_terminals_signals_and_goes_with_the_game(engine_folder: Path) -> None:
    folder = engine_folder / "signals"
    folder.mkdir()
    async with Children(folder) as children:
        first = await children.spawn("consumer", CONSUMER, FromConsumer)  # by now it is up
        assert children._process
        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            children._process.send_signal(number)
        child = await children.spawn("consumer", CONSUMER, FromConsumer)
        assert isinstance(await child.hear(), Listening)
        forkserver = children._process
    assert forkserver.returncode == 0
    assert not psutil.pid_exists(child.pid) and not psutil.pid_exists(first.pid)
    assert not list(folder.iterdir())
    await children.close()
    with pytest.raises(ChildLost):
        await children.spawn("consumer", CONSUMER, FromConsumer)


async def test_a_run_folder_that_cannot_be_made_is_refused(tmp_path: Path) -> None:
    with pytest.raises(OSError):
        Children(tmp_path / "missing")
    (tmp_path / "run-young").mkdir()
    (tmp_path / "other").mkdir()
    assert sweep(tmp_path) == 0
    os.utime(tmp_path / "run-young", (0, 0))
    os.utime(tmp_path / "other", (0, 0))
    assert sweep(tmp_path) == 1
    assert [path.name for path in tmp_path.iterdir()] == ["other"]
