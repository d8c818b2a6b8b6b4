"""The smallest Textual app with a header and a footer: what a first frame costs at least."""

from __future__ import annotations

from typing import ClassVar

from textual.app import App, ComposeResult
from textual.binding import Binding, BindingType
from textual.widgets import Footer, Header


class EmptyApp(App[None]):
    TITLE = "empty"
    BINDINGS: ClassVar[list[BindingType]] = [Binding("q", "quit", "Leave")]

    def compose(self) -> ComposeResult:
        yield Header()
        yield Footer()


if __name__ == "__main__":
    EmptyApp().run()
