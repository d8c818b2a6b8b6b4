"""Asks for one line of text: a file's path, where nothing else is said."""

from __future__ import annotations

from textual import on
from textual.app import ComposeResult
from textual.containers import Vertical
from textual.widgets import Input, Static

from zcquest.tui.language import _
from zcquest.tui.screens.base import ZcModal
from zcquest.tui.widgets.key_bar import KeyBar


class Prompt(ZcModal[str]):
    """Results in what was typed, None when it is left. `question` and `remark` are sentences for the player.

    `example` stands where nothing is typed yet.
    """

    def __init__(self, text: str, question: str, remark: str = "", example: str = "") -> None:
        super().__init__()
        self._text, self._question, self._remark, self._example = text, question, remark, example

    def compose(self) -> ComposeResult:
        with Vertical(classes="dialogue"):
            yield Static(self._question, id="question", markup=False)
            example = self._example or _("a path; ~ is your home folder")
            yield Input(self._text, placeholder=example, select_on_focus=False, id="path")
            yield Static(self._remark, id="warning", markup=False)
            yield KeyBar(palette=False)

    def on_mount(self) -> None:
        line = self.query_one(Input)
        line.value = self._text  # more of it may have come since it was composed
        line.cursor_position = len(self._text)
        line.focus()

    def more(self, text: str) -> None:
        """Type some more, mounted or not."""
        self._text += text
        for line in self.query(Input):
            line.insert_text_at_cursor(text)

    @on(Input.Submitted)
    def take(self, event: Input.Submitted) -> None:
        self.dismiss(event.value.strip() or None)
