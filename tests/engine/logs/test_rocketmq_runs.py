"""Plans that really run on a CommitLog: delivery, rot, tampering, a log cut short."""

from __future__ import annotations

from pathlib import Path

import pytest

from zcquest.engine.calls import CALLS
from zcquest.engine.experiment import Laboratory, Observation
from zcquest.engine.logs import LogSpec
from zcquest.engine.machine.executor import Ending
from zcquest.engine.places import Mover
from zcquest.engine.plan import parse_plan
from zcquest.engine.probe import Finding
from zcquest.engine.run_log import place_log
from zcquest.engine.scene import Scene, Truncate
from zcquest.engine.session import Session

pytestmark = pytest.mark.asyncio(loop_scope="session")

READ_WRITE = "repeat:\n read(log, buf, {size})\n write(sock, buf, {size})\n"
MAPPED = "once:\n mmap(log)\nrepeat:\n write(sock, map, {size})\n"
SENDFILE = "repeat:\n sendfile(sock, log, {size})\n"
VERIFIED = [
    "once:\n mmap(log)\nrepeat:\n verify(map, {size})\n write(sock, map, {size})\n",
    "once:\n mmap(log)\nrepeat:\n verify(map, {size})\n sendfile(sock, log, {size})\n",
    "repeat:\n read(log, buf, {size})\n verify(buf)\n write(sock, buf, {size})\n",
]
COPIED, SHARED = Finding.COPIED, Finding.SHARED


def commit_log(size: int = 64 << 10, **fields: object) -> LogSpec:
    return LogSpec(size=size, format="rocketmq", topics=3, tags=("a", "b"), **fields)  # type: ignore[arg-type]


async def observe(laboratory: Laboratory, text: str, log: LogSpec, **fields: object) -> Observation:
    probing = bool(fields.pop("probing", False))
    scene = Scene(name="rocketmq", log=log, start="warm", **fields)  # type: ignore[arg-type]
    return await laboratory.observe(scene, parse_plan(text, CALLS), probing=probing)


@pytest.mark.parametrize(("text", "cpu"), [(READ_WRITE, 2), (MAPPED, 1), (SENDFILE, 0)])
async def test_every_message_arrives_and_every_hop_is_witnessed(laboratory: Laboratory, text: str, cpu: int) -> None:
    seen = await observe(laboratory, text.format(size="64K"), commit_log(), probing=True)
    assert seen.stop.ending is Ending.SENT
    assert seen.delivery and (seen.delivery.messages, seen.delivery.received) == (63, 65536)
    assert all(feature.kept for feature in seen.features.values())
    assert str(seen.features["delivery"].detail).startswith("63 of 63 messages")
    assert sum(hop.mover is Mover.CPU for hop in seen.tally.hops) == cpu


@pytest.mark.parametrize("size", [1, 1000, 4097, 1 << 20])
async def test_messages_survive_pieces_of_any_size(laboratory: Laboratory, size: int) -> None:
    log = commit_log(20_003 if size == 1 else 300_007, message=777)
    for text in (READ_WRITE, MAPPED, SENDFILE):
        seen = await observe(laboratory, text.format(size=size), log)
        assert seen.features["delivery"].kept
        assert seen.delivery and seen.delivery.received == log.size


async def test_what_a_plan_loses_or_sends_twice_is_told(laboratory: Laboratory) -> None:
    lost = await observe(
        laboratory, "repeat:\n read(log, buf, 4K)\n read(log, buf, 4K)\n write(sock, buf, 4K)\n", commit_log()
    )
    assert str(lost.features["delivery"].detail) == "31 of 63 messages; the first one missing is number 0"


@pytest.mark.parametrize("rotten", [(0,), (5, 6), (62,), (0, 3, 4, 62)])
async def test_verify_keeps_exactly_the_rotten_messages_back(laboratory: Laboratory, rotten: tuple[int, ...]) -> None:
    for text in VERIFIED:
        for size in ("3000", "64K"):
            seen = await observe(laboratory, text.format(size=size), commit_log(rotten=rotten))
            assert seen.stop.ending is Ending.SENT
            assert seen.delivery and (seen.delivery.messages, seen.delivery.rotten) == (63 - len(rotten), 0)
            assert seen.delivery.received == 65536 - 1024 * len(rotten)
            assert seen.features["checksum"].kept and seen.features["delivery"].kept


async def test_without_verify_the_rotten_message_arrives_and_is_named(laboratory: Laboratory) -> None:
    for text in (READ_WRITE, MAPPED, SENDFILE):
        seen = await observe(laboratory, text.format(size="64K"), commit_log(rotten=(7, 9)))
        assert not seen.features["checksum"].kept
        assert str(seen.features["checksum"].detail) == "2 rotten messages of 63 arrived, the first of them number 7"


async def test_a_log_cut_in_mid_message_delivers_what_is_whole(laboratory: Laboratory) -> None:
    cut = Truncate(after_calls=1, to=40_000)
    seen = await observe(laboratory, SENDFILE.format(size="16K"), commit_log(), truncate=cut)
    assert seen.delivery and (seen.delivery.messages, seen.delivery.tail) == (39, 64)
    assert not seen.features["delivery"].kept
    assert str(seen.features["delivery"].detail) == "39 of 39 messages; the stream ended 64 bytes into a message"
    verified = await observe(laboratory, VERIFIED[2].format(size="16K"), commit_log(), truncate=cut)
    assert verified.delivery and (verified.delivery.messages, verified.delivery.tail) == (39, 0)
    assert verified.features["delivery"].kept


@pytest.mark.parametrize(
    ("text", "steps", "expected"),
    [
        (READ_WRITE, 1, COPIED),
        (READ_WRITE, 2, COPIED),
        (MAPPED, 2, COPIED),
        (SENDFILE, 1, SHARED),
        (VERIFIED[1], 3, SHARED),
        (VERIFIED[2], 3, COPIED),
    ],
)
@pytest.mark.parametrize("size", ["5000", "64K"])
@pytest.mark.parametrize("rotten", [(), (1,)], ids=["sound", "rotten"])
async def test_tampering_decides_every_hop_of_a_commit_log(
    laboratory: Laboratory, tmp_path: Path, text: str, steps: int, expected: Finding, size: str, rotten: tuple[int, ...]
) -> None:
    scene = Scene(name="tamper", log=commit_log(rotten=rotten), start="warm")
    plan = parse_plan(text.format(size=size), CALLS)
    log = place_log(scene, laboratory.cache, tmp_path)
    async with await Session.open(laboratory.children, scene, plan, log, keep=1 << 20) as session:
        for _ in range(steps):
            paused = await session.step()
        assert paused.moved and session.run_log.changes(*paused.moved)
        done = await session.tamper()
        await session.run()
        delivery = await session.finish()
        compared = await session.compare(done.moved)
    assert delivery and delivery.garbage_at is None
    if expected is COPIED:
        assert (compared.new, delivery.tampered) == (0, 0)
        assert compared.old > done.changed // 2
    else:
        assert (compared.old, delivery.tampered > 0) == (0, True)
        assert compared.new > done.changed // 2
