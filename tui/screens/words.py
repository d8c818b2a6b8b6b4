"""The words of the screen below that the codex knows: one key, and one of them is read about."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from textual import on
from textual.app import ComposeResult
from textual.binding import Binding
from textual.containers import Vertical
from textual.content import Content
from textual.widgets import OptionList, Static
from textual.widgets.option_list import Option

from zcquest.tui.book import book
from zcquest.tui.language import N_, _
from zcquest.tui.screens.base import ZcModal
from zcquest.tui.widgets.choices import Choices
from zcquest.tui.widgets.key_bar import KeyBar


class WordsScreen(ZcModal[str | None]):
    """Results in the name of the page that was chosen."""

    CSS_PATH = "words.tcss"
    BINDINGS = [
        Binding("enter", "choose", N_("Read"), key_display="enter", tooltip=N_("Open the page"), priority=True),
        Binding("escape,f3,q", "close", N_("Close"), key_display="esc", tooltip=N_("Close this")),
    ]

    def __init__(self, pages: Sequence[str]) -> None:
        """`pages` are names of pages; the first one is marked."""
        super().__init__()
        self._pages = pages

    def compose(self) -> ComposeResult:
        with Vertical(id="box"):
            yield Static(id="title", markup=False)
            yield Choices()
            yield KeyBar(palette=False)

    def on_mount(self) -> None:
        self.retranslate()
        self.query_one(OptionList).focus()

    def retranslate(self) -> None:
        title = _("Words on this screen") if self._pages else _("No word on this screen has a page of its own.")
        self.query_one("#title", Static).update(title)
        listed = self.query_one(OptionList)
        marked = listed.highlighted or 0
        listed.set_options(self._options())
        listed.highlighted = marked if self._pages else None
        listed.display = bool(self._pages)

    def action_choose(self) -> None:
        self.query_one(OptionList).action_select()

    @on(OptionList.OptionSelected)
    def _chosen(self, event: OptionList.OptionSelected) -> None:
        self.dismiss(event.option_id)

    def _options(self) -> Iterator[Option]:
        for name in self._pages:
            page = book()[name]
            summary = page.summary.replace("`", "").replace("**", "").replace("\n", " ")
            yield Option(Content.assemble((page.title, "bold"), "  ", (summary, "$quiet")), id=name)
