"""Movers, evidence and features in the player's language; JSON keeps the identifiers."""

from __future__ import annotations

from zcquest.engine.places import Evidence, Mover
from zcquest.levels.contest import Contest
from zcquest.levels.language import gettext as _
from zcquest.levels.language import say


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


def race_goal(rival: str, least: float) -> str:
    """What a level's race asks for."""
    return _("the race: at least {least} times the throughput of {rival}").format(least=f"{least:g}", rival=rival)


def race_outcome(contest: Contest) -> str:
    """How a level's race went, with its figures."""
    ratio, cpu = contest.throughput, contest.cpu
    if ratio is None or cpu is None:
        reason = say(contest.spoilt) if contest.spoilt else ""
        return _("the race against {rival} is not valid: {reason}").format(rival=contest.rival, reason=reason)
    figures = {
        "rival": contest.rival,
        "ratio": f"{ratio.median:.2f}",
        "low": f"{ratio.low:.2f}",
        "high": f"{ratio.high:.2f}",
        "cpu": f"{cpu.median:.2f}",
        "pairs": contest.pairs,
    }
    told = _(
        "{ratio} times the throughput of {rival} ({low} to {high}, {pairs} pairs), with {cpu} times its CPU time a byte"
    ).format(**figures)
    if contest.won is None:
        return _("{told}: too noisy to tell, which is held against nobody").format(told=told)
    return told


def feature_word(name: str) -> str:
    """The feature in a word."""
    return {
        "delivery": _("delivery"),
        "checksum": _("checksum"),
        "survival": _("survival"),
        "retry": _("retry"),
        "dlq": _("DLQ"),
        "isolation": _("isolation"),
        "durability": _("durability"),
        "power_cut": _("power cut"),
        "tag_filter": _("tag filter"),
    }.get(name, name)
