"""`zcquest trace`: a plan is run, and its calls are printed."""

from __future__ import annotations

from zcquest.commands.host import refuse_other_hosts
from zcquest.commands.refusal import NOT_PASSED, PASSED


def show_trace(level_id: str, source: str | None, *, save: bool) -> int:
    """The exit status. Raises Refused and Stopped."""
    refuse_other_hosts()
    from zcquest.commands.calls import print_calls
    from zcquest.commands.plan_file import choose_plan
    from zcquest.commands.playing import find_level, play_plan

    level = find_level(level_id)
    chosen = choose_plan(level, source)
    report, _ = play_plan(level, chosen, save=save)
    print_calls(level, chosen, report)
    return PASSED if report.passed else NOT_PASSED
