"""The plan pane: the text, and below it what is wrong with it."""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass

from textual import on
from textual.app import ComposeResult
from textual.containers import Vertical, VerticalScroll
from textual.content import Content
from textual.message import Message
from textual.widgets import Static, TextArea
from textual.widgets.text_area import Selection

from zcquest.engine.calls import CALLS
from zcquest.engine.plan import Lane, Parsed, parse
from zcquest.levels.language import gettext as _
from zcquest.levels.language import ngettext, say
from zcquest.tui.widgets.insertion import Insertion, lane_for, place_lane, place_step, ready_step
from zcquest.tui.widgets.line_edits import duplicate_line, move_line, next_value
from zcquest.tui.widgets.plan_text import PlanText


class PlanEditor(Vertical):
    """Edits one plan text; parses it at every change and tells the screen."""

    @dataclass
    class Changed(Message):
        """The text is another one now, and means `parsed`."""

        text: str
        parsed: Parsed

    @dataclass
    class CursorMoved(Message):
        """The cursor stands in this step of the plan, counted from 0; None: in no step."""

        step: int | None

    def __init__(
        self, text: str, calls: Sequence[str], lanes: Sequence[Lane] = (), useless: Collection[str] = ()
    ) -> None:
        """`calls` are those that the level grants, `lanes` those it has a use for beside every plan's.

        `useless` are the resources that mean nothing in it.
        """
        super().__init__()
        self._lanes = lanes
        self._useless = useless
        self._text = text
        self._calls = calls
        self.parsed = parse(text, CALLS, calls)
        self._parsed_text = text
        self.current: int | None = None

    def compose(self) -> ComposeResult:
        yield Static(classes="pane-title")
        yield PlanText(self._text, self._lanes)
        with VerticalScroll(id="problems", can_focus=False):
            yield Static()

    def on_mount(self) -> None:
        rows = self.area.document.line_count
        self.area.move_cursor((rows - 1, len(self.area.document.get_line(rows - 1))))
        self.retranslate()

    @property
    def area(self) -> PlanText:
        return self.query_one(PlanText)

    @property
    def text(self) -> str:
        return self.area.text

    @property
    def can_undo(self) -> bool:
        return bool(self.area.history.undo_stack)

    @property
    def can_redo(self) -> bool:
        return bool(self.area.history.redo_stack)

    @property
    def cursor_step(self) -> int | None:
        """The 0-based step under the cursor."""
        line = self.area.cursor_location[0] + 1
        return next((index for index, step in enumerate(self.parsed.plan.steps) if step.span.line == line), None)

    def rewrite(self, text: str) -> None:
        """Put `text` in place of the whole plan; undo brings the old one back."""
        area = self.area
        area.history.checkpoint()
        area.replace(text, area.document.start, area.document.end, maintain_selection_offset=False)
        area.history.checkpoint()

    def insert_call(self, name: str, *, writing: bool) -> None:
        """Add a ready step for the call `name`; `writing`: exactly where the cursor is."""
        area = self.area
        cursor = area.cursor_location[0]
        lane = lane_for(name, area.text, cursor, writing=writing)
        self._insert(place_step(area.text, ready_step(name, self.parsed.plan, lane), cursor, lane))

    def insert_lane(self, lane: Lane) -> None:
        """Begin the lane, or go to its end, ready for its next step."""
        self._insert(place_lane(self.area.text, lane))

    def _insert(self, insertion: Insertion) -> None:
        area = self.area
        lines = area.text.split("\n")
        lines[insertion.row : insertion.row + insertion.replaced] = insertion.lines
        self.rewrite("\n".join(lines))
        row = insertion.row + len(insertion.lines) - 1
        area.move_cursor((row, len(insertion.lines[-1])))

    @on(PlanText.EditAsked)
    def _edit(self, event: PlanText.EditAsked) -> None:
        event.stop()
        match event.what:
            case "value":
                self.turn_value(event.by)
            case "move":
                self._edit_lines(lambda lines, row: move_line(lines, row, event.by))
            case "duplicate":
                self._edit_lines(duplicate_line)
            case "reject" | "giveup":
                lane = Lane.ON_REJECT if event.what == "reject" else Lane.ON_GIVEUP
                if lane in self._lanes:
                    self.insert_lane(lane)

    def turn_value(self, by: int) -> None:
        """The next value, or the one before, for the word under the cursor."""
        area = self.area
        row, column = area.cursor_location
        swap = next_value(self.catch_up().plan, self._calls, row + 1, column + 1, by, self._useless)
        if swap is None:
            return
        start = swap.span.column - 1
        area.history.checkpoint()
        area.replace(swap.text, (row, start), (row, start + swap.span.length), maintain_selection_offset=False)
        area.history.checkpoint()
        area.move_cursor((row, min(column, start + len(swap.text))))

    def _edit_lines(self, change: Callable[[Sequence[str], int], tuple[list[str], int]]) -> None:
        area = self.area
        row, column = area.cursor_location
        lines, target = change(area.text.split("\n"), row)
        if target != row:
            self.rewrite("\n".join(lines))
            area.move_cursor((target, column))

    def go_to_first_problem(self) -> None:
        """Put the cursor where the text first goes wrong, ready to type."""
        if self.parsed.problems:
            span = self.parsed.problems[0].span
            area = self.area
            area.selection = Selection.cursor(area.clamp_visitable((span.line - 1, span.column - 1)))
        self.area.focus()

    def go_to_step(self, step: int) -> None:
        """Put the cursor on the 0-based step."""
        steps = self.catch_up().plan.steps
        if step < len(steps):
            self.area.move_cursor((steps[step].span.line - 1, steps[step].span.column - 1))

    def catch_up(self) -> Parsed:
        """What the text means at this moment, even if the message of the last key has not come round yet."""
        if self.area.text != self._parsed_text:
            self._parsed_text = self.area.text
            self.parsed = parse(self._parsed_text, CALLS, self._calls)
        return self.parsed

    def freeze(self, frozen: bool) -> None:
        """While a run goes on the text that it came from stays."""
        self.area.read_only = frozen

    def show_current(self, step: int | None) -> None:
        """Mark the 0-based `step` as the one that ran last."""
        self.current = step
        self.area.annotate(self.parsed, step)

    def retranslate(self) -> None:
        self.query_one(".pane-title", Static).update(Content(_("PLAN")))
        self.area.placeholder = Content(_("An empty plan. Press a for the calls of this level, or type repeat:"))
        self._show()

    @on(TextArea.Changed)
    def _parse(self, event: TextArea.Changed) -> None:
        event.stop()
        self.catch_up()
        self._show()
        self.post_message(self.Changed(self.area.text, self.parsed))

    @on(TextArea.SelectionChanged)
    def _moved(self, event: TextArea.SelectionChanged) -> None:
        event.stop()
        self.post_message(self.CursorMoved(self.cursor_step))

    def _show(self) -> None:
        self.area.annotate(self.parsed, self.current)
        wrong = bool(self.parsed.problems)
        self.set_class(wrong, "-wrong")
        said = self._problems() if wrong else self._right()
        verdict = self.query_one("#problems Static", Static)
        if verdict.content != said:  # an update lays the screen out anew, and most keys change nothing here
            verdict.update(said)

    def _right(self) -> Content:
        count = len(self.parsed.plan.steps)
        said = ngettext("{count} step, understood", "{count} steps, understood", count)
        return Content(f"✓ {said.format(count=count)}")

    def _problems(self) -> Content:
        lines = [Content(f"✗ {say(problem.sentence)}") for problem in self.parsed.problems]
        return Content("\n").join(lines)
