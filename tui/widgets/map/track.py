"""A hop's line as corner points that touch no room, and where its words may stand."""

from __future__ import annotations

from dataclasses import dataclass

from zcquest.tui.widgets.map.floor import Rect

Point = tuple[int, int]
WORDS = 10  # cells that the words beside a line mostly take


@dataclass(frozen=True, slots=True)
class Margin:
    """Lines beside a track for its words; `align` is left, center or right."""

    lines: tuple[Rect, ...]
    align: str


@dataclass(frozen=True, slots=True)
class Track:
    """A line from its source's frame, in which it is not drawn, to the last cell before its target: the arrow head.

    `along` is the level part of the line that may carry the step and the mover itself, None if there is none.
    `margins` are where its other words may stand, the best first.
    """

    points: tuple[Point, ...]
    along: Rect | None
    margins: tuple[Margin, ...]

    @property
    def cells(self) -> list[Point]:
        """Every cell of the line, the one in its source's frame first."""
        cells = [self.points[0]]
        for x, y in self.points[1:]:
            while cells[-1] != (x, y):
                cells.append((_towards(cells[-1][0], x), _towards(cells[-1][1], y)))
        return cells

    @property
    def words(self) -> list[Rect]:
        """Where most of its words will stand."""
        if not self.margins:
            return []
        beside = [Rect(line.x, line.y, min(line.width, WORDS), 1) for line in self.margins[0].lines[:2]]
        return [*([self.along] if self.along else []), *beside]

    def reversed(self) -> Track:
        """The same line from its other end."""
        cells = self.cells
        (x, y), (before_x, before_y) = cells[-1], cells[-2]
        into = (2 * x - before_x, 2 * y - before_y)
        return Track((into, *reversed(self.points[1:-1]), cells[1]), self.along, self.margins)


def _towards(here: int, there: int) -> int:
    return here + (there > here) - (there < here)


def above_and_below(on: Rect) -> Margin:
    return Margin((Rect(on.x, on.y - 1, on.width, 1), Rect(on.x, on.y + 1, on.width, 1)), "center")


def row_between(left: int, right: int, y: int) -> Rect:
    """The cells from `left` to the one before `right`."""
    return Rect(left, y, max(right - left, 0), 1)


def rows_between(left: int, right: int, top: int, bottom: int) -> tuple[Rect, ...]:
    return tuple(row_between(left, right, y) for y in range(top, bottom))


def level(start: Point, end_x: int, words: tuple[int, int]) -> Track:
    """A level line; its words stand on, above and below it between the columns `words`."""
    on = row_between(*words, start[1])
    return Track((start, (end_x, start[1])), on, (above_and_below(on),))


def upright(x: int, start_y: int, end_y: int, left: int, right: int) -> Track:
    """An upright line; its words stand at its right up to the column `right`, or at its left."""
    top = min(start_y + 1, end_y)
    rows = (top, top + abs(end_y - start_y))
    behind, before = rows_between(x + 2, right, *rows), rows_between(left, x - 1, *rows)
    return Track(((x, start_y), (x, end_y)), None, (Margin(behind, "left"), Margin(before, "right")))
