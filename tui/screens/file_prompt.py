"""Asks for a file's path."""

from __future__ import annotations

from textual import on
from textual.app import ComposeResult
from textual.containers import Vertical
from textual.widgets import Footer, Input, Static

from zcquest.tui.language import _
from zcquest.tui.screens.base import ZcModal


class FilePrompt(ZcModal[str]):
    """Results in what was typed, None when it is left. `question` and `remark` are sentences for the player."""

    def __init__(self, path: str, question: str, remark: str = "") -> None:
        super().__init__()
        self._path, self._question, self._remark = path, question, remark

    def compose(self) -> ComposeResult:
        with Vertical(classes="dialogue"):
            yield Static(self._question, id="question", markup=False)
            yield Input(self._path, placeholder=_("a path; ~ is your home folder"), id="path")
            yield Static(self._remark, id="warning", markup=False)
            yield Footer(show_command_palette=False)

    def on_mount(self) -> None:
        self.query_one(Input).focus()

    @on(Input.Submitted)
    def take(self, event: Input.Submitted) -> None:
        self.dismiss(event.value.strip() or None)
