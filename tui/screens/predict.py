"""Before a level's first run: what does the player expect?"""

from __future__ import annotations

import time

from textual import on
from textual.app import ComposeResult
from textual.binding import Binding
from textual.containers import Horizontal, Vertical
from textual.content import Content
from textual.widgets import Button, Input, Label, Static

from zcquest.levels.language import gettext as _
from zcquest.levels.progress import Prediction
from zcquest.tui.language import N_
from zcquest.tui.screens.base import ZcModal
from zcquest.tui.widgets.key_bar import KeyBar


class PredictScreen(ZcModal[Prediction | None]):
    """Asks for copies a byte and for mode switches; returns None when the player would rather just run."""

    CSS_PATH = "predict.tcss"
    BINDINGS = [
        Binding("escape", "close", N_("Just run"), tooltip=N_("Run without a prediction")),
    ]
    CLOSED_FROM_OUTSIDE = False  # it would run

    def compose(self) -> ComposeResult:
        with Vertical(id="predict"):
            yield Static(id="predict-title")
            yield Static(id="predict-why")
            with Horizontal(classes="predict-row"):
                yield Label(id="predict-copies-label")
                yield Input(id="predict-copies", type="number", max_length=8, compact=True)
            with Horizontal(classes="predict-row"):
                yield Label(id="predict-switches-label")
                yield Input(id="predict-switches", type="integer", max_length=9, compact=True)
            with Horizontal(id="predict-buttons"):
                yield Button(variant="primary", id="predict-go", compact=True)
                yield Button(id="predict-skip", compact=True)
            yield KeyBar(palette=False)

    def on_mount(self) -> None:
        self.retranslate()

    def retranslate(self) -> None:
        said = {
            "#predict-title": _("What do you expect?"),
            "#predict-why": _("Write it down before you see it. Both empty, Enter or Escape: just run."),
            "#predict-copies-label": _("copies of each byte, disk to wire"),
            "#predict-switches-label": _("mode switches in all"),
        }
        for selector, text in said.items():
            self.query_one(selector, Static).update(Content(text))
        self.query_one("#predict-go", Button).label = Content(_("Run"))
        self.query_one("#predict-skip", Button).label = Content(_("Just run"))

    @on(Input.Submitted, "#predict-copies")
    def _on_to_switches(self) -> None:
        if self.query_one("#predict-copies", Input).value.strip():
            self.query_one("#predict-switches", Input).focus()
        else:
            self.dismiss(None)

    @on(Input.Submitted, "#predict-switches")
    @on(Button.Pressed, "#predict-go")
    def _predict(self) -> None:
        self.dismiss(self._prediction())

    @on(Button.Pressed, "#predict-skip")
    def _skip(self) -> None:
        self.dismiss(None)

    def _prediction(self) -> Prediction | None:
        """None unless both figures are there: half a prediction cannot be compared."""
        try:
            copies = float(self.query_one("#predict-copies", Input).value)
            switches = int(self.query_one("#predict-switches", Input).value)
        except ValueError:
            return None
        return Prediction(copies, switches, time.time()) if copies >= 0 and switches >= 0 else None
