"""Stars, drawn and in figures."""

from __future__ import annotations

from textual.content import Content

from zcquest.levels.schema import STARS

EARNED, MISSED = "★", "☆"


def stars(earned: int, total: int = STARS) -> Content:
    """`★★☆ 2/3`."""
    drawn = Content.assemble((EARNED * earned, "$star"), (MISSED * (total - earned), "$quiet"))
    return Content.assemble(drawn, f" {earned}/{total}")


def star_sum(earned: int, total: int) -> Content:
    """`★ 17/27`: over many levels."""
    return Content.assemble((EARNED, "$star"), f" {earned}/{total}")
