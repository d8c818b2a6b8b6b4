"""`zcquest run`: verdicts, exit statuses, JSON for scripts, and a result that reads well in a pipe."""

from __future__ import annotations

import re
import sqlite3
from pathlib import Path
from typing import Any

import pytest

from .conftest import Zcquest

SENDFILE = "repeat:\n    sendfile(sock, log, 64K)\n"
READ_WRITE = "repeat:\n    read(log, buf, 64K)\n    write(sock, buf, 64K)\n"
LOST = "repeat:\n    read(log, buf, 16K)\n    write(sock, buf, 4K)\n"

NUMBER = (int, float)
OPTIONAL = (int, float, type(None))
HOP = {"step": (int, type(None)), "from": str, "to": str, "mover": str, "bytes": int, "evidence": str}
SCENE = {
    "ending": str,
    "copies": {"total": OPTIONAL, "cpu": OPTIONAL, "dma": OPTIONAL, "par": OPTIONAL, "hops": list},
    "switches": {"total": int, "syscalls": int, "user_faults": int, "par": OPTIONAL},
    "buffer": {"total": int, "par": OPTIONAL},
    "syscalls": dict,
    "features": dict,
    "meters": {
        "wall_s": NUMBER,
        "user_s": NUMBER,
        "sys_s": NUMBER,
        "minor_faults": int,
        "major_faults": int,
        "voluntary_switches": int,
        "involuntary_switches": int,
        "disk_read_bytes": OPTIONAL,
        "payload_bytes": int,
        "private_bytes": int,
    },
    "errors": dict,
    "notes": list,
    "error": (dict, type(None)),
}
DOCUMENT = {
    "schema": int,
    "level": str,
    "plan": str,
    "passed": bool,
    "stars": int,
    "scenes": list,
    "race": (dict, type(None)),
} | SCENE


def has_shape(found: Any, shape: Any) -> None:
    """The same keys, no more and no less, and values of these types all the way down."""
    if isinstance(shape, dict):
        assert found.keys() == shape.keys()
        for key, expected in shape.items():
            has_shape(found[key], expected)
    else:
        assert isinstance(found, shape), (found, shape)


def test_the_json_has_the_documented_shape_and_figures(zcquest: Zcquest) -> None:
    found = zcquest.json("run", "3-1", "-", input=SENDFILE, status=0)
    has_shape(found, DOCUMENT)
    for scene in found["scenes"]:
        has_shape(scene, SCENE | {"name": str})
        for hop in scene["copies"]["hops"]:
            has_shape(hop, HOP | {"note": (str, type(None))})
        for feature in scene["features"].values():
            has_shape(feature, {"required": bool, "kept": bool, "detail": str})
    assert (found["schema"], found["level"], found["plan"]) == (1, "3-1", SENDFILE)
    assert (found["passed"], found["stars"], found["error"]) == (True, 3, None)
    assert found["copies"]["total"] == pytest.approx(2.0, abs=0.005)
    assert found["switches"] == {"total": 2, "syscalls": 1, "user_faults": 0, "par": 2}
    assert found["syscalls"] == {"sendfile": 1}
    shared = [hop for hop in found["copies"]["hops"] if (hop["from"], hop["to"]) == ("page_cache", "socket_buffer")]
    assert [(hop["mover"], hop["evidence"], hop["step"]) for hop in shared] == [("none", "proved", 1)]


def test_an_error_in_json_names_step_and_signal(zcquest: Zcquest) -> None:
    plan = "once:\n    mmap(log, populate)\nrepeat:\n    verify(map, 1M)\n    write(sock, map, 1M)\n"
    found = zcquest.json("run", "2-3", "-", input=plan, status=1)
    has_shape(found["error"], {"ending": str, "step": int, "errno": (str, type(None)), "signal": str, "message": str})
    assert (found["error"]["ending"], found["error"]["step"], found["error"]["signal"]) == ("killed", 2, "SIGBUS")
    assert (found["passed"], found["stars"]) == (False, 0)


def test_the_verdict_comes_first_and_the_status_is_that_of_the_verdict(zcquest: Zcquest) -> None:
    passed = zcquest("run", "1-1", "-", input=READ_WRITE, status=0).stdout
    assert passed.splitlines()[0] == "★★★ passed: 1-1 The long way"
    failed = zcquest("run", "1-1", "-", input=LOST, status=1).stdout
    assert failed.splitlines()[0] == "☆☆☆ not passed: 1-1 The long way"
    assert re.search(r"delivery +✗ lost +required", failed)


def test_in_a_pipe_tables_are_plain_aligned_and_can_be_split(zcquest: Zcquest) -> None:
    out = zcquest("run", "1-1", "-", input=READ_WRITE).stdout
    assert "\x1b" not in out
    lines = out.splitlines()
    hops = lines[lines.index("Hops") + 1 :]
    rows = [re.split(r" {2,}", line) for line in hops]
    assert {len(row) for row in rows} == {8}
    assert [row[2:4] + row[5:7] for row in rows[1:]] == [
        ["disk", "page_cache", "65536", "metered"],
        ["page_cache", "user_buffer", "65536", "proved"],
        ["user_buffer", "socket_buffer", "65536", "proved"],
        ["socket_buffer", "nic", "65536", "≈ modelled"],
    ]
    metrics = lines[lines.index("Metrics") + 1 :]
    assert re.split(r" {2,}", metrics[1])[:6] == ["cold", "copies", "4.00", "4.00", "-", "✓ at par"]
    assert re.split(r" {2,}", metrics[2])[:6] == ["cold", "switches", "4", "4", "-", "✓ at par"]


def test_without_a_plan_the_reference_runs_and_is_shown(zcquest: Zcquest) -> None:
    out = zcquest("run", "3-1", status=0).stdout
    assert "reference plan one-call" in out
    assert SENDFILE in out


def test_a_level_with_a_race_tells_how_it_went(zcquest: Zcquest) -> None:
    """Kafka's plan makes a thousandth of the rival's calls: no host is so noisy that it would be shown to lose."""
    found = zcquest.json("run", "5-1", "-", input="repeat:\n    sendfile(sock, log, 1M)\n", status=0)
    race = found["race"]
    assert race.keys() == {"rival", "least", "pairs", "won", "ratio", "cpu_ratio", "message"}
    assert (race["rival"], race["least"], race["pairs"], race["message"]) == ("rocketmq-mapped", 1.7, 7, None)
    assert race["won"] in (True, None) and race["ratio"].keys() == {"median", "low", "high"}
    lines = zcquest("run", "5-1", "-", input="once:\n    sendfile(sock, log, 1M)\n", status=1).stdout.splitlines()
    at = lines.index("Race")
    assert lines[at + 1 : at + 3] == [
        "the race: at least 1.7 times the throughput of rocketmq-mapped",
        "It was not run: the plan has to deliver first.",
    ]
    zcquest.nothing_is_left()


def test_own_runs_count_in_the_progress_and_references_do_not(zcquest: Zcquest) -> None:
    def row() -> list[Any]:
        levels = zcquest.json("levels", status=0)["levels"]
        return [(level["stars"], level["runs"], level["best"]) for level in levels if level["id"] == "3-1"]

    nothing = {"copies": None, "switches": None, "buffer": None}
    zcquest("run", "3-1", status=0)
    zcquest("run", "3-1", "-", "--no-save", input=SENDFILE, status=0)
    assert row() == [(0, 0, nothing)]
    zcquest("run", "3-1", "-", input="repeat:\n    sendfile(sock, log, 4K)\n", status=0)
    assert [(stars, runs) for stars, runs, _ in row()] == [(2, 1)]
    zcquest("run", "3-1", "-", input=SENDFILE, status=0)
    ((stars, runs, best),) = row()
    assert (stars, runs) == (3, 2)
    assert best == {"copies": pytest.approx(2.0, abs=0.005), "switches": 2, "buffer": 0}
    assert re.search(r"^3-1 +★★★ +2.00 +2 +0 +2 +One call$", zcquest("levels").stdout, re.MULTILINE)


def test_a_plan_may_be_a_file_with_a_byte_order_mark(zcquest: Zcquest, tmp_path: Path) -> None:
    plan = tmp_path / "my plan.txt"
    plan.write_bytes(b"\xef\xbb\xbf" + SENDFILE.encode())
    assert zcquest.json("run", "3-1", str(plan), status=0)["plan"] == SENDFILE


def test_every_mistake_of_a_plan_is_named_with_file_line_and_column(zcquest: Zcquest, tmp_path: Path) -> None:
    plan = tmp_path / "wrong.plan"
    plan.write_text("repeat:\n    raed(log, buf, 64K)\n    write(sock, bfu, 64K)\n")
    done = zcquest("run", "1-1", str(plan), status=2)
    assert done.stdout == ""
    first, second = done.stderr.splitlines()
    assert first.startswith(f"{plan}:2:5: ") and "'read'" in first
    assert second.startswith(f"{plan}:3:17: ") and "'buf'" in second
    assert zcquest("run", "1-1", "-", input="nonsense", status=2).stderr.startswith("<stdin>:1:1: ")
    assert zcquest("run", "1-1", "-", input="", status=2).stderr.startswith("<stdin>:1:1: ")
    assert "sendfile" in zcquest("run", "1-1", "-", input=SENDFILE, status=2).stderr


@pytest.mark.parametrize(
    ("content", "told"),
    [
        (None, "No such file or directory"),
        ("folder", "Is a directory"),
        (b"\x7fELF\x02\x01\x01\x00\x00", "binary"),
        (b"repeat:\n    \xff\xfe(log)\n", "byte 12"),
        (b"#" * 70_000, "65536 bytes"),
    ],
)
def test_what_is_no_plan_file_is_refused(
    zcquest: Zcquest, tmp_path: Path, content: bytes | str | None, told: str
) -> None:
    path = tmp_path / "plan"
    if content == "folder":
        path.mkdir()
    elif isinstance(content, bytes):
        path.write_bytes(content)
    done = zcquest("run", "1-1", str(path), status=2)
    assert str(path) in done.stderr and told in done.stderr
    assert len(done.stderr.splitlines()) == 1


def test_an_endless_plan_file_is_not_read_to_its_end(zcquest: Zcquest) -> None:
    assert "65536 bytes" in zcquest("run", "1-1", "/dev/zero", status=2).stderr


def test_an_unknown_level_is_refused_with_the_nearest(zcquest: Zcquest) -> None:
    done = zcquest("run", "3_1", status=2)
    assert done.stdout == ""
    assert "no level 3_1" in done.stderr and "3-1" in done.stderr


def test_the_language_is_that_of_the_option_before_that_of_the_environment(zcquest: Zcquest) -> None:
    before = zcquest("--lang", "zh", "run", "3-1", status=0).stdout
    after = zcquest("run", "3-1", "--lang", "zh", ZCQUEST_LANG="en", status=0).stdout
    assert before.splitlines()[0] == after.splitlines()[0]
    assert re.search("[\u4e00-\u9fff]", before.splitlines()[0])
    assert "One call" in zcquest("run", "3-1", "--lang", "en", LANG="zh_CN.UTF-8", status=0).stdout
    assert "en, zh" in zcquest("run", "3-1", "--lang", "fr", status=2).stderr


def test_a_damaged_progress_file_is_kept_aside_and_said_and_the_run_counts(zcquest: Zcquest) -> None:
    zcquest.data.mkdir()
    (zcquest.data / "progress.sqlite").write_bytes(b"SQLite format 3\0" + b"no database" * 500)
    done = zcquest("run", "3-1", "-", input=SENDFILE, status=0)
    assert done.stdout.startswith("★★★ passed")
    assert str(zcquest.data) in done.stderr
    with sqlite3.connect(zcquest.data / "progress.sqlite") as progress:
        assert progress.execute("SELECT level, stars FROM runs").fetchall() == [("3-1", 3)]
    assert len(list(zcquest.data.glob("progress*sqlite*"))) == 2


def test_a_progress_folder_that_cannot_be_takes_nothing_from_the_run(zcquest: Zcquest) -> None:
    zcquest.data.write_text("a file where the folder should be")
    done = zcquest("run", "3-1", "-", "--json", input=SENDFILE, status=0)
    assert done.stdout.startswith("{")
    assert str(zcquest.data) in done.stderr
