"""What the race screen calls its plans."""

from __future__ import annotations

from zcquest.levels.language import gettext as _
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


def remarks(text: str) -> str:
    """What the plan's comments say, as one text."""
    return " ".join(line.lstrip("# ") for line in text.splitlines() if line.lstrip().startswith("#"))


def plan_without_remarks(text: str) -> str:
    """The plan's lines without those that are comments or blank."""
    return "\n".join(line for line in text.splitlines() if line.strip() and not line.lstrip().startswith("#"))
