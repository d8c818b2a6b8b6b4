"""The keys of a screen, each with what it does."""

from __future__ import annotations

from typing import Any

from textual.app import ComposeResult
from textual.binding import Binding
from textual.containers import Vertical, VerticalScroll
from textual.content import Content
from textual.screen import Screen
from textual.widgets import Static

from zcquest.tui.language import N_, _
from zcquest.tui.screens.base import ZcModal
from zcquest.tui.widgets.columns import left
from zcquest.tui.widgets.key_bar import KeyBar


class HelpScreen(ZcModal[None]):
    """Lists the bindings of `about` that have a tooltip, keys of one action on one line."""

    CSS_PATH = "help.tcss"
    BINDINGS = [
        Binding("escape,question_mark,f1,q", "close", N_("Close"), key_display="esc", tooltip=N_("Close this")),
        Binding("t", "tour", N_("Tour"), tooltip=N_("A minute on the first level")),
        Binding("f2,l", "app.toggle_language", N_("Language"), key_display="F2", tooltip=N_("English or Chinese")),
    ]

    def __init__(self, about: Screen[Any]) -> None:
        super().__init__()
        self._about = about

    def compose(self) -> ComposeResult:
        with Vertical(id="box"):
            yield Static(id="title", markup=False)
            with VerticalScroll(id="scroll"):
                yield Static(id="keys", markup=False)
            yield KeyBar(palette=False)

    def on_mount(self) -> None:
        self.retranslate()
        self.query_one("#scroll").focus()

    def action_tour(self) -> None:
        self.dismiss()
        self.game.action_tour()

    def retranslate(self) -> None:
        self.query_one("#title", Static).update(_("Keys"))
        self.query_one("#keys", Static).update(key_lines(bindings_of(self._about)))


def bindings_of(screen: Screen[Any]) -> list[tuple[str, str]]:
    """The keys of each action that has a tooltip, and the tooltip, in the order of the footer."""
    actions: dict[str, tuple[list[str], str]] = {}
    for active in screen.active_bindings.values():
        if tooltip := active.tooltip or active.binding.tooltip:
            action = active.binding.action.removeprefix("app.")
            keys, _said = actions.setdefault(action, ([], tooltip))
            shown = screen.app.get_key_display(active.binding)
            if shown not in keys:
                keys.append(shown)
    return [(" ".join(keys), tooltip) for keys, tooltip in actions.values()]


def key_lines(rows: list[tuple[str, str]]) -> Content:
    """One line a row, the tooltips in a column."""
    width = max((Content(keys).cell_length for keys, _tooltip in rows), default=0) + 3
    return Content("\n").join(
        Content.assemble(left(keys, width).stylize("bold $accent"), tooltip) for keys, tooltip in rows
    )
