"""The floor plan: rooms, wall and zones as rectangles of cells."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import NamedTuple

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
        return self.y + (self.height - 1) // 2

    @property
    def center(self) -> int:
        return self.x + self.width // 2


class Span(NamedTuple):
    """Columns or rows; `end` is the first one outside."""

    start: int
    length: int

    @property
    def end(self) -> int:
        return self.start + self.length


def room(columns: Span, rows: Span) -> Rect:
    return Rect(columns.start, rows.start, columns.length, rows.length)


@dataclass(frozen=True, slots=True)
class Ladder:
    """Rooms of one line each, `pitch` rows apart, in one frame; with a pitch of 2 there are rules between them."""

    frame: Rect
    places: tuple[Place, ...]
    pitch: int

    @property
    def rungs(self) -> dict[Place, Rect]:
        frame = self.frame
        rows = range(frame.y + 1, frame.bottom - 1, self.pitch)
        return {place: Rect(frame.x, y, frame.width, 1) for place, y in zip(self.places, rows, strict=True)}


@dataclass(frozen=True, slots=True, eq=False)
class Floor:
    """A floor plan. `seam` is the column between hardware and kernel, `wall` the first of the kernel/user border's.

    `memories` are the rooms of user space, from top to bottom, `peers` those at the far ends of the connections. A
    room in one of the `ladders` is one line high, and has its sides in the ladder's frame.
    """

    width: int
    height: int
    rooms: Mapping[Place, Rect]
    ladders: tuple[Ladder, ...]
    memories: tuple[Place, ...]
    peers: tuple[Place, ...]
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

    @property
    def frames(self) -> list[Rect]:
        """What lines have to keep out of: the rooms, those of a ladder as one."""
        return [ladder.frame for ladder in self.ladders] + [room for room in self.rooms.values() if room.height > 1]
