"""The offer of the tour, at the first start; apart from the tour, which needs the level screen and its widgets."""

from __future__ import annotations

from typing import Final

from textual.app import ComposeResult
from textual.binding import Binding
from textual.containers import Vertical
from textual.widgets import Static

from zcquest.tui.language import N_, _
from zcquest.tui.screens.base import ZcModal
from zcquest.tui.widgets.key_bar import KeyBar

SETTING: Final = "tour"
"""The player's setting that the tour was offered, whatever came of it."""


class TourOffer(ZcModal[bool]):
    """At the very first start, and never again. Results in True to take the tour."""

    CSS_PATH = "tour.tcss"
    BINDINGS = [
        Binding("enter,y", "take", N_("Show me"), key_display="enter", tooltip=N_("A minute on the first level")),
        Binding("escape,n", "close", N_("Not now"), key_display="esc", tooltip=N_("Play at once")),
        Binding("f2,l", "app.toggle_language", N_("Language"), key_display="F2", tooltip=N_("English or Chinese")),
    ]

    def compose(self) -> ComposeResult:
        with Vertical(id="box"):
            yield Static(id="title", markup=False)
            yield Static(id="text", markup=False)
            yield KeyBar(palette=False)

    def on_mount(self) -> None:
        self.retranslate()

    def retranslate(self) -> None:
        self.query_one("#title", Static).update(_("Your first time here?"))
        said = _(
            "A minute on the first level: the machine, the plan, a call on the live kernel, and what the figures rest "
            "on. Later you find it under ? and in the command palette."
        )
        self.query_one("#text", Static).update(said)

    def action_take(self) -> None:
        self.dismiss(True)
