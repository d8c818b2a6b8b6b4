"""The machine's own memory stays small and flat, whatever the log's size and the number of calls."""

from __future__ import annotations

import asyncio
import os
from pathlib import Path

import pytest

from zcquest.engine.calls import CALLS
from zcquest.engine.experiment import Laboratory
from zcquest.engine.logs import LogSpec
from zcquest.engine.machine.executor import Ending
from zcquest.engine.meters import read_meters
from zcquest.engine.plan import parse_plan
from zcquest.engine.scene import Scene
from zcquest.engine.session import Session

pytestmark = pytest.mark.asyncio(loop_scope="session")

MIB = 1 << 20
CEILING = 80 * MIB
FLAT = 2 * MIB


def holes(folder: Path, size: int) -> Path:
    log = folder / f"{size}.log"
    log.touch()
    os.truncate(log, size)
    return log


async def private_after(laboratory: Laboratory, log: Path, text: str) -> tuple[int, int]:
    """Private bytes of the machine at the end of a run, the highest reading meanwhile included; and its calls."""
    size = log.stat().st_size
    scene = Scene(name="memory", log=LogSpec(size=max(size, 4096)), start="warm", deadline=60.0)
    session = await Session.open(laboratory.children, scene, parse_plan(text, CALLS), log, discard=True)
    async with session:
        running = asyncio.ensure_future(session.run())
        highest = 0
        while not running.done():
            meters = read_meters(session.machine_pid)
            highest = max(highest, meters.private_bytes if meters else 0)
            await asyncio.sleep(0.05)
        assert session.stop and session.stop.ending is Ending.SENT
        return max(highest, session.meters.private_bytes), session.paused.calls


@pytest.mark.parametrize(
    "text",
    [
        "repeat:\n read(log, buf, 1M)\n write(sock, buf, 1M)\n",
        "once:\n mmap(log)\nrepeat:\n write(sock, map, 4M)\n",
        "repeat:\n sendfile(sock, log, 4M)\n",
    ],
)
async def test_two_gibibytes_take_no_more_memory_than_two_mebibytes(
    laboratory: Laboratory, tmp_path: Path, two_gibibytes: Path, text: str
) -> None:
    small, _ = await private_after(laboratory, holes(tmp_path, 2 * MIB), text)
    large, _ = await private_after(laboratory, two_gibibytes, text)
    assert 0 < small < CEILING
    assert large - small < FLAT


async def test_a_million_observed_calls_take_no_more_memory_than_a_few(laboratory: Laboratory, tmp_path: Path) -> None:
    text = "repeat:\n" + 19 * " read(log, buf, 2)\n" + " write(sock, buf, 2)\n"
    few, _ = await private_after(laboratory, holes(tmp_path, 38), text)
    many, calls = await private_after(laboratory, holes(tmp_path, 50_000 * 38), text)
    assert calls == 1_000_000
    assert many - few < FLAT
    assert many < CEILING
