"""Rows of a trace in lines of a pane's width: in columns while they hold, what came of a call below it where not."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from rich.cells import cell_len, set_cell_size
from rich.segment import Segment
from rich.style import Style
from textual.strip import Strip

from zcquest.tui.line_breaking import divide_line
from zcquest.tui.widgets.trace_row import BETWEEN, TraceRow

GAP = 2  # cells between columns
_BELOW = "└ "  # before what came of the call in the line above
_POINTER = re.compile(r"0x[0-9a-f]{9,}")
_SHORTEST_CALL = 24  # cells that a call keeps where one line must do


@dataclass(frozen=True, slots=True)
class Columns:
    """Cells: of what stands before the calls, of the calls, and of a whole line."""

    head: int
    call: int
    width: int

    @property
    def room(self) -> int:
        """For a call and what came of it."""
        return max(1, self.width - self.head - GAP)


@dataclass(frozen=True, slots=True)
class TraceLine:
    """One line of a row: the call's, or one that goes on below it."""

    row: TraceRow
    text: str = ""
    outcome: str = ""
    first: bool = True


def columns_of(rows: Sequence[TraceRow], width: int) -> Columns:
    """Columns in `width` cells, made for those of `rows` that fit into one line."""
    calls = [row for row in rows if row.head]
    head = max((cell_len(row.head) for row in calls), default=0)
    room = max(1, width - head - GAP)
    fitting = (cell_len(row.text) for row in calls if _together(cell_len(row.text), row) <= room)
    return Columns(head, max(fitting, default=0), width)


def lines_of(row: TraceRow, columns: Columns) -> list[TraceLine]:
    """The row's lines, none wider than the pane."""
    if not row.head:
        width = max(1, columns.width - GAP)
        starts = [0, *divide_line(row.text, width)]
        ends = [*starts[1:], len(row.text)]
        return [TraceLine(row, row.text[a:b].rstrip(), first=not a) for a, b in zip(starts, ends, strict=True)]
    text = shortened(row.text, columns.room)
    for call in (max(columns.call, cell_len(text)), cell_len(text)):
        if _together(call, row) <= columns.room:
            return [TraceLine(row, text + " " * (call - cell_len(text)), row.outcome)]
    packed = _packed(row, columns.room - len(_BELOW))
    below = [_BELOW + packed[0], *(" " * len(_BELOW) + said for said in packed[1:])]
    return [TraceLine(row, text), *(TraceLine(row, "", said, first=False) for said in below)]


def _packed(row: TraceRow, room: int) -> list[str]:
    """What came of the call, in as few lines of `room` cells as its parts go into."""
    lines = [""]
    for part in row.outcome.split(BETWEEN):
        longer = lines[-1] + BETWEEN + part if lines[-1] else part
        if lines[-1] and cell_len(longer) > room:
            lines.append(part)
        else:
            lines[-1] = longer
    return lines


def line_of(row: TraceRow, columns: Columns) -> TraceLine:
    """The row in one line: the call gives way to what came of it, down to some cells."""
    if not row.head:
        return TraceLine(row, row.text)
    parts = row.outcome.split(BETWEEN) if row.outcome else []
    least = min(cell_len(row.text), _SHORTEST_CALL)
    while parts and least + GAP + cell_len(BETWEEN.join(parts)) > columns.room:
        parts.pop()
    outcome = BETWEEN.join(parts)
    room = columns.room - (GAP + cell_len(outcome) if outcome else 0)
    text = shortened(row.text, room)
    return TraceLine(row, text + " " * max(0, min(columns.call, room) - cell_len(text)), outcome)


def _together(call: int, row: TraceRow) -> int:
    return call + GAP + cell_len(row.outcome) if row.outcome else call


def shortened(call: str, room: int) -> str:
    """The call in `room` cells: of an address the ends, then fewer arguments, as strace would leave some out."""
    if cell_len(call) <= room:
        return call
    call = _POINTER.sub(lambda found: f"{found[0][:4]}…{found[0][-3:]}", call)
    before, bracket, result = call.rpartition(") = ")
    arguments = before.split(", ")
    while bracket and cell_len(call) > room and len(arguments) > 1:
        arguments.pop()
        call = f"{', '.join(arguments)}, …{bracket}{result}"
    return call if cell_len(call) <= room else set_cell_size(call, max(0, room - 1)) + "…"


def draw(line: TraceLine, columns: Columns, style: Callable[[str], Style]) -> Strip:
    """The line; `style` knows the kinds of rows, `head` and `outcome`."""
    row, indent = line.row, " " * GAP
    if not row.head:
        return Strip([Segment(indent + line.text, style(row.kind))])
    head = row.head.rjust(columns.head) if line.first else " " * columns.head
    parts = [Segment(head + indent, style("head")), Segment(line.text, style(row.kind))]
    if line.outcome:
        parts.append(Segment((indent if line.first else "") + line.outcome, style("outcome")))
    return Strip(parts)
