"""Files that the player asks for: written whole or not at all, and never over one that is there."""

from __future__ import annotations

import resource
from collections.abc import Iterator
from pathlib import Path

import pytest

from zcquest.levels.carrying import NotCarried, export_progress
from zcquest.levels.plan_files import NoPlanFile, read_plan_file, write_plan_file
from zcquest.levels.progress import Progress

PLAN = "repeat:\n    sendfile(sock, log, 64K)\n"


@pytest.fixture
def full() -> Iterator[None]:
    """No file can grow beyond 16 bytes, as on a full disk: the kernel's own refusal in the middle of a write."""
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (16, before[1]))
    yield
    resource.setrlimit(resource.RLIMIT_FSIZE, before)


def test_a_plan_is_written_and_read_again_and_never_written_over(tmp_path: Path) -> None:
    path = tmp_path / "mine.plan"
    write_plan_file(path, PLAN)
    assert read_plan_file(path) == PLAN
    with pytest.raises(NoPlanFile, match="cannot be written"):
        write_plan_file(path, "other")
    assert read_plan_file(path) == PLAN


def test_a_full_disk_leaves_no_half_a_plan(tmp_path: Path, full: None) -> None:
    with pytest.raises(NoPlanFile, match="cannot be written"):
        write_plan_file(tmp_path / "mine.plan", PLAN)
    assert not list(tmp_path.iterdir())


def test_a_full_disk_leaves_no_half_an_export(tmp_path: Path, request: pytest.FixtureRequest) -> None:
    progress = Progress.open(tmp_path / "progress.sqlite")
    before = set(tmp_path.iterdir())
    request.getfixturevalue("full")
    with pytest.raises(NotCarried, match="cannot be written"):
        export_progress(progress, tmp_path / "export.json")
    assert set(tmp_path.iterdir()) == before


def test_what_is_no_plan_is_said_to_be_none(tmp_path: Path) -> None:
    (tmp_path / "picture").write_bytes(b"\x89PNG\r\n\x1a\n\0\0\0")
    for name in ("picture", "nowhere", ".", "a\0b"):
        with pytest.raises(NoPlanFile):
            read_plan_file(tmp_path / name)
