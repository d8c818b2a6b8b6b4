"""Lines that tell by their shape who carried the bytes: double for DMA, heavy for a CPU copy, dashed for shared."""

from __future__ import annotations

from dataclasses import dataclass

from zcquest.engine.places import Mover
from zcquest.tui.widgets.map.canvas import Canvas
from zcquest.tui.widgets.map.router import Point
from zcquest.tui.widgets.map_state import ACKNOWLEDGING, REJECTING, MapHop

WALL_LINE, SEAM_LINE = "┃", "┊"


@dataclass(frozen=True, slots=True)
class Pen:
    """`turns` are the corners that join right+down, left+down, right+up, left+up; `gate` is the line in the wall."""

    ink: str
    level: str
    upright: str
    turns: str
    gate: str


_DMA = Pen("dma", "═", "║", "╔╗╚╝", "╪")
_CPU = Pen("cpu", "━", "┃", "┏┓┗┛", "╋")
_SHARED = Pen("shared", "┄", "┆", "╭╮╰╯", "╂")
_MIXED = Pen("cpu", "╍", "╏", "┏┓┗┛", "╋")
_UNKNOWN = Pen("unknown", "╌", "╎", "╭╮╰╯", "╂")
_EXPECTED = Pen("expected", "·", "·", "····", WALL_LINE)
_WIRE = Pen("wire", "─", "│", "╭╮╰╯", "╂")
_SENT_BACK = {
    REJECTING: Pen("lost", "╌", "╎", "╭╮╰╯", "╂"),
    ACKNOWLEDGING: Pen("kept", "╌", "╎", "╭╮╰╯", "╂"),
}

_BY_MOVER = {
    Mover.DMA: _DMA,
    Mover.CPU: _CPU,
    Mover.NONE: _SHARED,
    Mover.MIXED: _MIXED,
    Mover.UNKNOWN: _UNKNOWN,
    None: _WIRE,
}
LINE_CHARACTERS = frozenset(
    "".join(
        pen.level + pen.upright + pen.turns + pen.gate for pen in (*_BY_MOVER.values(), *_SENT_BACK.values(), _EXPECTED)
    )
    + "►◄▼▲"
)
_HEADS = {(1, 0): "►", (-1, 0): "◄", (0, 1): "▼", (0, -1): "▲"}
_TURNS = {frozenset(ways): index for index, ways in enumerate(
    (((1, 0), (0, 1)), ((-1, 0), (0, 1)), ((1, 0), (0, -1)), ((-1, 0), (0, -1)))
)}  # fmt: skip


def pen_of(hop: MapHop) -> Pen:
    """The pen for a hop: dotted until something was measured."""
    if hop.measured and hop.route in _SENT_BACK:
        return _SENT_BACK[hop.route]
    return _BY_MOVER[hop.mover] if hop.measured else _EXPECTED


def draw_line(canvas: Canvas, cells: list[Point], pen: Pen, stress: str = "") -> None:
    """A line from the first of neighbouring `cells`, itself not drawn on, to an arrow head on the last.

    In the wall it shows as a gate.
    """
    for before, (x, y), after in zip(cells, cells[1:], [*cells[2:], None], strict=False):
        if canvas.at(x, y).text == WALL_LINE:
            canvas.put(x, y, pen.gate, "wall" if pen is _EXPECTED else pen.ink, stress)
        else:
            canvas.put(x, y, _character(pen, before, (x, y), after), pen.ink, stress)


def _character(pen: Pen, before: Point, here: Point, after: Point | None) -> str:
    come = _way(before, here)
    if after is None:
        return _HEADS[come]
    go = _way(here, after)
    if come == go:
        return pen.level if go[1] == 0 else pen.upright
    return pen.turns[_TURNS[frozenset((go, (-come[0], -come[1])))]]


def _way(start: Point, end: Point) -> tuple[int, int]:
    return end[0] - start[0], end[1] - start[1]
