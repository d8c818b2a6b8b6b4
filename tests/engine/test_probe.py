"""The tamper probe on plans that make it hard, and on a host where it cannot be trusted."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest
import pytest_asyncio

from zcquest.engine.calls import CALLS
from zcquest.engine.control import Compared, Paused
from zcquest.engine.experiment import Laboratory
from zcquest.engine.places import Evidence, Mover, Place
from zcquest.engine.plan import parse_plan
from zcquest.engine.probe import Calibration, Finding, Probe, Proof
from zcquest.engine.session import Session

pytestmark = pytest.mark.asyncio(loop_scope="session")

COPIED, SHARED, NOTHING = Finding.COPIED, Finding.SHARED, Finding.NOTHING


async def findings(laboratory: Laboratory, scene, text: str, **fields: object) -> list[Finding]:
    """One for each step that moves bytes."""
    plan = parse_plan(text, CALLS)
    proofs = await laboratory.probe.prove(scene(**fields), plan, range(len(plan.steps)))
    return [proofs[index].finding for index in sorted(proofs)]


@pytest.mark.parametrize("chunk", [7, 100, 1000, 4097, 16384, 20000, 65535, 100003, 16 << 20])
async def test_every_hop_is_decided_at_any_size(laboratory: Laboratory, scene, chunk: int) -> None:
    text = f"repeat:\n read(log, buf, {chunk})\n write(sock, buf, {chunk})\n"
    assert await findings(laboratory, scene, text) == [COPIED, COPIED]
    assert await findings(laboratory, scene, f"repeat:\n sendfile(sock, log, {chunk})\n") == [SHARED]
    mapped = f"once:\n mmap(log)\nrepeat:\n send(sock, map, {chunk})\n"
    assert await findings(laboratory, scene, mapped) == [SHARED, COPIED]


@pytest.mark.parametrize("chunk", [100, 1000, 4097, 16384, 100003])
async def test_a_commit_log_is_probed_with_a_commit_log(laboratory: Laboratory, scene, chunk: int) -> None:
    spec = {"size": 200_000, "format": "rocketmq", "message": 4000, "topics": 3, "tags": ("paid", "shipped")}
    text = f"repeat:\n read(log, buf, {chunk})\n write(sock, buf, {chunk})\n"
    assert await findings(laboratory, scene, text, **spec) == [COPIED, COPIED]
    assert await findings(laboratory, scene, f"repeat:\n sendfile(sock, log, {chunk})\n", **spec) == [SHARED]
    mapped = f"once:\n mmap(log)\nrepeat:\n verify(map, 8K)\n send(sock, map, {chunk})\n"
    assert await findings(laboratory, scene, mapped, **spec) == [SHARED, COPIED]


async def test_even_a_byte_at_a_time(laboratory: Laboratory, scene) -> None:
    assert await findings(laboratory, scene, "repeat:\n sendfile(sock, log, 1)\n") == [SHARED]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("repeat:\n read(log, buf, 20000)\n verify(buf)\n write(sock, buf, 20000)\n", [COPIED, COPIED]),
        ("repeat:\n pread(log, buf, 40000)\n verify(buf)\n send(sock, buf, 40000)\n", [COPIED, COPIED]),
        ("once:\n mmap(log, private)\nrepeat:\n write(sock, map, 4097)\n", [SHARED, COPIED]),
        (
            "once:\n mmap(log)\nrepeat:\n memcpy(buf, map, 1000)\n write(sock, buf, 1000)\n"
            " memcpy(buf, map, 4097)\n write(sock, buf, 4097)\n",
            [SHARED, COPIED, COPIED, COPIED, COPIED],
        ),
        ("once:\n mmap(log, populate)\nrepeat:\n verify(map, 20000)\n sendfile(sock, log, 20000)\n", [SHARED, SHARED]),
        ("repeat:\n read(log, buf, 1000)\n write(sock, buf, 300)\n write(sock, buf, 700)\n", [COPIED] * 3),
        (
            "repeat:\n read(log, buf, 4097)\n write(sock, buf, 4097)\n sendfile(sock, log, 1000)\n",
            [COPIED, COPIED, SHARED],
        ),
        (
            "repeat:\n read(log, buf, 1000)\n write(sock, buf, 100)\n memcpy(buf, buf, 900)\n write(sock, buf, 900)\n",
            [COPIED] * 4,
        ),
        (
            "once:\n mmap(log)\nrepeat:\n memcpy(buf, map, 20000)\n memcpy(buf2, buf, 20000)\n"
            " write(sock, buf2, 20000)\n",
            [SHARED, COPIED, COPIED, COPIED],
        ),
        (
            "repeat:\n pread(log, buf, 32K)\n memcpy(buf2, buf, 30K)\n memcpy(buf3, buf2, 32K)\n"
            " write(sock, buf3, 32K)\n memcpy(buf3, buf, 32K)\n write(sock, buf3, 32K)\n",
            [COPIED] * 6,
        ),
        ("repeat:\n fadvise(log, willneed)\n readahead(log, 1M)\n sendfile(sock, log, 64K)\n", [SHARED]),
        ("repeat:\n" + " read(log, buf, 64K)\n write(sock, buf, 64K)\n" * 3, [COPIED] * 6),
        ("repeat:\n" + " sendfile(sock, log, 4M)\n" * 9, [SHARED] * 9),
        ("repeat:\n read(log, buf, 1M)\n write(sock, buf, 512K)\n write(sock, buf, 512K)\n", [COPIED] * 3),
        ("once:\n sendfile(sock, log, 1000)\nrepeat:\n sendfile(sock, log, 4097)\n", [SHARED, SHARED]),
    ],
)
async def test_plans_with_all_kinds_of_hops(laboratory: Laboratory, scene, text: str, expected: list[Finding]) -> None:
    assert await findings(laboratory, scene, text) == expected


async def test_a_non_blocking_slow_scene_is_probed_like_any_other(laboratory: Laboratory, scene) -> None:
    slow = {"nonblocking": True, "rate": 1000, "window": 4096, "send_buffer": 4096}
    assert await findings(laboratory, scene, "repeat:\n sendfile(sock, log, 16M)\n", **slow) == [SHARED]
    text = "repeat:\n read(log, buf, 64K)\n write(sock, buf, 64K)\n"
    assert await findings(laboratory, scene, text, **slow) == [COPIED, COPIED]


async def test_a_hop_whose_bytes_never_arrive_is_not_decided(laboratory: Laboratory, scene, observe) -> None:
    text = "repeat:\n read(log, buf, 64K)\n sendfile(sock, log, 64K)\n"
    assert await findings(laboratory, scene, text) == [NOTHING, SHARED]
    lost = "repeat:\n read(log, buf, 64K)\n"
    assert await findings(laboratory, scene, lost) == [NOTHING]
    seen = await observe(lost, probing=True)
    (hop,) = seen.tally.hops
    assert (hop.mover, hop.evidence, hop.copied) == (Mover.UNKNOWN, Evidence.NOTHING, 0)
    assert "could not reach" in str(hop.note)
    assert seen.tally.copies() is None


async def test_what_a_consumer_that_could_not_be_held_got_decides_nothing(
    laboratory: Laboratory, scene, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As on a host so busy that every call takes long: the consumer has read the old bytes before they are tampered."""
    step = Session.step

    async def let_go(session: Session, *arguments: float) -> Paused:
        paused = await step(session, *arguments)
        await session._hold(False)
        return paused

    monkeypatch.setattr(Session, "step", let_go)
    assert await findings(laboratory, scene, "repeat:\n sendfile(sock, log, 64K)\n") == [NOTHING]


async def test_a_plan_that_loses_bytes_is_not_said_to_share_some(laboratory: Laboratory, scene) -> None:
    """What follows the gap in the stream was tampered with too, and stands where the lost bytes should."""
    text = "repeat:\n read(log, buf, 4K)\n write(sock, buf, 1K)\n"
    assert await findings(laboratory, scene, text) == [NOTHING, COPIED]


async def test_only_steps_that_were_asked_for_and_move_bytes_are_probed(laboratory: Laboratory, scene) -> None:
    plan = parse_plan("once:\n mmap(log)\n madvise(map, random)\nrepeat:\n write(sock, map, 64K)\n", CALLS)
    assert set(await laboratory.probe.prove(scene(), plan, {0, 1, 2})) == {0, 2}
    assert set(await laboratory.probe.prove(scene(), plan, {1, 2})) == {2}


@pytest_asyncio.fixture(loop_scope="session")
async def untrusted(laboratory: Laboratory, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Laboratory]:
    """The laboratory on a host where what was overwritten always arrives, whatever the hop did."""

    async def always_new(self: Session, moved: tuple[int, int], *_: int) -> Compared:
        return Compared(old=0, new=100)

    monkeypatch.setattr(Session, "compare", always_new)
    monkeypatch.setattr(laboratory, "probe", Probe(laboratory.children, laboratory.cache, laboratory.nic))
    yield laboratory


async def test_where_calibration_fails_nothing_is_proved_and_the_run_says_why(untrusted: Laboratory, observe) -> None:
    seen = await observe("repeat:\n read(log, buf, 64K)\n write(sock, buf, 64K)\n", probing=True)
    assert seen.calibration is not None and not seen.calibration.good
    assert seen.proofs == {}
    moved = [hop for hop in seen.tally.hops if hop.target is not Place.NIC]
    assert [(hop.mover, hop.evidence) for hop in moved] == [(Mover.UNKNOWN, Evidence.NOTHING)] * 2
    assert (seen.tally.copies(), seen.tally.cpu_copies, seen.tally.dma_copies) == (None, None, None)
    why = str(seen.calibration.why_not)
    assert "nothing is proved on this host" in why and "read() shared" in why
    assert why in map(str, seen.notes)
    assert {str(hop.note) for hop in moved} == {why}
    assert seen.tally.switches == 4


async def test_this_host_is_calibrated_once(laboratory: Laboratory) -> None:
    calibration = await laboratory.probe.calibrate()
    assert calibration.good and calibration.why_not is None
    assert await laboratory.probe.calibrate() is calibration


@pytest.mark.parametrize(
    ("read", "mapping"), [(SHARED, SHARED), (COPIED, COPIED), (NOTHING, NOTHING), (COPIED, Finding.MIXED)]
)
async def test_both_halves_of_the_calibration_must_hold(read: Finding, mapping: Finding) -> None:
    calibration = Calibration(Proof(read), Proof(mapping))
    assert not calibration.good
    assert f"read() {read}" in str(calibration.why_not) and f"mapping {mapping}" in str(calibration.why_not)


async def test_a_proof_says_who_moved_the_bytes() -> None:
    assert (Proof(COPIED, 10, 0).mover, Proof(COPIED, 10, 0).copied_fraction) == (Mover.CPU, 1.0)
    assert (Proof(SHARED, 0, 10).mover, Proof(SHARED, 0, 10).copied_fraction) == (Mover.NONE, 0.0)
    assert (Proof(Finding.MIXED, 1, 3).mover, Proof(Finding.MIXED, 1, 3).copied_fraction) == (Mover.MIXED, 0.25)
    assert (Proof(NOTHING).mover, Proof(NOTHING).copied_fraction) == (Mover.UNKNOWN, 0.0)
