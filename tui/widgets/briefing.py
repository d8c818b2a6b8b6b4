"""The left pane's prose: the briefing, and the hints that were asked for."""

from __future__ import annotations

from textual.app import ComposeResult
from textual.await_complete import AwaitComplete
from textual.containers import Vertical
from textual.content import Content
from textual.widgets import Markdown, Static

from zcquest.levels.hints import Situation, choose
from zcquest.levels.language import gettext as _
from zcquest.levels.loader import Level
from zcquest.levels.text import HINT_STEPS


class Briefing(Vertical):
    """What the level is about."""

    def __init__(self, level: Level) -> None:
        super().__init__()
        self._level = level

    def compose(self) -> ComposeResult:
        yield Static(classes="pane-title")
        yield Markdown(open_links=False)

    def on_mount(self) -> None:
        self.retranslate()

    def retranslate(self) -> None:
        self.query_one(".pane-title", Static).update(Content(_("BRIEFING")))
        self.query_one(Markdown).update(self._level.text().briefing)


class HintBox(Vertical):
    """The hints taken so far, said to suit the latest attempt."""

    def __init__(self, level: Level, taken: int) -> None:
        super().__init__()
        self._level = level
        self.taken = taken
        self._situation = Situation()

    def compose(self) -> ComposeResult:
        for step in HINT_STEPS:
            yield Static(classes="pane-title", id=f"hint-title-{step}")
            yield Markdown(id=f"hint-{step}", open_links=False)

    def on_mount(self) -> None:
        self.retranslate()

    async def show(self, taken: int, situation: Situation) -> None:
        """Show the first `taken` hints, in the variants that fit `situation`; done when they are laid out."""
        self.taken, self._situation = taken, situation
        for update in self._say():
            await update

    def retranslate(self) -> None:
        self._say()

    def _say(self) -> list[AwaitComplete]:
        text, updates = self._level.text(), []
        self.display = self.taken > 0
        for step in HINT_STEPS:
            title, body = self.query_one(f"#hint-title-{step}", Static), self.query_one(f"#hint-{step}", Markdown)
            title.display = body.display = step <= self.taken
            if step <= self.taken:
                title.update(Content(_("HINT {step} OF 3").format(step=step)))
                said = choose(text, step, self._situation)
                if said != body.source:
                    updates.append(body.update(said))
        return updates
