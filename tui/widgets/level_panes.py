"""The panes of the level screen: all at once where there is room, one at a time where there is not."""

from __future__ import annotations

from textual.app import ComposeResult
from textual.containers import Horizontal, Vertical, VerticalScroll
from textual.content import Content
from textual.widgets import Static

from zcquest.levels.hints import Situation
from zcquest.levels.language import gettext as _
from zcquest.tui.widgets.briefing import Briefing, HintBox
from zcquest.tui.widgets.goals import Goals
from zcquest.tui.widgets.level_header import LevelHeader
from zcquest.tui.widgets.level_view import LevelView, Phase, lanes_of, useless_in
from zcquest.tui.widgets.machine_map import MachineMap
from zcquest.tui.widgets.pane_tabs import PANES, PaneTabs
from zcquest.tui.widgets.plan_editor import PlanEditor
from zcquest.tui.widgets.run_bar import RunBar
from zcquest.tui.widgets.trace_view import TraceView


class LevelPanes(Vertical):
    """Draws one `LevelView` after the other; what has not changed is not drawn again."""

    def __init__(self, view: LevelView, draft: str, hints: int) -> None:
        super().__init__()
        self._view = view
        self._draft = draft
        self._hints = hints
        self._open = next(iter(PANES))
        self._narrow = False

    def compose(self) -> ComposeResult:
        level = self._view.level
        yield LevelHeader(level)
        yield PaneTabs()
        with Horizontal(id="upper"):
            with VerticalScroll(id="side"):
                yield Briefing(level)
                yield Goals(level)
                yield HintBox(level, self._hints)
            yield MachineMap()
        yield RunBar()
        with Horizontal(id="lower"):
            yield PlanEditor(self._draft, level.calls, lanes_of(level), useless_in(level))
            with Vertical(id="trace"):
                yield Static(classes="pane-title")
                yield TraceView()

    def on_mount(self) -> None:
        self.query_one(MachineMap).show(self._view.map_state())
        self.open_pane(self._open)
        self.retranslate()

    @property
    def editor(self) -> PlanEditor:
        return self.query_one(PlanEditor)

    @property
    def map_in_sight(self) -> bool:
        return self.query_one(MachineMap).display

    @property
    def bar(self) -> RunBar:
        return self.query_one(RunBar)

    def draw(self, view: LevelView) -> None:
        """Show `view` from now on."""
        before, self._view = self._view, view
        if view.latest is not before.latest or view.prediction != before.prediction or view.stars != before.stars:
            self._draw_scores()
        if view.map_state() != before.map_state():
            self.query_one(MachineMap).show(view.map_state())
        if (view.live, view.measured, view.plan) != (before.live, before.measured, before.plan):
            self.query_one(TraceView).show(view.trace_rows(), live=view.live is not None)
        step = view.live.step if view.live else None
        if step != self.editor.current:
            self.editor.show_current(step)
        self.editor.freeze(view.phase is not Phase.EDIT)

    def tick(self, calls: int) -> None:
        """So many calls were made by now; the other readings stay."""
        self.query_one(MachineMap).tick(calls)
        self.bar.tick(calls)

    async def show_hints(self, taken: int, situation: Situation) -> None:
        """Show the first `taken` hints, said to suit the situation."""
        await self.query_one(HintBox).show(taken, situation)

    def open_pane(self, pane: str) -> None:
        """In a narrow terminal, have `pane` (of PANES) in sight."""
        self._open = pane
        self._set_out()
        self.query_one(PaneTabs).mark(pane)

    def set_narrow(self, narrow: bool) -> None:
        """Whether there is room for one pane only."""
        self._narrow = narrow
        self._set_out()

    def _set_out(self) -> None:
        """Not by classes of this widget's: each of them would have the styles of all panes found anew."""
        panes = {
            "map": self.query_one(MachineMap),
            "briefing": self.query_one("#side"),
            "plan": self.editor,
            "trace": self.query_one("#trace"),
        }
        for name, pane in panes.items():
            pane.display = not self._narrow or name == self._open
        for row, names in (("#upper", ("map", "briefing")), ("#lower", ("plan", "trace"))):
            self.query_one(row).display = not self._narrow or self._open in names

    def scroll_to_goals(self) -> None:
        self.query_one("#side", VerticalScroll).scroll_to_widget(self.query_one(Goals), top=True, animate=False)

    def scroll_to_hints(self) -> None:
        side = self.query_one("#side", VerticalScroll)
        side.call_after_refresh(side.scroll_end, animate=False)

    def retranslate(self) -> None:
        """Say everything again in the language in use."""
        self.query_one("#trace .pane-title", Static).update(Content(_("TRACE")))
        self.query_one(PaneTabs).retranslate()
        self.query_one(Briefing).retranslate()
        self.query_one(HintBox).retranslate()
        self.editor.retranslate()
        self.bar.retranslate()
        self._draw_scores()
        self.query_one(MachineMap).retranslate()
        self.query_one(TraceView).show(self._view.trace_rows(), live=self._view.live is not None)

    def _draw_scores(self) -> None:
        view = self._view
        self.query_one(LevelHeader).show(view.latest, view.stars)
        self.query_one(Goals).show(view.latest, view.prediction)
