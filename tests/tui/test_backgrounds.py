"""A screen that was closed leaves nothing behind in Textual's caches."""

from __future__ import annotations

import gc
import weakref

from textual._styles_cache import StylesCache
from textual.color import Color

from .conftest import Open
from .playing import until


async def test_the_lines_of_a_closed_screen_are_let_go(open_game: Open) -> None:
    async with open_game() as pilot:
        await pilot.press("c")
        await pilot.pause()
        lines = [weakref.ref(widget._styles_cache) for widget in pilot.app.screen.walk_children(with_self=True)]
        assert len(lines) > 10
        await pilot.press("escape")
        await pilot.press("down")  # a key's widget is held until the next key
        await until(pilot, lambda: not _held(lines))  # the timer of a blinking cursor holds its widget to its next tick


def _held(lines: list[weakref.ref[StylesCache]]) -> int:
    gc.collect()
    return sum(seen() is not None for seen in lines)


def test_the_backgrounds_are_those_of_textual() -> None:
    """What is inside lies over what is outside, half seen through."""
    outside, over = Color(10, 20, 30), Color(200, 100, 50, 0.5)
    inner, outer = StylesCache().get_inner_outer(outside, over)
    assert (inner.background, outer.background) == (outside + over, outside)
