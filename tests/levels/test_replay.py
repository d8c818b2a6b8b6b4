"""Replaying kept runs: every moment adds up to what the tally said, long runs stay small, and damage is told."""

from __future__ import annotations

import asyncio
from pathlib import Path

import msgspec
import pytest

from zcquest.engine.calls import CALLS, CODES
from zcquest.engine.kept_trace import BLOCK, TICK, KeptTrace, TraceDamaged, add_rows, pack
from zcquest.engine.places import Mover, Place
from zcquest.engine.plan import Plan, parse_plan
from zcquest.engine.trace import HEADER, PAGE, RECORD, Trace
from zcquest.levels import traces
from zcquest.levels.loader import load_campaign
from zcquest.levels.play import open_laboratory, play, read_plan
from zcquest.levels.replay import GRAINS, Replay, open_replay
from zcquest.levels.report import RunReport
from zcquest.levels.traces import TraceStore

KIB = 1 << 10
PLAN = "repeat:\n read(log, buf, 1K)\n write(sock, buf, 1K)\n"
CODE = {call.name: code for code, call in enumerate(CODES)}


def _trace(path: Path, calls: int, failed: int | None = None) -> Trace:
    """A trace of PLAN as a machine would have left it: reads and writes in turn, one of which may fail."""
    with open(path, "wb") as file:
        file.write(HEADER.pack(calls, *[0] * 7).ljust(PAGE, b"\0"))
        at = 0
        for number in range(calls):
            at += 900 + number * 7919 % 400
            took = 400 + number * 104729 % 300
            step, error = number % 2, 11 if number == failed else 0
            code = CODE[("read", "write")[step]]
            result = -1 if error else KIB
            blocks = 2 if number % 4096 == 0 else 0
            file.write(RECORD.pack(at, took, step, code, error, number // 2 * KIB, KIB, result, 0, 0, blocks, 0))
    return Trace(path)


@pytest.fixture(scope="module")
def plan() -> Plan:
    return parse_plan(PLAN, CALLS)


@pytest.fixture(scope="module")
def long_trace(tmp_path_factory: pytest.TempPathFactory) -> Trace:
    return _trace(tmp_path_factory.mktemp("trace") / "long.trace", 3 * BLOCK + 100, failed=BLOCK + 7)


@pytest.fixture(scope="module")
def played(tmp_path_factory: pytest.TempPathFactory) -> tuple[RunReport, TraceStore]:
    """A run of 1-2 with its traces kept."""
    store = TraceStore(tmp_path_factory.mktemp("data") / "traces")

    async def run() -> RunReport:
        level = load_campaign().level("1-2")
        async with open_laboratory(store.keep) as laboratory:
            return (await play(laboratory, level, read_plan(level, PLAN)))[0]

    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("ZCQUEST_CACHE", str(tmp_path_factory.mktemp("cache")))
        return asyncio.run(run()), store


# The kept trace


def test_every_call_comes_back_as_it_was(long_trace: Trace, plan: Plan) -> None:
    kept = KeptTrace(pack(long_trace, plan), plan)
    assert kept.calls == kept.kept == len(long_trace)
    assert kept.rows(0, kept.calls) == list(long_trace.rows())
    assert kept.record(BLOCK + 7) == list(long_trace.records())[BLOCK + 7]
    assert kept.rows(BLOCK - 3, BLOCK + 3) == list(long_trace.rows(BLOCK - 3, BLOCK + 3))


def test_the_sums_up_to_any_call_are_those_of_the_calls_before_it(long_trace: Trace, plan: Plan) -> None:
    kept, rows = KeptTrace(pack(long_trace, plan), plan), list(long_trace.rows())
    for calls in (0, 1, TICK, BLOCK - 1, BLOCK, BLOCK + 8, 2 * BLOCK + 5, len(rows)):
        assert kept.sums(calls) == add_rows(rows[:calls], plan)
    for start, stop in ((0, BLOCK), (BLOCK, 3 * BLOCK), (TICK, 2 * TICK), (3 * BLOCK, 3 * BLOCK + 100)):
        sums, codes = kept.between(start, stop)
        assert sums == add_rows(rows[start:stop], plan)
        assert codes == {CODE["read"]: (stop - start) // 2, CODE["write"]: (stop - start) // 2}


def test_a_call_takes_a_few_bytes_and_a_long_run_no_more_than_its_share(long_trace: Trace, plan: Plan) -> None:
    assert len(pack(long_trace, plan)) < 10 * len(long_trace)
    short = KeptTrace(pack(long_trace, plan, most=10_000), plan)
    assert 0 < short.kept < short.calls == len(long_trace)
    assert short.kept % BLOCK == 0
    assert short.sums(short.calls) == add_rows(long_trace.rows(), plan)  # the sums know of all of them
    assert short.firsts.failed == BLOCK + 7


def test_damage_is_told_and_never_shown_as_a_run(long_trace: Trace, plan: Plan) -> None:
    document = pack(long_trace, plan)
    other = parse_plan("repeat:\n sendfile(sock, log, 64K)\n", CALLS)
    for wrong in (b"", document[:-1], document[: len(document) // 2], b"x" * 100):
        with pytest.raises(TraceDamaged):
            KeptTrace(wrong, plan)
    with pytest.raises(TraceDamaged):
        KeptTrace(document, other)
    hole = bytearray(document)
    hole[40:60] = bytes(20)
    with pytest.raises(TraceDamaged):
        KeptTrace(bytes(hole), plan).record(0)


def test_the_oldest_traces_make_room(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(traces, "MOST_TRACES", 3)
    store = TraceStore(tmp_path / "traces")
    names = [store.keep(b"trace") for _ in range(5)]
    assert sorted(path.stem for path in store.folder.iterdir()) == names[2:]
    monkeypatch.setattr(traces, "MOST_BYTES", 8)
    newest = store.keep(b"trace")
    assert [path.stem for path in store.folder.iterdir()] == [newest]
    (tmp_path / "file").touch()
    assert TraceStore(tmp_path / "file").keep(b"trace") == ""


# The replay


def test_a_moment_adds_up_and_the_end_is_the_report_itself(played: tuple[RunReport, TraceStore]) -> None:
    report, store = played
    scene = report.first
    replay = open_replay(scene, report.plan, store)
    assert replay.kept == replay.calls == scene.calls > 100
    end = replay.moment(replay.calls)
    assert end.scene is scene and end.over
    before = replay.moment(replay.calls - 1).scene
    assert before.features == {} and before.meters.payload_bytes == 0  # only the end can tell
    start = replay.moment(0)
    assert (start.line, start.scene.hops, start.switches) == (None, (), 0)
    third = replay.moment(3)  # read, write, read
    assert third.line is not None and third.line.text.startswith("read(3, buf, 1024)")
    assert third.switches == 6
    moved = {(hop.source, hop.target): hop.bytes for hop in third.scene.hops if hop.source != Place.DISK}
    assert moved == {
        (Place.PAGE_CACHE, Place.BUFFER): 2 * KIB,
        (Place.BUFFER, Place.SOCKET): KIB,
        (Place.SOCKET, Place.NIC): KIB,
    }
    assert third.copied(Mover.CPU) == 3 * KIB


def test_the_ways_to_calls_worth_seeing(played: tuple[RunReport, TraceStore]) -> None:
    report, store = played
    replay = open_replay(report.first, report.plan, store)
    assert replay.error() is None
    assert replay.copy() == 1
    slowest = replay.slowest()
    assert slowest is not None
    line = replay.line(slowest - 1)
    assert line.took_ns == max(replay.line(number).took_ns for number in range(replay.calls))


def test_a_run_whose_trace_has_gone_is_replayed_from_its_report(played: tuple[RunReport, TraceStore]) -> None:
    report, store = played
    whole = open_replay(report.first, report.plan, store)
    line_by_line = open_replay(msgspec.structs.replace(report.first, trace=""), report.plan, store)
    assert line_by_line.kept == sum(line.number == index for index, line in enumerate(report.first.lines))
    for calls in (0, 1, 2, line_by_line.kept - 1):
        assert line_by_line.moment(calls).switches == whole.moment(calls).switches
        assert line_by_line.moment(calls).line == whole.moment(calls).line


def test_a_long_run_is_shown_in_groups_that_open(long_trace: Trace, plan: Plan, played) -> None:  # type: ignore[no-untyped-def]
    scene = msgspec.structs.replace(played[0].first, calls=len(long_trace), hops=())
    replay = Replay(scene, plan, KeptTrace(pack(long_trace, plan), plan))
    assert replay.grain() == TICK
    block = replay.group(BLOCK, BLOCK)
    assert (block.count, block.names) == (BLOCK, (("read", BLOCK // 2), ("write", BLOCK // 2)))
    assert block.sums.failed == 1
    last = replay.group(3 * BLOCK + TICK, TICK)
    assert last.count == 100 - TICK
    assert replay.error() == BLOCK + 8
    columns = replay.columns(100)
    assert (columns[0].first, columns[-1].last) == (0, replay.calls)
    assert [column.first for column in columns[1:]] == [column.last for column in columns[:-1]]
    assert sum(column.failed for column in columns) == 1
    assert set(GRAINS) == {1, TICK, BLOCK}


def test_of_a_run_too_long_to_keep_the_end_can_still_be_seen(long_trace: Trace, plan: Plan, played) -> None:  # type: ignore[no-untyped-def]
    scene = msgspec.structs.replace(played[0].first, calls=len(long_trace))
    replay = Replay(scene, plan, KeptTrace(pack(long_trace, plan, most=10_000), plan))
    assert replay.settle(replay.kept + 1) == replay.calls
    assert replay.settle(replay.calls - 1, backwards=True) == replay.kept
    assert replay.moment(replay.calls).scene is scene
    assert replay.error() in (BLOCK + 8, replay.calls)


@pytest.mark.parametrize(("id", "name"), [("2-3", "mmap-write"), ("3-3", "faulting"), ("4-2", "as-rocketmq-does")])
async def test_calls_added_up_one_by_one_are_what_the_tally_says(
    id: str, name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Signals, user faults, lanes of rejected messages: the replay knows no other figures than the report."""
    monkeypatch.setenv("ZCQUEST_CACHE", str(tmp_path / "cache"))
    store, level = TraceStore(tmp_path / "traces"), load_campaign().level(id)
    text = next(reference.plan for reference in level.references if reference.name == name)
    async with open_laboratory(store.keep) as laboratory:
        report, _ = await play(laboratory, level, read_plan(level, text))
    scene = report.first
    sums = open_replay(scene, report.plan, store).moment(scene.calls).sums
    assert sums is not None
    assert scene.switches == 2 * sums.syscalls + 2 * sums.user_faults
    assert (scene.user_faults, scene.kernel_faults) == (sums.user_faults, sums.kernel_faults)
    for hop in scene.hops:
        assert hop.step
        step = sums.steps[hop.step - 1]
        assert hop.bytes == (step.disk if hop.source == Place.DISK else step.carried)


@pytest.mark.parametrize("name", ["write-fsync-ack", "fsync-every-64K", "memory-only"])
async def test_the_disk_and_the_producer_are_told_call_by_call(
    name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What an fsync put on disk appears with it, and what an acknowledgement says with that, through a kill too."""
    monkeypatch.setenv("ZCQUEST_CACHE", str(tmp_path / "cache"))
    store, level = TraceStore(tmp_path / "traces"), load_campaign().level("1-4")
    text = next(reference.plan for reference in level.references if reference.name == name)
    async with open_laboratory(store.keep) as laboratory:
        report, _ = await play(laboratory, level, read_plan(level, text))
    for scene in report.scenes:
        replay = open_replay(scene, report.plan, store)
        written = on_disk = received = told = 0
        for calls in range(1, replay.calls):
            line, moment = replay.line(calls - 1), replay.moment(calls)
            moved = 0 if line.error else int(line.result, 0)
            match line.call:
                case "recv":
                    received += moved
                case "write":
                    written += moved
                case "fsync":
                    on_disk, written = on_disk + written, 0
                case "send":
                    told = received
                case "recover":
                    received = moved
            assert sum(hop.bytes for hop in moment.scene.hops if hop.target == Place.DISK) == on_disk
            assert moment.scene.meters.payload_bytes == told
            assert moment.receiving
        assert replay.moment(0).receiving
        assert (on_disk > 0, told > 0) == ("fsync" in text, True)
