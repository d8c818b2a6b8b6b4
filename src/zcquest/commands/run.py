"""`zcquest run`: a plan is run, and what it cost and kept is printed."""

from __future__ import annotations

from zcquest.commands.host import refuse_other_hosts
from zcquest.commands.printing import print_json
from zcquest.commands.refusal import NOT_PASSED, PASSED


def show_run(level_id: str, source: str | None, *, as_json: bool, save: bool) -> int:
    """The exit status. Raises Refused and Stopped."""
    refuse_other_hosts()
    from zcquest.commands.plan_file import choose_plan
    from zcquest.commands.playing import OnlyRecorded, find_level, play_plan
    from zcquest.commands.recorded import recorded_document, show_recorded
    from zcquest.commands.result import print_result
    from zcquest.levels.language import say
    from zcquest.levels.report import to_json

    level = find_level(level_id)
    chosen = choose_plan(level, source)
    try:
        report, verdict = play_plan(level, chosen, save=save)
    except OnlyRecorded as refusal:
        if as_json:
            print_json(recorded_document(refusal))
        else:
            show_recorded(level, chosen, refusal)
        return refusal.status
    if as_json:
        print_json(to_json(report, say))
    else:
        print_result(level, chosen, report, verdict)
    return PASSED if report.passed else NOT_PASSED
