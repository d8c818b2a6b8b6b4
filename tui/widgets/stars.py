"""Stars, drawn and in figures."""

from __future__ import annotations

from textual.content import Content

from zcquest.levels.schema import STARS

EARNED, MISSED = "★", "☆"


def stars(earned: int, total: int = STARS) -> Content:
    """`★★☆ 2/3`."""
    return Content.assemble(
        (EARNED * earned, "$star"), (MISSED * (total - earned), "$quiet"), (f" {earned}/{total}", "$quiet")
    )
