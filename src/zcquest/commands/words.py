"""Movers, evidence and endings in words for people; JSON keeps the identifiers."""

from __future__ import annotations

from zcquest.engine.places import Evidence, Mover
from zcquest.levels.language import gettext as _


def mover_word(mover: str) -> str:
    match Mover(mover):
        case Mover.CPU:
            return _("CPU copy")
        case Mover.DMA:
            return _("DMA copy")
        case Mover.NONE:
            return _("shared")
        case Mover.MIXED:
            return _("part copy")
        case Mover.UNKNOWN:
            return _("unknown")


def evidence_word(evidence: str) -> str:
    match Evidence(evidence):
        case Evidence.COUNTED:
            return _("counted")
        case Evidence.METERED:
            return _("metered")
        case Evidence.PROVED:
            return _("proved")
        case Evidence.REPORTED:
            return _("reported")
        case Evidence.MODELLED:
            return _("≈ modelled")
        case Evidence.NOTHING:
            return _("no witness")
