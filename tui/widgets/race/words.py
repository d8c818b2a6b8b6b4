"""What the race screen calls its plans."""

from __future__ import annotations

from textual.content import Content

from zcquest.levels.language import gettext as _
from zcquest.levels.plans import plan_remarks, plan_text, plan_without_remarks
from zcquest.levels.racers import Racer


def racer_name(racer: Racer) -> str:
    match racer.origin:
        case "shipped":
            return racer.name
        case "own" if racer.name:
            return _("your run {name} of {level}").format(name=racer.name, level=racer.level)
        case "own":
            return _("your plan of {level}").format(level=racer.level)
        case "reference":
            return _("{name}, reference of {level}").format(name=racer.name, level=racer.level)


def plan_preview(name: str) -> Content:
    """A shipped plan, and below it where it comes from and what is said of it."""
    source, remark = plan_remarks(name)
    return Content.assemble(
        plan_without_remarks(plan_text(name)), "\n\n", (source, "$accent"), "\n\n", (remark, "$quiet")
    )
