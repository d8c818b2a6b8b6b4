"""Features by what reached the consumer: kept or lost, and what is said about it."""

from __future__ import annotations

from dataclasses import replace

import pytest

from zcquest.engine.experiment import Observation
from zcquest.engine.features import FEATURES, Outcome
from zcquest.engine.logs import Delivery, LogSpec, Span
from zcquest.engine.machine.executor import Ending
from zcquest.engine.scene import Scene, Truncate
from zcquest.engine.stop import Stop

pytestmark = pytest.mark.asyncio(loop_scope="session")

KIB, MIB = 1 << 10, 1 << 20


def kept(seen: Observation) -> dict[str, bool]:
    return {name: judgement.kept for name, judgement in seen.features.items()}


def said(seen: Observation, feature: str) -> str:
    return str(seen.features[feature].detail)


async def test_a_log_that_arrives_whole_keeps_everything(observe) -> None:
    seen = await observe("repeat:\n sendfile(sock, log, 64K)\n", 256 * KIB)
    assert kept(seen) == {"delivery": True, "checksum": True, "survival": True}
    count = seen.delivery.messages
    assert f"{count} of {count} messages" in said(seen, "delivery")


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("once:\n sendfile(sock, log, 32K)\n", "the first one missing is offset"),
        ("once:\n sendfile(sock, log, 20000)\n", "the stream ended 3616 bytes into a batch"),
        ("once:\n read(log, buf, 32K)\n write(sock, buf, 16K)\n", "16384 bytes were still in buf"),
        ("repeat:\n write(sock, buf, 4K)\n read(log, buf, 4K)\n", "from byte 0 of the stream on, nothing was a batch"),
        ("repeat:\n read(log, buf, 32K)\n write(sock, buf, 16K)\n", "the first one missing is offset"),
        ("once:\n read(log, buf, 16K)\n", "16384 bytes were still in buf"),
    ],
)
async def test_what_did_not_arrive_is_told_by_its_first_offence(observe, text: str, why: str) -> None:
    seen = await observe(text)
    assert not seen.features["delivery"].kept
    assert why in said(seen, "delivery")


async def test_a_rotten_batch_that_arrives_loses_the_checksum_and_not_the_delivery_of_the_others(observe) -> None:
    seen = await observe("repeat:\n sendfile(sock, log, 64K)\n", rotten=(2,))
    assert kept(seen) == {"delivery": True, "checksum": False, "survival": True}
    assert "1 rotten batches of 4 arrived" in said(seen, "checksum")


@pytest.mark.parametrize(
    ("text", "feature", "told"),
    [
        (
            "repeat:\n sendfile(sock, log, 64K)\n",
            "checksum",
            "2 rotten messages of 63 arrived, the first of them number 7",
        ),
        ("repeat:\n sendfile(sock, log, 64K)\n", "delivery", "61 of 61 messages, CRC-32 good, in order"),
        (
            "once:\n mmap(log)\n verify(map)\nrepeat:\n sendfile(sock, log, 64K)\n",
            "checksum",
            "none of 61 messages that",
        ),
        ("once:\n sendfile(sock, log, 20000)\n", "delivery", "the stream ended 544 bytes into a message"),
        ("once:\n sendfile(sock, log, 20K)\n", "delivery", "the first one missing is number 20"),
        ("once:\n write(sock, buf, 4K)\n", "delivery", "from byte 0 of the stream on, nothing was a message"),
    ],
)
async def test_a_commitlog_is_told_of_by_the_message(observe, text: str, feature: str, told: str) -> None:
    assert told in said(await observe(text, format="rocketmq", rotten=(7, 40)), feature)


async def test_many_gaps_are_no_loss_when_they_are_the_rotten_ones(observe) -> None:
    """More than the consumer keeps runs of."""
    rotten = tuple(range(1, 256, 2))
    text = "once:\n mmap(log)\nrepeat:\n verify(map)\n sendfile(sock, log, 1M)\n"
    seen = await observe(text, MIB, batch=4 * KIB, rotten=rotten)
    assert seen.delivery.runs_cut
    assert kept(seen) == {"delivery": True, "checksum": True, "survival": True}


async def test_a_log_that_was_cut_owes_what_is_left_of_it_and_may_give_more(observe) -> None:
    cut = Truncate(after_calls=2, to=100_000)
    loop = await observe("repeat:\n read(log, buf, 64K)\n write(sock, buf, 64K)\n", MIB, truncate=cut)
    assert loop.stop.ending is Ending.END_OF_FILE
    greedy = await observe("repeat:\n read(log, buf, 1M)\n write(sock, buf, 1M)\n", MIB, truncate=cut)
    assert kept(greedy)["delivery"] and greedy.delivery.received == MIB


@pytest.mark.parametrize(
    ("text", "signal_or_errno", "fields"),
    [
        ("once:\n mmap(log)\nrepeat:\n verify(map)\n write(sock, map, 1M)\n", "SIGBUS", {"cut": True}),
        ("once:\n mmap(log)\nrepeat:\n write(sock, map, 1M)\n", "EFAULT", {"cut": True}),
        ("once:\n mmap(log)\n memcpy(map, buf, 4K)\n", "SIGSEGV", {}),
        ("repeat:\n read(log, buf, 64M)\n write(sock, buf, 64M)\n", "ENOMEM", {"memory": 1 << 20}),
        ("once:\n read(log, buf, 4K)\n write(log, buf, 4K)\n", "EBADF", {}),
        ("repeat:\n read(sock, buf, 1)\n sendfile(sock, log, 1)\n", "did not end by itself", {"deadline": 0.1}),
    ],
)
async def test_a_machine_that_does_not_live_to_the_end_has_not_survived(
    observe, text: str, signal_or_errno: str, fields: dict[str, object]
) -> None:
    fields = dict(fields)
    if fields.pop("cut", False):
        fields["truncate"] = Truncate(after_calls=1, to=4096)
    seen = await observe(text, **fields)
    assert not seen.features["survival"].kept
    assert signal_or_errno in said(seen, "survival")


# -- by hand -------------------------------------------------------------------------------------------------------

DELIVERY = Delivery(
    received=400, batches=4, messages=40, rotten=0, first_rotten=None, rotten_runs=[], runs=[(0, 39)], runs_cut=False,
    duplicates=0, out_of_order=0, tampered=0, garbage_at=None, tail=0, crc=0,
)  # fmt: skip
OUTCOME = Outcome(
    scene=Scene(name="by hand", log=LogSpec(size=4096)),
    stop=Stop(Ending.SENT),
    delivery=DELIVERY,
    consumer_lost=False,
    batches=tuple(Span(100 * n, 100 * n + 100, 10 * n, 10 * n + 9) for n in range(4)),
    garbage=0,
    overwritten=0,
    pending=0,
)


@pytest.mark.parametrize(
    ("changes", "why"),
    [
        ({"messages": 50, "duplicates": 10}, "10 came twice"),
        ({"out_of_order": 3}, "3 came out of order"),
        ({"runs": [(0, 9), (20, 39)], "messages": 30}, "first one missing is offset 10"),
        ({"runs": [(0, 4), (5, 38)], "messages": 39}, "first one missing is offset 39"),
        ({"runs": [(0, 9)], "messages": 39, "runs_cut": True}, "the rest never came"),
        ({"runs": [(0, 3), (10, 19)], "messages": 40, "runs_cut": True}, "first one missing is offset 4"),
    ],
)
async def test_delivery_tells_twice_from_late_from_missing(changes: dict[str, object], why: str) -> None:
    judged = FEATURES["delivery"](replace(OUTCOME, delivery=_changed(changes)))
    assert not judged.kept and why in str(judged.detail)


async def test_a_consumer_that_said_nothing_kept_nothing() -> None:
    silent = replace(OUTCOME, delivery=None)
    assert not FEATURES["delivery"](silent).kept and not FEATURES["checksum"](silent).kept
    assert "40 messages were due" in str(FEATURES["delivery"](silent).detail)
    broken = replace(OUTCOME, consumer_lost=True)
    assert "broke before its end" in str(FEATURES["delivery"](broken).detail)


def _changed(changes: dict[str, object]) -> Delivery:
    fields = {name: getattr(DELIVERY, name) for name in DELIVERY.__struct_fields__}
    return Delivery(**{**fields, **changes})
