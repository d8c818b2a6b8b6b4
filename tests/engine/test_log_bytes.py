"""Bytes looked at where they are: what is not there is not fetched, and every byte has a name."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from zcquest.engine.calls import CALLS
from zcquest.engine.experiment import Laboratory
from zcquest.engine.log_bytes import look_at, name
from zcquest.engine.logs import LogSpec, ensure
from zcquest.engine.pagecache import PAGE, evict, resident
from zcquest.engine.plan import parse_plan

MIB = 1 << 20


@pytest.mark.usefixtures("cold_disk")
@pytest.mark.asyncio(loop_scope="session")
async def test_looking_fetches_nothing_and_shows_what_a_step_has_fetched(laboratory: Laboratory, scene) -> None:
    plan = parse_plan("once:\n fadvise(log, random)\nrepeat:\n read(log, buf, 64K)\n write(sock, buf, 64K)\n", CALLS)
    async with laboratory.session(scene(MIB, start="cold"), plan) as session:
        nothing = look_at(session.log, 0, 128 << 10)
        assert not any(nothing.data) and nothing.gaps[0][0] == 0 and nothing.gaps[-1][1] == 128 << 10
        assert await session.buffers() == ()
        await session.step()
        await session.step()
        half = look_at(session.log, 0, 128 << 10)
        (buffer,) = await session.buffers()
        assert half.gaps[0][0] == 64 << 10 and half.gaps[-1][1] == 128 << 10
        assert half.data[: 64 << 10] == buffer.data and (buffer.name, buffer.log) == ("buf", 0)
        now = await session.gauges()
        assert now.cache and now.cache.pages * PAGE == 64 << 10 == now.disk_read


def test_a_range_may_begin_and_end_anywhere_and_past_the_end(tmp_path: Path) -> None:
    path = tmp_path / "log"
    content = os.urandom(3 * PAGE + 100)
    path.write_bytes(content)
    for start, stop in ((0, 10), (PAGE - 3, PAGE + 3), (3 * PAGE, 9 * PAGE), (17, len(content))):
        seen = look_at(path, start, stop)
        assert (seen.start, seen.data, seen.size, seen.gaps) == (start, content[start:stop], len(content), ())
    assert look_at(path, 4 * PAGE, 5 * PAGE).data == b""


def test_a_file_that_is_cut_short_while_it_is_looked_at_is_a_gap(tmp_path: Path, monkeypatch) -> None:
    path = tmp_path / "log"
    path.write_bytes(bytes(range(256)) * 32)
    real = os.pwrite

    def cut(fd: int, page: memoryview, at: int) -> int:
        os.truncate(path, 0)
        return real(fd, page, at)

    monkeypatch.setattr("zcquest.engine.log_bytes.os.pwrite", cut)
    assert look_at(path, 0, 8192).gaps == ((0, PAGE), (PAGE, 8192))


@pytest.mark.usefixtures("cold_disk")
def test_only_the_pages_that_are_there_are_read(tmp_path: Path) -> None:
    path = tmp_path / "log"
    path.write_bytes(os.urandom(64 * PAGE))
    fd = os.open(path, os.O_RDONLY)
    try:
        assert evict(fd, 64 * PAGE)
        os.posix_fadvise(fd, 0, 0, os.POSIX_FADV_RANDOM)
        os.pread(fd, 1, 7 * PAGE)
        seen = look_at(path, 0, 64 * PAGE)
        assert resident(fd, 64 * PAGE).pages == 1
    finally:
        os.close(fd)
    assert len(seen.gaps) == 63 and (7 * PAGE, 8 * PAGE) not in seen.gaps


@pytest.mark.parametrize(
    ("log_format", "first"), [("kafka", "baseOffset"), ("rocketmq", "totalSize")], ids=["kafka", "rocketmq"]
)
def test_every_byte_of_a_log_has_a_name(tmp_path: Path, log_format: str, first: str) -> None:
    path = ensure(LogSpec(size=64 << 10, message=1024, seed=3, format=log_format), tmp_path)
    found = name(path, log_format, 9000)
    assert found and found.start <= 9000 < found.stop and found.fields[0].name == first
    edges = [field.offset for field in found.fields] + [found.stop]
    assert edges[0] == found.start
    assert all(field.offset + field.length == edge for field, edge in zip(found.fields, edges[1:], strict=True))
    assert name(path, log_format, 64 << 10) is None
