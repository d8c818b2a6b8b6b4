"""The trace pane: what the plan did, call by call, as strace would print it."""

from __future__ import annotations

from collections.abc import Sequence

from rich.style import Style
from textual.geometry import Size
from textual.scroll_view import ScrollView
from textual.strip import Strip

from zcquest.levels.language import gettext as _
from zcquest.tui.language import N_
from zcquest.tui.widgets.trace_row import TraceRow, call_width, draw, row_width


class TraceView(ScrollView, can_focus=True):
    """Shows rows of one height; draws only those in sight, never reads them as markup."""

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

    def __init__(self, *, id: str | None = None) -> None:
        super().__init__(id=id)
        self.rows: Sequence[TraceRow] = ()
        self._calls = 0
        self._live = False

    def show(self, rows: Sequence[TraceRow], *, live: bool = False) -> None:
        """Show `rows`; while they are `live`, the last of them is brought into sight."""
        before = self.virtual_size.width if live and self._live else 0
        self.rows = rows
        self._live = live
        self._calls = call_width(rows)
        # not narrower while a run is on: each change of it lays the screen out anew
        width = max((row_width(row, self._calls) for row in rows), default=0)
        width = max(width, before)
        self.virtual_size = Size(width, len(rows))
        if live:
            self.scroll_end(animate=False, x_axis=False, immediate=True)
        self.refresh()

    def render_line(self, y: int) -> Strip:
        row, left = y + self.scroll_offset.y, self.scroll_offset.x
        width = self.size.width
        if row < len(self.rows):
            strip = draw(self.rows[row], self._calls, self._style)
        elif row == 0:
            strip = draw(TraceRow("gap", _(self.LIVE if self._live else self.IDLE)), 0, self._style)
        else:
            return Strip.blank(width, self.rich_style)
        return strip.crop_extend(left, left + width, self.rich_style).apply_style(self.rich_style)

    def _style(self, kind: str) -> Style:
        return self.get_component_rich_style(f"trace--{kind}", partial=True)
