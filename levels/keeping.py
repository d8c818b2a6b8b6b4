"""What is kept of a level's runs, and what is found again when the level is opened."""

from __future__ import annotations

import time

import msgspec

from zcquest.levels.loader import Level
from zcquest.levels.progress import Best, Progress, RunRow
from zcquest.levels.report import RunReport, SceneReport
from zcquest.levels.verdict import SceneResult, Verdict, judge

_METRICS = ("copies", "switches", "buffer")


def keep_run(progress: Progress, report: RunReport, verdict: Verdict) -> tuple[Best, frozenset[str]]:
    """Record the run; the best of its level from now on, and which metrics it improved."""
    before = progress.best(report.level)
    progress.record_run(
        RunRow(
            level=report.level,
            at=time.time(),
            plan=report.plan,
            passed=report.passed,
            stars=report.stars,
            copies=verdict.copies,
            switches=verdict.switches,
            buffer=verdict.buffer,
            report=msgspec.Raw(msgspec.json.encode(report)),
        )
    )
    best = progress.best(report.level)
    improved = {name for name in _METRICS if getattr(best, name) != getattr(before, name)}
    if best.stars > before.stars:
        improved.add("stars")
    return best, frozenset(improved)


def latest_run(progress: Progress, level: Level) -> tuple[RunReport, Verdict] | None:
    """The level's latest run, judged as the level stands now; None where there is none that still fits it."""
    return next((_judged(level, row) for row in progress.runs(level.id, limit=1)), None)


def kept_run(progress: Progress, level: Level, run: RunRow) -> tuple[RunReport, Verdict] | None:
    """The result of a kept run, judged as the level stands now; None where it does not fit it any more."""
    row = progress.run(run.id) if run.id is not None else None
    return _judged(level, row) if row else None


def _judged(level: Level, row: RunRow) -> tuple[RunReport, Verdict] | None:
    try:
        report = msgspec.json.decode(row.report, type=RunReport)
        return report, judge_again(level, report)
    except (msgspec.DecodeError, ValueError):
        return None  # of another version of the game, or of scenes that the level no longer has


def judge_again(level: Level, report: RunReport) -> Verdict:
    """The verdict on a kept run, as the level stands now. Raises ValueError when it has other scenes by now."""
    return judge(level, [scene_result(scene) for scene in report.scenes], report.contest)


def scene_result(scene: SceneReport) -> SceneResult:
    """What a scene's report says, in the verdict's terms."""
    return SceneResult(
        name=scene.name,
        copies=scene.copies,
        switches=scene.switches,
        buffer=scene.buffer,
        features={name: feature.kept for name, feature in scene.features.items()},
        ending=scene.ending,
    )
