"""What a run is to be compared with: another kept run of the level, or a shipped plan, which is run for it."""

from __future__ import annotations

import time
from collections.abc import Iterator

from textual import on
from textual.app import ComposeResult
from textual.binding import Binding
from textual.containers import Horizontal, Vertical, VerticalScroll
from textual.content import Content
from textual.widgets import OptionList, Static
from textual.widgets.option_list import Option

from zcquest.levels.keeping import kept_run
from zcquest.levels.language import gettext as _
from zcquest.levels.plans import plan_names, plan_text, plan_without_remarks
from zcquest.levels.progress import RunRow
from zcquest.levels.schema import Metric
from zcquest.tui.language import N_
from zcquest.tui.screens.base import ZcModal
from zcquest.tui.screens.compare import Side
from zcquest.tui.widgets.choices import Choices
from zcquest.tui.widgets.key_bar import KeyBar
from zcquest.tui.widgets.race.words import plan_preview
from zcquest.tui.widgets.stars import EARNED
from zcquest.tui.widgets.wording import bound_figure, grouped

_MOST = 50  # runs in the list


class CompareChoice(ZcModal[Side | None]):
    """Returns the other side, or None."""

    CSS_PATH = "compare.tcss"
    BINDINGS = [
        Binding("enter", "choose", N_("Choose"), key_display="enter", tooltip=N_("Compare with this"), priority=True)
    ]
    AUTO_FOCUS = "OptionList"
    HORIZONTAL_BREAKPOINTS = [(0, "-narrow"), (110, "-wide")]

    def __init__(self, level_id: str, plan: str, run: int | None = None) -> None:
        """`plan` is the text of the run that is compared; the kept `run` is marked at first, if it is another one."""
        super().__init__()
        self._level_id = level_id
        self._plan = plan
        self._run = run
        self._runs: dict[str, RunRow] = {}

    def compose(self) -> ComposeResult:
        with Vertical(id="choice"):
            yield Static(id="choice-title", markup=False)
            with Horizontal():
                yield Choices(first_marks=True)
                with VerticalScroll(can_focus=False):
                    yield Static(id="choice-text")
            yield KeyBar(palette=False)

    def on_mount(self) -> None:
        rows = self.game.progress.runs(self._level_id, limit=_MOST, reports=False)
        self._runs = {f"run {row.id}": row for row in rows if row.plan != self._plan}
        self.retranslate()
        if (marked := f"run {self._run}") in self._runs:
            options = self.query_one(OptionList)
            options.highlighted = options.get_option_index(marked)

    def retranslate(self) -> None:
        self.query_one("#choice-title", Static).update(_("Compare with which run?"))
        options = self.query_one(OptionList)
        marked = options.highlighted
        options.set_options(self._options())
        options.highlighted = marked if marked is not None else 1

    def _options(self) -> Iterator[Option]:
        yield Option(Content.styled(_("shipped plans: run in this level now"), "bold $primary"), disabled=True)
        for name in plan_names():
            yield Option(Content(f"  {name}"), id=f"plan {name}")
        if self._runs:
            yield Option(Content.styled(_("your other runs of this level"), "bold $primary"), disabled=True)
        for id, row in self._runs.items():
            yield Option(Content(f"  {_run_title(row)}"), id=id)

    def action_choose(self) -> None:
        self.query_one(OptionList).action_select()

    @on(OptionList.OptionHighlighted)
    def _show(self, event: OptionList.OptionHighlighted) -> None:
        kind, _space, name = (event.option.id or "").partition(" ")
        text = self.query_one("#choice-text", Static)
        if kind == "plan":
            text.update(plan_preview(name))
        elif row := self._runs.get(event.option.id or ""):
            text.update(Content(row.plan.strip("\n")))

    @on(OptionList.OptionSelected)
    def _choose(self, event: OptionList.OptionSelected) -> None:
        id = event.option.id or ""
        if id.startswith("plan "):
            name = id.removeprefix("plan ")
            self.dismiss(Side(name, plan_without_remarks(plan_text(name))))
        elif row := self._runs.get(id):
            found = kept_run(self.game.progress, self.game.level(self._level_id), row)
            if found is None:
                self.notify(
                    _("This run's result cannot be shown: it is of another version of the game or of the level."),
                    severity="warning",
                    markup=False,
                )
                return
            report, _verdict = found
            self.dismiss(Side(f"#{row.id}", report.plan, report.scenes))


def _run_title(row: RunRow) -> str:
    when = time.strftime("%Y-%m-%d %H:%M", time.localtime(row.at))
    copies = "?" if row.copies is None else bound_figure(Metric.COPIES, row.copies)
    figures = _("copies {copies}, switches {switches}").format(copies=copies, switches=grouped(row.switches))
    return f"#{row.id}  {when}  {EARNED * row.stars:<3}  {figures}"
