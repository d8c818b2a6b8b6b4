"""Recorded runs: every level that some hosts cannot play has one of each of its plans, and it still fits the level."""

from __future__ import annotations

import asyncio
import shutil
from pathlib import Path

import msgspec
import pytest

from zcquest.engine.network.refusal import refused
from zcquest.levels import recording
from zcquest.levels.loader import Level, load_campaign, load_level
from zcquest.levels.play import NoBench, open_laboratory, play, read_plan
from zcquest.levels.recording import FILE, RecordingFile, needs_bench, recorded_run

LEVELS = load_campaign().levels
RECORDED = [level for level in LEVELS.values() if needs_bench(level)]


@pytest.mark.parametrize("level", RECORDED, ids=lambda level: level.id)
def test_each_reference_plan_was_recorded_with_what_its_level_states(level: Level) -> None:
    file = msgspec.json.decode((level.folder / FILE).read_bytes(), type=RecordingFile)
    assert list(file.runs) == [reference.name for reference in level.references]
    for reference in level.references:
        found = recorded_run(level, read_plan(level, reference.plan))
        assert found and found.same_plan and found.reference == reference.name
        assert (found.verdict.passed, found.verdict.stars) == (reference.passed, reference.stars)
        assert (found.report.passed, found.report.stars) == (reference.passed, reference.stars)
        assert found.system.startswith("Linux ") and found.date
    assert b"/tmp" not in (level.folder / FILE).read_bytes()


@pytest.mark.parametrize("level", RECORDED, ids=lambda level: level.id)
def test_for_another_plan_the_solution_is_shown_and_said_to_be_one(level: Level) -> None:
    found = recorded_run(level, read_plan(level, "repeat:\n    sendfile(sock, log, 3K)\n"))
    assert found and not found.same_plan and found.reference == level.solution.name


def test_a_level_without_a_recording_has_none() -> None:
    level = LEVELS["1-1"]
    assert recorded_run(level, read_plan(level, level.solution.plan)) is None


@pytest.mark.parametrize("content", [b"", b"{}", b'{"schema": 1, "system": "", "date": "", "runs": {}}'])
def test_a_recording_that_cannot_be_used_is_none(tmp_path: Path, content: bytes) -> None:
    folder = tmp_path / RECORDED[0].folder.name
    shutil.copytree(RECORDED[0].folder, folder)
    (folder / FILE).write_bytes(content)
    level = load_level(folder)
    assert recorded_run(level, read_plan(level, level.solution.plan)) is None


def test_the_tool_records_what_a_level_does_here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = tmp_path / RECORDED[0].folder.name
    shutil.copytree(RECORDED[0].folder, folder)
    (folder / FILE).unlink()
    monkeypatch.setenv("ZCQUEST_CACHE", str(tmp_path / "cache"))
    level = load_level(folder)
    try:
        asyncio.run(recording.record([level]))
    except NoBench as refusal:
        pytest.skip(str(refusal.reason))
    found = recorded_run(level, read_plan(level, level.solution.plan))
    assert found and found.same_plan and found.report.scenes[0].network


def test_a_host_that_refuses_is_no_outcome_of_a_plan(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from zcquest.engine.network.bench import BenchNic

    async def refuse(self: BenchNic) -> None:
        raise refused("unshare(CLONE_NEWUSER)", 1)

    async def go() -> None:
        async with open_laboratory() as laboratory:
            await play(laboratory, RECORDED[0], read_plan(RECORDED[0], RECORDED[0].solution.plan))

    monkeypatch.setenv("ZCQUEST_CACHE", str(tmp_path))
    monkeypatch.setattr(BenchNic, "open", refuse)
    with pytest.raises(NoBench, match="EPERM"):
        asyncio.run(go())
