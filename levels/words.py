"""Movers and evidence in the player's language; JSON keeps the identifiers."""

from __future__ import annotations

from zcquest.engine.places import Evidence, Mover
from zcquest.levels.language import gettext as _


def mover_word(mover: Mover) -> str:
    """What became of a hop's bytes."""
    match mover:
        case Mover.CPU:
            return _("CPU copy")
        case Mover.DMA:
            return _("DMA copy")
        case Mover.NONE:
            return _("shared")
        case Mover.MIXED:
            return _("partly copied")
        case Mover.UNKNOWN:
            return _("no witness")


def evidence_word(evidence: Evidence) -> str:
    """What stands behind a figure, in one word."""
    match evidence:
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
