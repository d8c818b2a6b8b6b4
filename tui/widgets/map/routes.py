"""The ways between rooms: those that were drawn by hand, and for all others those that were searched."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from functools import lru_cache
from itertools import pairwise

from zcquest.engine.places import CONSUMERS, SOCKETS, Place, Route
from zcquest.tui.widgets.map.floor import WALL, Floor, Rect
from zcquest.tui.widgets.map.router import Taken, find_way
from zcquest.tui.widgets.map.track import WORDS, Margin, Point, Track, above_and_below
from zcquest.tui.widgets.map.ways import drawn_way


def tracks(floor: Floor, routes: Collection[Route]) -> dict[Route, Track]:
    """The track of every route that leads from one room to another of this floor, if there is a way at all."""
    return dict(_tracks(floor, tuple(routes)))


def bundle_of(route: Route) -> tuple[Place, Place]:
    """The same for lines that may share a trunk: from one place to the sockets, from these to the NIC, and so on."""
    ends = (route.source, route.target)
    first, last = (next((kind[0] for kind in (SOCKETS, CONSUMERS) if end in kind), end) for end in ends)
    return first, last


@lru_cache(maxsize=64)
def _tracks(floor: Floor, routes: tuple[Route, ...]) -> dict[Route, Track]:
    ready = [route for route in routes if route.source in floor.rooms and route.target in floor.rooms]
    drawn = {route: track for route in ready if (track := _drawn(floor, route, ready))}
    found = drawn.copy()
    for route in ready:
        taken = _taken(floor, found, route)
        if route not in found and (cells := find_way(floor, route, taken, _trunks(floor, found, route))):
            found[route] = _labelled(floor, cells, taken)
    taken = _taken(floor, found)
    return {route: _uncrossed(track, taken) if route in drawn else track for route, track in found.items()}


def _taken(floor: Floor, found: Mapping[Route, Track], route: Route | None = None) -> Taken:
    """What the lines found so far have taken from that of `route`, which may end with others in a room of one line."""
    taken = Taken().cover(floor.counters)
    joined = route and floor.rooms[route.target].height == 1
    for other, track in found.items():
        if not (joined and route and other.target is route.target):
            taken = taken.add(track.cells, track.words)
    return taken


def _trunks(floor: Floor, found: Mapping[Route, Track], route: Route) -> list[list[Point]]:
    """The lines that the route's may branch off from, as far as the wall: every crossing is one of its own."""
    mates = [
        track.cells
        for other, track in found.items()
        if other.source is route.source and bundle_of(other) == bundle_of(route)
    ]
    behind = route.source in floor.memories
    return [[cell for cell in cells[:-1] if (cell[0] >= floor.gate) == behind] for cells in mates]


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
    return Track(track.points, words, (above_and_below(words),))


def _drawn(floor: Floor, route: Route, others: Collection[Route]) -> Track | None:
    """The way that was drawn for this route; for the way back, the same, unless both are needed."""
    if way := drawn_way(floor, route):
        return way
    back = Route(route.target, route.source)
    return way.reversed() if back not in others and (way := drawn_way(floor, back)) else None


# -- ways that were searched ------------------------------------------------------------------------------------------


def _labelled(floor: Floor, cells: Sequence[Point], taken: Taken) -> Track:
    """The track along `cells`, with its words on the longest stretch that leaves room for them."""
    stretches = sorted(_stretches(floor, cells, taken), key=_length, reverse=True)
    level = next((stretch for stretch in stretches if stretch[0][1] == stretch[-1][1]), None)
    along = None
    margins = []
    if level and len(level) >= WORDS - 2:
        along = _row(level)
        margins.append(above_and_below(along))
    for stretch in stretches:
        margins += _beside(floor, stretch) if stretch[0][0] == stretch[-1][0] else [above_and_below(_row(stretch))]
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
