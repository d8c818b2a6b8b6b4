"""Lines that tell by their shape who carried the bytes: double for DMA, heavy for a CPU copy, dashed for shared."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from zcquest.engine.places import CONSUMERS, Mover
from zcquest.tui.widgets.map.canvas import Canvas
from zcquest.tui.widgets.map.track import Point
from zcquest.tui.widgets.map_state import ACKNOWLEDGING, MapHop

WALL_LINE, SEAM_LINE = "┃", "┊"


@dataclass(frozen=True, slots=True)
class Pen:
    """`joints` join right+down, left+down, right+up, left+up, then three ways: all but left, right, up, down; then all.

    `gate` is the line in the wall.
    """

    ink: str
    level: str
    upright: str
    joints: str
    gate: str

    def character(self, arms: int) -> str:
        """What joins the neighbours in these directions (of UP, RIGHT, DOWN, LEFT)."""
        match arms:
            case 5 | 1 | 4:
                return self.upright
            case 10 | 2 | 8:
                return self.level
        return self.joints[_JOINTS.index(arms)]


_JOINTS = (6, 12, 3, 9, 7, 13, 14, 11, 15)
_LIGHT, _HEAVY, _DOUBLE = "╭╮╰╯├┤┬┴┼", "┏┓┗┛┣┫┳┻╋", "╔╗╚╝╠╣╦╩╬"
_DMA = Pen("dma", "═", "║", _DOUBLE, "╪")
_CPU = Pen("cpu", "━", "┃", _HEAVY, "╋")
_SHARED = Pen("shared", "┄", "┆", _LIGHT, "╂")
_MIXED = Pen("cpu", "╍", "╏", _HEAVY, "╋")
_UNKNOWN = Pen("unknown", "╌", "╎", _LIGHT, "╂")
_EXPECTED = Pen("expected", "·", "·", "·" * len(_JOINTS), WALL_LINE)
_WIRE = Pen("wire", "─", "│", _LIGHT, "╂")
_REJECTED = Pen("lost", "╌", "╎", _LIGHT, "╂")
_ACKNOWLEDGED = Pen("kept", "╌", "╎", _LIGHT, "╂")

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
        pen.level + pen.upright + pen.joints + pen.gate
        for pen in (*_BY_MOVER.values(), _REJECTED, _ACKNOWLEDGED, _EXPECTED)
    )
    + "►◄▼▲"
)
_HEADS = {(1, 0): "►", (-1, 0): "◄", (0, 1): "▼", (0, -1): "▲"}
_ARMS = {(0, -1): 1, (1, 0): 2, (0, 1): 4, (-1, 0): 8}


def pen_of(hop: MapHop) -> Pen:
    """The pen for a hop: dotted until bytes were measured."""
    if not hop.bytes:
        return _EXPECTED
    if hop.route == ACKNOWLEDGING:
        return _ACKNOWLEDGED
    return _REJECTED if hop.route.source in CONSUMERS else _BY_MOVER[hop.mover]


def draw_lines(canvas: Canvas, lines: Sequence[tuple[list[Point], Pen, str]], wall: range) -> None:
    """Lines of one bundle, each as its cells, its pen and its stress; where they share cells, as one.

    A line goes from the first of its cells, itself not drawn on, to an arrow head on the last. In the columns of the
    `wall` it shows as a gate. A trunk of several kinds is drawn as mixed, one under stress wherever it goes.
    """
    arms: dict[Point, int] = {}
    pens: dict[Point, Pen] = {}
    stressed: dict[Point, str] = {}
    for cells, pen, stress in lines:
        for before, here, after in zip(cells, cells[1:], [*cells[2:], None], strict=False):
            pens[here] = _together(pens.get(here, pen), pen)
            stressed[here] = stressed.get(here) or stress
            arms[here] = arms.get(here, 0) | _ARMS[_way(here, before)] | (_ARMS[_way(here, after)] if after else 0)
    heads = {cells[-1]: _HEADS[_way(cells[-2], cells[-1])] for cells, _, _ in lines}
    for (x, y), pen in pens.items():
        walled = x in wall
        text = pen.gate if walled else heads.get((x, y)) or pen.character(arms[x, y])
        canvas.put(x, y, text, "wall" if walled and pen is _EXPECTED else pen.ink, stressed[x, y])


def _together(one: Pen, other: Pen) -> Pen:
    """The pen for what two lines share: what bytes went over counts more than what is expected to be."""
    if one is other or other is _EXPECTED:
        return one
    return other if one is _EXPECTED else _MIXED


def _way(start: Point, end: Point) -> Point:
    return end[0] - start[0], end[1] - start[1]
