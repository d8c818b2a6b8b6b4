"""The run card: saved as a picture and as a text at once; here is the text, and where the files are."""

from __future__ import annotations

import asyncio

from rich.style import Style
from textual.app import ComposeResult
from textual.binding import Binding
from textual.containers import Vertical, VerticalScroll
from textual.content import Content
from textual.widgets import Static

from zcquest.levels.language import gettext as _
from zcquest.tui.card.card import Card, card_text
from zcquest.tui.card.picture import card_svg
from zcquest.tui.card.saving import Saved, save_card
from zcquest.tui.language import N_
from zcquest.tui.screens.base import ZcModal
from zcquest.tui.themes import THEMES
from zcquest.tui.widgets.key_bar import KeyBar
from zcquest.tui.widgets.machine_map import MachineMap


class CardScreen(ZcModal[None]):
    """Saves the card in the language in use when it is opened; another language saves it again."""

    CSS_PATH = "card.tcss"
    BINDINGS = [
        Binding("y", "copy", N_("Copy text"), tooltip=N_("The card's text to the clipboard")),
        Binding("escape,k,q", "close", N_("Close"), key_display="esc", tooltip=N_("Close this")),
        Binding("f2,l", "app.toggle_language", N_("Language"), key_display="F2", tooltip=N_("English or Chinese")),
    ]

    def __init__(self, card: Card) -> None:
        super().__init__()
        self._card = card
        self._text = ""

    def compose(self) -> ComposeResult:
        with Vertical(id="box"):
            yield Static(id="title", markup=False)
            yield Static(id="where", markup=False)
            with VerticalScroll(id="scroll"):
                yield Static(id="card", markup=False)
            yield MachineMap()
            yield KeyBar(palette=False)

    def on_mount(self) -> None:
        self.retranslate()
        self.query_one("#scroll").focus()

    def retranslate(self) -> None:
        self._text = card_text(self._card)
        self.query_one("#title", Static).update(_("Run card: {title}").format(title=self._card.title))
        self.query_one("#card", Static).update(self._text)
        self.run_worker(self._save(), exclusive=True)

    def action_copy(self) -> None:
        self.app.copy_to_clipboard(self._text)
        self.notify(_("The card is in the clipboard, if this terminal allows it."), markup=False)

    async def _save(self) -> None:
        """In a thread: drawing the picture takes longer than a frame."""
        card, text, theme = self._card, self._text, THEMES[self.app.theme]
        drawn, ink = card.map(), self._inks()
        try:
            picture = await asyncio.to_thread(card_svg, card, drawn, theme, ink)
            saved = await asyncio.to_thread(save_card, card.stem, picture, text)
        except OSError as error:
            said = _("It could not be saved: {reason}").format(reason=error.strerror or str(error))
            self.query_one("#where", Static).update(Content.styled(said, "$error"))
            return
        self.query_one("#where", Static).update(_where(saved))

    def _inks(self) -> dict[str, Style]:
        return self.query_one(MachineMap).styles_by_ink()


def _where(saved: Saved) -> Content:
    told = _("Saved: {folder}").format(folder=saved.picture.parent)
    return Content.assemble((told, "$success"), "\n", saved.picture.name, "\n", saved.text.name)
