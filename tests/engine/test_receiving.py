"""The machine as receiver: what arrives, what is acknowledged, what is left of it when somebody kills the machine."""

from __future__ import annotations

import asyncio
import errno
import os
import resource
import signal
import tempfile
from pathlib import Path

import psutil
import pytest

from zcquest.engine import pagecache
from zcquest.engine.calls import CALLS
from zcquest.engine.children import Children
from zcquest.engine.control import Produced
from zcquest.engine.crash import examine
from zcquest.engine.experiment import Laboratory
from zcquest.engine.filesystem import in_memory
from zcquest.engine.logs import LogSpec, format_of
from zcquest.engine.machine.executor import Ending
from zcquest.engine.machine.receiver import Recovery, recover
from zcquest.engine.pagecache import PAGE
from zcquest.engine.places import Evidence, Mover, Place
from zcquest.engine.plan import Plan, parse_plan
from zcquest.engine.receiving import ReceivingSession
from zcquest.engine.scene import Receive, Scene

pytestmark = pytest.mark.asyncio(loop_scope="session")

SIZE = 256 << 10
STEADY, KILLED = Receive(window=64 << 10), Receive(window=64 << 10, kill=True)
TAKE, STORE, ACK = "recv(sock, buf, 16K, waitall)", "write(log, buf, 16K)", "send(sock, ack, 8)"


def plan(*steps: str) -> Plan:
    return parse_plan("repeat:\n" + "".join(f"    {step}\n" for step in steps), CALLS)


WRITTEN = plan(TAKE, STORE, ACK)
SYNCED = plan(TAKE, STORE, "fsync(log)", ACK)
MEMORY_ONLY = plan(TAKE, ACK)
ACKED_FIRST = plan(TAKE, ACK, STORE)


def scene(receive: Receive = STEADY, **fields: object) -> Scene:
    log = LogSpec(size=SIZE, batch=4096, message=512, seed=9)
    return Scene(**{"name": "test", "log": log, "start": "warm", "deadline": 5.0, "receive": receive, **fields})


# -- nothing goes wrong --------------------------------------------------------------------------------------------


@pytest.mark.parametrize("steps", [WRITTEN, SYNCED, plan("read(sock, buf, 10000)", "write(log, buf, 10000)", ACK)])
async def test_the_log_is_what_the_producer_sent(laboratory: Laboratory, steps: Plan) -> None:
    async with laboratory.session(scene(), steps) as session:
        stop = await session.run()
        await session.finish()
        assert (stop.ending, session.consumer_lost) == (Ending.SENT, False)
        assert session.log.read_bytes() == session.run_log.path.read_bytes()
        assert isinstance(session.progress, Produced) and session.progress.received == SIZE
        seen = await laboratory.conclude(session, probing=False)
    assert seen.features["delivery"].kept
    assert "durability" not in seen.features and "power_cut" not in seen.features


async def test_a_commitlog_is_received_like_a_segment(laboratory: Laboratory) -> None:
    log = LogSpec(size=SIZE, format="rocketmq", message=1000, topics=3)
    for receive in (STEADY, KILLED):
        seen = await laboratory.observe(scene(receive, log=log), WRITTEN, probing=False)
        assert {name: judged.kept for name, judged in seen.features.items()}["delivery"]


async def test_every_copy_on_the_way_in_has_its_witness(laboratory: Laboratory) -> None:
    seen = await laboratory.observe(scene(), SYNCED)
    hops = [(hop.source, hop.target, hop.mover, hop.evidence, hop.bytes) for hop in seen.tally.hops]
    assert hops == [
        (Place.NIC, Place.SOCKET, Mover.DMA, Evidence.MODELLED, SIZE),
        (Place.SOCKET, Place.BUFFER, Mover.CPU, Evidence.PROVED, SIZE),
        (Place.BUFFER, Place.PAGE_CACHE, Mover.CPU, Evidence.PROVED, SIZE),
        (Place.PAGE_CACHE, Place.DISK, Mover.DMA, Evidence.REPORTED, SIZE),
    ]
    assert (seen.tally.copies(), seen.tally.switches) == (4.0, 2 * 4 * 16)


async def test_nothing_is_said_of_the_disk_without_an_fsync(laboratory: Laboratory) -> None:
    seen = await laboratory.observe(scene(), WRITTEN)
    assert Place.DISK not in [hop.target for hop in seen.tally.hops]
    assert seen.tally.copies() == 3.0


async def test_an_fsync_vouches_for_what_was_written_before_it(laboratory: Laboratory) -> None:
    late = plan("fsync(log)", TAKE, STORE, ACK)
    seen = await laboratory.observe(scene(), late, probing=False)
    flushed = [hop.bytes for hop in seen.tally.hops if hop.target is Place.DISK]
    assert flushed == [SIZE - (16 << 10)]  # the last round's write has none after it


async def test_every_gauge_moves_with_the_calls_that_move_it(laboratory: Laboratory) -> None:
    piece, readings = 16 << 10, []
    async with laboratory.session(scene(), SYNCED) as session:
        for _call in range(4):
            await session.step()
            now = await session.gauges()
            assert now.cache
            readings.append((now.taken, now.cache.pages * PAGE, now.sent, now.flushed))
        async with asyncio.timeout(5):
            while (await session.gauges()).received != piece:  # the producer reads the acknowledgement when it can
                await asyncio.sleep(0.01)
    took, wrote, synced = (piece, 0, 0, 0), (piece, piece, piece, 0), (piece, piece, piece, piece)
    assert readings == [took, wrote, synced, synced]


async def test_what_goes_back_to_the_producer_is_not_in_the_log(laboratory: Laboratory) -> None:
    async with laboratory.session(scene(), plan(TAKE, "send(sock, buf, 4K)", STORE, ACK)) as session:
        for _call in range(3):
            await session.step()
            assert (await session.gauges()).sent == session.log.stat().st_size
        assert session.log.stat().st_size


async def test_what_lies_in_the_receive_queue_is_the_producers_own_page(laboratory: Laboratory) -> None:
    """Without this a tampering after recv would prove nothing: the bytes could have been copied long before."""
    async with laboratory.session(scene(), WRITTEN) as session:
        assert isinstance(session, ReceivingSession)
        await asyncio.sleep(0.05)  # for the first window to be sent
        changed = await asyncio.to_thread(session.run_log.changes, 0, 16 << 10)
        session.run_log.overwrite(*session.run_log.write_sibling(0, 16 << 10))
        await session.run()
        await session.finish()
        compared = await session.compare((0, 16 << 10))
    assert (compared.old, compared.new) == (0, changed)


async def test_tampering_by_hand(laboratory: Laboratory) -> None:
    for step in (0, 1):  # after recv, with the producer's pages; after write, with buf
        async with laboratory.session(scene(), WRITTEN) as session:
            paused = await session.step()
            while paused.step != step:
                paused = await session.step()
            done = await session.tamper()
            await session.run()
            await session.finish()
            compared = await session.compare(done.moved)
        assert (compared.new, done.in_buffer) == (0, step == 1)
        assert compared.old == done.changed > 0


async def test_what_is_kept_in_memory_alone_is_delivered_to_nobody(laboratory: Laboratory) -> None:
    seen = await laboratory.observe(scene(), MEMORY_ONLY, probing=False)
    assert seen.stop.ending is Ending.SENT
    assert not seen.features["delivery"].kept


async def test_a_hop_whose_bytes_never_came_into_the_log_says_so(laboratory: Laboratory) -> None:
    observed = await laboratory.observe(scene(), MEMORY_ONLY)
    hop = next(hop for hop in observed.tally.hops if hop.target is Place.BUFFER)
    assert hop.evidence is Evidence.NOTHING
    assert "came into the log" in str(hop.note)


async def test_a_plan_that_never_acknowledges_is_sent_no_more_than_the_window(laboratory: Laboratory) -> None:
    seen = await laboratory.observe(scene(deadline=0.3), plan(TAKE, STORE), probing=False)
    assert (seen.stop.ending, seen.tally.payload) == (Ending.DEADLINE, STEADY.window)


@pytest.mark.parametrize(
    ("steps", "refused"),
    [
        (plan(TAKE, "fsync(sock)"), errno.EINVAL),
        (plan(TAKE, "fdatasync(sock)"), errno.EINVAL),
        (plan(TAKE, "fsync(dlq)"), errno.EBADF),
        (plan("recv(log, buf, 16K)", TAKE), errno.ENOTSOCK),
        (plan("recv(sock, map, 16K)"), errno.EFAULT),
    ],
)
async def test_the_kernel_says_what_it_does_not_do(laboratory: Laboratory, steps: Plan, refused: int) -> None:
    seen = await laboratory.observe(scene(), steps, probing=False)
    assert (seen.stop.ending, seen.stop.errno) == (Ending.ERROR, refused)


async def test_words_of_the_other_direction_end_by_themselves(laboratory: Laboratory) -> None:
    for odd in ("sendfile(sock, log, 4K)", "read(log, buf, 4K)", "write(sock, buf, 4K)", "memcpy(ack, buf, 8)"):
        seen = await laboratory.observe(scene(deadline=2.0), plan(TAKE, STORE, odd, ACK), probing=False)
        assert seen.stop.ending in (Ending.SENT, Ending.DEADLINE, Ending.ERROR, Ending.STALLED), odd
    sending = Scene(name="test", log=LogSpec(size=SIZE), start="warm", deadline=2.0)
    seen = await laboratory.observe(sending, plan("write(sock, ack, 8)", "sendfile(sock, log, 64K)"), probing=False)
    assert seen.stop.ending is Ending.SENT and not seen.features["delivery"].kept


async def test_a_bare_run_receives_too(laboratory: Laboratory) -> None:
    async with laboratory.session(scene(), WRITTEN) as session:
        assert (await session.run_bare()).ending is Ending.SENT
        await session.finish()
        assert session.log.read_bytes() == session.run_log.path.read_bytes()
    async with laboratory.session(scene(KILLED), WRITTEN) as session:
        assert (await session.run_bare()).signal == signal.SIGKILL
        await session.finish()


# -- somebody kills the machine ------------------------------------------------------------------------------------


async def test_fifty_kills_lose_nothing_that_was_acknowledged(laboratory: Laboratory) -> None:
    """Killed at random: in any call or between two, on a whole batch or in the middle of one."""
    odd = plan("recv(sock, buf, 5000)", "write(log, buf, 5000)", ACK)
    for number in range(50):
        seen = await laboratory.observe(scene(KILLED), (WRITTEN, SYNCED, odd)[number % 3], probing=False)
        assert seen.stop.ending is Ending.SENT
        details = {name: str(judged.detail) for name, judged in seen.features.items()}
        assert seen.features["durability"].kept and seen.features["delivery"].kept, details
    living = [process.name() for process in psutil.Process().children(recursive=True)]
    assert not [name for name in living if name in ("zcq:machine", "zcq:plan", "zcq:producer")]
    assert not list(laboratory.children.folder.glob("session-*"))


async def test_both_lives_are_in_the_trace(laboratory: Laboratory) -> None:
    async with laboratory.session(scene(KILLED), WRITTEN) as session:
        first = session.machine_pid
        await session.run()
        assert session.machine_pid != first
        await session.finish()
        crash = session.crash
        seen = await laboratory.conclude(session, probing=False)
    assert crash and crash.kept <= crash.found
    told = [line for line in seen.lines if line.call == "recover"]
    assert len(told) == 1 and "SIGKILL" in told[0].text and told[0].result == str(crash.kept)
    assert sum(seen.tally.syscalls.values()) == seen.calls - 1
    assert "recover" not in seen.tally.syscalls
    assert [line.number for line in seen.lines] == list(range(seen.calls))
    at = [line.at_ns for line in seen.lines]
    assert at == sorted(at)


async def test_what_was_acknowledged_and_kept_in_memory_is_lost(laboratory: Laboratory) -> None:
    seen = await laboratory.observe(scene(KILLED), MEMORY_ONLY, probing=False)
    assert not seen.features["durability"].kept
    assert "offset 0" in str(seen.features["durability"].detail)


async def test_an_early_acknowledgement_is_judged_by_what_is_there(laboratory: Laboratory) -> None:
    """Whether it is caught is a matter of luck; what is lost is missed in the end, for the producer has it no more."""
    for _ in range(8):
        seen = await laboratory.observe(scene(KILLED), ACKED_FIRST, probing=False)
        assert seen.features["durability"].kept == seen.features["delivery"].kept


async def test_only_what_was_synced_would_outlive_a_power_cut(laboratory: Laboratory, engine_folder: Path) -> None:
    with open(engine_folder / "dirty", "wb", buffering=0) as file:
        file.write(bytes(4 * pagecache.PAGE))
        if pagecache.unwritten(file.fileno(), 4 * pagecache.PAGE) is None:
            pytest.skip("no cachestat here, or one that sees nothing")
    synced = await laboratory.observe(scene(KILLED), SYNCED, probing=False)
    assert synced.features["power_cut"].kept
    written = await laboratory.observe(scene(KILLED), WRITTEN, probing=False)
    assert written.features["durability"].kept and not written.features["power_cut"].kept


async def test_an_fsync_without_a_disk_vouches_for_nothing(engine_folder: Path) -> None:
    shared_memory = Path("/dev/shm")
    if not shared_memory.is_dir() or not in_memory(shared_memory):
        pytest.skip("no tmpfs at /dev/shm")
    with tempfile.TemporaryDirectory(dir=shared_memory) as folder:
        async with Children(Path(folder)) as children:
            laboratory = Laboratory(children, engine_folder / "logs")
            seen = await laboratory.observe(scene(KILLED), SYNCED, probing=False)
    assert seen.tally.syscalls["fsync"] > 0
    assert Place.DISK not in [hop.target for hop in seen.tally.hops]
    assert seen.features["durability"].kept and not seen.features["power_cut"].kept
    assert any("no disk behind it" in str(note) for note in seen.notes)


async def test_without_a_witness_no_power_cut_is_survived(laboratory: Laboratory, monkeypatch) -> None:
    monkeypatch.setattr("zcquest.engine.crash.unwritten", lambda fd, length: None)
    seen = await laboratory.observe(scene(KILLED), SYNCED, probing=False)
    assert not seen.features["power_cut"].kept and "cachestat" in str(seen.features["power_cut"].detail)


async def test_a_machine_that_somebody_else_kills_stays_dead(laboratory: Laboratory) -> None:
    async with laboratory.session(scene(), WRITTEN) as session:
        await session.step()
        os.kill(session.machine_pid, signal.SIGKILL)
        stop = await asyncio.wait_for(session.run(), 4)
        assert (stop.ending, stop.signal) == (Ending.KILLED, signal.SIGKILL)
        await session.finish()
        assert session.crash is None


async def test_a_stepped_machine_dies_and_is_followed_too(laboratory: Laboratory) -> None:
    async with laboratory.session(scene(KILLED), SYNCED) as session:
        for _ in range(200):
            await session.step()
            gauges = await asyncio.wait_for(session.gauges(), 2)
            assert gauges.received <= gauges.taken
            if session.stop:
                break
        assert session.stop and session.stop.ending is Ending.SENT
        assert session.crash
        await session.finish()
        assert session.log.read_bytes() == session.run_log.path.read_bytes()


async def test_a_run_that_is_closed_in_the_middle_leaves_nobody(laboratory: Laboratory) -> None:
    for pause in (0.0, 0.01, 0.03):
        async with laboratory.session(scene(KILLED), SYNCED) as session:
            running = asyncio.ensure_future(session.run())
            await asyncio.sleep(pause)
            pids = [session.machine_pid]
        stop = await asyncio.wait_for(running, 3)
        assert stop.ending in (Ending.CANCELLED, Ending.SENT)
        assert not any(psutil.pid_exists(pid) for pid in pids if pid)


# -- other faults --------------------------------------------------------------------------------------------------


async def test_a_producer_that_dies_is_the_end_of_the_stream(laboratory: Laboratory) -> None:
    async with laboratory.session(scene(rate=1 << 20), WRITTEN) as session:
        running = asyncio.ensure_future(session.run())
        while len(session.trace) < 6:
            await asyncio.sleep(0.005)
        assert session.far
        os.kill(session.far.child.pid, signal.SIGKILL)
        stop = await asyncio.wait_for(running, 3)
        assert stop.ending in (Ending.END_OF_FILE, Ending.ERROR)
        await asyncio.wait_for(session.finish(), 3)
        seen = await laboratory.conclude(session, probing=False)
    assert not seen.features["delivery"].kept


async def test_a_log_that_may_not_grow_is_an_errno_of_the_plan(laboratory: Laboratory) -> None:
    most = 100_000
    async with laboratory.session(scene(), WRITTEN) as session:
        resource.prlimit(session.machine_pid, resource.RLIMIT_FSIZE, (most, resource.RLIM_INFINITY))
        stop = await session.run()
        assert (stop.ending, stop.errno) == (Ending.ERROR, errno.EFBIG)
        await session.finish()
        assert session.log.stat().st_size == most
        seen = await laboratory.conclude(session, probing=False)
    assert not seen.features["delivery"].kept


# -- what a broker does first --------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", ["kafka", "rocketmq"])
async def test_recovery_cuts_off_what_is_no_whole_batch(tmp_path: Path, name: str) -> None:
    form = format_of(name)
    spec = LogSpec(size=32 << 10, format=name, message=1000)
    whole = form.build(spec)
    log = tmp_path / "log"
    log.write_bytes(whole)
    with open(log, "rb") as file:
        spans = list(form.spans(file.fileno(), len(whole)))
    for torn in (1, 20, spans[1].end - spans[1].start - 1):
        log.write_bytes(whole[: spans[1].start + torn])
        assert recover(str(log), name) == Recovery(spans[1].start + torn, spans[1].start)
        assert log.read_bytes() == whole[: spans[1].start]
    log.write_bytes(b"")
    assert recover(str(log), name) == Recovery(0, 0)


async def test_a_rotten_batch_ends_the_log(tmp_path: Path) -> None:
    log = tmp_path / "log"
    log.write_bytes(format_of("kafka").build(LogSpec(size=32 << 10, batch=4096, rotten=(2,))))
    kept = recover(str(log), "kafka").kept
    assert 0 < kept < 32 << 10 and log.stat().st_size == kept


async def test_the_first_byte_that_differs_is_found(tmp_path: Path) -> None:
    source, log = tmp_path / "source", tmp_path / "log"
    source.write_bytes(bytes(range(256)) * 64)
    for found, intact in ((b"", 0), (source.read_bytes()[:5000], 5000), (source.read_bytes() + b"more", 16384)):
        log.write_bytes(found)
        remains = examine(log, source, 16384)
        assert (remains.found, remains.intact) == (len(found), intact)
    log.write_bytes(source.read_bytes()[:7] + b"\xff" + source.read_bytes()[8:])
    assert examine(log, source, 16384).intact == 7
