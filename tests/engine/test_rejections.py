"""Messages that a real consumer sends back: who runs for them, how often, in what order, and what is left of them."""

from __future__ import annotations

from pathlib import Path

import pytest

from zcquest.engine.calls import CALLS
from zcquest.engine.experiment import Laboratory, Observation
from zcquest.engine.logs import LogSpec, Subscription, ensure
from zcquest.engine.logs.rocketmq_layout import parts
from zcquest.engine.logs.rocketmq_log import read_log
from zcquest.engine.logs.rocketmq_message import StoredMessage, decode, property_of
from zcquest.engine.logs.rocketmq_orders import choice, topic_names
from zcquest.engine.logs.rocketmq_retry import GROWTH, message_id, origin_of, reconsume_times, rewritten
from zcquest.engine.machine.executor import Ending
from zcquest.engine.places import Mover, Place
from zcquest.engine.plan import parse_plan
from zcquest.engine.scene import DeadLetters, Poison, Scene
from zcquest.engine.session import Session

pytestmark = pytest.mark.asyncio(loop_scope="session")

MESSAGE = 1024
SPEC = LogSpec(size=256 << 10, format="rocketmq", message=MESSAGE, topics=3, tags=("paid", "shipped"))
POISON = tuple(Poison(message=number) for number in (3, 77, 200))
SEND = "repeat:\n sendfile(sock, log, 64K)\n"
RESEND = f"{SEND}on reject:\n sendfile(sock, log, msg)\n"


def scene(**fields: object) -> Scene:
    return Scene(
        **{"name": "reject", "log": SPEC, "start": "warm", "poison": POISON, "dlq": DeadLetters(), **fields}  # type: ignore[arg-type]
    )


async def observe(laboratory: Laboratory, text: str, *, probing: bool = False, **fields: object) -> Observation:
    return await laboratory.observe(scene(**fields), parse_plan(text, CALLS), probing=probing)


def kept(observed: Observation) -> dict[str, bool]:
    return {name: judgement.kept for name, judgement in observed.features.items()}


async def queue_after(laboratory: Laboratory, text: str, **fields: object) -> tuple[bytes, bytes, Session]:
    """The DLQ's bytes, the log's, and the session that made them."""
    async with laboratory.session(scene(**fields), parse_plan(text, CALLS)) as session:
        await session.run()
        await session.finish()
        assert session.dlq
        assert (await session.gauges()).dead_letters == session.dlq.stat().st_size
        return session.dlq.read_bytes(), session.log.read_bytes(), session


def original(log: bytes, number: int) -> bytes:
    return log[number * MESSAGE : (number + 1) * MESSAGE]


@pytest.mark.parametrize(
    ("once", "lane"),
    [
        ("", " copy_file_range(log, dlq, msg)\n"),
        ("", " sendfile(dlq, log, msg)\n"),
        ("once:\n mmap(log)\n", " write(dlq, map, msg)\n"),
        ("", " pread(log, buf, msg)\n write(dlq, buf, msg)\n"),
        ("", " pread(log, buf3, msg)\n memcpy(buf2, buf3, msg)\n write(dlq, buf2, msg)\n"),
        (
            "once:\n mmap(log)\n",
            " memcpy(buf, map, msg)\n memcpy(buf2, buf, 700)\n write(dlq, buf2, 64K)\n write(dlq, buf, 64K)\n",
        ),
        ("", " read(log, buf, 300)\n write(dlq, buf, 300)\n copy_file_range(log, dlq, 64K)\n"),
    ],
)
async def test_dead_letters_are_the_logs_own_bytes_in_the_order_of_their_rejection(
    laboratory: Laboratory, once: str, lane: str
) -> None:
    dead, log, session = await queue_after(laboratory, f"{once}{SEND}on reject:\n{lane}")
    assert session.stop and session.stop.ending is Ending.SENT
    assert dead == b"".join(original(log, number) for number in (3, 77, 200))
    assert session.paused.rejections == 3
    assert session.paused.sent == len(log)


async def test_a_retried_message_comes_as_often_as_it_is_due(laboratory: Laboratory) -> None:
    poison = (Poison(message=5, failures=2), Poison(message=6, failures=4), Poison(message=7, failures=3))
    observed = await observe(
        laboratory, f"{RESEND}on giveup:\n copy_file_range(log, dlq, msg)\n", poison=poison, retries=3
    )
    assert kept(observed) == {"delivery": True, "checksum": True, "survival": True, "retry": True, "dlq": True}
    assert observed.delivery
    assert observed.delivery.attempts == [(5, 3, True), (6, 4, False), (7, 4, True)]
    assert observed.tally.syscalls == {"sendfile": 4 + 2 + 3 + 3, "copy_file_range": 1}


async def test_msg_is_the_message_however_much_was_loaded(laboratory: Laboratory) -> None:
    dead, log, _ = await queue_after(laboratory, f"{SEND}on reject:\n pread(log, buf, 64K)\n write(dlq, buf, msg)\n")
    assert dead == b"".join(original(log, number) for number in (3, 77, 200))


async def test_a_rewritten_message_is_copied_whole(laboratory: Laboratory) -> None:
    text = f"{SEND}on giveup:\n pread(log, buf, msg)\n rewrite(buf)\n memcpy(buf2, buf, msg)\n write(dlq, buf2, msg)\n"
    dead, log, _ = await queue_after(laboratory, text, retries=0, dlq=DeadLetters(rewritten=True))
    assert dead == b"".join(rewritten(original(log, number), 1, dead=True) for number in (3, 77, 200))


async def test_a_message_can_be_rewritten_twice(laboratory: Laboratory) -> None:
    text = f"{SEND}on giveup:\n pread(log, buf, msg)\n rewrite(buf)\n rewrite(buf)\n write(dlq, buf, msg)\n"
    dead, log, session = await queue_after(laboratory, text, retries=0, dlq=DeadLetters(rewritten=True))
    assert session.stop and session.stop.ending is Ending.SENT
    twice = (rewritten(rewritten(original(log, number), 1, dead=True), 1, dead=True) for number in (3, 77, 200))
    assert dead == b"".join(twice)


async def test_what_cannot_be_rewritten_is_refused_with_a_reason(laboratory: Laboratory) -> None:
    """Here because the next rejection's reference was read over the message."""
    lane = " pread(log, buf, msg)\n sendfile(sock, log, msg)\n read(sock, buf, 4)\n rewrite(buf)\n"
    observed = await observe(laboratory, f"{SEND}on reject:\n{lane}", poison=POISON[:1], deadline=3.0)
    assert observed.stop.ending is Ending.DAMAGED
    assert "no message" in str(observed.stop.reason)


@pytest.mark.parametrize(
    "taken", ["pread(log, buf2, msg)", "read(log, buf3, msg)\n memcpy(buf2, buf3, msg)\n memcpy(buf, buf3, msg)"]
)
async def test_any_buffer_can_hold_the_message_that_is_rewritten(laboratory: Laboratory, taken: str) -> None:
    text = f"{RESEND}on giveup:\n {taken}\n rewrite(buf2)\n write(dlq, buf2, msg)\n"
    dead, log, _ = await queue_after(laboratory, text, retries=2, dlq=DeadLetters(rewritten=True))
    assert dead == b"".join(rewritten(original(log, number), 3, dead=True) for number in (3, 77, 200))


async def test_sixteen_retries_are_seventeen_deliveries_and_the_dead_letter_says_so(laboratory: Laboratory) -> None:
    text = f"{RESEND}on giveup:\n pread(log, buf, msg)\n rewrite(buf)\n write(dlq, buf, msg)\n"
    dead, log, session = await queue_after(laboratory, text, retries=16, dlq=DeadLetters(rewritten=True))
    assert session.paused.rejections == 17 * 3
    assert session.paused.given_up == 3
    assert dead == b"".join(rewritten(original(log, number), 17, dead=True) for number in (3, 77, 200))
    assert reconsume_times(dead) == 17


async def test_redelivery_follows_all_that_was_rejected_before(laboratory: Laboratory) -> None:
    """Rounds, first come first served: 3 77 200, then 3 77 200 again."""
    text = f"{RESEND} copy_file_range(log, dlq, msg)\n"
    dead, log, _ = await queue_after(laboratory, text, retries=2)
    assert dead == b"".join(original(log, number) for number in (3, 77, 200) * 2)


async def test_a_rewritten_message_that_is_rejected_again_is_looked_up_by_its_offset(laboratory: Laboratory) -> None:
    text = f"{SEND}on reject:\n pread(log, buf, msg)\n rewrite(buf)\n write(sock, buf, msg)\n"
    observed = await observe(laboratory, f"{text}on giveup:\n sendfile(dlq, log, msg)\n", retries=2)
    assert kept(observed)["retry"]
    assert kept(observed)["dlq"]
    assert observed.buffer == MESSAGE + GROWTH


async def test_the_lazy_plan_delivers_and_loses_the_dead_letters(laboratory: Laboratory) -> None:
    observed = await observe(laboratory, SEND)
    assert kept(observed) == {"delivery": True, "checksum": True, "survival": True, "dlq": False}
    assert "message 3 is missing" in str(observed.features["dlq"].detail)


@pytest.mark.parametrize(
    ("lane", "complaint"),
    [
        ("copy_file_range(log, dlq, msg)\n sendfile(dlq, log, msg)", "message 3 is there twice"),
        ("copy_file_range(log, dlq, 1000)", "0 of 3 dead letters are in the DLQ; message 3 is not as it should be"),
        ("pread(log, buf, msg)\n rewrite(buf)\n write(dlq, buf, msg)", "message 3 is not as it should be: totalSize"),
        ("sendfile(sock, log, 1)", "message 3 is missing"),
    ],
)
async def test_what_is_wrong_with_a_queue_is_told(laboratory: Laboratory, lane: str, complaint: str) -> None:
    observed = await observe(laboratory, f"{SEND}on reject:\n {lane}\n", deadline=3.0)
    assert not observed.features["dlq"].kept
    assert complaint in str(observed.features["dlq"].detail)


async def test_a_dead_letter_must_have_rocketmqs_form_where_it_is_asked_for(laboratory: Laboratory) -> None:
    text = f"{RESEND}on giveup:\n copy_file_range(log, dlq, msg)\n"
    observed = await observe(laboratory, text, retries=1, dlq=DeadLetters(rewritten=True))
    detail = str(observed.features["dlq"].detail)
    assert detail == "0 of 3 dead letters are in the DLQ; message 3 is not as it should be: reconsumeTimes"


async def test_a_message_that_nobody_rejected_does_not_belong_in_the_queue(laboratory: Laboratory) -> None:
    text = "once:\n mmap(log)\n write(dlq, map, 1K)\nrepeat:\n sendfile(sock, log, 64K)\n"
    observed = await observe(laboratory, text)
    assert "message 0 does not belong there" in str(observed.features["dlq"].detail)


async def test_poison_that_is_sent_again_and_again_ends_at_the_deadline(laboratory: Laboratory) -> None:
    observed = await observe(laboratory, RESEND, deadline=1.0)
    assert observed.stop.ending is Ending.DEADLINE
    assert observed.tally.syscalls["sendfile"] > 100
    assert observed.wall_s > 0  # the machine could not say it any more
    assert observed.user_s + observed.sys_s > 0


async def test_the_probe_looks_at_each_hop_where_its_bytes_end(laboratory: Laboratory) -> None:
    lanes = (
        "on reject:\n pread(log, buf, msg)\n rewrite(buf)\n write(sock, buf, msg)\non giveup:\n write(dlq, map, msg)\n"
    )
    observed = await observe(laboratory, f"once:\n mmap(log)\n{SEND}{lanes}", probing=True, retries=2)
    movers = {(hop.step, hop.source, hop.target): hop.mover for hop in observed.tally.hops}
    assert movers[0, Place.PAGE_CACHE, Place.MAPPING] is Mover.NONE
    assert movers[1, Place.PAGE_CACHE, Place.SOCKET] is Mover.NONE
    assert movers[2, Place.PAGE_CACHE, Place.BUFFER] is Mover.CPU
    assert movers[4, Place.BUFFER, Place.SOCKET] is Mover.CPU
    assert movers[5, Place.MAPPING, Place.DLQ] is Mover.CPU
    dead = next(hop for hop in observed.tally.hops if hop.target is Place.DLQ)
    assert "the DLQ holds" in str(dead.note)


async def test_the_probe_follows_a_dead_letter_through_two_buffers(laboratory: Laboratory) -> None:
    lanes = "on giveup:\n pread(log, buf, msg)\n rewrite(buf)\n memcpy(buf2, buf, msg)\n write(dlq, buf2, msg)\n"
    observed = await observe(laboratory, f"{SEND}{lanes}", probing=True, retries=0)
    movers = {hop.step: hop.mover for hop in observed.tally.hops if hop.step}
    assert movers == {1: Mover.CPU, 3: Mover.CPU, 4: Mover.CPU}


async def test_nobody_asks_for_a_dead_letter_that_cannot_be_rejected(laboratory: Laboratory) -> None:
    """What has rotted is not looked at by the consumer, and what it did not subscribe to is not judged."""
    topics = [choice(number, SPEC.seed, 3, 0)[0] for number in range(250)]
    mine = [number for number, topic in enumerate(topics) if topic == 1]
    log = LogSpec(size=SPEC.size, format="rocketmq", message=MESSAGE, topics=3, rotten=(mine[3],))
    poison = tuple(Poison(message=number) for number in (mine[0], mine[3], topics.index(0)))
    text = (
        "once:\n mmap(index)\n select(index)\nrepeat:\n sendfile(sock, log, 64K)\n"
        "on reject:\n sendfile(sock, log, msg)\non giveup:\n copy_file_range(log, dlq, msg)\n"
    )
    wanted = Subscription(topic=topic_names(3)[1].decode())
    observed = await observe(laboratory, text, log=log, poison=poison, retries=1, subscription=wanted)
    assert observed.rejections == 2
    assert kept(observed)["dlq"]
    assert kept(observed)["retry"]


async def test_a_session_is_stepped_into_the_lanes(laboratory: Laboratory) -> None:
    plan = parse_plan(f"{SEND}on reject:\n copy_file_range(log, dlq, msg)\n", CALLS)
    async with laboratory.session(scene(poison=POISON[:1]), plan) as session:
        steps = []
        while not session.stop:
            steps.append((await session.step()).step)
            gauges = await session.gauges()
        assert steps[:5] == [0, 0, 0, 0, 1]
        assert gauges.taken == SPEC.size
        await session.finish()
        assert session.delivery and session.delivery.attempts == [(3, 1, False)]


# -- faults ------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("queue", "lane", "errno"),
    [
        (DeadLetters(full=True), "write(dlq, map, msg)", "ENOSPC"),
        (DeadLetters(limit=1500), "copy_file_range(log, dlq, msg)", "EFBIG"),
        (DeadLetters(limit=1500), "write(dlq, map, msg)", "EFBIG"),
        (None, "write(dlq, map, msg)", "EBADF"),
    ],
)
async def test_a_queue_that_cannot_be_written_ends_the_plan_with_the_kernels_errno(
    laboratory: Laboratory, queue: DeadLetters | None, lane: str, errno: str
) -> None:
    observed = await observe(laboratory, f"once:\n mmap(log)\n{SEND}on reject:\n {lane}\n", dlq=queue)
    assert observed.stop.ending is Ending.ERROR
    assert observed.tally.errors == {errno: 1}
    assert observed.lines[-1].error == errno
    assert kept(observed)["delivery"]
    assert not kept(observed).get("dlq", False)


async def test_references_to_no_message_are_refused_and_told(laboratory: Laboratory) -> None:
    text = f"{SEND}on reject:\n copy_file_range(log, dlq, msg)\n"
    observed = await observe(laboratory, text, strays=(5, 1 << 40, -3, SPEC.size - 8))
    assert observed.stop.ending is Ending.SENT
    assert all(kept(observed).values())
    assert any("4 references to no message" in str(note) for note in observed.notes)


async def test_a_consumer_that_dies_before_it_answers_ends_nothing_else(laboratory: Laboratory) -> None:
    observed = await observe(laboratory, f"{SEND}on reject:\n copy_file_range(log, dlq, msg)\n", dies_at=77)
    assert observed.stop.ending in (Ending.SENT, Ending.ERROR)  # EPIPE or ECONNRESET where it was still sending
    assert not kept(observed)["delivery"]
    assert "died before it could report" in str(observed.features["delivery"].detail)


async def test_rewriting_what_only_may_be_read_is_a_real_sigsegv(laboratory: Laboratory) -> None:
    observed = await observe(laboratory, f"once:\n mmap(log)\n{SEND}on reject:\n rewrite(map)\n")
    assert observed.stop.ending is Ending.KILLED
    assert observed.stop.signal == 11


async def test_rewriting_nothing_is_no_bytes(laboratory: Laboratory) -> None:
    observed = await observe(laboratory, f"{SEND}on reject:\n rewrite(buf)\n pread(log, buf, msg)\n")
    assert observed.stop.ending is Ending.NO_BYTES


# -- RocketMQ's form ---------------------------------------------------------------------------------------------------


async def test_a_rewritten_message_is_a_genuine_one(engine_folder: Path) -> None:
    log = ensure(SPEC, engine_folder / "logs").read_bytes()
    source = original(log, 9)
    (before,) = [stored for stored in read_log(log) if stored.physical_offset == 9 * MESSAGE]
    for times, dead, topic in ((1, False, b"%RETRY%shop"), (3, False, b"%RETRY%shop"), (17, True, b"%DLQ%shop")):
        record = rewritten(source, times, dead=dead)
        assert len(record) <= MESSAGE + GROWTH
        stored = decode_alone(record)
        assert stored.topic == topic
        assert stored.body == before.body
        assert stored.reconsume_times == times
        assert property_of(stored.properties, b"RETRY_TOPIC") == before.topic
        assert property_of(stored.properties, b"ORIGIN_MESSAGE_ID") == message_id(source)
        assert property_of(stored.properties, b"TAGS") == before.tag.encode()
        assert property_of(stored.properties, b"REAL_TOPIC") == b"%RETRY%shop"
        assert origin_of(stored.properties) == 9 * MESSAGE
    again = rewritten(rewritten(source, 1, dead=False), 2, dead=False)
    assert property_of(decode_alone(again).properties, b"RETRY_TOPIC") == before.topic


def decode_alone(record: bytes) -> StoredMessage:
    found = parts(record, 0, len(record))
    assert found
    return decode(record, 0, found)
