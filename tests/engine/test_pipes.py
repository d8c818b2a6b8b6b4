"""Pipes from outside: what lies in them, whose pages it is that come out of them, and when a call on one sleeps."""

from __future__ import annotations

import fcntl
import os
import termios
from pathlib import Path

import pytest
from crc32c import crc32c

from zcquest.engine.calls import CALLS, CODES
from zcquest.engine.experiment import Laboratory
from zcquest.engine.logs import LogSpec
from zcquest.engine.machine.bare import compile_repeat
from zcquest.engine.machine.executor import Ending
from zcquest.engine.places import Evidence, Mover, Place
from zcquest.engine.plan import parse, parse_plan
from zcquest.engine.scene import DeadLetters, Neighbour, Poison, Receive, Scene
from zcquest.engine.session import Session

pytestmark = pytest.mark.asyncio(loop_scope="session")

KIB, MIB = 1 << 10, 1 << 20
SPLICED = "once:\n pipe()\nrepeat:\n splice(log, pipe, 64K)\n splice(pipe, sock, 64K)\n"
LENT_MAP = "once:\n pipe()\n mmap(log)\nrepeat:\n vmsplice(pipe, map, 64K)\n splice(pipe, sock, 64K)\n"
LENT_BUF = "once:\n pipe()\nrepeat:\n read(log, buf, 64K)\n vmsplice(pipe, buf, 64K)\n splice(pipe, sock, 64K)\n"
COPIED_IN = "once:\n pipe()\nrepeat:\n read(log, buf, 64K)\n write(pipe, buf, 64K)\n splice(pipe, sock, 64K)\n"
READ_OUT = "once:\n pipe()\nrepeat:\n splice(log, pipe, 64K)\n read(pipe, buf, 64K)\n write(sock, buf, 64K)\n"
SENT_IN = "once:\n pipe()\nrepeat:\n sendfile(pipe, log, 64K)\n splice(pipe, sock, 64K)\n"


# -- what arrives, and what it costs -------------------------------------------------------------------------------


@pytest.mark.usefixtures("cold_disk")
@pytest.mark.parametrize(
    ("text", "total", "cpu", "calls"),
    [
        (SPLICED, 2.0, 0.0, 2),
        (SENT_IN, 2.0, 0.0, 2),
        (LENT_MAP, 2.0, 0.0, 3),
        (LENT_BUF, 3.0, 1.0, 3),
        (COPIED_IN, 4.0, 2.0, 3),
        (READ_OUT, 4.0, 2.0, 3),
    ],
)
async def test_what_a_way_through_a_pipe_costs(observe, text: str, total: float, cpu: float, calls: int) -> None:
    seen = await observe(text, start="cold", probing=True)
    assert seen.features["delivery"].kept
    assert (seen.tally.copies(), seen.tally.cpu_copies, seen.tally.dma_copies) == (total, cpu, 2.0)
    assert seen.tally.syscalls["pipe"] == 1
    assert seen.tally.switches == 2 * (calls + 1)


async def test_splice_twice_is_shared_on_both_hops(observe) -> None:
    seen = await observe(SPLICED, probing=True)
    hops = [(hop.source, hop.target, hop.mover, hop.evidence) for hop in seen.tally.hops]
    assert hops[:2] == [
        (Place.PAGE_CACHE, Place.PIPE, Mover.NONE, Evidence.PROVED),
        (Place.PIPE, Place.SOCKET, Mover.NONE, Evidence.PROVED),
    ]


async def test_nobody_can_prove_what_becomes_of_the_kernels_own_copy(observe) -> None:
    seen = await observe(COPIED_IN, probing=True)
    into, out = (hop for hop in seen.tally.hops if Place.PIPE in (hop.source, hop.target))
    assert (into.mover, into.evidence) == (Mover.CPU, Evidence.PROVED)
    assert (out.mover, out.evidence) == (Mover.NONE, Evidence.MODELLED)
    assert "nobody can overwrite" in str(out.note)


@pytest.mark.parametrize("text", [SPLICED, LENT_MAP, LENT_BUF, COPIED_IN, READ_OUT, SENT_IN])
@pytest.mark.parametrize("size", [7, 1000, 4097, 65535, 100003])
async def test_the_whole_log_arrives_whatever_the_size(laboratory: Laboratory, scene, text: str, size: int) -> None:
    """Whatever the pipe takes of it at a time, which is less where the bytes begin within a page."""
    text = text.replace("64K", str(min(size, 65536) if "buf, 64K" in text else size))
    bench = scene(1009 if size < 10 else 300007)
    async with laboratory.session(bench, parse_plan(text, CALLS)) as session:
        stop = await (session.run() if "vmsplice(pipe, buf" not in text else stepped(session))
        delivery = await session.finish()
        assert stop.ending is Ending.SENT
        assert delivery and delivery.received == bench.log.size == session.paused.sent
        assert delivery.crc == crc32c(session.log.read_bytes())
        assert (session.paused.piped, session.paused.garbage, session.paused.overwritten) == (0, 0, 0)


async def stepped(session: Session):
    """A buffer that was lent is not filled again before the consumer has read: what a real program has to see to."""
    while not session.stop:
        await session.step()
    return session.stop


async def test_what_is_lent_and_changed_before_it_leaves_arrives_changed(observe) -> None:
    fill = " read(log, buf, 64K)\n vmsplice(pipe, buf, 64K)\n"
    seen = await observe(f"once:\n pipe(1M)\n{fill * 2}repeat:\n splice(pipe, sock, 1M)\n", 128 * KIB)
    assert seen.delivery and seen.delivery.received == 128 * KIB
    assert not seen.features["delivery"].kept
    assert "came twice" in str(seen.features["delivery"].detail)
    assert any("a buffer that vmsplice had lent: 1." in str(note) for note in seen.notes)


async def test_what_was_copied_or_is_the_logs_own_page_may_be_filled_again(observe) -> None:
    for text in (COPIED_IN, LENT_MAP):
        assert not (await observe(text, 256 * KIB)).notes


# -- what lies in a pipe -------------------------------------------------------------------------------------------


def level(pid: int, fd: int) -> tuple[int, int]:
    """Bytes in the pipe and its capacity, asked of the kernel by somebody else."""
    end = os.open(f"/proc/{pid}/fd/{fd}", os.O_RDONLY | os.O_NONBLOCK)
    try:
        held = fcntl.ioctl(end, termios.FIONREAD, bytes(4))
        return int.from_bytes(held, "little"), fcntl.fcntl(end, fcntl.F_GETPIPE_SZ)
    finally:
        os.close(end)


async def test_the_gauges_show_what_lies_in_each_pipe(laboratory: Laboratory, scene) -> None:
    lanes = "once:\n pipe(256K)\n pipe()\nrepeat:\n splice(log, pipe, 32K)\n tee(pipe, pipe2, 20K)\n"
    plan = parse_plan(f"{lanes} splice(pipe, sock, 32K)\n splice(pipe2, sock, 20K)\n", CALLS)
    seen = []
    async with laboratory.session(scene(), plan) as session:
        for number in range(7):
            now = await session.gauges()
            seen.append((now.pipe_fill, now.pipe_size, now.pipe2_fill, now.pipe2_size))
            if number >= 2:
                assert seen[-1][:2] == level(session.machine_pid, 10)
            if number >= 3:
                assert seen[-1][2:] == level(session.machine_pid, 12)
            await session.step()
    size, size2 = 256 * KIB, 64 * KIB
    assert seen == [
        (None, None, None, None),
        (0, size2, None, None),
        (0, size, None, None),
        (0, size, 0, size2),
        (32 * KIB, size, 0, size2),
        (32 * KIB, size, 20 * KIB, size2),
        (0, size, 20 * KIB, size2),
    ]


TWICE = (
    "once:\n pipe()\n pipe({second})\nrepeat:\n splice(log, pipe, {size})\n tee(pipe, pipe2, {size})\n"
    " splice(pipe, sock, {size})\n splice(pipe2, sock2, {size})\n"
)


@pytest.mark.parametrize("size", [1000, 65536, 100003])
async def test_tee_serves_two_consumers_from_one_reading(laboratory: Laboratory, scene, size: int) -> None:
    text = TWICE.format(second="", size=size)
    bench = scene(300007, neighbours=(Neighbour(),))
    seen = await laboratory.observe(bench, parse_plan(text, CALLS))
    assert seen.stop.ending is Ending.SENT
    assert seen.features["delivery"].kept, str(seen.features["delivery"].detail)
    hops = {(hop.source, hop.target): (hop.mover, hop.bytes) for hop in seen.tally.hops}
    shared = (Mover.NONE, 300007)
    assert hops[Place.PAGE_CACHE, Place.PIPE] == hops[Place.PIPE, Place.PIPE2] == shared
    assert hops[Place.PIPE, Place.SOCKET] == hops[Place.PIPE2, Place.SOCKET2] == shared


async def test_what_a_short_tee_left_out_never_comes(laboratory: Laboratory, scene) -> None:
    plan = parse_plan(TWICE.format(second="4K", size="64K"), CALLS)
    async with laboratory.session(scene(128 * KIB, neighbours=(Neighbour(),)), plan) as session:
        stop = await session.run()
        await session.finish()
        first, second = session.far_ends
        assert stop.ending is Ending.SENT
        assert first.delivery and first.delivery.received == 128 * KIB
        assert second.delivery and second.delivery.received == 2 * 4 * KIB


async def test_bytes_left_in_a_pipe_have_not_arrived(laboratory: Laboratory, scene) -> None:
    text = "once:\n pipe()\nrepeat:\n sendfile(sock, log, 16K)\n splice(log, pipe, 16K, nonblock)\n"
    async with laboratory.session(scene(), parse_plan(text, CALLS)) as session:
        stop = await session.run()
        assert level(session.machine_pid, 10)[0] == session.paused.piped == 32 * KIB
        await session.finish()
        seen = await laboratory.conclude(session, probing=False)
    assert stop.ending is Ending.STALLED
    assert (session.paused.position, session.paused.sent) == (64 * KIB, 32 * KIB)
    assert seen.delivery and seen.delivery.received == 32 * KIB
    assert not seen.features["delivery"].kept


async def test_a_lone_filling_says_where_the_bytes_are(observe) -> None:
    seen = await observe("once:\n pipe()\nrepeat:\n splice(log, pipe, 64K, nonblock)\n", 128 * KIB)
    assert "65536 bytes still lay in a pipe" in str(seen.features["delivery"].detail)


async def test_bytes_that_were_never_the_logs_are_none_of_its_payload(observe) -> None:
    filled = "once:\n pipe()\n vmsplice(pipe, buf, 1K)\n write(pipe, ack, 8)\n splice(pipe, sock, 64K)\n"
    seen = await observe(f"{filled}repeat:\n sendfile(sock, log, 64K)\n")
    assert seen.delivery and seen.delivery.received == 64 * KIB + KIB + 8
    assert any("1032 bytes were sent from a buf" in str(note) for note in seen.notes)


# -- when a call on a pipe sleeps ----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "call", "calls"),
    [
        ("once:\n pipe()\nrepeat:\n splice(log, pipe, 64K)\n", "splice", 2),
        ("once:\n pipe()\n mmap(log)\nrepeat:\n vmsplice(pipe, map, 64K)\n", "vmsplice", 3),
        ("once:\n pipe()\nrepeat:\n read(log, buf, 64K)\n write(pipe, buf, 64K)\n", "write", 4),
        ("once:\n pipe()\nrepeat:\n splice(pipe, sock, 64K)\n splice(log, pipe, 64K)\n", "splice", 1),
        ("once:\n pipe()\nrepeat:\n read(pipe, buf, 64K)\n splice(log, pipe, 64K)\n", "read", 1),
        ("once:\n pipe()\n pipe()\n splice(log, pipe, 4K)\nrepeat:\n tee(pipe, pipe2, 4K)\n", "tee", None),
    ],
)
async def test_who_waits_for_himself_waits_until_the_deadline(
    laboratory: Laboratory, scene, text: str, call: str, calls: int | None
) -> None:
    plan = parse_plan(text, CALLS)
    async with laboratory.session(scene(MIB, deadline=0.5), plan) as session:
        pid = session.machine_pid
        stop = await session.run()
        await session.finish()
    assert not Path(f"/proc/{pid}").exists()
    if calls is None:  # the copy of the same bytes, again and again: it moves none on, and the round ends the plan
        assert (stop.ending, stop.in_flight) == (Ending.STALLED, None)
        return
    assert stop.ending is Ending.DEADLINE
    assert stop.in_flight and CODES[stop.in_flight.code].name == call
    assert session.paused.calls == calls


async def test_who_does_not_wait_gets_eagain_and_the_plan_ends(observe) -> None:
    for text in (
        "once:\n pipe()\nrepeat:\n splice(log, pipe, 64K, nonblock)\n",
        "once:\n pipe()\nrepeat:\n splice(pipe, sock, 64K, nonblock)\n",
        "once:\n pipe()\n mmap(log)\nrepeat:\n vmsplice(pipe, map, 64K, nonblock)\n",
        "once:\n pipe()\n pipe()\nrepeat:\n tee(pipe, pipe2, 64K, nonblock)\n",
    ):
        seen = await observe(text, MIB)
        assert (seen.stop.ending, seen.tally.errors) == (Ending.STALLED, {"EAGAIN": 1})


async def test_as_haproxy_does_it_a_slow_consumer_costs_polls_and_no_byte(observe) -> None:
    slow = {"nonblocking": True, "send_buffer": 16384, "window": 16384, "rate": 32 << 20}
    text = SPLICED.replace("64K)", "64K, move, nonblock)")
    seen = await observe(text, MIB, **slow)
    assert seen.stop.ending is Ending.SENT and seen.features["delivery"].kept
    assert seen.tally.syscalls["poll"] > 3 and seen.tally.errors["EAGAIN"] > 3


# -- tampering, lanes, the other direction -------------------------------------------------------------------------


@pytest.mark.parametrize(("text", "calls"), [(SPLICED, 2), (SPLICED, 3), (LENT_BUF, 3), (LENT_BUF, 4), (LENT_MAP, 4)])
async def test_tampering_by_hand_reaches_what_lies_in_a_pipe(
    laboratory: Laboratory, scene, text: str, calls: int
) -> None:
    async with laboratory.session(scene(), parse_plan(text, CALLS), keep=MIB) as session:
        for _ in range(calls):
            await session.step()
        tampered = await session.tamper()
        assert tampered.in_buffer == (text is LENT_BUF)
        await session.run()
        await session.finish()
        compared = await session.compare(tampered.moved)
    assert (compared.old, compared.new) == (0, tampered.changed)


async def test_a_rejected_message_goes_through_a_pipe_into_the_queue(laboratory: Laboratory) -> None:
    text = "once:\n pipe()\nrepeat:\n sendfile(sock, log, 64K)\non reject:\n"
    text += " splice(log, pipe, msg)\n splice(pipe, dlq, msg)\n"
    scene = Scene(
        name="pipes",
        log=LogSpec(size=64 * KIB, format="rocketmq"),
        start="warm",
        poison=(Poison(message=3), Poison(message=40)),
        dlq=DeadLetters(),
    )
    seen = await laboratory.observe(scene, parse_plan(text, CALLS))
    assert seen.features["dlq"].kept and seen.features["delivery"].kept
    movers = {hop.target: hop.mover for hop in seen.tally.hops}
    assert (movers[Place.PIPE], movers[Place.DLQ]) == (Mover.NONE, Mover.CPU)


async def test_what_comes_in_can_be_spliced_into_the_log(laboratory: Laboratory, scene) -> None:
    text = "once:\n pipe()\nrepeat:\n splice(sock, pipe, 64K)\n splice(pipe, log, 64K)\n"
    plan = parse_plan(f"{text} fsync(log)\n send(sock, ack, 8)\n", CALLS)
    seen = await laboratory.observe(scene(300007, receive=Receive()), plan)
    assert seen.features["delivery"].kept
    movers = {(hop.source, hop.target): hop.mover for hop in seen.tally.hops}
    assert movers[Place.SOCKET, Place.PIPE] is Mover.NONE
    assert movers[Place.PIPE, Place.PAGE_CACHE] is Mover.CPU
    flushed = sum(hop.bytes for hop in seen.tally.hops if hop.target is Place.DISK)
    assert flushed in (0, 300007)  # none where no disk is behind the log


# -- bare ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "text",
    [
        SPLICED,
        SPLICED.replace("pipe()", "pipe(1M)"),
        SPLICED.replace("sock, 64K", "sock, 30K"),
        SPLICED.replace("pipe, 64K", "pipe, 100003"),
        SPLICED.replace("once:\n pipe()\n", ""),
        "once:\n pipe()\n splice(log, pipe, 4K)\nrepeat:\n splice(pipe, sock, 1K)\n splice(log, pipe, 1K)\n",
        "once:\n pipe()\nrepeat:\n splice(log, pipe, 64K)\n splice(pipe, sock, 64K)\n sendfile(sock, log, 5000)\n",
        "once:\n pipe()\nrepeat:\n splice(log, pipe, 1K)\n sendfile(sock, log, 64K)\n splice(pipe, sock, 64K)\n",
        LENT_MAP,
        READ_OUT,
    ],
)
async def test_observed_and_bare_are_the_same_stream_in_the_same_calls(
    laboratory: Laboratory, scene, text: str
) -> None:
    seen = []
    for bare in (False, True):
        async with laboratory.session(scene(300007), parse_plan(text, CALLS)) as session:
            stop = await (session.run_bare() if bare else session.run())
            delivery = await session.finish()
        paused = session.paused
        counts = (paused.calls, paused.sent, paused.position, paused.piped)
        seen.append((stop.ending, stop.errno, delivery and (delivery.received, delivery.crc), counts))
    assert seen[0] == seen[1]


async def test_a_plan_through_a_pipe_is_compiled_for_races() -> None:
    assert compile_repeat(parse_plan(SPLICED, CALLS))
    assert compile_repeat(parse_plan(LENT_MAP, CALLS)) is None


# -- the words -----------------------------------------------------------------------------------------------------


async def test_a_plan_has_names_for_two_pipes() -> None:
    made = "once:\n pipe()\n pipe(1M)\n{more}repeat:\n splice(log, pipe, 1K)\n"
    assert not parse(made.format(more=""), CALLS).problems
    (problem,) = parse(made.format(more=" pipe()\n"), CALLS).problems
    assert problem.span.line == 4 and "2 times at most" in str(problem.message)
    assert parse("repeat:\n pipe()\n splice(log, pipe, 1K)\n", CALLS).problems
