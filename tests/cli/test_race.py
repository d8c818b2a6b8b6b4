"""`zcquest race`: what it prints for people and scripts, what it refuses, and that it leaves nothing. No timings."""

from __future__ import annotations

import os
import pty
import re
import signal
import subprocess
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

import psutil
import pytest

from zcquest.engine.ratio import estimate, median
from zcquest.levels.plans import plan_names

from .conftest import PATIENCE, Zcquest, wait_until

SMALL = ("--size", "16M")
CRAWLING = "repeat:\n    sendfile(sock, log, 1)\n"
LOSING = "repeat:\n    read(log, buf, 16K)\n    write(sock, buf, 4K)\n"
CHECKING = "once:\n    mmap(log)\nrepeat:\n    verify(map, 1M)\n    write(sock, map, 1M)\n"

RUN = {
    *("bytes", "messages", "seconds", "cpu_s", "syscalls"),
    *("bytes_per_s", "messages_per_s", "cpu_s_per_gb"),
}
MEDIANS = {"bytes_per_s", "messages_per_s", "cpu_s_per_gb", "syscalls"}
DOCUMENT = {
    *("schema", "evidence", "execution", "size", "message_size", "format", "topics", "messages", "plans", "pairs"),
    *("median", "ratio", "cpu_ratio", "verdict", "invalid"),
}


def test_the_json_has_the_documented_shape_and_adds_up(zcquest: Zcquest) -> None:
    found = zcquest.json("race", "kafka", "read-write", *SMALL, "--message-size", "2K", "--pairs", "6", status=0)
    assert found.keys() == DOCUMENT
    assert (found["schema"], found["evidence"], found["execution"]) == (1, "metered", "bare")
    assert (found["size"], found["message_size"], found["invalid"]) == (16 << 20, 2048, None)
    assert 7000 < found["messages"] <= 8192
    assert {side: plan["name"] for side, plan in found["plans"].items()} == {"a": "kafka", "b": "read-write"}
    assert found["plans"]["a"]["plan"] == "repeat:\n    sendfile(sock, log, 1M)\n"
    assert [pair["first"] for pair in found["pairs"]] == ["a", "b"] * 3
    for pair in found["pairs"]:
        assert pair.keys() == {"first", "ratio", "a", "b"}
        for run in (pair["a"], pair["b"]):
            has_the_figures_of_a_run(run, found)
        assert pair["ratio"] == pytest.approx(pair["a"]["bytes_per_s"] / pair["b"]["bytes_per_s"])
        assert pair["b"]["syscalls"] >= 2 * 256
    for side in ("a", "b"):
        assert found["median"][side].keys() == MEDIANS
        for name in MEDIANS:
            assert found["median"][side][name] == pytest.approx(median([pair[side][name] for pair in found["pairs"]]))
    ratio = estimate([pair["ratio"] for pair in found["pairs"]])
    expected = {"median": ratio.median, "low": ratio.low, "high": ratio.high, "confidence": 0.95}
    assert found["ratio"] == pytest.approx(expected)
    assert found["cpu_ratio"].keys() == expected.keys()
    assert found["verdict"] == ratio.answer.value


def has_the_figures_of_a_run(run: Any, found: Any) -> None:
    assert run.keys() == RUN
    assert (run["bytes"], run["messages"]) == (found["size"], found["messages"])
    assert run["bytes_per_s"] == pytest.approx(run["bytes"] / run["seconds"])
    assert run["messages_per_s"] == pytest.approx(run["messages"] / run["seconds"])
    assert run["cpu_s_per_gb"] == pytest.approx(run["cpu_s"] / run["bytes"] * 1e9)


def test_a_person_reads_plans_pairs_medians_ratios_and_a_verdict(zcquest: Zcquest) -> None:
    done = zcquest("race", "kafka", "mmap-write", *SMALL, status=0)
    assert done.stderr == "" and "\x1b" not in done.stdout
    lines = done.stdout.splitlines()
    assert lines[:3] == ["A: kafka", "    repeat:", "        sendfile(sock, log, 1M)"]
    assert lines[3] == "B: mmap-write"
    assert "A log of 16M in 16384 messages, warm in the page cache, over loopback. Metered, bare execution." in lines
    rows = {cells[0]: cells for line in lines if len(cells := re.split(r" {2,}", line.strip())) > 2}
    assert [rows[str(pair)][1] for pair in range(1, 6)] == ["A", "B", "A", "B", "A"]
    assert all(len(rows[name]) == 7 for name in ("pair", "1", "2", "3", "4", "5"))
    assert all(len(rows[name]) == 3 for name in ("median", "throughput, MB/s", "messages/s", "sender's CPU, s/GB"))
    assert int(rows["syscalls"][1]) >= 16 and int(rows["syscalls"][2]) >= 513
    assert all(len(rows[name]) == 4 for name in ("throughput", "sender's CPU"))
    assert re.match(
        r"A \(kafka\) is (faster|slower) than B \(mmap-write\)(: it has [\d.]+ times|, but how)|Too noisy", lines[-1]
    )


def test_topics_may_share_the_log_and_the_consumer_wants_one(zcquest: Zcquest, tmp_path: Path) -> None:
    chosen = "once:\n mmap(log)\n mmap(index)\n select(index)\nrepeat:\n "
    by_range, gathered = tmp_path / "range.plan", tmp_path / "gather.plan"
    by_range.write_text(chosen + "sendfile(sock, log, 64K)\n")
    gathered.write_text(chosen + "writev(sock, map, 64K)\n")
    log = ("--format", "rocketmq", "--topics", "4")
    found = zcquest.json("race", str(by_range), str(gathered), *SMALL, *log, status=0)
    assert (found["format"], found["topics"]) == ("rocketmq", 4)
    assert {plan["compiled"] for plan in found["plans"].values()} == {True}
    assert 3000 < found["messages"] < 5000
    for pair in found["pairs"]:
        assert pair["a"]["bytes"] == pair["b"]["bytes"] == 1024 * found["messages"]
        assert pair["a"]["syscalls"] > 2000 and pair["b"]["syscalls"] == 2 + -(-found["messages"] // 64)
    everything = zcquest.json("race", "kafka", str(gathered), *SMALL, *log, status=1)
    assert everything["invalid"]["plan"] == "a" and "bytes subscribed to" in everything["invalid"]["message"]


def test_a_plan_may_be_a_file_or_come_from_standard_input(zcquest: Zcquest, tmp_path: Path) -> None:
    own = tmp_path / "my.plan"
    own.write_text("# mine\nrepeat:\n    sendfile(sock, log, 4M)\n")
    found = zcquest.json("race", str(own), "-", *SMALL, input=CHECKING, status=0)
    a, b = found["plans"]["a"], found["plans"]["b"]
    assert (a["name"], a["plan"]) == (str(own), "repeat:\n    sendfile(sock, log, 4M)\n")
    assert (a["compiled"], b["compiled"]) == (True, False)
    assert b["name"] == "<stdin>" and found["median"]["b"]["syscalls"] >= 1 + 16
    shown = zcquest("race", str(own), "-", *SMALL, input=CHECKING, status=0).stdout
    assert "<stdin> has a call without a compact loop" in shown
    assert re.search(r"^syscalls +\d+ +\d+$", shown, re.MULTILINE)


def test_a_plan_that_does_not_send_the_log_makes_no_race(zcquest: Zcquest) -> None:
    shown = zcquest("race", "kafka", "-", *SMALL, input=LOSING, status=1).stdout
    assert shown.splitlines()[-1].startswith(
        "This race is not valid. <stdin> did not send the log: of the log's 16777216"
    )
    found = zcquest.json("race", "-", "kafka", *SMALL, input="repeat:\n    write(sock, map, 64K)\n", status=1)
    assert found.keys() == DOCUMENT
    assert [found[name] for name in ("pairs", "median", "ratio", "cpu_ratio", "verdict")] == [
        [],
        None,
        None,
        None,
        None,
    ]
    told = {"plan": "a", "pair": 0, "ending": "error", "errno": "EFAULT", "signal": None}
    assert found["invalid"] == told | {"message": "a call failed with EFAULT"}
    zcquest.nothing_is_left()


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (("kafak", "read-write"), "There is no plan kafak. Did you mean kafka?"),
        (("kafka", "nonsense"), f"There is no plan nonsense. The plans are {', '.join(plan_names())}."),
        (("kafka", "./gone.plan"), "gone.plan cannot be read: No such file"),
        (("-", "-"), "Only one of the two plans"),
        (("kafka",), "PLAN_B is missing."),
        (("kafka", "-"), "<stdin>:1:1: "),
        (("kafka", "kafka", "--pairs", "4"), "--pairs takes a whole number, 5 or more, not 4."),
        (("kafka", "kafka", "--pairs", "many"), "5 or more, not many."),
        (("kafka", "kafka", "--size", "big"), "--size takes a size from 1M to 4G, not big."),
        (("kafka", "kafka", "--size", "5G"), "--size takes a size from 1M to 4G, not 5G."),
        (("kafka", "kafka", "--message-size", "1"), "--message-size takes a size from 128 to 4M, not 1."),
        (("kafka", "kafka", "--size", "1M", "--message-size", "2M"), "from 128 to 1M, not 2M."),
    ],
)
def test_a_mistake_is_told(zcquest: Zcquest, arguments: tuple[str, ...], told: str) -> None:
    done = zcquest("race", *arguments, status=2)
    assert told in done.stderr and done.stdout == ""


def test_the_help_names_every_shipped_plan(zcquest: Zcquest) -> None:
    for code in ("en", "zh"):
        told = zcquest("race", "--lang", code, "--help", status=0).stdout
        unwrapped = "".join(told.split())
        assert all(name in unwrapped for name in plan_names())


def test_a_shipped_plan_comes_before_a_file_of_its_name(zcquest: Zcquest, tmp_path: Path, monkeypatch: Any) -> None:
    (tmp_path / "kafka").write_text("nonsense")
    (tmp_path / "mine").write_text("repeat:\n    sendfile(sock, log, 2M)\n")
    monkeypatch.chdir(tmp_path)
    found = zcquest.json("race", "kafka", "mine", "--size", "1M", status=0)
    assert found["plans"]["b"]["plan"] == "repeat:\n    sendfile(sock, log, 2M)\n"
    assert "./kafka:1:1: " in zcquest("race", "./kafka", "mine", status=2).stderr


def test_the_other_language(zcquest: Zcquest) -> None:
    shown = zcquest("race", "kafka", "kafka", "--size", "1M", "--lang", "zh", status=0).stdout
    assert "页缓存已预热" in shown and "A（kafka）" in shown
    assert not re.search(r"Too noisy|median|faster|slower", shown)
    assert "没有 kafak 这个方案。是不是 kafka？" in zcquest("race", "kafak", "kafka", "--lang", "zh", status=2).stderr


def makes_calls(zcquest: Zcquest) -> bool:
    """Whether a machine is at its plan's calls: a bare run leaves no trace to tell by."""
    for process in zcquest.processes():
        with suppress(psutil.NoSuchProcess):
            if process.name() == "zcq:plan":
                return True
    return False


@pytest.mark.parametrize(("number", "status"), [(signal.SIGINT, 130), (signal.SIGTERM, 143)], ids=str)
def test_a_signal_ends_the_race_and_leaves_nothing(zcquest: Zcquest, tmp_path: Path, number: int, status: int) -> None:
    crawling = tmp_path / "crawling"
    crawling.write_text(CRAWLING)
    running = zcquest.start("race", "kafka", str(crawling), "--size", "64M")
    wait_until(lambda: running.poll() is not None or makes_calls(zcquest))
    assert running.poll() is None, running.communicate()
    running.send_signal(number)
    out, error = running.communicate(timeout=PATIENCE)
    assert (running.returncode, out) == (status, b"")
    assert b"Traceback" not in error
    zcquest.nothing_is_left()


def test_a_terminal_sees_how_far_it_is_and_a_pipe_does_not(zcquest: Zcquest) -> None:
    ours, theirs = pty.openpty()
    arguments = ("race", "kafka", "read-write", *SMALL)
    environment = zcquest.environ(TERM="xterm-256color")
    done = subprocess.run(
        [*zcquest.command, *arguments], stdout=subprocess.PIPE, stderr=theirs, env=environment, timeout=PATIENCE
    )
    os.close(theirs)
    seen = os.read(ours, 65536).decode()
    os.close(ours)
    assert done.returncode == 0 and b"Warm-up" not in done.stdout
    lines = seen.split("\r\x1b[K")
    assert lines[1:4] == ["Preparing the log ...", "Warm-up: read-write ...", "Warm-up: kafka ..."]
    assert lines[4] == "Pair 1 of 5: kafka ..."
    assert re.fullmatch(r"Pair 2 of 5: read-write \.\.\. \d+\.\d\d", lines[6])
    assert (len(lines), lines[-1]) == (15, "")


@pytest.fixture
def tiny(tmp_path: Path) -> Iterator[Path]:
    """A file system of 8 MiB."""
    folder = tmp_path / "tiny"
    folder.mkdir()
    if os.geteuid():
        pytest.skip("only root may mount a file system")
    mounted = subprocess.run(["mount", "-t", "tmpfs", "-o", "size=8m", "tmpfs", str(folder)], capture_output=True)
    if mounted.returncode:
        pytest.skip(f"no file system can be mounted here: {mounted.stderr.decode().strip()}")
    yield folder
    subprocess.run(["umount", "--lazy", str(folder)], check=True)


@pytest.mark.parametrize("size", ["16M", "5M"])  # no room for the log; for the log, but not for the race's copy of it
def test_a_log_that_does_not_fit_the_disk_is_told(tiny: Path, tmp_path: Path, size: str) -> None:
    zcquest = Zcquest(tiny, tmp_path / "data")
    done = zcquest("race", "kafka", "read-write", "--size", size, status=3)
    assert done.stdout == ""
    assert str(tiny) in done.stderr and "This host cannot run it" in done.stderr
    zcquest.nothing_is_left()
