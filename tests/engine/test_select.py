"""select: what nobody subscribed to does not go out, whatever tells it; hash collisions, cuts and damage included."""

from __future__ import annotations

import os
import struct
from pathlib import Path

import pytest
from crc32c import crc32c

from zcquest.engine.calls import CALLS
from zcquest.engine.ending import why
from zcquest.engine.experiment import Laboratory
from zcquest.engine.logs import Subscription, ensure, format_of
from zcquest.engine.machine.bare import compile_repeat
from zcquest.engine.machine.executor import Ending
from zcquest.engine.plan import parse_plan
from zcquest.engine.run_log import RunLog, place_log
from zcquest.engine.scene import Scene
from zcquest.engine.session import Session

pytestmark = pytest.mark.asyncio(loop_scope="session")

KIB = 1 << 10
TAGS = ("Aa", "BB", "paid", "sent")  # the first two share a hash
LOG = {"format": "rocketmq", "message": KIB, "tags": TAGS}
PAID, AA = Subscription(topic="orders", tag="paid"), Subscription(topic="orders", tag="Aa")

BY_INDEX = "once:\n mmap(log)\n mmap(index)\n select(index)\n"
BY_CONTENT = "once:\n mmap(log)\n select(map)\n"
RECHECKED = "once:\n mmap(log)\n mmap(index)\n select(index)\n select(map)\n"
SENDERS = [
    "repeat:\n sendfile(sock, log, {size})\n",
    "repeat:\n write(sock, map, {size})\n",
    "repeat:\n send(sock, map, {size})\n",
    "repeat:\n writev(sock, map, {size})\n",
    "repeat:\n pread(log, buf, {size})\n write(sock, buf, {size})\n",
    "repeat:\n read(log, buf, {size})\n writev(sock, buf, {size})\n",
    "repeat:\n memcpy(buf, map, {size})\n send(sock, buf, {size})\n",
]


def due(laboratory: Laboratory, scene: Scene) -> bytes:
    """What must arrive, by a reading of the log of its own: every message is of one size."""
    data = ensure(scene.log, laboratory.cache).read_bytes()
    wanted = scene.subscription
    assert wanted
    found = b""
    for at in range(0, len(data) - scene.log.message, scene.log.message):
        record = data[at : at + scene.log.message]
        topic = wanted.topic.encode()
        tag = b"" if wanted.tag is None else b"\x02TAGS\x01" + wanted.tag.encode() + b"\x02"
        if bytes([len(topic)]) + topic in record and tag in record:
            found += record
    assert 0 < len(found) < len(data)
    return found


@pytest.mark.parametrize("sender", SENDERS)
@pytest.mark.parametrize("chosen", [BY_INDEX, BY_CONTENT, RECHECKED])
@pytest.mark.parametrize("size", ["100", "1K", "20000", "1M"])
async def test_exactly_the_messages_subscribed_to_arrive(
    observe, scene, laboratory: Laboratory, chosen: str, sender: str, size: str
) -> None:
    seen = await observe(chosen + sender.format(size=size), 128 * KIB, subscription=PAID, **LOG)
    assert seen.stop.ending is Ending.SENT
    wanted = due(laboratory, scene(128 * KIB, subscription=PAID, **LOG))
    assert (seen.delivery.received, seen.delivery.crc) == (len(wanted), crc32c(wanted))
    assert seen.features["delivery"].kept and seen.features["tag_filter"].kept
    assert seen.tally.payload == len(wanted)


@pytest.mark.parametrize("sender", SENDERS[:4])
async def test_a_topic_of_many_and_content_in_pieces(observe, scene, laboratory: Laboratory, sender: str) -> None:
    log = {"format": "rocketmq", "message": 700, "topics": 5}
    wanted = Subscription(topic="orders-3")
    expected = due(laboratory, scene(100_000, subscription=wanted, **log))
    for once, look in (
        ("mmap(index)\n select(index)", ""),
        ("mmap(index)", "select(index, 100)"),
        ("", "select(map, 20000)"),
        ("mmap(index)\n select(index)", "select(map, 5000)"),
    ):
        plan = f"once:\n mmap(log)\n {once}\n" + sender.format(size="20000").replace("repeat:\n", f"repeat:\n {look}\n")
        seen = await observe(plan, 100_000, subscription=wanted, **log)
        assert seen.stop.ending is Ending.SENT, plan
        assert (seen.delivery.received, seen.delivery.crc) == (len(expected), crc32c(expected)), plan
        assert seen.features["delivery"].kept and seen.features["tag_filter"].kept


@pytest.mark.parametrize(
    "text",
    [
        "once:\n mmap(log)\n verify(map)\n select(map)\nrepeat:\n sendfile(sock, log, 64K)\n",
        "once:\n mmap(log)\n select(map)\n verify(map)\nrepeat:\n writev(sock, map, 64K)\n",
        "once:\n mmap(log)\n mmap(index)\n verify(map)\n select(index)\nrepeat:\n write(sock, map, 64K)\n",
        "once:\n mmap(log)\n mmap(index)\n select(index)\nrepeat:\n verify(map, 10000)\n sendfile(sock, log, 10000)\n",
        "repeat:\n read(log, buf, 10000)\n verify(buf)\n select(buf)\n writev(sock, buf, 10000)\n",
        "repeat:\n read(log, buf, 10000)\n select(buf)\n verify(buf)\n write(sock, buf, 10000)\n",
        "once:\n mmap(index)\n select(index)\nrepeat:\n read(log, buf, 1500)\n verify(buf)\n write(sock, buf, 10000)\n",
    ],
)
async def test_verify_and_select_compose_in_any_order(observe, scene, text: str) -> None:
    spec = scene(128 * KIB, **LOG).log
    messages = format_of("rocketmq").messages(spec)
    rotten = tuple(range(0, messages, 3))
    seen = await observe(text, 128 * KIB, subscription=PAID, rotten=rotten, **LOG)
    assert seen.stop.ending is Ending.SENT
    assert {name: seen.features[name].kept for name in ("delivery", "tag_filter", "checksum")} == {
        "delivery": True,
        "tag_filter": True,
        "checksum": True,
    }
    assert 0 < seen.delivery.messages < messages // 3


async def test_the_index_lets_a_tag_of_the_same_hash_through_and_content_does_not(observe) -> None:
    by_hash = await observe(BY_INDEX + SENDERS[0].format(size="1M"), 128 * KIB, subscription=AA, **LOG)
    assert by_hash.features["delivery"].kept and not by_hash.features["tag_filter"].kept
    assert by_hash.delivery.unwanted == by_hash.delivery.collisions > 10
    assert by_hash.delivery.first_unwanted.tag == "BB"
    assert by_hash.delivery.received == by_hash.tally.payload + KIB * by_hash.delivery.unwanted
    rechecked = await observe(RECHECKED + SENDERS[0].format(size="1M"), 128 * KIB, subscription=AA, **LOG)
    assert rechecked.features["tag_filter"].kept and rechecked.features["delivery"].kept
    content, again = (line for line in rechecked.lines if line.call == "select")
    candidates = by_hash.delivery.received
    assert (content.text, content.result) == (f"select(index+0, {20 * 127})", str(candidates // KIB))
    assert again.text.endswith(f", {candidates})")


async def test_a_plan_that_sends_everything_delivers_and_loses_the_filter(observe) -> None:
    seen = await observe("repeat:\n sendfile(sock, log, 1M)\n", 128 * KIB, subscription=PAID, **LOG)
    assert seen.features["delivery"].kept and not seen.features["tag_filter"].kept
    assert seen.tally.payload < seen.delivery.received // 2  # freight is not payload


async def test_a_scene_without_a_subscription_has_nothing_to_filter(observe) -> None:
    for log in (LOG, {}):
        seen = await observe(BY_CONTENT + SENDERS[0].format(size="1M"), 128 * KIB, **log)
        assert seen.stop.ending is Ending.SENT and seen.features["delivery"].kept
        assert "tag_filter" not in seen.features


@pytest.mark.parametrize(
    ("text", "memory"),
    [
        ("once:\n select(index)\nrepeat:\n sendfile(sock, log, 64K)\n", "index"),
        ("once:\n select(map)\nrepeat:\n sendfile(sock, log, 64K)\n", "map"),
        ("repeat:\n select(buf)\n read(log, buf, 64K)\n write(sock, buf, 64K)\n", "buf"),
    ],
)
async def test_select_needs_bytes_in_user_space(observe, text: str, memory: str) -> None:
    seen = await observe(text, 128 * KIB, subscription=PAID, **LOG)
    assert (seen.stop.ending, seen.stop.memory, seen.calls) == (Ending.NO_BYTES, memory, 0)


async def test_a_log_without_an_index_has_none_to_map(observe) -> None:
    seen = await observe("once:\n mmap(index)\nrepeat:\n sendfile(sock, log, 64K)\n")
    assert (seen.stop.ending, seen.stop.errno) == (Ending.ERROR, 9)


async def stopped(laboratory: Laboratory, scene: Scene, text: str, folder: Path, *, damage, bare: bool = False):
    folder.mkdir()
    log = place_log(scene, laboratory.cache, folder)
    damage(log, RunLog(log, "rocketmq").index)
    async with await Session.open(laboratory.children, scene, parse_plan(text, CALLS), log) as session:
        stop = await (session.run_bare() if bare else session.run())
        await session.finish()
        assert not session.consumer_lost
        return stop


def entry(number: int, offset: int, size: int):
    def damage(log: Path, index: Path) -> None:
        with index.open("r+b") as file:
            os.pwrite(file.fileno(), struct.pack(">qi", offset, size), 20 * number)

    return damage


def cut_index(log: Path, index: Path) -> None:
    os.truncate(index, 20 * 9 + 7)


def cut_log(log: Path, index: Path) -> None:
    os.truncate(log, 10 * KIB + 100)


@pytest.mark.parametrize("bare", [False, True])
@pytest.mark.parametrize(
    ("damage", "chosen", "reason"),
    [
        (entry(7, 10**9, KIB), BY_INDEX, "entry 7 of the index: 1024 bytes at 1000000000 reach past the log's end"),
        (entry(5, 5 * KIB, 10**6), BY_INDEX, "entry 5 of the index: 1000000 bytes at 5120 reach past the log's end"),
        (entry(5, 5 * KIB, 12), BY_INDEX, "entry 5 of the index: 12 bytes at 5120 cannot be a message"),
        (entry(5, -1, KIB), BY_INDEX, "entry 5 of the index: 1024 bytes at -1 cannot be a message"),
        (entry(5, 0, KIB), BY_INDEX, "entry 5 of the index: 0 lies before the end of the message before it"),
        (cut_index, BY_INDEX, "the index ends 7 bytes into an entry"),
        (cut_log, BY_INDEX, "entry 10 of the index: 1024 bytes at 10240 reach past the log's end at 10340"),
        (cut_log, BY_CONTENT, "byte 10240 of the log: only 100 bytes are left for a record of 1024"),
        (entry(0, 0, KIB - 1), RECHECKED, "byte 0 of the log: only 1023 bytes are left for a record of 1024"),
        (entry(0, 1, KIB - 1), RECHECKED, "byte 1 of the log: no record has magic"),
    ],
)
async def test_what_cannot_be_followed_is_refused_with_its_number_and_reason(
    laboratory: Laboratory, scene, tmp_path: Path, damage, chosen: str, reason: str, bare: bool
) -> None:
    wanted = Subscription(topic="orders")
    one = scene(128 * KIB, subscription=wanted, **LOG)
    text = chosen + SENDERS[0].format(size="64K")
    stop = await stopped(laboratory, one, text, tmp_path / "run", damage=damage, bare=bare)
    assert stop.ending is Ending.DAMAGED
    assert reason in str(why(stop.ending, reason=stop.reason))


@pytest.mark.parametrize("chosen", [BY_INDEX, BY_CONTENT, RECHECKED])
@pytest.mark.parametrize("sender", SENDERS)
@pytest.mark.parametrize("size", ["100", "1500", "64K"])
async def test_bare_execution_sends_the_same_bytes_with_as_many_calls(
    laboratory: Laboratory, scene, tmp_path: Path, chosen: str, sender: str, size: str
) -> None:
    one = scene(128 * KIB, subscription=PAID, **LOG)
    plan = parse_plan(chosen + sender.format(size=size), CALLS)
    assert (compile_repeat(plan) is not None) == ("buf" not in sender)
    seen = []
    for bare in (False, True):
        (tmp_path / str(bare)).mkdir()
        log = place_log(one, laboratory.cache, tmp_path / str(bare))
        async with await Session.open(laboratory.children, one, plan, log) as session:
            stop = await (session.run_bare() if bare else session.run())
            delivery = await session.finish()
            paused = session.paused
        seen.append((stop, delivery.received, delivery.crc, paused.calls, paused.sent, paused.position, paused.pending))
    assert seen[0] == seen[1]


async def test_a_slow_consumer_makes_short_counts_and_no_difference(observe, scene, laboratory: Laboratory) -> None:
    slow = {"nonblocking": True, "send_buffer": 16384, "window": 16384, "rate": 8 << 20}
    size, log = 2 << 20, {**LOG, "subscription": PAID}
    expected = due(laboratory, scene(size, **log))
    for sender in SENDERS[:4]:
        seen = await observe(BY_INDEX + sender.format(size="1M"), size, **log, **slow)
        assert seen.stop.ending is Ending.SENT
        assert (seen.delivery.received, seen.delivery.crc) == (len(expected), crc32c(expected))
        assert seen.tally.syscalls["poll"] > 3


async def test_one_writev_takes_no_more_than_the_kernels_limit_of_ranges(observe) -> None:
    log = {"format": "rocketmq", "message": 300, "topics": 2, "subscription": Subscription(topic="orders-0")}
    seen = await observe(BY_INDEX + "repeat:\n writev(sock, map, 4M)\n", 2 << 20, **log)
    counts = [int(line.text.rpartition("], ")[2].split()[0]) for line in seen.lines if line.call == "writev"]
    assert counts[0] == 1024 and len(counts) == 2 and seen.stop.ending is Ending.SENT


async def test_selecting_faults_nothing_that_the_plan_does_not(observe) -> None:
    both = "once:\n mmap(log, populate)\n mmap(index, populate)\n select(index)\n select(map)\n"
    text = both + "repeat:\n writev(sock, map, 1M)\n"
    for size in (128 * KIB, 1 << 20):
        seen = [(await observe(text, size, subscription=PAID, **LOG)).tally for _ in range(10)]
        assert [tally.user_faults for tally in seen] == [0] * 10


@pytest.mark.parametrize(
    ("sender", "finding"),
    [("sendfile(sock, log, 1M)", "shared"), ("write(sock, map, 1M)", "copied"), ("writev(sock, map, 1M)", "copied")],
)
async def test_the_probe_proves_the_hop_of_what_was_selected(observe, sender: str, finding: str) -> None:
    text = BY_INDEX + f"repeat:\n {sender}\n"
    seen = await observe(text, 128 * KIB, probing=True, subscription=PAID, **LOG)
    proofs = {seen.plan.steps[index].call: proof.finding.value for index, proof in seen.proofs.items()}
    assert proofs == {"mmap": "shared", sender.partition("(")[0]: finding}
