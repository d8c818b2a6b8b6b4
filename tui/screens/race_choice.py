"""Which plan is to race: the shipped ones, one's own kept runs, reference plans of levels that are passed."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from textual import on
from textual.app import ComposeResult
from textual.binding import Binding
from textual.containers import Horizontal, Vertical, VerticalScroll
from textual.content import Content
from textual.widgets import OptionList, Static
from textual.widgets.option_list import Option

from zcquest.levels.language import gettext as _
from zcquest.levels.plans import plan_without_remarks
from zcquest.levels.racers import Racer
from zcquest.tui.language import N_
from zcquest.tui.screens.base import ZcModal
from zcquest.tui.widgets.choices import Choices
from zcquest.tui.widgets.key_bar import KeyBar
from zcquest.tui.widgets.race.words import plan_preview, racer_name


class RacerChoice(ZcModal[Racer | None]):
    """Returns the chosen plan, or None."""

    CSS_PATH = "race.tcss"
    BINDINGS = [
        Binding("enter", "choose", N_("Choose"), key_display="enter", tooltip=N_("Let this plan race"), priority=True)
    ]

    def __init__(self, racers: Sequence[Racer], chosen: Racer) -> None:
        super().__init__()
        self._racers = {racer.id: racer for racer in racers}
        self._chosen = chosen

    def compose(self) -> ComposeResult:
        with Vertical(classes="dialogue"):
            yield Static(id="racer-title", markup=False)
            with Horizontal():
                yield Choices(first_marks=True)
                with VerticalScroll(can_focus=False):
                    yield Static(id="racer-text")
            yield KeyBar(palette=False)

    def on_mount(self) -> None:
        self.retranslate()
        options = self.query_one(OptionList)
        if self._chosen.id in self._racers:
            options.highlighted = options.get_option_index(self._chosen.id)
        options.focus()

    def retranslate(self) -> None:
        self.query_one("#racer-title", Static).update(_("Which plan is to race?"))
        options = self.query_one(OptionList)
        highlighted = options.highlighted
        options.set_options(self._options())
        options.highlighted = highlighted

    def action_choose(self) -> None:
        self.query_one(OptionList).action_select()

    @on(OptionList.OptionHighlighted)
    def _show(self, event: OptionList.OptionHighlighted) -> None:
        racer = self._racers.get(event.option.id or "")
        self.query_one("#racer-text", Static).update(_preview(racer) if racer else "")

    @on(OptionList.OptionSelected)
    def _choose(self, event: OptionList.OptionSelected) -> None:
        self.dismiss(self._racers.get(event.option.id or ""))

    def _options(self) -> Iterator[Option]:
        before = ""
        for racer in self._racers.values():
            if racer.origin != before:
                before = racer.origin
                yield Option(Content.styled(_heading(racer), "bold $primary"), disabled=True)
            yield Option(Content(f"  {racer_name(racer)}"), id=racer.id)


def _preview(racer: Racer) -> Content:
    """The plan, and below it where it comes from."""
    return plan_preview(racer.name) if racer.origin == "shipped" else Content(plan_without_remarks(racer.text))


def _heading(racer: Racer) -> str:
    match racer.origin:
        case "shipped":
            return _("shipped, each with its source")
        case "own":
            return _("your own runs that passed")
        case "reference":
            return _("reference plans of levels that you passed")
