"""Writing the plan of a level: the draft that is kept, the calls to add, the plans put aside."""

from __future__ import annotations

from textual import on
from textual.timer import Timer

from zcquest.engine.plan import Lane, Parsed, same
from zcquest.levels.language import gettext as _
from zcquest.tui.screens.call_palette import CallPalette
from zcquest.tui.screens.level_base import LevelBase
from zcquest.tui.widgets.level_view import lanes_of
from zcquest.tui.widgets.plan_editor import PlanEditor
from zcquest.tui.widgets.plan_text import PlanText

DRAFT_PAUSE = 0.5  # seconds without a change after which the draft is kept


class LevelWriting(LevelBase):
    """The plan as it is written."""

    def __init__(self, level_id: str) -> None:
        super().__init__(level_id)
        self._saving: Timer | None = None
        self._unsaved: str | None = None

    def on_unmount(self) -> None:
        self.save_draft()

    def save_draft(self) -> None:
        """Keep the draft now, if it was changed."""
        if self._unsaved is not None:
            self.game.progress.set_draft(self.level_id, self._unsaved)
            self.game.tell_notices()
        self._unsaved = None

    def understood(self) -> bool:
        """Whether the plan can be run at all; if not, the cursor goes to what is wrong."""
        parsed = self.editor.catch_up()
        self._adopt(parsed)
        problems = parsed.problems
        if problems:
            self.panes.bar.tell(problems[0].sentence, "bad")
            self.panes.open_pane("plan")
            self.editor.go_to_first_problem()
        return not problems

    @on(PlanEditor.Changed)
    def _edited(self, event: PlanEditor.Changed) -> None:
        self._adopt(event.parsed)
        self._unsaved = event.text
        if self._saving:
            self._saving.stop()
        self._saving = self.set_timer(DRAFT_PAUSE, self.save_draft)

    def _adopt(self, parsed: Parsed) -> None:
        """The plan is this one now; what was measured stays only while it is still of this plan."""
        measured = self.view.measured
        holds = measured is not None and same(measured.plan, parsed.plan) and not parsed.problems
        self.change(plan=parsed.plan, cursor_step=self.editor.cursor_step, measured=measured if holds else None)

    @on(PlanEditor.CursorMoved)
    def _moved(self, event: PlanEditor.CursorMoved) -> None:
        self.change(cursor_step=event.step)

    @on(PlanText.Left)
    def _leave_editor(self) -> None:
        self.set_focus(None)

    @on(PlanText.PaletteAsked)
    def _palette_here(self) -> None:
        self._open_palette(writing=True)

    def action_edit(self) -> None:
        self.panes.open_pane("plan")
        self.editor.area.focus()

    def action_palette(self) -> None:
        self._open_palette(writing=False)

    def _open_palette(self, *, writing: bool) -> None:
        def add(chosen: str | Lane | None) -> None:
            if not chosen:
                return
            self.panes.open_pane("plan")
            if isinstance(chosen, Lane):
                self.editor.insert_lane(chosen)
            else:
                self.editor.insert_call(chosen, writing=writing)

        self.app.push_screen(CallPalette(self.level.calls, lanes_of(self.level)), add)

    def action_plans(self) -> None:
        """What comes back from the shelf takes the editor's place; undo brings back what was there."""

        def take(text: str | None) -> None:
            if text is not None:
                self.panes.open_pane("plan")
                self.editor.rewrite(text.rstrip("\n"))

        from zcquest.tui.screens.plan_shelf import PlanShelf

        self.app.push_screen(PlanShelf(self.level_id, self.editor.text), take)

    def action_reset(self) -> None:
        self.editor.rewrite(self.level.draft.strip("\n"))

    def action_undo(self) -> None:
        self.editor.area.undo()

    def action_redo(self) -> None:
        self.editor.area.redo()

    def action_copy(self) -> None:
        self.app.copy_to_clipboard(self.editor.text)
        self.notify(_("The plan is in the clipboard, if this terminal allows it."), markup=False)
