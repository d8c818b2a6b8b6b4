"""The calls that a level grants, each with what it is for, and the lanes of rejected messages: choosing writes it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from textual import on
from textual.app import ComposeResult
from textual.binding import Binding
from textual.containers import Vertical
from textual.content import Content
from textual.widgets import OptionList, Static
from textual.widgets.option_list import Option

from zcquest.engine.calls import CALLS
from zcquest.engine.plan import Lane, signature
from zcquest.levels.codex import UnknownPage, page
from zcquest.levels.language import gettext as _
from zcquest.tui.language import N_
from zcquest.tui.screens.base import ZcModal
from zcquest.tui.screens.level_words import LANGUAGE_PAGE


class CallPalette(ZcModal[str | Lane | None]):
    """Returns the name of the chosen call, the chosen lane, or None."""

    CSS_PATH = "call_palette.tcss"
    BINDINGS = [Binding("c,f3", "codex", N_("Codex"), tooltip=N_("Read about the call under the cursor"))]

    def __init__(self, calls: Sequence[str], lanes: Sequence[Lane] = ()) -> None:
        super().__init__()
        self._calls = calls
        self._lanes = lanes

    def compose(self) -> ComposeResult:
        with Vertical(id="call-palette"):
            yield Static(id="call-palette-title")
            yield OptionList(markup=False)

    def on_mount(self) -> None:
        self.retranslate()
        self.query_one(OptionList).focus()

    def retranslate(self) -> None:
        self.query_one("#call-palette-title", Static).update(Content(_("The calls of this level")))
        keys = _("Enter writes it into the plan · c reads about it · Escape closes")
        self.query_one("#call-palette").border_subtitle = Content(keys)
        options = self.query_one(OptionList)
        highlighted = options.highlighted or 0
        options.clear_options()
        options.add_options(self._options())
        options.highlighted = highlighted

    def action_codex(self) -> None:
        highlighted = self.query_one(OptionList).highlighted
        if highlighted is not None:
            self.game.open_codex(self._calls[highlighted] if highlighted < len(self._calls) else LANGUAGE_PAGE)

    @on(OptionList.OptionSelected)
    def _choose(self, event: OptionList.OptionSelected) -> None:
        chosen = event.option.id
        self.dismiss(next((lane for lane in self._lanes if lane.value == chosen), chosen))

    def _options(self) -> Iterator[Option]:
        for name in self._calls:
            call = CALLS[name]
            room = _("⇅ syscall: 2 switches") if call.system else _("· user space: no switch of its own")
            said = Content.assemble((signature(call), "bold"), "  ", (room, "$quiet"), "\n", _summary(name))
            yield Option(said, id=name)
        for lane in self._lanes:
            yield Option(Content.assemble((f"{lane}:", "bold"), "\n", _purpose(lane)), id=lane.value)


def _purpose(lane: Lane) -> str:
    match lane:
        case Lane.ON_REJECT:
            return _("runs for each message that the consumer sends back; msg is that message")
        case Lane.ON_GIVEUP:
            return _("runs for a message after its last attempt; msg is that message")
        case _:
            return ""


def _summary(name: str) -> str:
    try:
        return page(name).summary.replace("`", "").replace("**", "").replace("\n", " ")
    except UnknownPage:
        return CALLS[name].prototype
