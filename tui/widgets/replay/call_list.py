"""The calls of a replay, one a row or many, and where one stands among them."""

from __future__ import annotations

from dataclasses import dataclass

from rich.cells import cell_len
from rich.segment import Segment
from rich.style import Style
from textual import events
from textual.geometry import Size
from textual.message import Message
from textual.scroll_view import ScrollView
from textual.strip import Strip

from zcquest.engine.kept_trace import TraceDamaged
from zcquest.levels.language import gettext as _
from zcquest.levels.replay import Group, Replay
from zcquest.tui.widgets.map.words import about_bytes
from zcquest.tui.widgets.trace_lines import Columns, draw, line_of
from zcquest.tui.widgets.trace_row import TraceRow, call_rows
from zcquest.tui.widgets.wording import grouped

_CALL_CELLS = 44  # the column of the call, where there is room; what came of it stands after it
_MARK = 2  # cells for the sign of where one stands


class CallList(ScrollView, can_focus=False):
    """Row 0 stands before the first call, row n after n groups of `grain` calls. Only what is seen is read."""

    COMPONENT_CLASSES = {
        "trace--head",
        "trace--call",
        "trace--user",
        "trace--failed",
        "trace--outcome",
        "trace--note",
        "trace--gap",
        "calls--here",
    }

    @dataclass
    class Asked(Message):
        """The player points at the moment after `calls` calls."""

        calls: int

    def __init__(self) -> None:
        super().__init__()
        self._replay: Replay | None = None
        self._grain = 1
        self._at = 0
        self._head = 0

    def show(self, replay: Replay, grain: int, calls: int) -> None:
        """Show `replay` in groups of `grain` calls, standing after `calls` of them."""
        if (replay, grain) != (self._replay, self._grain):
            self._head = self._widest_head(replay, grain)
        self._replay, self._grain, self._at = replay, grain, calls
        size = Size(self.size.width, self._rows)
        if self.virtual_size != size:  # laid out anew
            self.virtual_size = size
        self.scroll_to(y=self._row_of(calls) - self.size.height // 2, animate=False, immediate=True, force=True)
        self.refresh()

    def _widest_head(self, replay: Replay, grain: int) -> int:
        """Cells before the calls: the last one came latest, so its time is the longest."""
        self._grain = grain
        try:
            return cell_len(self._trace_row(replay, -(-replay.kept // grain)).head)
        except TraceDamaged:
            return 0

    @property
    def _rows(self) -> int:
        replay = self._replay
        if replay is None:
            return 0
        return 1 + -(-replay.kept // self._grain) + int(replay.kept < replay.calls)

    def _row_of(self, calls: int) -> int:
        return min(-(-calls // self._grain), self._rows - 1) if self._replay else 0

    def render_line(self, y: int) -> Strip:
        row, width = y + self.scroll_offset.y, self.size.width
        if self._replay is None or row >= self._rows:
            return Strip.blank(width, self.rich_style)
        here = row == self._row_of(self._at)
        try:
            shown = self._trace_row(self._replay, row)
        except TraceDamaged:
            shown = TraceRow("gap", "?")
        columns = Columns(self._head, _CALL_CELLS, width - _MARK)
        strip = draw(line_of(shown, columns), columns, self._style)
        strip = Strip([Segment("▶ " if here else "  ", self._style("trace--note")), *strip])
        if here:
            marked = Style(bgcolor=self._style("calls--here").bgcolor)
            strip = Strip(Segment.apply_style(strip.extend_cell_length(width), post_style=marked))
        return strip.crop_extend(0, width, self.rich_style).apply_style(self.rich_style)

    def on_click(self, event: events.Click) -> None:
        row = int(event.y) + self.scroll_offset.y
        if self._replay and row < self._rows:
            calls = self._replay.calls if row * self._grain > self._replay.kept else row * self._grain
            if row == -(-self._replay.kept // self._grain):
                calls = self._replay.kept
            self.post_message(self.Asked(calls))

    def _style(self, kind: str) -> Style:
        return self.get_component_rich_style(kind if "--" in kind else f"trace--{kind}", partial=True)

    def _trace_row(self, replay: Replay, row: int) -> TraceRow:
        if row == 0:
            return TraceRow("gap", _("before the first call"))
        first = (row - 1) * self._grain
        if first >= replay.kept:
            return TraceRow(
                "gap",
                _("… {count} more calls: only their sums are kept …").format(count=grouped(replay.calls - replay.kept)),
            )
        if self._grain == 1:
            return call_rows([replay.line(first)], replay.plan, replay.scene.hops)[0]
        return _group_row(replay.group(first, self._grain))


def _group_row(group: Group) -> TraceRow:
    names = " ".join(f"{grouped(count)}×{name}" for name, count in group.names)
    carried = max((step.carried for step in group.sums.steps), default=0)
    told = [about_bytes(carried)] if carried else []
    told.append(_("{time} µs in calls").format(time=grouped(group.sums.took_ns // 1000)))
    if group.sums.failed:
        told.append(_("{count} failed").format(count=grouped(group.sums.failed)))
    if faults := group.sums.user_faults + group.sums.kernel_faults:
        told.append(_("{count} faults").format(count=grouped(faults)))
    head = f"{group.at_ns / 1e6:.3f}"
    text = _("calls {first} to {last}: {names}").format(
        first=grouped(group.first + 1), last=grouped(group.first + group.count), names=names
    )
    return TraceRow("failed" if group.sums.failed else "call", text, head, "  ".join(told))
