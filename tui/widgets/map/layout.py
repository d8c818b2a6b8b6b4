"""Where the zones and the rooms stand in a pane of a given size."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass

from zcquest.engine.places import Place

WALL = 2  # cells of the border between kernel and user


@dataclass(frozen=True, slots=True)
class Rect:
    """Cells; `right` and `bottom` are the first ones outside."""

    x: int
    y: int
    width: int
    height: int

    @property
    def right(self) -> int:
        return self.x + self.width

    @property
    def bottom(self) -> int:
        return self.y + self.height

    @property
    def middle(self) -> int:
        return self.y + self.height // 2

    @property
    def center(self) -> int:
        return self.x + self.width // 2


@dataclass(frozen=True, slots=True)
class Floor:
    """A floor plan. `seam` is the column between hardware and kernel, `wall` the first of the kernel/user border's.

    `upper` and `lower` are the two rows of rooms: their places stand in them, or span both.
    """

    width: int
    height: int
    rooms: Mapping[Place, Rect]
    upper: Rect
    lower: Rect
    zones: tuple[Rect, Rect, Rect]  # the title line of hardware, kernel, user
    seam: int
    wall: int
    seam_end: int  # first row below the seam
    counters: Rect
    ghost: Rect | None  # where the user zone is empty

    @property
    def gate(self) -> int:
        """The first column behind the wall."""
        return self.wall + WALL


# Cells across: hardware rooms, gap, kernel rooms, gap before the wall, gap behind it, user rooms.
_MOST = (26, 20, 32, 20, 3, 32)
_USUAL = (16, 12, 18, 11, 1, 16)
_LEAST = (14, 12, 15, 10, 1, 14)
_MARGIN = 1

# Rows down: above the rooms, upper rooms, gap, lower rooms, gap, consumer. Grown and given up in this order.
_ROWS = {"top": 0, "upper": 5, "between": 2, "lower": 5, "below": 2, "consumer": 3}
_GROWTH = ("between", "top", "consumer", "between", "below", "upper", "lower", "between", "below", "upper", "lower")
_SHRINKING = ("lower", "upper", "lower", "upper")
_TITLES = 1

MIN_WIDTH = sum(_LEAST) + WALL + 2 * _MARGIN
MIN_HEIGHT = _TITLES + sum(_ROWS.values()) - len(_SHRINKING)


def arrange(width: int, height: int, memories: Collection[Place]) -> Floor | None:
    """The floor plan for the user zone's `memories` (mapping, buffer, both or none); None in too small a pane."""
    if width < MIN_WIDTH or height < MIN_HEIGHT:
        return None
    hardware, first_gap, kernel, second_gap, behind, user = _across(width)
    rows = _down(height)
    used = hardware + first_gap + kernel + second_gap + WALL + behind + user
    left = (width - used) // 2
    upper_y = _TITLES + rows["top"]
    lower_y = upper_y + rows["upper"] + rows["between"]
    consumer_y = lower_y + rows["lower"] + rows["below"]
    kernel_x = left + hardware + first_gap
    wall = kernel_x + kernel + second_gap
    user_x = wall + WALL + behind
    upper = Rect(left, upper_y, used, rows["upper"])
    lower = Rect(left, lower_y, used, rows["lower"])
    rooms = {
        Place.DISK: Rect(left, upper.y, hardware, upper.height),
        Place.PAGE_CACHE: Rect(kernel_x, upper.y, kernel, upper.height),
        Place.SOCKET: Rect(kernel_x, lower.y, kernel, lower.height),
        Place.NIC: Rect(left, lower.y, hardware, lower.height),
        Place.CONSUMER: Rect(left, consumer_y, wall - 1 - left, rows["consumer"]),
    }
    both = Rect(user_x, upper.y, user, lower.bottom - upper.y)
    if len(memories) == 2:
        rooms[Place.MAPPING] = Rect(user_x, upper.y, user, upper.height)
        rooms[Place.BUFFER] = Rect(user_x, lower.y, user, lower.height)
    elif memories:
        rooms[next(iter(memories))] = both
    seam = left + hardware + 1
    return Floor(
        width=width,
        height=height,
        rooms=rooms,
        upper=upper,
        lower=lower,
        zones=(
            Rect(left, 0, seam - left, 1),
            Rect(seam + 1, 0, wall - seam - 1, 1),
            Rect(wall + WALL, 0, left + used - wall - WALL, 1),
        ),
        seam=seam,
        wall=wall,
        seam_end=consumer_y,
        counters=Rect(wall + WALL + 1, consumer_y, width - wall - WALL - 1, height - consumer_y),
        ghost=None if memories else both,
    )


def _across(width: int) -> tuple[int, ...]:
    """The columns' widths: the usual ones, taken from or added to a cell at a time until they fill the pane."""
    columns, room = list(_USUAL), width - WALL - 2 * _MARGIN
    step, bound = (1, _MOST) if sum(columns) < room else (-1, _LEAST)
    while sum(columns) != room and columns != list(bound):
        for index in range(len(columns)):
            if columns[index] != bound[index] and sum(columns) != room:
                columns[index] += step
    return tuple(columns)


def _down(height: int) -> dict[str, int]:
    rows = dict(_ROWS)
    spare = height - _TITLES - sum(rows.values())
    for name in _GROWTH[: max(spare, 0)]:
        rows[name] += 1
    for name in _SHRINKING[: max(-spare, 0)]:
        rows[name] -= 1
    return rows
