"""A widget's two backgrounds, found without keeping the widget.

Textual 8.2 remembers them of the last thousand widgets by the cache of each widget's lines, and so keeps all lines of
screens long closed: some 15 MiB, which every full garbage collection walks through.
"""

from __future__ import annotations

from functools import lru_cache

from textual._styles_cache import StylesCache
from textual.color import Color
from textual.style import Style


def install() -> None:
    """Let Textual remember backgrounds by their colours only."""
    StylesCache.get_inner_outer = _of_any_widget  # type: ignore[assignment]


def _of_any_widget(_lines: StylesCache, base: Color, background: Color) -> tuple[Style, Style]:
    return inner_and_outer(base, background)


@lru_cache(1024)
def inner_and_outer(base: Color, background: Color) -> tuple[Style, Style]:
    """The style inside a widget's border and the one outside of it."""
    return Style(background=base + background), Style(background=base)
