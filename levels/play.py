"""Playing a level: its plan run in each scene, judged, reported. What the command line and the screens both call."""

from __future__ import annotations

import os
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path

from platformdirs import user_cache_path

from zcquest.engine.calls import CALLS
from zcquest.engine.children import ChildLost, Children, sweep
from zcquest.engine.ending import signal_name
from zcquest.engine.experiment import Laboratory, Observation
from zcquest.engine.logs import LogUnavailable
from zcquest.engine.message import Message, message
from zcquest.engine.network.refusal import NetworkRefused
from zcquest.engine.plan import Plan, parse_plan
from zcquest.engine.race import Turn
from zcquest.engine.session import Session
from zcquest.engine.trace import errno_name
from zcquest.levels.contest import Contest, contend
from zcquest.levels.hints import Situation
from zcquest.levels.loader import Level
from zcquest.levels.report import RunReport, make_report
from zcquest.levels.schema import SceneFile
from zcquest.levels.verdict import Verdict


class Unplayable(Exception):
    """The host would not let the plan run at all: a full disk, a folder that cannot be written, a lost process."""

    def __init__(self, reason: Message) -> None:
        super().__init__(str(reason))
        self.reason = reason


class NoBench(Unplayable):
    """The host would not build the bench NIC; what was recorded elsewhere can be shown instead."""


def cache_folder() -> Path:
    """Where logs are kept and runs take place: `ZCQUEST_CACHE`, or the user's cache folder (on a disk, not /tmp)."""
    override = os.environ.get("ZCQUEST_CACHE")
    return Path(override) if override else user_cache_path("zcquest")


@asynccontextmanager
async def open_laboratory(keep_trace: Callable[[bytes], str] | None = None) -> AsyncIterator[Laboratory]:
    """A laboratory in the cache folder. Raises Unplayable when nothing can be written there.

    `keep_trace` keeps the whole trace of every run under the name it returns (`TraceStore.keep`).
    """
    folder = cache_folder()
    logs, runs = folder / "logs", folder / "runs"
    try:
        logs.mkdir(parents=True, exist_ok=True)
        runs.mkdir(parents=True, exist_ok=True)
        sweep(runs)
        children = Children(runs)
    except OSError as failure:
        raise Unplayable(_unwritable(folder, failure)) from failure
    async with children:
        laboratory = Laboratory(children, logs, keep_trace)
        try:
            yield laboratory
        finally:
            await laboratory.close()


def read_plan(level: Level, text: str) -> Plan:
    """The plan, with the level's palette. Raises PlanError."""
    return parse_plan(text, CALLS, level.calls)


async def play(
    laboratory: Laboratory,
    level: Level,
    plan: Plan,
    *,
    watch: Callable[[SceneFile, Session], None] | None = None,
    racing: Callable[[Turn], None] | None = None,
) -> tuple[RunReport, Verdict]:
    """Run the plan in every scene, probes included, and in the level's race if it delivered in all of them.

    `watch` gets each scene's session before its first call, `racing` each run of the race.

    Raises Unplayable; whatever else happens to the plan is part of the report.
    """
    observations: list[Observation] = []
    for scene in level.scenes:
        look = (lambda session, scene=scene: watch(scene, session)) if watch else None
        try:
            observations.append(await laboratory.observe(scene.engine_scene(), plan, watch=look))
        except NetworkRefused as refusal:
            raise NoBench(refusal.message) from refusal
        except (ChildLost, LogUnavailable, OSError) as failure:
            raise Unplayable(explain(laboratory, failure)) from failure
    if not level.race or not all(seen.features["delivery"].kept for seen in observations):
        return make_report(level, observations)
    try:
        contest = await contend(laboratory, level.race, plan, racing)
    except (ChildLost, LogUnavailable, OSError) as failure:
        raise Unplayable(explain(laboratory, failure)) from failure
    return make_report(level, observations, contest)


def explain(laboratory: Laboratory, failure: Exception) -> Message:
    """Why a session could not be had, in words for the player."""
    if isinstance(failure, LogUnavailable | NetworkRefused):
        return failure.message
    if isinstance(failure, OSError):
        return _unwritable(laboratory.children.folder, failure)
    detail = failure.detail if isinstance(failure, ChildLost) else str(failure)
    return message("a process of the run was lost: {detail}", detail=detail or message("it left no word"))


def situation(report: RunReport | None, verdict: Verdict | None, *, uses: frozenset[str], syntax: bool) -> Situation:
    """What hints may react to: the latest run, and the calls of the plan as it stands."""
    if report is None or verdict is None:
        return Situation(uses=uses, syntax=syntax)
    endings = [scene.ending for scene in report.scenes if scene.error]
    errnos = {name for scene in report.scenes for name in scene.errors}
    errnos |= {errno_name(scene.errno) for scene in report.scenes if scene.errno}
    signals = [signal_name(scene.signal) for scene in report.scenes if scene.signal]
    return Situation(
        errnos=frozenset(errnos),
        signal=signals[0] if signals else "",
        uses=uses,
        lost=frozenset(lost.feature.value for lost in verdict.lost),
        over=frozenset(metric.value for metric in verdict.over | verdict.broken),
        ending=endings[0] if endings else "",
        race=_race(verdict.contest),
        syntax=syntax,
        ran=True,
    )


def _race(contest: Contest | None) -> str:
    if contest is None or contest.won:
        return ""
    return "lost" if contest.won is False else "noisy"


def _unwritable(folder: Path, failure: OSError) -> Message:
    return message(
        "nothing can be written to {folder}: {reason}. Set ZCQUEST_CACHE to a folder on a disk with room",
        folder=str(folder),
        reason=failure.strerror or str(failure),
    )
