"""A run that was recorded elsewhere, shown where the host would not run it: openly, and earning nothing."""

from __future__ import annotations

from typing import Any

from zcquest.commands.plan_file import ChosenPlan
from zcquest.commands.playing import OnlyRecorded
from zcquest.commands.printing import print_line, print_notice
from zcquest.commands.result import print_measurements
from zcquest.levels.language import gettext as _
from zcquest.levels.language import say
from zcquest.levels.loader import Level
from zcquest.levels.report import to_json


def show_recorded(level: Level, chosen: ChosenPlan, refusal: OnlyRecorded) -> None:
    """The reason on stderr, the recorded run on stdout."""
    recorded = refusal.recorded
    for line in refusal.lines:
        print_notice(line)
    title = f"{level.id} {level.text().title}"
    told = _("Recorded on {system} on {date}, not run here; it earns nothing: {level}")
    print_line(told.format(system=recorded.system, date=recorded.date, level=title), "bold yellow")
    if not recorded.same_plan:
        print_line(_("Your plan was not recorded. This is the reference plan {name}:").format(name=recorded.reference))
        print_line(recorded.report.plan.rstrip())
    elif not chosen.own:
        print_line(_("The reference plan {name}:").format(name=recorded.reference))
        print_line(recorded.report.plan.rstrip())
    print_measurements(level, recorded.report)


def recorded_document(refusal: OnlyRecorded) -> dict[str, Any]:
    """The JSON of a run, with `recorded`. Passed is nothing here: what the recorded run came to is told in there."""
    recorded = refusal.recorded
    return to_json(recorded.report, say) | {
        "passed": False,
        "stars": 0,
        "recorded": {
            "reason": refusal.reason,
            "system": recorded.system,
            "date": recorded.date,
            "reference": recorded.reference,
            "same_plan": recorded.same_plan,
            "passed": recorded.report.passed,
            "stars": recorded.report.stars,
        },
    }
