"""The command palette, in the player's language."""

from __future__ import annotations

from textual.command import CommandPalette

from zcquest.tui.language import _


class GamePalette(CommandPalette):
    """Textual's palette with our words in it."""

    def __init__(self, id: str | None = None) -> None:
        super().__init__(placeholder=_("Search: levels, codex, settings"), id=id)
