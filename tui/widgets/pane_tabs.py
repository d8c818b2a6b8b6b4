"""The tabs of a narrow terminal, where one pane is in sight at a time."""

from __future__ import annotations

from typing import Final

from textual.app import ComposeResult
from textual.containers import Horizontal
from textual.content import Content
from textual.message import Message
from textual.widgets import Static

from zcquest.levels.language import gettext as _
from zcquest.tui.language import N_

PANES: Final = {"map": N_("map"), "plan": N_("plan"), "trace": N_("trace"), "briefing": N_("briefing")}


class PaneTab(Static):
    """One tab; a click opens its pane."""

    def __init__(self, pane: str, number: int) -> None:
        super().__init__(id=f"tab-{pane}")
        self._pane = pane
        self._number = number

    def on_mount(self) -> None:
        self.say()

    def say(self) -> None:
        self.update(Content.assemble((f"{self._number} ", "$accent"), _(PANES[self._pane])))

    def on_click(self) -> None:
        self.post_message(PaneTabs.Chosen(self._pane))


class PaneTabs(Horizontal):
    """The keys 1 to 4, written out."""

    class Chosen(Message):
        def __init__(self, pane: str) -> None:
            super().__init__()
            self.pane = pane

    def compose(self) -> ComposeResult:
        for number, pane in enumerate(PANES, 1):
            yield PaneTab(pane, number)

    def mark(self, pane: str) -> None:
        for tab in self.query(PaneTab):
            tab.set_class(tab.id == f"tab-{pane}", "-open")

    def retranslate(self) -> None:
        for tab in self.query(PaneTab):
            tab.say()
