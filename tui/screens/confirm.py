"""A question before something is lost for good."""

from __future__ import annotations

from textual.app import ComposeResult
from textual.binding import Binding
from textual.containers import Vertical
from textual.widgets import Static

from zcquest.tui.language import N_
from zcquest.tui.screens.base import ZcModal
from zcquest.tui.widgets.key_bar import KeyBar


class Confirm(ZcModal[bool]):
    """Results in True for yes; in None when it is left. `question` and `warning` are sentences for the player."""

    BINDINGS = [
        Binding("y", "yes", N_("Yes"), tooltip=N_("Do it")),
        Binding("n,escape", "close", N_("No"), key_display="n", tooltip=N_("Leave everything as it is")),
    ]

    def __init__(self, question: str, warning: str = "") -> None:
        super().__init__()
        self._question, self._warning = question, warning

    def compose(self) -> ComposeResult:
        with Vertical(classes="dialogue"):
            yield Static(self._question, id="question", markup=False)
            yield Static(self._warning, id="warning", markup=False)
            yield KeyBar(palette=False)

    def action_yes(self) -> None:
        self.dismiss(True)
