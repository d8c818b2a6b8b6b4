"""Plans put aside in a level under names of the player's; plans as text: copied, written to files, read from them."""

from __future__ import annotations

import time

from textual import on
from textual.app import ComposeResult
from textual.binding import Binding
from textual.containers import Horizontal, Vertical, VerticalScroll
from textual.content import Content
from textual.widgets import Input, OptionList, Static
from textual.widgets.option_list import Option

from zcquest.levels.language import gettext as _
from zcquest.levels.language import say
from zcquest.levels.plan_files import NoPlanFile, read_plan_file, write_plan_file
from zcquest.levels.progress import SavedPlan
from zcquest.levels.typed_path import typed_path
from zcquest.tui.language import N_
from zcquest.tui.screens.base import ZcModal
from zcquest.tui.widgets.choices import Choices
from zcquest.tui.widgets.columns import left
from zcquest.tui.widgets.key_bar import KeyBar
from zcquest.tui.widgets.result.hop_lines import plan_lines

_NAME, _DATE = 22, 12  # cells
_LONGEST = 40  # characters of a name


class PlanShelf(ZcModal[str | None]):
    """Returns the text to go on with, or None."""

    CSS_PATH = "plan_shelf.tcss"
    AUTO_FOCUS = "OptionList"
    BINDINGS = [
        Binding(
            "enter", "take", N_("Take"), key_display="enter", tooltip=N_("Put this plan into the editor"), priority=True
        ),
        Binding("s", "ask('save')", N_("Save"), tooltip=N_("Put the editor's plan aside under a name")),
        Binding("d,delete", "forget", N_("Forget"), key_display="d", tooltip=N_("Throw this plan away")),
        Binding("w", "ask('write')", N_("Write"), tooltip=N_("Write the editor's plan to a file")),
        Binding("i", "ask('read')", N_("Read"), tooltip=N_("Read a plan from a file")),
        Binding("y", "copy", N_("Copy text"), tooltip=N_("This plan's text to the clipboard")),
    ]

    def __init__(self, level_id: str, text: str) -> None:
        """`text` stands in the editor now."""
        super().__init__()
        self._level_id = level_id
        self._text = text
        self._asked = ""

    def compose(self) -> ComposeResult:
        with Vertical(id="shelf"):
            yield Static(id="shelf-title", markup=False)
            with Horizontal():
                yield Choices(first_marks=True)
                with VerticalScroll(can_focus=False):
                    yield Static(id="shelf-text")
            yield Input(id="shelf-input")
            yield KeyBar(palette=False)

    def on_mount(self) -> None:
        self.retranslate()

    def retranslate(self) -> None:
        self.query_one("#shelf-title", Static).update(_("Plans of this level"))
        self._say_prompt()
        self._fill()

    @property
    def _plans(self) -> list[SavedPlan]:
        return self.game.progress.saved_plans(self._level_id)

    @property
    def _chosen(self) -> SavedPlan | None:
        """The plan under the cursor; None for the one in the editor."""
        at = self.query_one(OptionList).highlighted
        plans = self._plans
        return plans[at - 1] if at and at <= len(plans) else None

    def _fill(self, chosen: str | None = None) -> None:
        options, plans = self.query_one(OptionList), self._plans
        marked = options.highlighted or 0
        editor = Option(Content.styled(_("in the editor"), "italic"))
        options.set_options([editor, *(Option(_line(plan)) for plan in plans)])
        names = [plan.name for plan in plans]
        options.highlighted = names.index(chosen) + 1 if chosen in names else min(marked, len(plans))
        self._preview()
        self.refresh_bindings()

    @on(OptionList.OptionHighlighted)
    def _preview(self) -> None:
        plan = self._chosen
        self.query_one("#shelf-text", Static).update(plan_lines(plan.text if plan else self._text))
        self.refresh_bindings()

    # Keys

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        if not self.is_mounted:
            return True
        if action in ("take", "forget") and not self._asked:
            return self._chosen is not None or None
        if action in ("take", "forget", "ask", "copy"):
            return not self._asked
        return super().check_action(action, parameters)

    @on(OptionList.OptionSelected)
    def action_take(self) -> None:
        if plan := self._chosen:
            self.dismiss(plan.text)

    def action_copy(self) -> None:
        plan = self._chosen
        self.app.copy_to_clipboard(plan.text if plan else self._text)
        self.notify(_("The plan is in the clipboard, if this terminal allows it."), markup=False)

    def action_forget(self) -> None:
        if plan := self._chosen:
            self.game.progress.forget_plan(self._level_id, plan.name)
            self.game.tell_notices()
            self._fill()

    def action_ask(self, what: str) -> None:
        """Ask for a name or a path."""
        self._asked = what
        plan = self._chosen
        field = self.query_one("#shelf-input", Input)
        field.max_length = _LONGEST if what == "save" else None
        field.value = {"save": plan.name if plan else "", "write": f"{self._level_id}.plan", "read": ""}[what]
        self._say_prompt()
        field.focus()
        self.refresh_bindings()

    def _say_prompt(self) -> None:
        field = self.query_one("#shelf-input", Input)
        field.display = bool(self._asked)
        field.border_title = {
            "save": _("Save the editor's plan as"),
            "write": _("Write the editor's plan to the file"),
            "read": _("Read a plan from the file"),
            "": "",
        }[self._asked]

    def action_close(self) -> None:
        if self._asked:
            self._answered()
        else:
            super().action_close()

    def _answered(self) -> None:
        self._asked = ""
        self._say_prompt()
        self.query_one(OptionList).focus()
        self.refresh_bindings()

    @on(Input.Submitted, "#shelf-input")
    def _answer(self, event: Input.Submitted) -> None:
        event.stop()
        answer, asked = event.value.strip(), self._asked
        if not answer:
            return
        if asked == "save":
            self.game.progress.save_plan(self._level_id, answer, self._text)
            self.game.tell_notices()
            self._answered()
            self._fill(answer)
            return
        path = typed_path(answer)
        try:
            if asked == "read":
                self.dismiss(read_plan_file(path))
                return
            write_plan_file(path, self._text)
        except NoPlanFile as refusal:
            self.notify(say(refusal.message), severity="error", markup=False)
            return
        self.notify(_("The plan is in {file}.").format(file=path.absolute()), markup=False)
        self._answered()


def _line(plan: SavedPlan) -> Content:
    date = time.strftime("%Y-%m-%d", time.localtime(plan.at))
    return Content.assemble(left(Content.styled(plan.name, "bold"), _NAME), (date.rjust(_DATE), "$quiet"))
