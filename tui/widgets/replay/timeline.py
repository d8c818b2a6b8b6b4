"""The run as a timeline: a bar a stretch of calls, as high as they took long, marks for what befell them, a cursor."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import groupby

from rich.cells import cell_len
from rich.segment import Segment
from rich.style import Style
from textual import events
from textual.message import Message
from textual.strip import Strip
from textual.widget import Widget

from zcquest.levels.language import gettext as _
from zcquest.levels.replay import Column

_EIGHTHS = " ▁▂▃▄▅▆▇█"
_WIDEST = 8  # cells of a column, where there are few calls
_GRAVE = "✗†"  # the marks of what went wrong
_LOWEST_NS = 100  # a call this short is a bar of no height


@dataclass(frozen=True, slots=True)
class Span:
    """A column's cells on the screen, `start` to `end` without `end`."""

    column: Column
    start: int
    end: int


class Timeline(Widget):
    """Give it columns with `show`, and the cursor with `go_to`. A click or a drag asks for a moment."""

    COMPONENT_CLASSES = {"timeline--bar", "timeline--past", "timeline--mark", "timeline--cursor", "timeline--legend"}
    DEFAULT_CSS = """
    Timeline {
        height: 5;
        padding: 0 1;
        .timeline--bar { color: $frame; }
        .timeline--past { color: $primary; }
        .timeline--mark { color: $error; text-style: bold; }
        .timeline--cursor { color: $accent; text-style: bold; }
        .timeline--legend { color: $quiet; }
    }
    """

    @dataclass
    class Asked(Message):
        """The player points at the moment after `calls` calls."""

        calls: int

    @dataclass
    class Turned(Message):
        """The wheel was turned over it: so many rows on, or back."""

        rows: int

    def __init__(self) -> None:
        super().__init__()
        self._spans: list[Span] = []
        self._slowest: int | None = None
        self._kill: int | None = None
        self._at = 0
        self._scale = 1.0

    def show(self, columns: Sequence[Column], slowest: int | None, kill: int | None = None) -> None:
        """Draw these columns; `slowest` is the moment after the slowest call, `kill` that after a machine's death."""
        width = max(1, min(_WIDEST, self.size.width // max(1, len(columns))))
        self._spans = [Span(column, at * width, (at + 1) * width) for at, column in enumerate(columns)]
        self._slowest, self._kill = slowest, kill
        self._scale = max((_height(column) for column in columns), default=0.0) or 1.0
        self.refresh()

    def go_to(self, calls: int) -> None:
        """The cursor stands after `calls` calls."""
        self._at = calls
        self.refresh()

    def render_line(self, y: int) -> Strip:
        width, last = self.size.width, self.size.height - 1
        if y == 0:
            strip = self._flags(width)
        elif y == last:
            strip = self._cursor_line(width)
        else:
            strip = self._bars(last - 1 - y, last - 1, width)
        return strip.adjust_cell_length(width).apply_style(self.rich_style)

    # Rows

    def _flags(self, width: int) -> Strip:
        marks = [(self._mark(span.column), span.end - span.start) for span in self._spans]
        styled = (("mark" if mark in _GRAVE else "cursor", mark.ljust(cells)) for mark, cells in marks)
        return self._runs(styled).crop(0, width)

    def _mark(self, column: Column) -> str:
        if self._kill is not None and column.first < self._kill <= column.last:
            return "†"
        if column.failed:
            return "✗"
        if self._slowest is not None and column.first < self._slowest <= column.last:
            return "◆"
        return "!" if column.faults else " "

    def _bars(self, row: int, rows: int, width: int) -> Strip:
        """`row` counts from the bottom."""
        glyphs: list[tuple[str, str]] = []
        for span in self._spans:
            eighths = round(_height(span.column) / self._scale * rows * 8) - row * 8
            if row == 0:
                eighths = max(eighths, 1)  # every stretch has calls in it
            cells = span.end - span.start
            gap = int(cells > 2)
            kind = "cursor" if self._here(span) else "past" if span.column.first < self._at else "bar"
            glyphs.append((kind, _EIGHTHS[max(0, min(8, eighths))] * (cells - gap) + " " * gap))
        return self._runs(glyphs).crop(0, width)

    def _runs(self, parts: Iterable[tuple[str, str]]) -> Strip:
        """Neighbours of one style as one segment: a strip of hundreds of segments takes long to draw."""
        groups = groupby(parts, key=lambda part: part[0])
        return Strip([Segment("".join(text for _, text in run), self._style(kind)) for kind, run in groups])

    def _cursor_line(self, width: int) -> Strip:
        at = next((span.start for span in self._spans if self._here(span)), 0)
        legend = _("time per call, log scale   ✗ error   ! fault   ◆ slowest")
        if self._kill is not None:
            legend += "   † " + _("killed")
        pointer = "▲"
        room = max(at, width - at - 1) - 2
        if cell_len(legend) > room:
            legend = ""
        free = width - at - 1 - cell_len(legend)
        if free >= 1:  # the legend at the right edge
            parts = [(" " * at, "legend"), (pointer, "cursor"), (" " * free, "legend"), (legend, "legend")]
        else:
            parts = [(legend, "legend"), (" " * (at - cell_len(legend)), "legend"), (pointer, "cursor")]
        return Strip([Segment(text, self._style(style)) for text, style in parts])

    def _here(self, span: Span) -> bool:
        return span.column.first < max(self._at, 1) <= span.column.last

    def _style(self, kind: str) -> Style:
        return self.get_component_rich_style(f"timeline--{kind}", partial=True)

    # Mouse

    def on_mouse_down(self, event: events.MouseDown) -> None:
        self.capture_mouse()
        self._ask(event)

    def on_mouse_move(self, event: events.MouseMove) -> None:
        if event.button and self.app.mouse_captured is self:
            self._ask(event)

    def on_mouse_up(self) -> None:
        self.release_mouse()

    def on_mouse_scroll_down(self) -> None:
        self.post_message(self.Turned(1))

    def on_mouse_scroll_up(self) -> None:
        self.post_message(self.Turned(-1))

    def _ask(self, event: events.MouseEvent) -> None:
        x = event.x - self.styles.padding.left
        nearest = next((span for span in self._spans if span.start <= x < span.end), None)
        if nearest is None and self._spans and x >= self._spans[-1].end:
            nearest = self._spans[-1]
        if nearest:
            self.post_message(self.Asked(nearest.column.last))


def _height(column: Column) -> float:
    """The logarithm of the mean time of a call in the column."""
    calls = max(1, column.last - column.first)
    return math.log(max(column.took_ns / calls, _LOWEST_NS) / _LOWEST_NS)
