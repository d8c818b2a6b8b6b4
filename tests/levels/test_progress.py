"""What the player did is kept as it was, per level, and can be taken elsewhere."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import msgspec
import pytest

from zcquest import __version__
from zcquest.levels.carrying import NotCarried, export_progress, import_progress
from zcquest.levels.progress import FILE_NAME, Best, ImportRefused, Prediction, Progress, RunRow, data_folder

Figures = dict[str, Any]


@pytest.fixture
def progress(tmp_path: Path) -> Iterator[Progress]:
    opened = Progress.open(tmp_path / FILE_NAME)
    yield opened
    opened.close()


def _run(level: str = "1-1", at: float = 1.0, **figures: object) -> RunRow:
    row: Figures = {"plan": "repeat:\n", "passed": True, "stars": 2, "copies": 4.0, "switches": 4, "buffer": 65536}
    return RunRow(level=level, at=at, **{**row, **figures})


def test_a_run_is_kept_as_it_was(tmp_path: Path) -> None:
    run = _run(at=1700000000.125, copies=None, passed=False, stars=0, report=msgspec.Raw(b'{"schema": 1}'))
    first = Progress.open(tmp_path / FILE_NAME)
    id = first.record_run(run)
    first.close()
    second = Progress.open(tmp_path / FILE_NAME)
    (kept,) = second.runs()
    assert bytes(kept.report) == b'{"schema": 1}'
    assert msgspec.structs.replace(kept, report=run.report) == msgspec.structs.replace(run, id=id)
    assert kept.zcquest == __version__
    assert (second.notices, second.kept) == ([], True)
    second.close()


def test_runs_come_newest_first_by_level_and_limited(progress: Progress) -> None:
    for at, level in enumerate(("1-1", "1-2", "1-1", "1-1")):
        progress.record_run(_run(level, at=float(at)))
    assert [(run.level, run.at) for run in progress.runs()] == [("1-1", 3), ("1-1", 2), ("1-2", 1), ("1-1", 0)]
    assert [run.at for run in progress.runs("1-1")] == [3, 2, 0]
    assert [run.at for run in progress.runs("1-1", limit=1)] == [3]
    assert progress.runs("9-9") == []


def test_the_best_is_the_best_of_each_metric_over_passed_runs(progress: Progress) -> None:
    progress.record_run(_run(copies=4.0, switches=10, buffer=4096, stars=1))
    progress.record_run(_run(copies=3.0, switches=40, buffer=65536, stars=2))
    progress.record_run(_run(copies=None, switches=50, buffer=65536, stars=1))
    progress.record_run(_run(copies=1.0, switches=1, buffer=0, stars=0, passed=False))
    progress.record_run(_run("2-1", copies=1.0, switches=1, buffer=0, stars=0, passed=False))
    assert progress.best("1-1") == Best(stars=2, copies=3.0, switches=10, buffer=4096, runs=4)
    assert progress.best("2-1") == Best(runs=1)
    assert progress.best("9-9") == Best()
    assert progress.all_best() == {"1-1": progress.best("1-1"), "2-1": progress.best("2-1")}


def test_settings_drafts_predictions_and_hints_are_replaced_and_kept(tmp_path: Path) -> None:
    first = Progress.open(tmp_path / FILE_NAME)
    assert (first.setting("language"), first.draft("1-1"), first.prediction("1-1")) == (None, None, None)
    assert first.hints_taken("1-1") == frozenset()
    for language in ("en", "zh"):
        first.set_setting("language", language)
    for text in ("a", "once:\n    mmap(log)  # 映射\n"):
        first.set_draft("1-1", text)
    for copies in (2.0, 3.5):
        first.set_prediction("1-1", copies, 4)
    for step in (1, 2, 1):
        first.take_hint("1-1", step)
    first.close()
    second = Progress.open(tmp_path / FILE_NAME)
    assert second.setting("language") == "zh"
    assert second.draft("1-1") == "once:\n    mmap(log)  # 映射\n"
    prediction = second.prediction("1-1")
    assert prediction is not None and (prediction.copies, prediction.switches) == (3.5, 4)
    assert second.hints_taken("1-1") == {1, 2}
    assert second.hints_taken("1-2") == frozenset()
    second.close()


def _fill(progress: Progress) -> None:
    for level in ("1-1", "1-2"):
        progress.record_run(_run(level, report=msgspec.Raw(b'{"copies": {"total": 4.0}}')))
        progress.set_draft(level, f"# {level}")
        progress.set_prediction(level, 4.0, 4)
        progress.take_hint(level, 1)
    progress.set_setting("theme", "dark")


def _empty(progress: Progress, level: str) -> bool:
    kept = (progress.runs(level), progress.draft(level), progress.prediction(level), progress.hints_taken(level))
    return not any(kept)


def test_reset_forgets_one_level(progress: Progress) -> None:
    _fill(progress)
    progress.reset("1-1")
    assert (_empty(progress, "1-1"), _empty(progress, "1-2")) == (True, False)


def test_reset_all_forgets_all_levels_and_no_setting(progress: Progress) -> None:
    _fill(progress)
    progress.reset_all()
    assert (_empty(progress, "1-1"), _empty(progress, "1-2")) == (True, True)
    assert progress.setting("theme") == "dark"


def test_an_export_is_the_same_elsewhere(progress: Progress, tmp_path: Path) -> None:
    _fill(progress)
    elsewhere = Progress.open(tmp_path / "elsewhere" / FILE_NAME)
    assert elsewhere.import_json(progress.export_json()) == 2
    assert elsewhere.export_json() == progress.export_json()
    assert elsewhere.best("1-1") == progress.best("1-1")
    assert msgspec.json.decode(progress.export_json())["runs"][0]["report"] == {"copies": {"total": 4.0}}
    elsewhere.close()


def test_an_import_adds_and_takes_nothing_away(progress: Progress, tmp_path: Path) -> None:
    _fill(progress)
    export = progress.export_json()
    progress.set_draft("1-1", "newer")
    progress.set_setting("theme", "light")
    progress.set_prediction("1-1", 2.0, 2)
    progress.record_run(_run("1-1", at=2.0))
    assert progress.import_json(export) == 0
    assert (progress.draft("1-1"), progress.setting("theme")) == ("newer", "light")
    assert progress.prediction("1-1") == Prediction(2.0, 2, progress.prediction("1-1").at)  # type: ignore[union-attr]
    assert len(progress.runs()) == 3


@pytest.mark.parametrize(
    "document",
    [b"", b"\xff", b"[]", b'{"schema": "2"}', b'{"runs": []}',
     b'{"schema": 1, "rnus": []}', b'{"schema": 1, "runs": [{"level": 1}]}',
     b'{"schema": 1, "drafts": {"1-1": "kept?"}, "settings": {"theme": 7}}',
     b'{"schema": 1, "hints": {"1-1": [{"step": 99999999999999999999, "at": 1}]}}',
     b'{"schema": 1, "runs": ' + b"[" * 100_000],
)  # fmt: skip
def test_what_is_no_export_is_refused_and_changes_nothing(progress: Progress, document: bytes) -> None:
    _fill(progress)
    before = progress.export_json()
    with pytest.raises(ImportRefused) as caught:
        progress.import_json(document)
    assert str(caught.value.message).startswith("This is not an export of progress: ")
    assert progress.export_json() == before


def test_an_export_of_a_newer_version_is_said_to_be_one(progress: Progress) -> None:
    with pytest.raises(ImportRefused) as caught:
        progress.import_json(b'{"schema": 2, "runs": [], "galaxies": {}}')
    assert "newer zcquest (schema 2; this one reads 1)" in str(caught.value.message)


def test_a_file_is_carried_and_never_overwritten(progress: Progress, tmp_path: Path) -> None:
    _fill(progress)
    file, other = tmp_path / "carried.json", Progress.open(tmp_path / "other" / FILE_NAME)
    count = len(progress.runs())
    assert export_progress(progress, file) == count
    assert (import_progress(other, file), import_progress(other, file)) == (count, 0)
    assert other.all_best() == progress.all_best()
    with pytest.raises(NotCarried, match="exists already"):
        export_progress(other, file)
    with pytest.raises(NotCarried, match="cannot be written: No such file or directory"):
        export_progress(other, tmp_path / "nowhere" / "carried.json")
    with pytest.raises(NotCarried, match="cannot be read"):
        import_progress(other, tmp_path)
    file.write_bytes(file.read_bytes()[:-40])
    with pytest.raises(NotCarried, match="not an export of progress: "):
        import_progress(other, file)
    assert other.export_json() == progress.export_json()
    other.close()


def test_runs_without_their_reports_are_otherwise_the_same(progress: Progress) -> None:
    _fill(progress)
    bare, full = progress.runs("1-1", reports=False), progress.runs("1-1")
    assert [run.id for run in bare] == [run.id for run in full]
    assert {bytes(run.report) for run in bare} == {b"{}"}


def test_the_environment_names_the_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ZCQUEST_DATA", str(tmp_path / "mine"))
    opened = Progress.open()
    opened.set_setting("a", "b")
    opened.close()
    assert opened.path == tmp_path / "mine" / FILE_NAME
    assert [path.name for path in (tmp_path / "mine").iterdir()] == [FILE_NAME]


def test_without_it_the_users_data_folder_is_used(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("ZCQUEST_DATA", raising=False)
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path))
    assert data_folder() == tmp_path / "zcquest"


def test_plans_put_aside_are_kept_by_level_and_travel_with_an_export(tmp_path: Path) -> None:
    one = Progress.open(tmp_path / "one" / FILE_NAME)
    one.save_plan("1-1", "small", "repeat:\n    read(log, buf, 4K)")
    one.save_plan("1-1", "small", "repeat:\n    read(log, buf, 8K)")  # in place of the first
    one.save_plan("2-1", "small", "once:\n    mmap(log)")
    other = Progress.open(tmp_path / "other" / FILE_NAME)
    other.save_plan("2-1", "small", "mine")
    other.import_json(one.export_json())
    assert [(plan.name, plan.text) for plan in other.saved_plans("1-1")] == [
        ("small", "repeat:\n    read(log, buf, 8K)")
    ]
    assert [plan.text for plan in other.saved_plans("2-1")] == ["mine"]  # nothing that is here is lost
    other.forget_plan("2-1", "small")
    other.reset("1-1")
    assert other.saved_plans("1-1") == other.saved_plans("2-1") == []
