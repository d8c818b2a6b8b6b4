"""The history: every kept run, level by level, how the figures went, and the plans to play again."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from pathlib import Path
from typing import TypeVar

from textual import on
from textual.app import ComposeResult
from textual.binding import Binding
from textual.containers import Container, Vertical, VerticalScroll
from textual.content import Content
from textual.events import Resize
from textual.widgets import OptionList, Static
from textual.widgets.option_list import Option

from zcquest.engine.logs import UnusableFile
from zcquest.levels.carrying import NotCarried, export_progress, exported, import_progress, imported
from zcquest.levels.keeping import kept_run
from zcquest.levels.language import gettext as _
from zcquest.levels.language import ngettext, say
from zcquest.levels.loader import Level, UnknownLevel
from zcquest.levels.progress import Best, Progress, RunRow
from zcquest.levels.report import RunReport
from zcquest.levels.typed_path import typed_path
from zcquest.levels.verdict import Verdict
from zcquest.tui.language import N_
from zcquest.tui.screens.base import ZcScreen
from zcquest.tui.screens.confirm import Confirm
from zcquest.tui.screens.prompt import Prompt
from zcquest.tui.widgets.choices import Choices
from zcquest.tui.widgets.columns import left, right
from zcquest.tui.widgets.heading import Heading
from zcquest.tui.widgets.history.lines import run_heads, run_line, spark_lines
from zcquest.tui.widgets.key_bar import KeyBar
from zcquest.tui.widgets.stars import EARNED, MISSED

T = TypeVar("T")
WIDE = 110  # cells
_ID, _TITLE, _STARS, _RUNS = 5, 22, 5, 6  # cells


class HistoryScreen(ZcScreen[None]):
    """Levels that were played at the left (above, where the terminal is narrow); the marked one's runs beside them."""

    CSS_PATH = "history.tcss"
    HORIZONTAL_BREAKPOINTS = [(0, "-narrow"), (WIDE, "-wide")]
    BINDINGS = [
        Binding("enter", "look", N_("Result"), key_display="⏎", tooltip=N_("The marked run's result"), priority=True),
        Binding("x", "replay", N_("Replay"), tooltip=N_("The marked run again, call by call")),
        Binding("m", "compare", N_("Compare"), tooltip=N_("The marked run side by side with another one")),
        Binding("p", "play", N_("Take"), tooltip=N_("Take the marked run's plan into its level")),
        Binding("tab", "app.focus_next", N_("Pane"), show=False, tooltip=N_("From the levels to the runs and back")),
        Binding("e", "export", N_("Export"), show=False, tooltip=N_("All progress into one JSON file")),
        Binding(
            "i", "import", N_("Import"), show=False, tooltip=N_("Add the progress that a file holds; nothing is lost")
        ),
        Binding("r", "reset", N_("Reset"), show=False, tooltip=N_("Forget the marked level's runs, drafts and hints")),
        Binding("R", "reset_all", N_("Reset all"), show=False, tooltip=N_("Forget everything about all levels")),
    ]

    def compose(self) -> ComposeResult:
        yield Heading()
        with Container(id="panes"):
            yield Choices(id="levels", first_marks=True)
            with Vertical(id="level"):
                yield Static(id="sparks")
                yield Static(id="heads")
                yield Choices(id="runs", first_marks=True)
                with VerticalScroll(id="text", can_focus=False):
                    yield Static(id="plan", markup=False)
        yield Static(id="nothing", markup=False)
        yield KeyBar()

    def on_mount(self) -> None:
        self._best: dict[str, Best] = {}
        self._runs: list[RunRow] = []
        self._fill()
        self.query_one("#levels", OptionList).focus()

    def on_screen_resume(self) -> None:
        self._fill()

    def on_resize(self, event: Resize) -> None:
        self.call_after_refresh(self._draw_sparks)

    def retranslate(self) -> None:
        self._fill()

    @property
    def marked_level(self) -> str | None:
        """The id of the marked level."""
        option = self.query_one("#levels", OptionList).highlighted_option
        return option.id if option else None

    @property
    def marked_run(self) -> RunRow | None:
        at = self.query_one("#runs", OptionList).highlighted
        return self._runs[at] if at is not None and at < len(self._runs) else None

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        if action in ("look", "replay", "compare", "play", "reset") and self.is_mounted and self.marked_run is None:
            return None
        return super().check_action(action, parameters)

    # Looking

    @on(OptionList.OptionHighlighted, "#levels")
    def _show_level(self) -> None:
        level = self.marked_level
        self._runs = self.game.progress.runs(level, reports=False) if level else []
        runs = self.query_one("#runs", OptionList)
        best = self._best.get(level or "", Best())
        runs.set_options(Option(run_line(run, best), id=str(run.id)) for run in self._runs)
        runs.highlighted = 0 if self._runs else None
        self._draw_sparks()
        self._show_run()
        self.refresh_bindings()

    @on(OptionList.OptionHighlighted, "#runs")
    def _show_run(self) -> None:
        run = self.marked_run
        self.query_one("#plan", Static).update(run.plan.strip("\n") if run else "")

    @on(OptionList.OptionSelected, "#runs")
    def _selected(self) -> None:
        self.action_look()

    def action_look(self) -> None:
        if not (found := self._found()):
            return
        from zcquest.tui.screens.result import ResultScreen

        report = found[0]
        prediction = self.game.progress.prediction(report.level)
        result = ResultScreen(*found, prediction, self._best.get(report.level, Best()))
        self.app.push_screen(result, lambda choice: self.action_play() if choice else None)

    def action_replay(self) -> None:
        if found := self._found():
            self.game.open_replay(found[0].level, found[0].plan, found[0].scenes)

    def action_compare(self) -> None:
        if found := self._found():
            self.game.open_compare(found[0].level, found[0].plan, found[0].scenes)

    def _found(self) -> tuple[RunReport, Verdict] | None:
        """The marked run's result; where it cannot be shown any more, that is said."""
        if not (run := self.marked_run):
            return None
        level = self._level(run.level)
        found = kept_run(self.game.progress, level, run) if level else None
        if not found:
            self.notify(
                _("This run's result cannot be shown: it is of another version of the game or of the level."),
                severity="warning",
                markup=False,
            )
        return found

    def action_play(self) -> None:
        if (run := self.marked_run) and self._level(run.level):
            self.game.open_level(run.level, plan=run.plan)

    # Carrying

    def action_export(self) -> None:
        name = time.strftime("zcquest-progress-%Y%m%d-%H%M%S.json")
        remark = _("Runs, drafts, predictions, hints and settings, as JSON. A file that exists is never overwritten.")
        self.app.push_screen(Prompt(str(Path.home() / name), _("Export to which file?"), remark), self._export)

    def action_import(self) -> None:
        remark = _("What is there and not here yet is added. Nothing that is here is lost or changed.")
        self.app.push_screen(Prompt("", _("Import from which file?"), remark), self._import)

    def _export(self, name: str | None) -> None:
        if name:
            path = typed_path(name)
            self.run_worker(self._carry(export_progress, path, lambda runs: exported(runs, path)))

    def _import(self, name: str | None) -> None:
        if name:
            self.run_worker(self._carry(import_progress, typed_path(name), imported))

    async def _carry(self, carry: Callable[[Progress, Path], T], path: Path, told: Callable[[T], str]) -> None:
        """In a thread with a connection of its own; where nothing is kept, all there is lives in ours."""
        progress = self.game.progress
        try:
            if progress.kept:
                done = await asyncio.to_thread(_elsewhere, carry, progress.path, path)
            else:
                done = carry(progress, path)
        except NotCarried as failure:
            self.notify(say(failure.message), severity="error", timeout=12, markup=False)
            return
        self.game.tell_notices()
        self._fill()
        self.notify(told(done), timeout=10, markup=False)

    # Forgetting

    def action_reset(self) -> None:
        if id := self.marked_level:
            question = _("Reset {id} {title}?").format(id=id, title=self._title(id))
            warning = _("Its runs, stars, draft, prediction and hints are forgotten.")
            self.app.push_screen(Confirm(question, warning), lambda yes: self._reset(id) if yes else None)

    def action_reset_all(self) -> None:
        question = _("Reset all progress?")
        warning = _("All runs, stars, drafts, predictions and hints are forgotten. There is no way back.")
        self.app.push_screen(Confirm(question, warning), lambda yes: self._reset(None) if yes else None)

    def _reset(self, id: str | None) -> None:
        if id is None:
            self.game.progress.reset_all()
        else:
            self.game.progress.reset(id)
        self.game.tell_notices()
        self._fill()

    # Drawing

    def _fill(self) -> None:
        """Everything again, with the same level marked where it is still there."""
        self._best = self.game.progress.all_best()
        known = [id for id in (*self.game.campaign.levels, *self._best) if id in self._best]
        ids = list(dict.fromkeys(known))
        runs = sum(best.runs for best in self._best.values())
        heading = self.query_one(Heading)
        heading.title = _("History")
        heading.status = _status(runs)
        levels, before = self.query_one("#levels", OptionList), self.marked_level
        levels.set_options(Option(self._level_line(id), id=id) for id in ids)
        levels.highlighted = ids.index(before) if before in ids else (0 if ids else None)
        self.query_one("#panes").display = bool(ids)
        nothing = self.query_one("#nothing", Static)
        nothing.display = not ids
        nothing.update(_("No run is kept yet. Play a level, or import your progress from another machine with i."))
        self.query_one("#heads", Static).update(run_heads())
        self._show_level()

    def _draw_sparks(self) -> None:
        level, sparks = self.marked_level, self.query_one("#sparks", Static)
        if level:
            width = max(40, sparks.content_size.width)
            sparks.update(spark_lines(self._runs, self._best.get(level, Best()), self._level(level), width))

    def _level_line(self, id: str) -> Content:
        best = self._best[id]
        return Content.assemble(
            left(id, _ID),
            left(self._title(id), _TITLE),
            left(Content.styled(EARNED * best.stars + MISSED * (3 - best.stars), "$star"), _STARS),
            right(str(best.runs), _RUNS),
        )

    def _title(self, id: str) -> str:
        level = self._level(id)
        return level.text().title if level else _("no longer in the game")

    def _level(self, id: str) -> Level | None:
        try:
            return self.game.level(id)
        except (UnknownLevel, UnusableFile):
            return None


def _status(runs: int) -> Content:
    """How many runs there are; and the two keys that the footer has no room for, to be clicked too."""
    count = Content(ngettext("{count} run", "{count} runs", runs).format(count=runs))
    keys = (("e", "export", _("Export")), ("i", "import", _("Import")))
    clicked = (
        Content.from_markup(f"[@click=screen.{action}][$accent]$key[/] $said[/]", key=key, said=said)
        for key, action, said in keys
    )
    return Content("   ").join([*clicked, count])


def _elsewhere(carry: Callable[[Progress, Path], T], kept: Path, path: Path) -> T:
    progress = Progress.open(kept)
    try:
        return carry(progress, path)
    finally:
        progress.close()
