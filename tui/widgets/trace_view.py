"""The trace pane: what the plan did, call by call, as strace would print it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from rich.style import Style
from textual.events import Click
from textual.geometry import Size
from textual.message import Message
from textual.scroll_view import ScrollView
from textual.strip import Strip

from zcquest.levels.language import gettext as _
from zcquest.tui.language import N_
from zcquest.tui.widgets.trace_lines import Columns, TraceLine, columns_of, draw, lines_of
from zcquest.tui.widgets.trace_row import TraceRow


class TraceView(ScrollView, can_focus=True):
    """Lays rows out in its width; draws only those in sight, never reads them as markup."""

    COMPONENT_CLASSES = {
        "trace--head",
        "trace--call",
        "trace--user",
        "trace--failed",
        "trace--outcome",
        "trace--note",
        "trace--gap",
    }
    IDLE = N_("Nothing has run yet. r runs the plan, s makes one call at a time.")
    LIVE = N_("No call has come back yet.")

    @dataclass
    class Pointed(Message):
        """The player points at a row."""

        row: TraceRow

    def __init__(self, *, id: str | None = None) -> None:
        super().__init__(id=id)
        self.rows: Sequence[TraceRow] = ()
        self._columns = Columns(0, 0, 0)
        self._lines: Sequence[TraceLine] = ()
        self._live = False

    def show(self, rows: Sequence[TraceRow], *, live: bool = False) -> None:
        """Show `rows`; while they are `live`, the last of them is brought into sight."""
        self.rows = rows
        self._live = live
        self._lay_out()
        if live:
            self.scroll_end(animate=False, immediate=True)

    def on_resize(self) -> None:
        self._lay_out()

    def _lay_out(self) -> None:
        width = self.scrollable_content_region.width
        columns = columns_of(self.rows, width)
        before = self._columns
        if self._live and columns.head <= before.head and width == before.width:
            columns = before  # what stands there stays where it is while a run goes on
        self._columns = columns
        self._lines = [line for row in self.rows for line in lines_of(row, columns)]
        self.virtual_size = Size(width, len(self._lines))
        self.refresh()

    def render_line(self, y: int) -> Strip:
        number, width = y + self.scroll_offset.y, self.size.width
        if number < len(self._lines):
            strip = draw(self._lines[number], self._columns, self._style)
        elif number == 0:
            said = TraceRow("gap", _(self.LIVE if self._live else self.IDLE))
            strip = draw(TraceLine(said, said.text), self._columns, self._style)
        else:
            return Strip.blank(width, self.rich_style)
        return strip.crop_extend(0, width, self.rich_style).apply_style(self.rich_style)

    def on_click(self, event: Click) -> None:
        number = event.y + self.scroll_offset.y
        if number < len(self._lines):
            self.post_message(self.Pointed(self._lines[number].row))

    def _style(self, kind: str) -> Style:
        return self.get_component_rich_style(f"trace--{kind}", partial=True)
