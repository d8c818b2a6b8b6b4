"""The keys of a screen, each with what it does."""

from __future__ import annotations

from typing import Any

from textual import on
from textual.app import ComposeResult
from textual.binding import Binding
from textual.containers import Vertical, VerticalScroll
from textual.screen import Screen
from textual.widgets import Static

from zcquest.tui.language import N_, _
from zcquest.tui.screens.base import ZcModal
from zcquest.tui.widgets.key_bar import KeyBar
from zcquest.tui.widgets.key_lines import KeyLines, told_of


class HelpScreen(ZcModal[None]):
    """Lists the bindings of `about` that have a tooltip, keys of one action on one line; a click on one does it."""

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
                yield KeyLines()
            yield KeyBar(palette=False)

    def on_mount(self) -> None:
        self.retranslate()
        self.query_one("#scroll").focus()

    def action_tour(self) -> None:
        self.dismiss()
        self.game.action_tour()

    def retranslate(self) -> None:
        self.query_one("#title", Static).update(_("Keys"))
        self.query_one(KeyLines).show(told_of(self._about))

    @on(KeyLines.Chosen)
    def _do(self, event: KeyLines.Chosen) -> None:
        """Close this, and do it there."""
        self.dismiss()
        self.app.call_later(self.app.run_action, event.told.action, event.told.node)
