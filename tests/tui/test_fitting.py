"""At 80 by 24 everything fits: the line of keys whole, no heading and no text cut, in both languages."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from rich.cells import cell_len
from textual.screen import Screen
from textual.widget import Widget
from textual.widgets import Static

from zcquest.tui.screens.help import HelpScreen
from zcquest.tui.screens.tour import TourScreen
from zcquest.tui.widgets.heading import Heading
from zcquest.tui.widgets.key_bar import ALWAYS, Key, KeyBar, fitting

from .conftest import Open, shown
from .everywhere import Runs, played_runs, visit

__all__ = ["played_runs"]


def cut_texts(screen: Screen[Any]) -> Iterator[str]:
    """Texts that need more lines than they have, where nothing scrolls to the rest."""
    for text in screen.query(Static):
        region = text.content_region
        if not text.is_on_screen or not region or _scrolls(text):
            continue
        needed = text.get_content_height(screen.size, screen.size, region.width)
        if needed > region.height or not screen.region.contains_region(text.region):
            yield f"{text!r} needs {needed} lines and has {region.height}: {str(text.content)[:60]!r}"


def _scrolls(widget: Widget) -> bool:
    return any(isinstance(at, Widget) and at.is_scrollable and at.allow_vertical_scroll for at in widget.ancestors)


@pytest.mark.parametrize("language", ["en", "zh"])
@pytest.mark.parametrize("size", [(80, 24), (120, 36)], ids=["80x24", "120x36"])
async def test_every_line_of_keys_and_every_text_fits(
    open_game: Open, played_runs: Runs, size: tuple[int, int], language: str
) -> None:
    wrong = []
    async with open_game(size, language=language) as pilot:
        async for name, screen in visit(pilot, played_runs):
            rows = shown(pilot).splitlines()
            bar = screen.query_one(KeyBar)
            row = rows[bar.region.y]
            for key in bar.keys:
                if f"{key.display} {key.description}" not in row:
                    wrong.append(f"{name}: {key.display} {key.description} is not whole in {row!r}")
            told = [key.name for key in bar.keys]
            if "toggle_language" not in told:
                wrong.append(f"{name}: no way to the other language: {row!r}")
            if "help" not in told and not isinstance(screen, HelpScreen | TourScreen):
                wrong.append(f"{name}: no way to the help: {row!r}")
            wrong += [f"{name}: {cut}" for cut in cut_texts(screen)]
            wrong += [f"{name}: heading cut: {rows[0]!r}" for _ in screen.query(Heading) if "…" in rows[0]]
    assert not wrong, "\n".join(wrong)


def test_what_matters_least_goes_first(app: Any) -> None:
    def key(name: str, enabled: bool = True) -> Key:
        return Key(name[0], name, enabled, "", name, app)

    keys = [
        key(name, name != "tamper") for name in ("run", "tamper", "step", "hint", "codex", "help", "command_palette")
    ]

    def left(room: int) -> list[str]:
        return [key.name for key in fitting(keys, room, 2)]

    assert left(80) == [key.name for key in keys]
    full = sum(cell_len(name) + 4 for name in left(80)) - 2
    gone = []
    for room in range(full, 0, -1):
        gone += [name for name in left(80) if name not in left(room) and name not in gone]
    assert gone == ["command_palette", "codex", "tamper", "hint", "step", "run"]
    assert left(1) == ["help"] and "help" in ALWAYS
