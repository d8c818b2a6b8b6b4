"""The plan as editable text: coloured words, step numbers in the gutter, mistakes underlined where they stand."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass

from rich.segment import Segment
from rich.style import Style
from rich.text import Text
from textual import events
from textual.binding import Binding
from textual.geometry import Offset
from textual.message import Message
from textual.strip import Strip
from textual.widgets import TextArea
from textual.widgets.text_area import Location

from zcquest.engine.plan import Lane, Parsed, Problem, tokens
from zcquest.tui.language import N_

INDENT = 4
_GUTTER = 4
_LANES = {"reject": Lane.ON_REJECT, "giveup": Lane.ON_GIVEUP}


class PlanText(TextArea):
    """A text area that knows the plan language by sight; what is wrong with the plan it is told with `annotate`."""

    COMPONENT_CLASSES = {
        "plan--lane",
        "plan--call",
        "plan--word",
        "plan--size",
        "plan--comment",
        "plan--punctuation",
        "plan--error",
        "plan--gutter",
        "plan--gutter-error",
        "plan--gutter-current",
    }
    BINDINGS = [
        Binding("escape", "leave", N_("Leave the editor"), tooltip=N_("Back to the screen's own keys")),
        Binding("ctrl+@,ctrl+space,f4", "palette", N_("Add"), key_display="^space", tooltip=N_("Add a call here")),
        Binding(
            "alt+right,f8",
            "edit('value', 1)",
            N_("Value"),
            key_display="alt ←→",
            tooltip=N_("The next value for the word"),
        ),
        Binding("ctrl+z", "undo", N_("Undo"), tooltip=N_("Take back the last change")),
        Binding("f5", "screen.run", N_("Run"), tooltip=N_("Run the plan in every scene")),
        Binding("f10", "screen.step", N_("Step"), tooltip=N_("Make one call on a live kernel")),
        Binding("f3", "screen.word", N_("Codex"), tooltip=N_("Read about the word under the cursor")),
        Binding("alt+left,shift+f8", "edit('value', -1)", show=False, tooltip=N_("The value before")),
        Binding(
            "alt+up", "edit('move', -1)", N_("Move"), key_display="alt ↑↓", tooltip=N_("Move the line up"), show=False
        ),
        Binding("alt+down", "edit('move', 1)", show=False, tooltip=N_("Move the line down")),
        Binding("ctrl+t", "edit('duplicate', 1)", N_("Duplicate"), show=False, tooltip=N_("The line once more")),
        Binding("ctrl+r", "edit('reject', 1)", N_("on reject"), show=False, tooltip=N_("Begin the lane on reject")),
        Binding("ctrl+g", "edit('giveup', 1)", N_("on giveup"), show=False, tooltip=N_("Begin the lane on giveup")),
        Binding("ctrl+s", "screen.plans", N_("Plans"), show=False, tooltip=N_("Plans put aside, plans as files")),
        Binding("ctrl+y,ctrl+shift+z", "redo", N_("Redo"), show=False, tooltip=N_("Make the change again")),
    ]

    class PaletteAsked(Message):
        """The player wants the list of calls, for the line under the cursor."""

    @dataclass
    class EditAsked(Message):
        """The player wants the line or the word under the cursor changed: `what`, and which way."""

        what: str
        by: int

    class Left(Message):
        """The player is done writing."""

    def __init__(self, text: str, lanes: Collection[Lane] = (), **options: object) -> None:
        """`lanes` are those of rejected messages that the plan may have a use for."""
        super().__init__(
            text,
            soft_wrap=False,
            show_line_numbers=True,
            tab_behavior="indent",
            highlight_cursor_line=False,
            **options,  # type: ignore[arg-type]
        )
        self.indent_width = INDENT
        self._lanes = lanes
        self._problems: Mapping[int, list[Problem]] = {}
        self._steps: Mapping[int, int] = {}
        self._current: int | None = None

    def annotate(self, parsed: Parsed, current: int | None = None) -> None:
        """Show `parsed`'s step numbers and problems, and `current` (a 0-based step) as the one that ran last."""
        problems: dict[int, list[Problem]] = {}
        for problem in parsed.problems:
            problems.setdefault(problem.span.line, []).append(problem)
        self._problems = problems
        self._steps = {step.span.line: number for number, step in enumerate(parsed.plan.steps, 1)}
        self._current = current
        self._line_cache.clear()
        self.refresh()

    # What Textual asks of a text area

    @property
    def gutter_width(self) -> int:
        return _GUTTER

    def get_line(self, line_index: int) -> Text:
        line = super().get_line(line_index)
        for token in tokens(line.plain):
            start = token.span.column - 1
            line.stylize(self._style(token.kind), start, start + token.span.length)
        for problem in self._problems.get(line_index + 1, ()):
            start = problem.span.column - 1
            line.stylize(self._style("error"), start, start + max(1, problem.span.length))
        return line

    def scroll_cursor_visible(self, center: bool = False, animate: bool = False) -> Offset:
        """Of a plan that nobody writes in, the beginnings of the lines are in sight, wherever the cursor is."""
        offset = super().scroll_cursor_visible(center, animate)
        if not self.has_focus:
            self._show_beginnings()
        return offset

    def on_blur(self) -> None:
        self._show_beginnings()

    def on_focus(self) -> None:
        self.call_after_refresh(self.scroll_cursor_visible)

    def _show_beginnings(self) -> None:
        self.scroll_to(x=0, animate=False, force=True, immediate=True)

    def _render_line(self, y: int) -> Strip:
        strip = super()._render_line(y)
        row = y + self.scroll_offset.y
        if row >= self.document.line_count:
            return strip
        return Strip.join([self._gutter(row + 1), strip.crop(_GUTTER)])

    def _gutter(self, line: int) -> Strip:
        number = self._steps.get(line)
        said = f"{number or '':>2} "
        if line in self._problems:
            return Strip([Segment(f"✗{said}", self._style("gutter-error"))], _GUTTER)
        if number is not None and number - 1 == self._current:
            return Strip([Segment(f"▶{said}", self._style("gutter-current"))], _GUTTER)
        return Strip([Segment(f" {said}", self._style("gutter"))], _GUTTER)

    def _style(self, kind: str) -> Style:
        return self.get_component_rich_style(f"plan--{kind}", partial=not kind.startswith("gutter"))

    async def _on_key(self, event: events.Key) -> None:
        if self.read_only:
            return
        if event.key == "enter":
            self._typed(event, "\n" + " " * self._indentation(), *self.selection)
        elif event.character == ":" and self._line_before_cursor().strip() in tuple(Lane):
            row, column = self.cursor_location
            lane = self._line_before_cursor().strip()
            self._typed(event, f"{lane}:", (row, 0), (row, column))  # a lane begins at the margin
        elif event.key == "tab" and self._line_before_cursor().strip():
            # Within the blank start of a line Tab indents; elsewhere it goes on to the next widget.
            event.stop()
            event.prevent_default()
            self.screen.focus_next()
        elif event.key == "escape":
            event.prevent_default()  # bubbles to the binding above, not to Textual's way of leaving

    def _typed(self, event: events.Key, text: str, start: Location, end: Location) -> None:
        event.stop()
        event.prevent_default()
        self._replace_via_keyboard(text, start, end)

    def _line_before_cursor(self) -> str:
        row, column = self.cursor_location
        return self.document.get_line(row)[:column]

    def _indentation(self) -> int:
        """Cells of indentation for the line after the cursor's: one step in after `repeat:` and the like."""
        before = self._line_before_cursor()
        if before.split("#")[0].rstrip().endswith(":"):
            return INDENT
        return len(before) - len(before.lstrip(" "))

    def action_leave(self) -> None:
        self.post_message(self.Left())

    def action_palette(self) -> None:
        self.post_message(self.PaletteAsked())

    def action_edit(self, what: str, by: int) -> None:
        self.post_message(self.EditAsked(what, by))

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        if action == "edit" and parameters[0] in _LANES:
            return not self.read_only and _LANES[str(parameters[0])] in self._lanes
        if action in ("leave", "palette", "edit"):
            return not self.read_only
        return super().check_action(action, parameters)

    def word_under_cursor(self) -> str:
        """The word at the cursor or just before it; empty between words."""
        row, column = self.cursor_location
        line = self.document.get_line(row)
        start = end = column
        while start > 0 and (line[start - 1].isalnum() or line[start - 1] == "_"):
            start -= 1
        while end < len(line) and (line[end].isalnum() or line[end] == "_"):
            end += 1
        return line[start:end]
