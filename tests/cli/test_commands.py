"""`zcquest trace`, `levels`, `codex`, `doctor`, and the command line itself."""

from __future__ import annotations

import re
import shutil
from pathlib import Path

import pytest

from zcquest import __version__
from zcquest.engine.calls import CALLS
from zcquest.levels.loader import CAMPAIGN_FOLDER

from .conftest import Zcquest

LEVELS = sorted(path.parent.name[:3] for path in CAMPAIGN_FOLDER.glob("*/*/level.toml"))


def calls_of(trace: str) -> list[list[str]]:
    """The rows of a trace that are calls, split into columns."""
    rows = (re.split(r" {2,}", line.strip()) for line in trace.splitlines() if re.match(r" *\d", line))
    return list(rows)


def test_a_trace_reads_like_strace_with_hops_and_evidence(zcquest: Zcquest) -> None:
    out = zcquest("trace", "3-1", status=0).stdout
    ((at, call, switches, faults, waits, hops),) = calls_of(out)
    assert re.fullmatch(r"sendfile\(4, 3, \[0\] => \[65536\], 65536\) = 65536", call)
    assert switches == "2" and float(at) >= 0 and faults.isdecimal() and waits.isdecimal()
    assert "disk → page_cache DMA copy, metered" in hops
    assert "page_cache → socket_buffer shared, proved" in hops


def test_the_switches_of_the_calls_add_up_to_the_tally(zcquest: Zcquest) -> None:
    plan = "once:\n    mmap(log)\nrepeat:\n    verify(map, 1M)\n    write(sock, map, 1M)\n"
    out = zcquest("trace", "2-2", "-", input=plan, status=0).stdout
    rows = calls_of(out)
    told = re.search(r"^# warm: calls (\d+), mode switches (\d+)$", out, re.MULTILINE)
    assert told and len(rows) == int(told[1])
    assert sum(int(row[2]) for row in rows) == int(told[2])
    verified = [row for row in rows if row[1].startswith("verify")]
    assert all(int(row[2]) == 2 * int(row[3]) for row in verified) and any(row[2] != "0" for row in verified)


def test_a_long_trace_says_how_many_calls_it_leaves_out(zcquest: Zcquest) -> None:
    plan = "repeat:\n    read(log, buf, 4K)\n    write(sock, buf, 4K)\n"
    out = zcquest("trace", "1-2", "-", input=plan).stdout
    told = re.search(r"^# cold: calls (\d+)", out, re.MULTILINE)
    left_out = re.findall(r"^# \.\.\. (\d+) calls left out \.\.\.$", out, re.MULTILINE)
    assert told and len(left_out) == 1
    assert int(told[1]) == 8192 == int(left_out[0]) + len(calls_of(out))


def test_a_trace_shows_what_killed_the_machine_and_what_failed(zcquest: Zcquest) -> None:
    plan = "once:\n    mmap(log, populate)\nrepeat:\n    verify(map, 1M)\n    write(sock, map, 1M)\n"
    killed = zcquest("trace", "2-3", "-", input=plan, status=1).stdout
    assert "+++ killed by SIGBUS +++" in killed.splitlines()
    failed = zcquest(
        "trace", "2-3", "-", input="once:\n    mmap(log)\nrepeat:\n    write(sock, map, 1M)\n", status=1
    ).stdout
    assert "= -1 EFAULT (Bad address)" in failed


def test_the_levels_are_the_campaign(zcquest: Zcquest) -> None:
    found = zcquest.json("levels", status=0)
    assert found.keys() == {"schema", "levels", "broken"}
    assert [level["id"] for level in found["levels"]] == LEVELS
    assert found["broken"] == []
    for level in found["levels"]:
        assert level.keys() == {"id", "chapter", "title", "stars", "best", "runs"}
    out = zcquest("levels", status=0).stdout
    assert re.findall(r"^\d-\d", out, re.MULTILINE) == LEVELS


@pytest.fixture
def broken_campaign(tmp_path: Path) -> Path:
    root = tmp_path / "campaign"
    shutil.copytree(CAMPAIGN_FOLDER, root)
    path = next(root.glob("1-*/1-1-*/level.toml"))
    path.write_text(path.read_text("utf-8").replace("deadline = 20.0", "deadlin = 20.0"), "utf-8")
    return root


def test_a_wrong_key_in_a_level_is_named_with_its_file(zcquest: Zcquest, broken_campaign: Path) -> None:
    done = zcquest("run", "1-1", status=2, ZCQUEST_CAMPAIGN=str(broken_campaign))
    path = next(broken_campaign.glob("1-*/1-1-*/level.toml"))
    assert done.stderr.splitlines() == [f"{path}, scene[0].deadlin: unknown key; did you mean deadline?"]
    assert done.stdout == ""
    listed = zcquest.json("levels", status=2, ZCQUEST_CAMPAIGN=str(broken_campaign))
    assert [level["id"] for level in listed["levels"]] == LEVELS[1:]
    assert [(entry["file"], entry["key"]) for entry in listed["broken"]] == [(str(path), "scene[0].deadlin")]
    assert zcquest("run", "3-1", status=0, ZCQUEST_CAMPAIGN=str(broken_campaign)).stderr == ""


def test_the_codex_has_a_page_for_every_call(zcquest: Zcquest) -> None:
    listed = zcquest("codex", status=0).stdout
    for name in CALLS:
        assert re.search(rf"^{name} +call ", listed, re.MULTILINE)
    english = zcquest("codex", "sendfile", status=0).stdout
    assert "ssize_t sendfile(" in english and "`sendfile(out_fd, in_fd, count)`" in english
    assert "[[" not in english
    assert re.search("[\u4e00-\u9fff]", zcquest("codex", "sendfile", "--lang", "zh", status=0).stdout)
    unknown = zcquest("codex", "sendfiel", status=2)
    assert "sendfile" in unknown.stderr and unknown.stdout == ""


def test_the_doctor_judges_the_host(zcquest: Zcquest) -> None:
    found = zcquest.json("doctor", status=0)
    assert found.keys() == {"schema", "supported", "why_not", "findings"}
    assert (found["supported"], found["why_not"]) == (True, None)
    for finding in found["findings"]:
        assert finding.keys() == {"name", "title", "ok", "detail", "advice"}
    assert {"system", "sendfile", "splice", "zerocopy", "namespaces", "strace", "loopback"} <= {
        finding["name"] for finding in found["findings"]
    }
    assert zcquest("doctor", status=0).stdout.splitlines()[-1] == "zcquest can be played here."


def test_the_doctor_names_a_folder_that_cannot_be_used(zcquest: Zcquest, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    done = zcquest("doctor", status=3, ZCQUEST_CACHE=str(tmp_path / "file" / "cache"))
    assert "cannot be played here" in done.stdout and str(tmp_path / "file") in done.stdout


def test_the_version_is_the_package_s(zcquest: Zcquest) -> None:
    assert zcquest("--version", status=0).stdout == f"zcquest {__version__}\n"


def test_without_a_terminal_the_game_says_what_works(zcquest: Zcquest) -> None:
    done = zcquest(status=2)
    assert done.stdout == "" and len(done.stderr.splitlines()) <= 3
    assert all(name in done.stderr for name in ("levels", "run", "trace", "codex", "doctor"))


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (["rnu", "1-1"], "Did you mean run?"),
        (["play"], "levels, run, trace, race, codex, progress, doctor"),
        (["run"], "LEVEL is missing."),
        (["run", "1-1", "a", "b"], "Too many arguments: b"),
        (["levels", "--jsn"], "Did you mean --json?"),
        (["run", "1-1", "--colour"], "There is no option --colour."),
        (["run", "1-1", "--lang"], "--lang"),
    ],
)
def test_mistakes_in_the_arguments_are_named(zcquest: Zcquest, arguments: list[str], told: str) -> None:
    done = zcquest(*arguments, status=2)
    assert told in done.stderr and done.stdout == ""


@pytest.mark.parametrize("command", [[], ["run"], ["trace"], ["levels"], ["codex"], ["doctor"]])
def test_help_names_the_options(zcquest: Zcquest, command: list[str]) -> None:
    out = zcquest(*command, "--help", status=0).stdout
    assert out.startswith("Usage: zcquest") and "--lang en|zh" in out
    assert ("Commands:" in out) == (not command)
