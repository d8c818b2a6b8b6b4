"""The ways between rooms: each hop's line as corner points that touch no room, and where its words may stand."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache
from itertools import pairwise

from zcquest.engine.places import Place, Route
from zcquest.tui.widgets.map.layout import WALL, Floor, Rect
from zcquest.tui.widgets.map.router import Point, Taken, find_way
from zcquest.tui.widgets.map_state import ACKNOWLEDGING, REJECTING

_WORDS = 10  # cells that the words beside a line mostly take


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
        beside = [Rect(line.x, line.y, min(line.width, _WORDS), 1) for line in self.margins[0].lines[:2]]
        return [*([self.along] if self.along else []), *beside]

    def reversed(self) -> Track:
        """The same line from its other end."""
        cells = self.cells
        (x, y), (before_x, before_y) = cells[-1], cells[-2]
        into = (2 * x - before_x, 2 * y - before_y)
        return Track((into, *reversed(self.points[1:-1]), cells[1]), self.along, self.margins)


def tracks(floor: Floor, routes: Collection[Route]) -> dict[Route, Track]:
    """The track of every route that leads from one room to another of this floor, if there is a way at all."""
    return dict(_tracks(floor, tuple(routes)))


@lru_cache(maxsize=64)
def _tracks(floor: Floor, routes: tuple[Route, ...]) -> dict[Route, Track]:
    ready = [route for route in routes if route.source in floor.rooms and route.target in floor.rooms]
    found = {route: track for route in ready if (track := _drawn(floor, route, ready))}
    taken = Taken().cover(floor.counters)
    for track in found.values():
        taken = taken.add(track.cells, track.words)
    searched = {}
    for route in ready:
        if route not in found and (cells := find_way(floor, route, taken)):
            searched[route] = track = _labelled(floor, cells, taken)
            taken = taken.add(cells, track.words)
    return {route: _uncrossed(track, taken) for route, track in found.items()} | searched


def _uncrossed(track: Track, taken: Taken) -> Track:
    """The track with its words at the wider side of the line that crosses it."""
    on = track.along
    if on is None:
        return track
    crossed = [on.x - 1, *(x for x in range(on.x, on.right) if (x, on.y) in taken.upright), on.right]
    if len(crossed) == 2:
        return track
    left, right = max(pairwise(crossed), key=lambda ends: ends[1] - ends[0])
    words = Rect(left + 1, on.y, right - left - 1, 1)
    return Track(track.points, words, (_above_and_below(words),))


def _drawn(floor: Floor, route: Route, others: Collection[Route]) -> Track | None:
    """The way that was drawn for this route; for the way back, the same, unless both are needed."""
    if way := _way(floor, route):
        return way(floor)
    back = Route(route.target, route.source)
    if back not in others and (way := _way(floor, back)):
        return way(floor).reversed()
    return None


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
    nic, consumer = floor.rooms[Place.NIC], floor.rooms[floor.peer]
    return _upright(nic.x + 4, nic.bottom - 1, consumer.y - 1, nic.x, floor.seam)


def _reject(floor: Floor) -> Track:
    """The way back of what the consumer does not want, without words: the consumer's room tells how many."""
    nic, consumer = floor.rooms[Place.NIC], floor.rooms[floor.peer]
    x = nic.right - 2
    return Track(((x, consumer.y), (x, nic.bottom)), None, ())


def _forward(floor: Floor) -> Track:
    """Page cache to socket: the way that never leaves the kernel."""
    cache, socket = floor.rooms[Place.PAGE_CACHE], floor.rooms[Place.SOCKET]
    return _upright(cache.x + 5, cache.bottom - 1, socket.y - 1, floor.seam + 1, floor.wall - 1)


def _load(place: Place) -> Callable[[Floor], Track]:
    """Page cache to user memory: level while that reaches up there, else down through the wall between the rooms."""

    def way(floor: Floor) -> Track:
        cache, memory = floor.rooms[Place.PAGE_CACHE], floor.rooms[place]
        if memory.y == floor.upper.y:
            return _level((cache.right - 1, floor.upper.middle), memory.x - 1, (cache.right, floor.wall))
        x, enter, y = cache.right - 3, memory.x + 1, memory.y - 2
        words = Rect(cache.right, y, floor.wall - cache.right, 1)
        return Track(
            ((x, cache.bottom - 1), (x, y), (enter, y), (enter, memory.y - 1)), words, (_above_and_below(words),)
        )

    return way


def _hand_over(place: Place) -> Callable[[Floor], Track]:
    """User memory to socket: level, or for the upper of two memories around the lower one and in from below."""

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


def _down(floor: Floor) -> Track:
    upper, lower = (floor.rooms[place] for place in floor.memories)
    return _upright(upper.x + 3, upper.bottom - 1, lower.y - 1, upper.x, floor.width)


def _up(floor: Floor) -> Track:
    upper, lower = (floor.rooms[place] for place in floor.memories)
    return _upright(upper.right - 2, lower.y, upper.bottom, upper.x, upper.right)


_WAYS: dict[Route, Callable[[Floor], Track]] = {
    Route(Place.DISK, Place.PAGE_CACHE): _fetch,
    Route(Place.PAGE_CACHE, Place.SOCKET): _forward,
    Route(Place.SOCKET, Place.NIC): _send,
    Route(Place.NIC, Place.CONSUMER): _arrive,
    REJECTING: _reject,
    Route(Place.PRODUCER, Place.NIC): lambda floor: _arrive(floor).reversed(),
    ACKNOWLEDGING: lambda floor: _reject(floor).reversed(),
}
_MOST_DRAWN = 2  # rooms of user memory for which ways were drawn


def _way(floor: Floor, route: Route) -> Callable[[Floor], Track] | None:
    memories = floor.memories
    if route in _WAYS or len(memories) > _MOST_DRAWN:
        return _WAYS.get(route)
    if route.target in memories and route.source is Place.PAGE_CACHE:
        return _load(route.target)
    if route.source in memories and route.target is Place.SOCKET:
        # below the lower memory stands the queue's line, where there is a queue
        return None if Place.DLQ in floor.rooms and route.source != memories[-1] else _hand_over(route.source)
    if memories == (route.source, route.target):
        return _down
    return _up if memories == (route.target, route.source) else None


# -- ways that were searched ------------------------------------------------------------------------------------------


def _labelled(floor: Floor, cells: Sequence[Point], taken: Taken) -> Track:
    """The track along `cells`, with its words on the longest stretch that leaves room for them."""
    stretches = sorted(_stretches(floor, cells, taken), key=_length, reverse=True)
    level = next((stretch for stretch in stretches if stretch[0][1] == stretch[-1][1]), None)
    along = None
    margins = []
    if level and len(level) >= _WORDS - 2:
        along = _row(level)
        margins.append(_above_and_below(along))
    for stretch in stretches:
        margins += _beside(floor, stretch) if stretch[0][0] == stretch[-1][0] else [_above_and_below(_row(stretch))]
    return Track(_corners(cells), along, tuple(margins))


def _length(stretch: Sequence[Point]) -> int:
    """How much room it leaves for words: they are wider than they are high."""
    return len(stretch) if stretch[0][1] == stretch[-1][1] else 4 * len(stretch)


def _row(stretch: Sequence[Point]) -> Rect:
    left = min(x for x, _ in stretch)
    return Rect(left, stretch[0][1], len(stretch), 1)


def _beside(floor: Floor, stretch: Sequence[Point]) -> Iterator[Margin]:
    """At the right and the left of an upright stretch, from each of its rows on."""
    x, top, bottom = stretch[0][0], min(y for _, y in stretch), max(y for _, y in stretch)
    right, left = (floor.width, floor.wall + WALL) if x >= floor.wall else (floor.wall, 0)
    for start in range(top, bottom + 1):
        rows = range(start, bottom + 1)
        yield Margin(tuple(Rect(x + 2, row, right - x - 2, 1) for row in rows), "left")
        yield Margin(tuple(Rect(left, row, x - 1 - left, 1) for row in rows), "right")


def _stretches(floor: Floor, cells: Sequence[Point], taken: Taken) -> Iterator[list[Point]]:
    """The straight parts between corners, crossings and the wall, without the source's frame."""
    part: list[Point] = []
    for before, here, after in zip(cells, cells[1:], [*cells[2:], None], strict=False):
        walled = here[0] in range(floor.wall, floor.wall + WALL)
        crossing = here in taken.level or here in taken.upright
        if not walled and not crossing:
            part.append(here)
        turning = after is not None and before[0] != after[0] and before[1] != after[1]
        if (walled or crossing or turning or after is None) and part:
            yield part
            part = [here] if turning else []


def _corners(cells: Sequence[Point]) -> tuple[Point, ...]:
    middle = [
        here
        for before, here, after in zip(cells, cells[1:], cells[2:], strict=False)
        if before[0] != after[0] and before[1] != after[1]
    ]
    return (cells[0], *middle, cells[-1])
