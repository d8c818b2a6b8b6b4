"""The footer, made anew only when the keys that it shows are others.

Textual's own is made anew each time that anything about bindings may have changed: some ten widgets, their styles
found out and the screen laid out, for the most part to show the same keys again.
"""

from __future__ import annotations

from typing import Any, TypeAlias

from textual.app import ComposeResult
from textual.screen import Screen
from textual.widgets import Footer

Shown: TypeAlias = tuple[tuple[str, str, str, bool, str], ...]


class KeyFooter(Footer):
    """Shows the keys of its screen, in the language in use."""

    _shown: tuple[bool, Shown] | None = None
    _asked = False

    def compose(self) -> ComposeResult:
        if self._bindings_ready:
            self._shown = self._to_show()
        yield from super().compose()

    def bindings_changed(self, screen: Screen[Any]) -> None:
        self._bindings_ready = True
        if screen.app.app_focus and self.is_attached and screen is self.screen and not self._asked:
            self._asked = True
            self.call_after_refresh(self._follow)

    async def _follow(self) -> None:
        self._asked = False
        if self.is_attached and self._shown != self._to_show():
            await self.recompose()

    def _to_show(self) -> tuple[bool, Shown]:
        palette = self.app.COMMAND_PALETTE_BINDING
        return self.show_command_palette, tuple(
            (binding.key, binding.description, binding.action, enabled, tooltip)
            for key, (_node, binding, enabled, tooltip) in self.screen.active_bindings.items()
            if binding.show or key == palette
        )
