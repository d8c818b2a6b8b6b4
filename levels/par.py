"""`python -m zcquest.levels.par [LEVEL ...]`: run the reference plans for real, and hold them against what levels say.

For who writes levels. `--check` exits with 1 where a reference earns something else than stated, or a par is not the
best that the level's three-star plans reach; `--write` puts that best into `level.toml` and changes nothing else in it.
"""

from __future__ import annotations

import argparse
import asyncio
import os
import re
import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from zcquest.engine.experiment import Laboratory
from zcquest.levels.level_error import LevelError
from zcquest.levels.loader import Level, UnknownLevel, load_campaign, load_level
from zcquest.levels.play import Unplayable, open_laboratory, play, read_plan
from zcquest.levels.report import RunReport, SceneReport
from zcquest.levels.schema import STARS, Metric, ReferenceFile, SceneFile
from zcquest.levels.verdict import COPIES_TOLERANCE
from zcquest.levels.words import race_outcome

_PAR = re.compile(r"^par = \{.*\}", re.MULTILINE)


@dataclass(frozen=True, slots=True)
class Trial:
    """A reference plan and what it did when it was run."""

    reference: ReferenceFile
    report: RunReport

    @property
    def as_stated(self) -> bool:
        return (self.report.passed, self.report.stars) == (self.reference.passed, self.reference.stars)

    @property
    def undecided(self) -> bool:
        """Whether the level's race was too noisy to tell on this host: then nothing is known of what the plan earns."""
        return self.report.contest is not None and self.report.contest.won is None


async def try_reference(laboratory: Laboratory, level: Level, reference: ReferenceFile) -> Trial:
    """Run one reference plan. Raises Unplayable."""
    report, _ = await play(laboratory, level, read_plan(level, reference.plan))
    return Trial(reference, report)


def misjudged(trials: Sequence[Trial]) -> list[str]:
    """The references that earned something else than their level states; a sentence each."""
    return [
        f"{trial.reference.name}: passed={trial.report.passed} stars={trial.report.stars}, "
        f"stated passed={trial.reference.passed} stars={trial.reference.stars}"
        for trial in trials
        if not trial.as_stated and not trial.undecided
    ]


def unreached(level: Level, trials: Sequence[Trial]) -> list[str]:
    """The pars that no plan of all stars reaches exactly; a sentence each."""
    return [
        f"{scene.name}: no three-star plan reaches the par of {par} {metric}"
        for scene, metric, par in _pars(level)
        if not any(abs(figure - par) <= _slack(metric) for figure in _figures(trials, scene, metric))
    ]


def beaten(level: Level, trials: Sequence[Trial]) -> list[str]:
    """The pars that a plan of all stars betters; a sentence each."""
    return [
        f"{scene.name}: the par of {par} {metric} is beaten by a three-star plan with {best}"
        for scene, metric, par in _pars(level)
        if (best := min(_figures(trials, scene, metric), default=par)) < par - _slack(metric)
    ]


def _pars(level: Level) -> Iterator[tuple[SceneFile, Metric, float | int]]:
    for scene in level.scenes:
        for metric in Metric:
            if (par := scene.par.of(metric)) is not None:
                yield scene, metric, par


def _figures(trials: Sequence[Trial], scene: SceneFile, metric: Metric) -> list[float | int]:
    """What the passed plans that are stated to earn every star come to.

    Of those alone: a par belongs to plans that are good at everything, and a plan that spends more switches may well
    do with a smaller buffer.
    """
    reports = [trial.report for trial in trials if trial.reference.stars == STARS and trial.report.passed]
    scenes = (found for report in reports for found in report.scenes if found.name == scene.name)
    figures = (_figure(found, metric) for found in scenes)
    return [figure for figure in figures if figure is not None]


def _slack(metric: Metric) -> float:
    return COPIES_TOLERANCE if metric is Metric.COPIES else 0


def _figure(scene: SceneReport, metric: Metric) -> float | int | None:
    match metric:
        case Metric.COPIES:
            return None if scene.copies is None else round(scene.copies, 2)
        case Metric.SWITCHES:
            return scene.switches
        case Metric.BUFFER:
            return scene.buffer


def write_pars(level: Level, trials: Sequence[Trial]) -> bool:
    """Bring the `par = {...}` lines of `level.toml` up to date; whether any changed.

    The metrics that have a par stay the same. Raises ValueError, and changes nothing, where the file is not written as
    expected or a par was not reached; LevelError where the new file would not be a level.
    """
    path = level.folder / "level.toml"
    before = path.read_text("utf-8")
    best: dict[str, list[str]] = {}
    for scene, metric, _ in _pars(level):
        figures = _figures(trials, scene, metric)
        if not figures:
            raise ValueError(f"{path}: no three-star plan has a figure for the par of {metric} in {scene.name}")
        best.setdefault(scene.name, []).append(f"{metric} = {min(figures)}")
    lines = [f"par = {{ {', '.join(pairs)} }}" for pairs in best.values()]
    if len(_PAR.findall(before)) != len(lines):
        raise ValueError(f"{path}: expected {len(lines)} lines of the form 'par = {{ ... }}'")
    following = iter(lines)
    after = _PAR.sub(lambda _: next(following), before)
    if after == before:
        return False
    _replace(path, after)
    try:
        load_level(level.folder)
    except LevelError:
        _replace(path, before)
        raise
    return True


def _replace(path: Path, text: str) -> None:
    partial = path.with_suffix(".partial")
    partial.write_text(text, "utf-8")
    os.replace(partial, path)


def _print_trial(level: Level, trial: Trial) -> None:
    stated, got = trial.reference.stars, trial.report.stars
    mark = "ok " if trial.as_stated else "BAD"
    print(f"{mark} {level.id}  {trial.reference.name:<24} stated {stated}  got {got}")
    for scene in trial.report.scenes:
        copies = "-" if scene.copies is None else f"{scene.copies:.2f}"
        figures = f"copies {copies:>5}  switches {scene.switches:>6}  buffer {scene.buffer:>9}"
        print(f"       {scene.name:<16} {figures}  par {scene.par}  {scene.ending}", flush=True)
    if contest := trial.report.contest:
        print(f"       race: {race_outcome(contest)}", flush=True)


async def _run(levels: Sequence[Level], *, write: bool) -> list[str]:
    told = []
    async with open_laboratory() as laboratory:
        for level in levels:
            trials = []
            for reference in level.references:
                trials.append(await try_reference(laboratory, level, reference))
                _print_trial(level, trials[-1])
            if write and write_pars(level, trials):
                print(f"    {level.id}  par rewritten")
                level = load_level(level.folder)
            faults = [*misjudged(trials), *unreached(level, trials), *beaten(level, trials)]
            told += [f"{level.id}: {fault}" for fault in faults]
    return told


def main() -> int:
    """The exit status: 1 with `--check` and something to complain of, 2 for wrong arguments, 3 for a host too small."""
    parser = argparse.ArgumentParser(prog="python -m zcquest.levels.par", description=(__doc__ or "").split("\n\n")[1])
    parser.add_argument("levels", nargs="*", metavar="LEVEL", help="such as 1-1; all by default")
    parser.add_argument("--check", action="store_true", help="exit with 1 where a level says what its plans do not do")
    parser.add_argument("--write", action="store_true", help="rewrite the par lines of level.toml")
    options = parser.parse_args()
    campaign = load_campaign()
    try:
        levels = [campaign.level(id) for id in options.levels] or list(campaign.levels.values())
        told = [str(error) for error in campaign.broken] + asyncio.run(_run(levels, write=options.write))
    except (UnknownLevel, LevelError, ValueError) as error:
        print(error, file=sys.stderr)
        return 2
    except Unplayable as failure:
        print(failure.reason, file=sys.stderr)
        return 3
    for sentence in told:
        print(sentence)
    return 1 if options.check and told else 0


if __name__ == "__main__":
    sys.exit(main())
