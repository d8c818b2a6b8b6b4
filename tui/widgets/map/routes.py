"""The ways between rooms: each hop's line as corner points that touch no room, and where its words may stand."""

from __future__ import annotations

from collections.abc import Callable, Collection
from dataclasses import dataclass

from zcquest.engine.places import Place, Route
from zcquest.tui.widgets.map.layout import Floor, Rect

Point = tuple[int, int]


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


def tracks(floor: Floor, routes: Collection[Route]) -> dict[Route, Track]:
    """The track of every route that leads from one room to another of this floor."""
    return {
        route: _WAYS[route](floor)
        for route in routes
        if route in _WAYS and route.source in floor.rooms and route.target in floor.rooms
    }


def _towards(here: int, there: int) -> int:
    return here + (there > here) - (there < here)


def _level(start: Point, end_x: int, words: tuple[int, int]) -> Track:
    """A level line; its words stand on, above and below it between the columns `words`."""
    y, (left, right) = start[1], words
    on = Rect(left, y, right - left, 1)
    return Track((start, (end_x, y)), on, (_above_and_below(on),))


def _above_and_below(on: Rect) -> Margin:
    return Margin((Rect(on.x, on.y - 1, on.width, 1), Rect(on.x, on.y + 1, on.width, 1)), "center")


def _upright(x: int, start_y: int, end_y: int, left: int, right: int) -> Track:
    """An upright line; its words stand at its right up to the column `right`, or at its left."""
    top, rows = min(start_y + 1, end_y), abs(end_y - start_y)
    behind = tuple(Rect(x + 2, top + row, right - x - 2, 1) for row in range(rows))
    before = tuple(Rect(left, top + row, x - 1 - left, 1) for row in range(rows))
    return Track(((x, start_y), (x, end_y)), None, (Margin(behind, "left"), Margin(before, "right")))


def _fetch(floor: Floor) -> Track:
    disk, cache = floor.rooms[Place.DISK], floor.rooms[Place.PAGE_CACHE]
    return _level((disk.right - 1, floor.upper.middle), cache.x - 1, (floor.seam + 1, cache.x))


def _send(floor: Floor) -> Track:
    socket, nic = floor.rooms[Place.SOCKET], floor.rooms[Place.NIC]
    return _level((socket.x, floor.lower.middle), nic.right, (floor.seam + 1, socket.x))


def _arrive(floor: Floor) -> Track:
    nic, consumer = floor.rooms[Place.NIC], floor.rooms[Place.CONSUMER]
    return _upright(nic.x + 4, nic.bottom - 1, consumer.y - 1, nic.x, floor.seam)


def _forward(floor: Floor) -> Track:
    """Page cache to socket: the way that never leaves the kernel."""
    cache, socket = floor.rooms[Place.PAGE_CACHE], floor.rooms[Place.SOCKET]
    return _upright(cache.x + 5, cache.bottom - 1, socket.y - 1, floor.seam + 1, floor.wall - 1)


def _borrow(floor: Floor) -> Track:
    cache, mapping = floor.rooms[Place.PAGE_CACHE], floor.rooms[Place.MAPPING]
    return _level((cache.right - 1, floor.upper.middle), mapping.x - 1, (cache.right, floor.wall))


def _load(floor: Floor) -> Track:
    """Page cache to buffer: level while the buffer reaches up there, else down through the wall between the rooms."""
    cache, buffer = floor.rooms[Place.PAGE_CACHE], floor.rooms[Place.BUFFER]
    if buffer.y == floor.upper.y:
        return _level((cache.right - 1, floor.upper.middle), buffer.x - 1, (cache.right, floor.wall))
    x, enter, y = cache.right - 3, buffer.x + 1, buffer.y - 2
    words = Rect(cache.right, y, floor.wall - cache.right, 1)
    return Track(((x, cache.bottom - 1), (x, y), (enter, y), (enter, buffer.y - 1)), words, (_above_and_below(words),))


def _hand_over(place: Place) -> Callable[[Floor], Track]:
    """User memory to socket: level, or for a mapping above a buffer around the buffer and in from below."""

    def way(floor: Floor) -> Track:
        memory, socket = floor.rooms[place], floor.rooms[Place.SOCKET]
        if memory.bottom == floor.lower.bottom:
            return _level((memory.x, floor.lower.middle), socket.right, (socket.right, floor.wall))
        x, y, into = memory.right, floor.lower.bottom + 1, socket.right - 3
        words = Rect(socket.right, y, floor.wall - socket.right, 1)
        return Track(
            ((x - 1, memory.middle), (x, memory.middle), (x, y), (into, y), (into, socket.bottom)),
            words,
            (_above_and_below(words),),
        )

    return way


def _detour(floor: Floor) -> Track:
    mapping, buffer = floor.rooms[Place.MAPPING], floor.rooms[Place.BUFFER]
    return _upright(mapping.x + 3, mapping.bottom - 1, buffer.y - 1, mapping.x, floor.width)


def _back(floor: Floor) -> Track:
    mapping, buffer = floor.rooms[Place.MAPPING], floor.rooms[Place.BUFFER]
    return _upright(mapping.right - 2, buffer.y, mapping.bottom, mapping.x, mapping.right)


_WAYS: dict[Route, Callable[[Floor], Track]] = {
    Route(Place.DISK, Place.PAGE_CACHE): _fetch,
    Route(Place.PAGE_CACHE, Place.MAPPING): _borrow,
    Route(Place.PAGE_CACHE, Place.BUFFER): _load,
    Route(Place.PAGE_CACHE, Place.SOCKET): _forward,
    Route(Place.MAPPING, Place.BUFFER): _detour,
    Route(Place.BUFFER, Place.MAPPING): _back,
    Route(Place.MAPPING, Place.SOCKET): _hand_over(Place.MAPPING),
    Route(Place.BUFFER, Place.SOCKET): _hand_over(Place.BUFFER),
    Route(Place.SOCKET, Place.NIC): _send,
    Route(Place.NIC, Place.CONSUMER): _arrive,
}
