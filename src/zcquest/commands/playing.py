"""A plan played from the command line: its level found, the run stoppable, the result kept in the player's progress."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable
from pathlib import Path

from zcquest.commands.cancelling import run_until_stopped
from zcquest.commands.host import cannot_run
from zcquest.commands.plan_file import ChosenPlan
from zcquest.commands.printing import print_notice
from zcquest.commands.refusal import WRONG, Refused
from zcquest.commands.status_line import StatusLine
from zcquest.engine.experiment import Laboratory
from zcquest.engine.logs import LogUnavailable, ensure
from zcquest.engine.session import Session
from zcquest.levels.keeping import keep_run
from zcquest.levels.language import gettext as _
from zcquest.levels.language import say
from zcquest.levels.loader import Level, UnknownLevel, load_campaign
from zcquest.levels.play import NoBench, Unplayable, explain, open_laboratory, play
from zcquest.levels.progress import Progress
from zcquest.levels.recording import Recorded, recorded_run
from zcquest.levels.report import RunReport
from zcquest.levels.schema import SceneFile
from zcquest.levels.traces import TraceStore
from zcquest.levels.verdict import Verdict


class OnlyRecorded(Refused):
    """The level needs the bench NIC, which this host will not build; `recorded` is what was recorded elsewhere."""

    def __init__(self, reason: str, recorded: Recorded) -> None:
        refused = cannot_run(reason)
        super().__init__(refused.status, *refused.lines)
        self.reason = reason
        self.recorded = recorded


def find_level(id: str) -> Level:
    """The level `id`. Raises Refused: it is unknown, or its files are wrong."""
    campaign = load_campaign()
    try:
        return campaign.level(id)
    except UnknownLevel as unknown:
        broken = [error for error in campaign.broken if _concerns(error.file, id)]
        told = [error.message for error in broken] or [unknown.message]
        raise Refused(WRONG, *map(say, told)) from None


def _concerns(file: Path, id: str) -> bool:
    return any(folder.name.startswith(f"{id}-") for folder in (file, file.parent))


def play_plan(level: Level, chosen: ChosenPlan, *, save: bool) -> tuple[RunReport, Verdict]:
    """Run the plan; keep the run if it is the player's own. Raises Refused (OnlyRecorded) and Stopped."""
    try:
        report, verdict = run_until_stopped(_play(level, chosen, TraceStore().keep if save and chosen.own else None))
    except NoBench as failure:
        if recorded := recorded_run(level, chosen.plan):
            raise OnlyRecorded(say(failure.reason), recorded) from None
        raise cannot_run(say(failure.reason)) from None
    except Unplayable as failure:
        raise cannot_run(say(failure.reason)) from None
    except OSError as failure:  # not even a process could be started
        raise cannot_run(failure.strerror or str(failure)) from None
    if save and chosen.own:
        _keep(report, verdict)
    return report, verdict


async def _play(
    level: Level, chosen: ChosenPlan, keep_trace: Callable[[bytes], str] | None
) -> tuple[RunReport, Verdict]:
    with StatusLine(_("Preparing the log ...")) as status:

        def show(scene: SceneFile, session: Session) -> None:
            status.show(_("Running: {scene} ...").format(scene=_(scene.name)))

        async with open_laboratory(keep_trace) as laboratory:
            _prepare_logs(laboratory, level)
            return await play(laboratory, level, chosen.plan, watch=show)


def _prepare_logs(laboratory: Laboratory, level: Level) -> None:
    """Make the level's logs. In this thread, where a signal gets through at once: 2 GiB take seconds."""
    try:
        for scene in level.scenes:
            ensure(scene.log.spec(), laboratory.cache)
    except (LogUnavailable, OSError) as failure:
        raise Unplayable(explain(laboratory, failure)) from failure


def _keep(report: RunReport, verdict: Verdict) -> None:
    """What goes wrong here is told, and takes nothing from the run."""
    progress = Progress.open()
    try:
        keep_run(progress, report, verdict)
    except (OSError, sqlite3.Error) as error:
        print_notice(_("The run could not be kept in your progress: {reason}").format(reason=error))
    finally:
        for notice in progress.notices:
            print_notice(say(notice))
        progress.close()
