"""Every letter on every screen stands out from what is behind it, in every theme: the ratio of WCAG 2, measured."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from rich.color import Color
from rich.style import Style
from textual.color import Color as Shade
from textual.screen import ModalScreen, Screen
from textual.widgets import Tooltip
from textual.widgets._toast import ToastRack

from zcquest.tui.themes import THEMES

from .conftest import Open
from .everywhere import Runs, game_of, played_runs, visit

__all__ = ["played_runs"]

LEAST = {"zcquest-dark": 4.5, "zcquest-light": 4.5, "zcquest-contrast": 7.0}


def luminance(color: Shade) -> float:
    """Relative, as WCAG 2 defines it."""
    parts = [part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in color.normalized]
    return 0.2126 * parts[0] + 0.7152 * parts[1] + 0.0722 * parts[2]


def ratio(style: Style) -> float:
    """Between a style's two colours; dimmed ones are halfway to their background."""
    ink, paper = (_shade(color) for color in (style.color, style.bgcolor))
    if style.reverse:
        ink, paper = paper, ink
    if style.dim:
        ink = ink.blend(paper, 0.5)
    light, dark = sorted((luminance(ink), luminance(paper)), reverse=True)
    return (light + 0.05) / (dark + 0.05)


def _shade(color: Color | None) -> Shade:
    assert color is not None
    return Shade.from_rich_color(color)


def letters(screen: Screen[Any]) -> Iterator[tuple[str, Style]]:
    """What is written on the screen, with its style; lines, bars and other drawings are none of it.

    Of a dialogue only what is in it: what lies behind is faint, to be seen that it is behind.
    """
    own = [box.region for box in screen.children if not isinstance(box, ToastRack | Tooltip)]
    for y, strip in enumerate(screen._compositor.render_strips()):
        x = 0
        for segment in strip:
            told = any(character.isalnum() for character in segment.text)
            behind = isinstance(screen, ModalScreen) and not any(region.contains(x, y) for region in own)
            if told and segment.style and not behind:
                yield segment.text.strip(), segment.style
            x += segment.cell_length


def test_the_ratio_is_that_of_the_standard() -> None:
    assert ratio(Style.parse("#ffffff on #000000")) == pytest.approx(21)
    assert ratio(Style.parse("#777777 on #ffffff")) == pytest.approx(4.48, abs=0.01)
    assert ratio(Style.parse("dim #ffffff on #000000")) < 6


@pytest.mark.parametrize("size", [(120, 36), (80, 24)], ids=["120x36", "80x24"])
async def test_every_letter_can_be_told_from_its_background(
    open_game: Open, played_runs: Runs, size: tuple[int, int]
) -> None:
    weak: dict[tuple[str, str], str] = {}
    async with open_game(size) as pilot:
        async for name, screen in visit(pilot, played_runs):
            for theme in THEMES:
                game_of(pilot).theme = theme
                await pilot.pause()
                for text, style in letters(screen):
                    found = ratio(style)
                    if found < LEAST[theme]:
                        weak.setdefault((theme, str(style)), f"{found:.2f} in {theme}, {name}: {text[:40]!r} {style}")
    assert not weak, "\n".join(sorted(weak.values()))
