"""Where the zones and the rooms stand in a pane of a given size."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import lru_cache

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


@dataclass(frozen=True, slots=True, eq=False)
class Floor:
    """A floor plan. `seam` is the column between hardware and kernel, `wall` the first of the kernel/user border's.

    `upper` and `lower` are the two rows of rooms: their places stand in them, or span both; `memories` are those of
    user space, from top to bottom, `peer` is at the far end of the connection.
    """

    width: int
    height: int
    rooms: Mapping[Place, Rect]
    memories: tuple[Place, ...]
    peer: Place
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

_TITLES = 1  # the row of the zones' names
_STACKED = 3  # rows that a room needs where more than two of user memory stand on one another
_QUEUE_INDENT = 3  # cells that the queue's room stands to the right of the kernel's others


@dataclass(frozen=True, slots=True)
class _Rows:
    """Rows of each part from top to bottom, and the parts that grow and shrink, a row at a time, in this order."""

    usual: Mapping[str, int]
    growth: tuple[str, ...]
    shrinking: tuple[str, ...]


_PLAIN = _Rows(
    {"top": 0, "upper": 5, "between": 2, "lower": 5, "below": 2, "consumer": 3},
    ("between", "top", "consumer", "between", "below", "upper", "lower", "between", "below", "upper", "lower"),
    ("lower", "upper", "lower", "upper"),
)
# A line to the queue needs a row of its own between the rooms, and the consumer beside it more lines for its words.
_WITH_QUEUE = _Rows(
    {"top": 0, "upper": 5, "between": 3, "lower": 4, "below": 2, "consumer": 3},
    ("consumer", "consumer", "lower", "top", "between", "below", "upper", "lower", "between", "below", "upper"),
    ("upper", "between", "lower", "upper"),
)

MIN_WIDTH = sum(_LEAST) + WALL + 2 * _MARGIN
MIN_HEIGHT = _TITLES + sum(_PLAIN.usual.values()) - len(_PLAIN.shrinking)


@lru_cache(maxsize=64)
def arrange(
    width: int, height: int, memories: tuple[Place, ...], queue: bool = False, peer: Place = Place.CONSUMER
) -> Floor | None:
    """The floor plan for the user zone's `memories`, from top to bottom; None in too small a pane.

    With `queue` the DLQ has a room, beside that of `peer`, the consumer or the producer. Equal arguments give the same
    floor plan.
    """
    if width < MIN_WIDTH or height < MIN_HEIGHT:
        return None
    hardware, first_gap, kernel, second_gap, behind, user = _across(width)
    rows = _down(height, _WITH_QUEUE if queue else _PLAIN)
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
        peer: Rect(left, consumer_y, wall - 1 - left, rows["consumer"]),
    }
    if queue:
        start = kernel_x + _QUEUE_INDENT
        rooms[Place.DLQ] = Rect(start, consumer_y, kernel, rows["consumer"])
        rooms[peer] = Rect(left, consumer_y, start - 1 - left, rows["consumer"])
    both = Rect(user_x, upper.y, user, lower.bottom - upper.y)
    if len(memories) == 2:
        rooms |= {
            place: Rect(user_x, row.y, user, row.height) for place, row in zip(memories, (upper, lower), strict=True)
        }
    elif memories:
        stack = _stack(both, len(memories)) or _stack(replace(both, height=consumer_y - upper.y), len(memories))
        if not stack:
            return None
        rooms |= dict(zip(memories, stack, strict=True))
    seam = left + hardware + 1
    return Floor(
        width=width,
        height=height,
        rooms=rooms,
        memories=memories,
        peer=peer,
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
        counters=Rect(user_x, consumer_y, width - user_x, height - consumer_y),
        ghost=None if memories else both,
    )


def _stack(space: Rect, count: int) -> list[Rect]:
    """`count` rooms on one another, with a row or two between them; none where the space is too low."""
    gaps = count - 1
    gap = min(2, (space.height - count * _STACKED) // gaps) if gaps else 0
    if gaps and gap < 1:
        return []
    each, more = divmod(space.height - gaps * gap, count)
    rooms, y = [], space.y
    for index in range(count):
        rooms.append(Rect(space.x, y, space.width, each + (index >= count - more)))
        y = rooms[-1].bottom + gap
    return rooms


def _across(width: int) -> tuple[int, ...]:
    """The columns' widths: the usual ones, taken from or added to a cell at a time until they fill the pane."""
    columns, room = list(_USUAL), width - WALL - 2 * _MARGIN
    step, bound = (1, _MOST) if sum(columns) < room else (-1, _LEAST)
    while sum(columns) != room and columns != list(bound):
        for index in range(len(columns)):
            if columns[index] != bound[index] and sum(columns) != room:
                columns[index] += step
    return tuple(columns)


def _down(height: int, parts: _Rows) -> dict[str, int]:
    rows = dict(parts.usual)
    spare = height - _TITLES - sum(rows.values())
    for name in parts.growth[: max(spare, 0)]:
        rows[name] += 1
    for name in parts.shrinking[: max(-spare, 0)]:
        rows[name] -= 1
    return rows
