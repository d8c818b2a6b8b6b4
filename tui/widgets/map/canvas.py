"""A grid of terminal cells to draw on. A wide character takes two cells and is never cut in half."""

from __future__ import annotations

from itertools import groupby, pairwise
from operator import itemgetter
from typing import NamedTuple

from rich.cells import cell_len, set_cell_size

from zcquest.tui.line_breaking import divide_line

CONTINUED = ""  # the second cell of a wide character
_REVERSE = "reverse"


class Cell(NamedTuple):
    """A character, its ink (a component class, without the map's prefix) and its stress (`bold`, `reverse`)."""

    text: str = " "
    ink: str = ""
    stress: str = ""


BLANK = Cell()


class Canvas:
    """`width` x `height` cells. What falls outside is dropped."""

    def __init__(self, width: int, height: int) -> None:
        self.width = width
        self.height = height
        self._rows = [[BLANK] * width for _ in range(height)]

    def copy(self) -> Canvas:
        twin = Canvas(0, 0)
        twin.width, twin.height = self.width, self.height
        twin._rows = [row.copy() for row in self._rows]
        return twin

    def at(self, x: int, y: int) -> Cell:
        """The cell, blank outside the canvas."""
        return self._rows[y][x] if 0 <= x < self.width and 0 <= y < self.height else BLANK

    def put(self, x: int, y: int, text: str, ink: str = "", stress: str = "") -> None:
        """One character."""
        if 0 <= x < self.width and 0 <= y < self.height:
            self._rows[y][x] = Cell(text, ink, stress)

    def write(self, x: int, y: int, text: str, ink: str = "", stress: str = "") -> None:
        """A line of text that starts at `x`; zero-width characters stay with the one before."""
        for character in text:
            width = cell_len(character)
            if width == 0:
                self._append(x - 1, y, character)
                continue
            if x < 0 or x + width > self.width:
                x += width
                continue
            self.put(x, y, character, ink, stress)
            if width == 2:
                self.put(x + 1, y, CONTINUED, ink, stress)
            x += width

    def free(self, x: int, y: int, width: int) -> bool:
        """Whether nothing is drawn on these cells, and all are on the canvas."""
        if not (0 <= y < self.height and 0 <= x and x + width <= self.width):
            return False
        return all(cell.text == " " for cell in self._rows[y][x : x + width])

    def runs(self, y: int, start: int = 0, end: int | None = None) -> list[tuple[str, str, str]]:
        """Row `y` from `start` to `end` as stretches of one look: text, ink, stress.

        What is blank looks like what stands before it.
        """
        looks: list[tuple[str, str]] = []
        row = self._rows[y][start:end]
        for text, ink, stress in row:
            plain = text == " " and stress != _REVERSE and looks and looks[-1][1] != _REVERSE
            looks.append(looks[-1] if plain else (ink, stress))
        return [
            ("".join(cell.text for cell, _ in cells), *look)
            for look, cells in groupby(zip(row, looks, strict=True), key=itemgetter(1))
        ]

    def row(self, y: int) -> list[Cell]:
        return self._rows[y]

    def line(self, y: int) -> str:
        """Row `y` as plain text."""
        return "".join(cell.text for cell in self._rows[y])

    def _append(self, x: int, y: int, mark: str) -> None:
        if 0 <= x < self.width and 0 <= y < self.height:
            before = self._rows[y][x]
            self._rows[y][x] = before._replace(text=before.text + mark)


def fit(text: str, width: int) -> str:
    """`text` in at most `width` cells, an ellipsis at the end where it had to be cut."""
    if cell_len(text) <= width:
        return text
    return set_cell_size(text, width - 1).rstrip() + "…" if width > 0 else ""


def wrap(text: str, width: int) -> list[str]:
    """`text` in lines of at most `width` cells: broken at spaces, and between Chinese characters."""
    breaks = [0, *divide_line(text, width), len(text)]
    return [text[start:end].rstrip() for start, end in pairwise(breaks)]
