"""Why it cannot start: the terminal is too small, or this host cannot run what the game is made of."""

from __future__ import annotations

import sys

from textual.app import ComposeResult
from textual.binding import Binding
from textual.containers import Vertical, VerticalScroll
from textual.content import Content
from textual.events import Resize
from textual.widgets import Static

from zcquest.engine.host import Finding
from zcquest.engine.message import Message
from zcquest.levels.language import say
from zcquest.tui.language import N_, _
from zcquest.tui.screens.base import ZcModal
from zcquest.tui.widgets.key_bar import KeyBar


class TooSmall(ZcModal[None]):
    """Covers the screens until the terminal is large enough for them."""

    BINDINGS = [Binding("q", "app.quit", show=False)]

    def compose(self) -> ComposeResult:
        yield Static(markup=False)

    def on_mount(self) -> None:
        self.retranslate()

    def on_resize(self, event: Resize) -> None:
        self._look()

    def on_screen_resume(self) -> None:
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

    CSS_PATH = "start.tcss"
    BINDINGS = [
        Binding("escape,enter", "close", N_("Read on"), key_display="esc", tooltip=N_("Read the levels and the codex")),
        Binding("f2,l", "app.toggle_language", N_("Language"), key_display="F2", tooltip=N_("English or Chinese")),
        Binding("q", "app.quit", N_("Quit"), tooltip=N_("Quit the game")),
    ]

    def __init__(self, why: Message | None) -> None:
        super().__init__()
        self._why = why

    def compose(self) -> ComposeResult:
        with Vertical(id="box"):
            yield Static(id="title", markup=False)
            with VerticalScroll(id="scroll", can_focus=False):
                yield Static(id="why", markup=False)
                yield Static(id="findings", markup=False)
                yield Static(id="still", markup=False)
            yield KeyBar(palette=False)

    def on_mount(self) -> None:
        self.retranslate()

    def retranslate(self) -> None:
        host = self.game.host
        refused = [finding for finding in host.findings if finding.ok is False] if host else []
        self.query_one("#title", Static).update(_("Nothing can be played on this machine"))
        self.query_one("#why", Static).update(say(self._why) if self._why else "")
        self.query_one("#findings", Static).update(Content("\n").join(map(finding_line, refused)))
        self.query_one("#findings").display = bool(refused)
        still = _("The levels and the codex can still be read. zcquest doctor, at the shell, tells more.")
        self.query_one("#still", Static).update("\n\n".join([*self._advice(), still]))

    def _advice(self) -> list[str]:
        """Where it is Linux, it is mostly the folder of the runs; elsewhere the reason has said what to do."""
        if sys.platform != "linux":
            return []
        return [_("Set ZCQUEST_CACHE to a folder on a disk where you may write, and start again.")]


def finding_line(finding: Finding) -> Content:
    """What was found, and what to do about it."""
    found = _("{title}: {words}").format(title=say(finding.title), words=say(finding.detail))
    advice = f"\n  {say(finding.advice)}" if finding.advice else ""
    return Content.assemble(("! ", "bold $warning"), found, (advice, "$quiet"))
