"""A passed level's debrief, to be read again at any time."""

from __future__ import annotations

from textual.app import ComposeResult
from textual.containers import Vertical, VerticalScroll
from textual.content import Content
from textual.widgets import Markdown, Static

from zcquest.levels.language import gettext as _
from zcquest.levels.loader import Level
from zcquest.tui.screens.base import ZcModal
from zcquest.tui.widgets.key_bar import KeyBar


class DebriefScreen(ZcModal[None]):
    """The text, and a way back."""

    CSS_PATH = "debrief.tcss"

    def __init__(self, level: Level) -> None:
        super().__init__()
        self._level = level

    def compose(self) -> ComposeResult:
        with Vertical(id="debrief"):
            yield Static(id="debrief-title")
            with VerticalScroll():
                yield Markdown(open_links=False)
            yield KeyBar(palette=False)

    def on_mount(self) -> None:
        self.retranslate()
        self.query_one(VerticalScroll).focus()

    def retranslate(self) -> None:
        text = self._level.text()
        title = _("Debrief: {title}").format(title=text.title)
        self.query_one("#debrief-title", Static).update(Content(title))
        self.query_one(Markdown).update(text.debrief)
