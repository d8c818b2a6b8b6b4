"""Files of the player's own: found out by what they hold, moved as they are, never written to."""

from __future__ import annotations

import os
import random
from pathlib import Path

import pytest

from zcquest.engine.calls import CALLS
from zcquest.engine.experiment import Laboratory
from zcquest.engine.logs import LogSpec, LogUnavailable, UnusableFile, ensure, own_log
from zcquest.engine.machine.executor import Ending
from zcquest.engine.places import Mover, Place
from zcquest.engine.plan import parse_plan
from zcquest.engine.run_log import SHARED_FROM
from zcquest.engine.scene import DeadLetters, Poison, Scene

pytestmark = pytest.mark.asyncio(loop_scope="session")

SENDFILE = parse_plan("repeat:\n sendfile(sock, log, 64K)\n", CALLS)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path


def raw_file(folder: Path, size: int = 300_007) -> Path:
    path = folder / "holiday.jpg"
    path.write_bytes(random.Random(7).randbytes(size))
    return path


async def test_what_a_file_holds_is_found_out_by_reading_it(folder: Path) -> None:
    for spec in (LogSpec(size=300_007), LogSpec(size=300_007, format="rocketmq", message=3000)):
        path = folder / "some.bin"
        path.write_bytes(ensure(spec, folder / "logs").read_bytes())
        found = own_log(path)
        assert (found.format, found.size) == (spec.format, 300_007)
        assert found.message <= 16384
    assert own_log(raw_file(folder)).format == "raw"
    path.write_bytes(ensure(LogSpec(size=300_007), folder / "logs").read_bytes()[5:])
    assert own_log(path).format == "raw"


@pytest.mark.parametrize(("make", "reason"), [(Path.mkdir, "no regular file"), (Path.touch, "is empty"), (id, "read")])
async def test_what_cannot_be_played_with_says_why(folder: Path, make, reason: str) -> None:
    path = folder / "thing"
    make(path)
    with pytest.raises(UnusableFile, match=reason):
        own_log(path)


async def test_raw_bytes_arrive_and_their_hops_are_proved(laboratory: Laboratory, folder: Path) -> None:
    path = raw_file(folder)
    before = path.stat()
    observed = await laboratory.observe(Scene(name="own", log=own_log(path), start="warm"), SENDFILE)
    assert observed.features["delivery"].kept and "checksum" not in observed.features  # it has none to look at
    assert observed.delivery and observed.delivery.received == 300_007
    (hop,) = [hop for hop in observed.tally.hops if hop.target is Place.SOCKET]
    assert hop.mover is Mover.NONE
    after = path.stat()
    assert (after.st_mtime_ns, after.st_ino) == (before.st_mtime_ns, before.st_ino)


async def test_raw_bytes_that_came_wrong_are_seen(laboratory: Laboratory, folder: Path) -> None:
    log = own_log(raw_file(folder))
    twice = (
        "once:\n pread(log, buf, 4K)\n write(sock, buf, 4K)\n pread(log, buf, 4K)\nrepeat:\n sendfile(sock, log, 1M)\n"
    )
    observed = await laboratory.observe(Scene(name="own", log=log), parse_plan(twice, CALLS), probing=False)
    assert not observed.features["delivery"].kept


async def test_a_large_file_is_not_copied_and_not_written(laboratory: Laboratory, folder: Path) -> None:
    path = folder / "large"
    path.touch()
    os.truncate(path, SHARED_FROM + 4096)
    path.chmod(0o444)
    async with laboratory.session(Scene(name="own", log=own_log(path), start="warm"), SENDFILE) as session:
        assert session.log.is_symlink() and session.log.samefile(path)
        await session.run()
        delivery = await session.finish()
        assert delivery and delivery.received == SHARED_FROM + 4096


async def test_a_rejected_message_longer_than_those_at_the_start_has_room(
    laboratory: Laboratory, tmp_path: Path
) -> None:
    """Its size is the buffer's; where it was not, pread wrote over whatever memory came next."""
    long = LogSpec(size=512 << 10, format="rocketmq", message=100_000)
    short = LogSpec(size=1200 << 10, format="rocketmq", message=1024)
    path = tmp_path / "00000000000000000000"
    log = bytearray(ensure(short, tmp_path).read_bytes()[: 1199 << 10])
    source = ensure(long, tmp_path).read_bytes()
    for at in range(0, 300_000, 100_000):
        record = bytearray(source[at : at + 100_000])
        record[28:36] = len(log).to_bytes(8, "big")  # PHYSICALOFFSET
        log += record
    path.write_bytes(log)
    own = own_log(path)
    assert own.message == 1024
    scene = Scene(name="own", log=own, start="warm", poison=(Poison(message=2, failures=2),), dlq=DeadLetters())
    text = "repeat:\n sendfile(sock, log, 64K)\non reject:\n pread(log, buf, msg)\n write(dlq, buf, msg)\n"
    async with laboratory.session(scene, parse_plan(text, CALLS)) as session:
        stop = await session.run()
        await session.finish()
        assert session.dlq and stop.ending is Ending.SENT
        assert session.buffer == 100_000
        assert session.dlq.read_bytes() == log[2 << 10 : 3 << 10] + log[-100_000:]  # both say that they are number 2


async def test_a_file_that_has_gone_or_grown_meanwhile_is_said_to_have(laboratory: Laboratory, folder: Path) -> None:
    path = raw_file(folder)
    scene = Scene(name="own", log=own_log(path))
    with path.open("ab") as file:
        file.write(b"more")
    with pytest.raises(LogUnavailable, match="300007 bytes and has 300011 now"):
        await laboratory.observe(scene, SENDFILE, probing=False)
    path.unlink()
    with pytest.raises(LogUnavailable, match=f"{path.name} cannot be read: No such file"):
        await laboratory.observe(scene, SENDFILE, probing=False)
