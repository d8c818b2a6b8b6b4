"""strace is the witness: between the machine's two marks it saw exactly the calls that the tally counts, and no other.

A driver plays every plan under one `strace -ff`; the machine names itself `zcq:plan` while the plan's calls are made.
"""

from __future__ import annotations

import collections
import re
import subprocess
import sys
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Literal

import msgspec
import pytest
from msgspec import UNSET, UnsetType

from zcquest.engine.logs import LogSpec, Subscription
from zcquest.engine.scene import DeadLetters, Neighbour, Poison, Receive, Scene
from zcquest.levels.loader import load_campaign

pytestmark = pytest.mark.needs_strace

DRIVER = """
import asyncio, sys
from pathlib import Path
import msgspec
from zcquest.engine.calls import CALLS
from zcquest.engine.children import Children
from zcquest.engine.experiment import Laboratory, read_lines
from zcquest.engine.network.refusal import NetworkRefused
from zcquest.engine.plan import parse_plan
from zcquest.engine.scene import Scene
from zcquest.engine.tally import add_up

REFUSED = "refused"

async def answer(laboratory, scene, plan):
    async with laboratory.session(scene, plan) as session:
        pid = session.machine_pid
        await session.run()
        await session.finish()
        tally = add_up(session.trace, plan, 1, {})
        lines = [f"{line.text} = {line.result}" for line in read_lines(session.trace, plan) if line.system]
        return {"pid": pid, "ending": session.stop.ending, "syscalls": tally.syscalls, "lines": lines[:40]}

async def main(folder, jobs):
    (folder / "logs").mkdir()
    answers = []
    async with Children(folder) as children:
        laboratory = Laboratory(children, folder / "logs")
        for job in jobs:
            scene = msgspec.convert(job["scene"], Scene)
            plan = parse_plan(job["plan"], CALLS)
            try:
                answers.append(await answer(laboratory, scene, plan))
            except NetworkRefused as refusal:
                answers.append({"pid": 0, "ending": REFUSED, "syscalls": {}, "lines": [str(refusal.message)]})
    return answers

jobs = msgspec.json.decode(Path(sys.argv[2]).read_bytes())
Path(sys.argv[3]).write_bytes(msgspec.json.encode(asyncio.run(main(Path(sys.argv[1]), jobs))))
"""

SEEN_AS = {"send": "sendto", "pread": "pread64", "fadvise": "fadvise64", "recv": "recvfrom", "pipe": "pipe2"}
NAMED = re.compile(r"(\w+)\(")
ON_PLAN = re.compile(r"(?:\b[356]|=[35])<[^>]*orders-0/|(?:\b[4789]|=[4789])<(?:TCP|socket):|\b1[0-3]<pipe:")
ANNOTATION = re.compile(r"(?<=\d)<(?:[^<>]|->)*>")
TEXT = re.compile(r'"(?:[^"\\]|\\.)*"(?:\.\.\.)?')
MEMORY = re.compile(r"\b(?:buf[23]?|map|index|ack)(?:\+\d+)?\b")


class Job(msgspec.Struct):
    """One plan to play."""

    name: str
    plan: str
    scene: Scene


class Answer(msgspec.Struct):
    """What the engine says of it."""

    pid: int
    ending: str
    syscalls: dict[str, int]
    lines: list[str]


@dataclass
class Played:
    """One plan as both tell it. `saw` are strace's lines on the plan's descriptors, between the marks."""

    job: Job
    answer: Answer
    saw: list[str]


def references() -> list[Job]:
    jobs = []
    for level in load_campaign().levels.values():
        for reference in level.references:
            for file in level.scenes[-1:] if level.id == "1-3" else level.scenes:  # there they differ in warmth alone
                scene = file.engine_scene()
                most = 16 << 20 if scene.log.rotten else 4 << 20  # what matters here is the plan
                log = msgspec.structs.replace(scene.log, size=min(scene.log.size, most))
                scene = replace(scene, log=log, deadline=30.0)
                if scene.receive and scene.receive.kill:
                    continue  # two processes: strace sees each for itself
                jobs.append(Job(f"{level.id} {reference.name} {scene.name}", reference.plan, scene))
    return jobs


def odd_plans() -> list[Job]:
    jobs = []

    def add(
        name: str,
        plan: str,
        size: int,
        log_format: Literal["kafka", "rocketmq"] = "kafka",
        topics: int | UnsetType = UNSET,
        tags: tuple[str, ...] | UnsetType = UNSET,
        **fields: Any,
    ) -> None:
        log = LogSpec(size=size, format=log_format, topics=topics, tags=tags)
        scene = Scene(name="strace", log=log, **{"start": "warm", "deadline": 30.0, **fields})
        jobs.append(Job(name, plan, scene))

    for size in (1, 7, 1000, 4097, 65535, 100003):
        log = 1009 if size < 10 else 300007
        add(f"read-write {size}", f"repeat:\n read(log, buf, {size})\n write(sock, buf, {size})\n", log)
        add(f"pread-send {size}", f"repeat:\n pread(log, buf, {size})\n send(sock, buf, {size})\n", log)
        add(f"sendfile {size}", f"repeat:\n sendfile(sock, log, {size})\n", log)
        add(f"map {size}", f"once:\n mmap(log, private)\nrepeat:\n write(sock, map, {size})\n", log)
    for size, other in ((4097, 1000), (65535, 100003)):
        mixed = f"repeat:\n read(log, buf, {size})\n write(sock, buf, {size})\n sendfile(sock, log, {other})\n"
        add(f"mixed {size}", mixed, 300007)
        both = f"once:\n mmap(log, populate)\nrepeat:\n send(sock, map, {other})\n read(log, buf, {size})\n"
        add(f"mixed map {size}", f"{both} write(sock, buf, {size})\n", 300007)
    slow = {"nonblocking": True, "send_buffer": 16384, "window": 16384, "rate": 32 << 20}
    add("poll sendfile", "repeat:\n sendfile(sock, log, 1M)\n", 1 << 20, **slow)
    add("poll write", "repeat:\n read(log, buf, 100003)\n write(sock, buf, 65535)\n", 1 << 20, **slow)
    add("poll send map", "once:\n mmap(log)\nrepeat:\n send(sock, map, 1M)\n", 1 << 20, **slow)
    advice = "fadvise(log, sequential, willneed)\n readahead(log, 7)\n mmap(log)\n madvise(map, random, willneed)"
    add("advice", f"once:\n {advice}\n mmap(log, private)\nrepeat:\n sendfile(sock, log, 65535)\n", 300007)
    add("backwards", "once:\n sendfile(log, sock, 64K)\nrepeat:\n sendfile(sock, log, 64K)\n", 65536)
    add("no mapping", "repeat:\n write(sock, map, 4G)\n", 65536)
    add("no socket", "repeat:\n send(log, buf, 4097)\n", 65536)
    add("nothing read", "once:\n write(sock, buf, 7)\nrepeat:\n sendfile(sock, log, 64K)\n", 65536)
    add(
        "memcpy and verify",
        "once:\n mmap(log)\nrepeat:\n verify(map)\n memcpy(buf, map, 64K)\n write(sock, buf, 64K)\n",
        300007,
    )
    poison = {"poison": tuple(Poison(message=number) for number in (2, 3, 200)), "dlq": DeadLetters(rewritten=True)}
    for name, lanes in (
        ("carried", "on reject:\n copy_file_range(log, dlq, msg)\n sendfile(dlq, log, msg)\n"),
        ("mapped", "on reject:\n write(dlq, map, msg)\n copy_file_range(log, sock, msg)\n"),
        ("read", "on reject:\n pread(log, buf, msg)\n rewrite(buf)\n write(dlq, buf, msg)\n"),
    ):
        plan = f"once:\n mmap(log)\nrepeat:\n sendfile(sock, log, 100003)\n{lanes}"
        add(f"rejected {name}", plan, 300007, "rocketmq", **poison)
    plan = "repeat:\n sendfile(sock, log, 64K)\non reject:\n sendfile(sock, log, msg)\n"
    plan += "on giveup:\n copy_file_range(log, dlq, 100)\n copy_file_range(log, dlq, 1M)\n"
    add("retried", plan, 300007, "rocketmq", retries=3, **poison)
    fast, slower = Neighbour(), Neighbour(rate=8 << 20, window=16 << 10)
    plan = "once:\n mmap(log)\nrepeat:\n send(sock, map, 64K, dontwait)\n send(sock2, map, 64K, dontwait)\n"
    add("fan out", plan, 1 << 20, neighbours=(slower,), send_buffer=16 << 10)
    plan += " send(sock3, map, 64K, dontwait)\n send(sock4, map, 64K, dontwait)\n"
    add("fan out to four", plan, 1 << 20, neighbours=(fast, slower, fast), send_buffer=16 << 10)
    plan = "repeat:\n sendfile(sock4, log, 1M)\n read(log, buf, 50000)\n write(sock3, buf, 50000)\n"
    plan += " verify(buf)\n writev(sock2, buf, 64K)\n send(sock, buf, 64K)\n"
    add("each in its own way", plan, 300007, neighbours=(fast, fast, fast))
    add(
        "no such socket", "repeat:\n sendfile(sock, log, 64K)\n sendfile(sock4, log, 64K)\n", 300007, neighbours=(fast,)
    )
    for size in (7, 1000, 4097, 65535, 100003):
        log = 1009 if size < 10 else 300007
        spliced = f"splice(log, pipe, {size})\n splice(pipe, sock, {size})\n"
        add(f"splice {size}", f"once:\n pipe()\nrepeat:\n {spliced}", log)
        add(f"splice 1M {size}", f"once:\n pipe(1M)\nrepeat:\n {spliced}", log)
        lent = f"vmsplice(pipe, map, {size})\n splice(pipe, sock, {size})\n"
        add(f"vmsplice {size}", f"once:\n pipe()\n mmap(log)\nrepeat:\n {lent}", log)
        twice = f"splice(log, pipe, {size})\n tee(pipe, pipe2, {size})\n splice(pipe, sock, {size})\n"
        both = f"once:\n pipe()\n pipe(128K)\nrepeat:\n {twice} splice(pipe2, sock2, {size})\n"
        add(f"tee {size}", both, log, neighbours=(fast,))
    add("poll splice", "once:\n pipe()\nrepeat:\n splice(log, pipe, 64K)\n splice(pipe, sock, 64K)\n", 1 << 20, **slow)
    unwaiting = " splice(log, pipe, 64K, move, nonblock)\n splice(pipe, sock, 64K, nonblock, move)\n"
    add("as HAProxy", f"once:\n pipe()\nrepeat:\n{unwaiting}", 1 << 20, **slow)
    add("a full pipe", "once:\n pipe()\nrepeat:\n splice(log, pipe, 64K, nonblock)\n", 300007)
    add(
        "a full pipe, lent to",
        "once:\n pipe()\n mmap(log)\nrepeat:\n vmsplice(pipe, map, 1M, nonblock, gift)\n",
        300007,
    )
    add("an empty pipe", "once:\n pipe()\nrepeat:\n splice(pipe, sock, 64K, nonblock, more)\n", 4096)
    add("no pipe at all", "repeat:\n splice(log, sock, 64K)\n", 4096)
    add("no pipe yet", "repeat:\n splice(log, pipe, 64K)\n", 4096)
    add("no mapping to lend", "once:\n pipe()\nrepeat:\n vmsplice(pipe, map, 64K)\n", 4096)
    ends = "once:\n pipe()\nrepeat:\n read(log, buf, 30000)\n write(pipe, buf, 30000)\n read(pipe, buf2, 30000)\n"
    add("written and read", f"{ends} write(sock, buf2, 30000)\n", 300007)
    add("sendfile to a pipe", "once:\n pipe()\nrepeat:\n sendfile(pipe, log, 9K)\n splice(pipe, sock, 9K)\n", 300007)
    plan = "once:\n pipe()\nrepeat:\n sendfile(sock, log, 100003)\non reject:\n splice(log, pipe, msg)\n"
    plan += " splice(pipe, dlq, msg)\n"
    add("rejected spliced", plan, 300007, "rocketmq", **poison)
    plan = (
        "once:\n pipe()\nrepeat:\n splice(sock, pipe, 64K)\n splice(pipe, log, 64K)\n fsync(log)\n send(sock, ack, 8)\n"
    )
    add("received spliced", plan, 300007, receive=Receive())
    wanted = {"topics": 3, "subscription": Subscription(topic="orders-1")}
    chosen = "once:\n mmap(log)\n mmap(index, populate)\n select(index)\nrepeat:\n "
    for sender in (
        "writev(sock, map, 64K)",
        "writev(sock, map, 1500)",
        "sendfile(sock, log, 64K)",
        "send(sock, map, 64K)",
    ):
        add(f"selected {sender}", chosen + sender, 300007, "rocketmq", **wanted)
    tagged = {"tags": ("paid", "sent"), "subscription": Subscription(topic="orders", tag="paid")}
    for memory in ("index", "map"):
        text = f"once:\n mmap(log)\n mmap(index)\n select({memory})\nrepeat:\n sendfile(sock, log, 64K)\n"
        add(f"tagged by {memory}", text, 300007, "rocketmq", **tagged)
    add(
        "gathered buf",
        "repeat:\n read(log, buf, 20000)\n select(buf)\n writev(sock, buf, 64K)\n",
        300007,
        "rocketmq",
        **wanted,
    )
    add("poll writev", chosen + "writev(sock, map, 1M)\n", 2 << 20, "rocketmq", **wanted, **slow)
    add("nowhere to gather from", "repeat:\n writev(sock, map, 4G)\n", 65536)
    add(
        "the index as bytes",
        "once:\n read(index, buf, 64K)\n" + "repeat:\n sendfile(sock, log, 64K)\n",
        65536,
        "rocketmq",
    )
    return jobs


@pytest.fixture(scope="module")
def played(strace: Path, engine_folder: Path, tmp_path_factory: pytest.TempPathFactory) -> dict[str, Played]:
    output = tmp_path_factory.mktemp("strace")
    jobs = references() + odd_plans()
    (output / "jobs").write_bytes(msgspec.json.encode(jobs))
    folder = engine_folder / "strace"
    folder.mkdir()
    watched = "trace=%desc,%network,%memory,prctl"
    command = [strace, "-ff", "--seccomp-bpf", "-qq", "-y", "-s", "16", "-e", watched, "-o", output / "trace"]
    done = subprocess.run(
        [*command, sys.executable, "-c", DRIVER, folder, output / "jobs", output / "answers"],
        capture_output=True,
        text=True,
        timeout=240,
    )
    assert done.returncode == 0, done.stderr[-2000:]
    answers = msgspec.json.decode((output / "answers").read_bytes(), type=list[Answer])
    return {
        job.name: Played(job, answer, between_marks(trace_of(output, answer)))
        for job, answer in zip(jobs, answers, strict=True)
    }


def trace_of(folder: Path, answer: Answer) -> str:
    """What strace wrote of the machine; nothing where the host would not build its network."""
    return (folder / f"trace.{answer.pid}").read_text(errors="replace") if answer.pid else ""


def between_marks(text: str) -> list[str]:
    lines: list[str] = []
    inside = False
    for line in text.splitlines():
        if line.startswith("prctl(PR_SET_NAME"):
            inside = '"zcq:plan"' in line
            continue
        advice = line.startswith("madvise(")  # has no descriptor to be known by; nobody else makes it
        stray = line.startswith("openat(")  # no plan opens a file: a module loaded late would show itself by this
        if inside and (advice or stray or ON_PLAN.search(line)):
            lines.append(line)
    return lines


def counted(played: Played) -> collections.Counter[str]:
    return collections.Counter({SEEN_AS.get(name, name): count for name, count in played.answer.syscalls.items()})


def names_of(lines: list[str]) -> collections.Counter[str]:
    return collections.Counter(found[1] for line in lines if (found := NAMED.match(line)))


def plain(line: str) -> str:
    """A line of either, without what only one of them can know: contents, addresses, spacing, paths."""
    line = TEXT.sub("*", ANNOTATION.sub("", line))
    line = re.sub(r"^(writev\(\d+, )\[.*\], (\d+)(?: /\*.*\*/)?", r"\1*, \2", line)
    line = MEMORY.sub("*", line).replace(" ", "")
    line = re.sub(r"^(madvise\(|write\([4789],|sendto\([4789],)0x[0-9a-f]+", r"\1*", line)
    return re.sub(r"^(poll.*=1)\(.*\)$", r"\1", line)


@pytest.mark.parametrize("name", [job.name for job in references() + odd_plans()])
def test_strace_saw_what_the_tally_counts_and_the_trace_tells(played: dict[str, Played], name: str) -> None:
    one = played[name]
    if not one.answer.pid:
        pytest.skip(one.answer.lines[0])
    assert names_of(one.saw) == counted(one)
    ours = [plain(line) for line in one.answer.lines]
    assert [plain(line) for line in one.saw[: len(ours)]] == ours


def test_the_plans_reach_what_is_to_be_counted(played: dict[str, Played]) -> None:
    """Else the test above would prove little."""
    everything = sum((counted(one) for one in played.values()), collections.Counter[str]())
    assert set(everything) >= {
        *("read", "pread64", "write", "sendto", "sendfile", "mmap", "madvise", "fadvise64", "readahead"),
        *("copy_file_range", "lseek", "poll", "writev"),
        *("pipe2", "splice", "tee", "vmsplice", "fcntl"),
    }
    assert {one.answer.ending for one in played.values()} >= {"sent", "error", "stalled", "killed", "no_memory"}
    assert played["poll sendfile"].answer.syscalls["poll"] > 3
    assert any("EAGAIN" in line for line in played["poll sendfile"].saw)
