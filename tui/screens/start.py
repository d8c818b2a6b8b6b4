"""Why it cannot start: the terminal is too small, or this host cannot run what the game is made of."""

from __future__ import annotations

from textual.app import ComposeResult
from textual.containers import Center, Middle, VerticalScroll
from textual.events import Resize, ScreenResume
from textual.widgets import Static

from zcquest.engine.message import Message
from zcquest.levels.language import say
from zcquest.tui.language import _
from zcquest.tui.screens.base import ZcModal


class TooSmall(ZcModal[None]):
    """Covers the screens until the terminal is large enough for them."""

    BINDINGS = []

    def compose(self) -> ComposeResult:
        with Middle(), Center():
            yield Static(markup=False)

    def on_mount(self) -> None:
        self.retranslate()

    def on_resize(self, event: Resize) -> None:
        self._look()

    def on_screen_resume(self, event: ScreenResume) -> None:
        self._look()

    def retranslate(self) -> None:
        from zcquest.tui.app import MIN_HEIGHT, MIN_WIDTH

        width, height = self.app.size
        said = _("zcquest needs {needed}; this is {here}.\nMake the terminal larger, or its letters smaller.")
        needed, here = f"{MIN_WIDTH}x{MIN_HEIGHT}", f"{width}x{height}"
        self.query_one(Static).update(said.format(needed=needed, here=here))

    def action_close(self) -> None:
        """Only a larger terminal closes this."""

    def _look(self) -> None:
        from zcquest.tui.app import too_small

        if self.app.screen is not self:
            return
        if too_small(*self.app.size):
            self.retranslate()
        else:
            self.dismiss(None)


class CannotPlay(ZcModal[None]):
    """What is missing on this host and what to do about it; the levels and the codex can still be read."""

    def __init__(self, why: Message | None) -> None:
        super().__init__()
        self._why = why

    def compose(self) -> ComposeResult:
        with VerticalScroll():
            yield Static(markup=False)

    def on_mount(self) -> None:
        self.retranslate()

    def retranslate(self) -> None:
        self.query_one(Static).update(say(self._why) if self._why else "")
