"""At 80 by 24 everything fits: the line of keys whole, no heading and no text cut, in both languages."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from rich.cells import cell_len
from textual.pilot import Pilot
from textual.screen import Screen
from textual.widget import Widget
from textual.widgets import Static, Tooltip
from textual.widgets._toast import ToastRack

from zcquest.tui.screens.help import HelpScreen
from zcquest.tui.screens.tour import TourScreen
from zcquest.tui.widgets.heading import Heading
from zcquest.tui.widgets.key_bar import ALWAYS, Key, KeyBar, fitting
from zcquest.tui.widgets.key_lines import KeyLines, told_of

from .conftest import Open, shown
from .everywhere import Runs, played_runs, settled, visit

__all__ = ["played_runs"]


# Keys without a line in the help: the mouse has the wheel, or points at the thing itself, or they write a text.
LISTS = {"cursor_down", "cursor_up", "cursor_left", "cursor_right", "first", "last", "page", "select", "move"}
SCROLLED = {"scroll", "page_down", "page_up", "page_left", "page_right"} | {
    f"scroll_{way}" for way in ("up", "down", "left", "right", "home", "end")
}
FOCUS = {"focus_next", "focus_previous", "copy_text"}
TEXT = {"copy", "cut", "paste", "submit", "press", "minimize", "home", "end"}
POINTED_AT = {"follow", "leave"}  # the links of a page; whatever is beside what one leaves


def plain(action: str) -> str:
    return action.partition("(")[0].rpartition(".")[2]


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


def covered(screen: Screen[Any]) -> Iterator[str]:
    """What reaches under the line of keys."""
    bar = screen.query_one(KeyBar)
    for widget in screen.query("*"):
        aside = widget in (bar, *bar.ancestors) or _scrolls(widget) or not widget.display
        aside = aside or isinstance(widget, ToastRack | Tooltip) or widget.has_class("corner")
        if not aside and widget.region.intersection(bar.region).area:
            yield f"{widget!r} is partly under the line of keys"


async def help_faults(pilot: Pilot[None], screen: Screen[Any]) -> list[str]:
    """Keys that the help does not name, lines of it that are too long, and what of it nobody gets to see."""
    told = {plain(line.action) for line in told_of(screen)}
    keys = {plain(active.binding.action) for active in screen.active_bindings.values()}
    unnamed = {key for key in keys - told if not key.startswith(("cursor_", "delete_", "select_"))}
    unnamed -= LISTS | SCROLLED | FOCUS | TEXT | POINTED_AT
    await pilot.app.push_screen(HelpScreen(screen))
    await settled(pilot)
    about = pilot.app.screen
    lines, scroll = about.query_one(KeyLines), about.query_one("#scroll")
    wide = [line.plain for line in lines.content.split("\n") if line.cell_length > lines.size.width]
    unseen = lines.region.height > scroll.size.height + scroll.max_scroll_y
    faults = [f"not in the help: {key}" for key in unnamed] + [f"too long in the help: {line}" for line in wide]
    faults += ["not all of the help can be seen"] * unseen + list(covered(about))
    pilot.app.pop_screen()
    await pilot.pause()
    return faults


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
            wrong += [f"{name}: {cut}" for cut in (*cut_texts(screen), *covered(screen))]
            wrong += [f"{name}: heading cut: {rows[0]!r}" for _ in screen.query(Heading) if "…" in rows[0]]
            if size == (80, 24):
                wrong += [f"{name}: {fault}" for fault in await help_faults(pilot, screen)]
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
