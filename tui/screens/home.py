"""Home."""

from __future__ import annotations

from textual.app import ComposeResult
from textual.widgets import Footer, OptionList
from textual.widgets.option_list import Option

from zcquest.tui.language import _
from zcquest.tui.screens.base import ZcScreen


class HomeScreen(ZcScreen[None]):
    """The first screen."""

    def compose(self) -> ComposeResult:
        yield OptionList(Option(_("Campaign"), id="campaign"))
        yield Footer()

    def retranslate(self) -> None:
        pass
