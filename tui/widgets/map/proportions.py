"""How the cells and the rows of a pane are shared out among the parts of the map."""

from __future__ import annotations

from zcquest.tui.widgets.map.floor import WALL, Span

# Cells across: hardware rooms, gap, kernel rooms, gap before the wall, gap behind it, user rooms.
_MOST = (26, 20, 32, 20, 3, 32)
_USUAL = (16, 12, 18, 11, 1, 16)
_LEAST = (14, 12, 15, 10, 1, 14)
_MARGIN = 1

TITLES = 1  # the row of the zones' names

Parts = dict[str, tuple[int, int, int]]  # the least, the usual and the most rows of each part, from top to bottom

# Every part grows by a row at a time, in this order, to its usual rows and then to its most.
_GROWTH = ("far", "second", "first", "top", "third", "cache", "socket", "pipe")


def one_way(pipe: bool, queue: bool) -> Parts:
    """One connection: its peer has room for sentences, the DLQ beside it."""
    if pipe:
        between: Parts = {"first": (1, 2, 3), "pipe": (3, 3, 5), "second": (1, 2, 3), "socket": (3, 4, 6)}
    elif queue:  # its line needs a row of its own between the rooms, and the peer beside it more lines
        between = {"second": (2, 3, 5), "socket": (3, 4, 7)}
    else:
        between = {"second": (2, 2, 4), "socket": (3, 5, 7)}
    cache = (3, 3, 6) if pipe else (3, 5, 7)
    far = (3, 5, 6) if queue else (3, 3, 5)
    return {"top": (0, 0, 1), "cache": cache, **between, "third": (2, 2, 4), "far": far}


def many_ways(ladder: int, pipes: int, queue: bool) -> Parts:
    """Several connections: their sockets in a ladder of so many rows, the DLQ below it."""
    between: Parts = {"first": (1, 2, 3), "pipe": (3, 3, 3), "second": (1, 3, 4)} if pipes else {"second": (2, 3, 4)}
    below: Parts = {"third": (0, 1, 1), "far": (3, 3, 4)} if queue else {"third": (2, 2, 2)}
    cache = (3, 3, 5) if pipes else (4, 4, 6)
    return {"top": (0, 0, 1), "cache": cache, **between, "socket": (ladder, ladder, ladder), **below}


def least(parts: Parts) -> int:
    """Rows without which there is no room for them."""
    return TITLES + sum(rows for rows, _, _ in parts.values())


def usual(parts: Parts) -> int:
    return TITLES + sum(rows for _, rows, _ in parts.values())


MIN_WIDTH = sum(_LEAST) + WALL + 2 * _MARGIN
MIN_HEIGHT = least(one_way(pipe=False, queue=False))


def across(width: int) -> tuple[Span, Span, int, Span]:
    """The columns of hardware, kernel and user rooms, and the wall's.

    They have their usual widths, taken from or added to a cell at a time until they fill the pane.
    """
    widths, room = list(_USUAL), width - WALL - 2 * _MARGIN
    step, bound = (1, _MOST) if sum(widths) < room else (-1, _LEAST)
    while sum(widths) != room and widths != list(bound):
        for index in range(len(widths)):
            if widths[index] != bound[index] and sum(widths) != room:
                widths[index] += step
    hardware, first_gap, kernel, second_gap, behind, user = widths
    left = (width - sum(widths) - WALL) // 2
    inner = left + hardware + first_gap
    wall = inner + kernel + second_gap
    return Span(left, hardware), Span(inner, kernel), wall, Span(wall + WALL + behind, user)


def down(height: int, parts: Parts) -> dict[str, Span]:
    """The rows of each part; those that nothing grows into are left at the bottom."""
    rows = {name: least for name, (least, _, _) in parts.items()}
    order = [name for name in _GROWTH if name in parts]
    for bound in (1, 2):
        growing = True
        while growing:
            growing = False
            for name in order:
                if rows[name] < parts[name][bound] and TITLES + sum(rows.values()) < height:
                    rows[name] += 1
                    growing = True
    spans, y = {}, TITLES
    for name, length in rows.items():
        spans[name] = Span(y, length)
        y += length
    return spans
