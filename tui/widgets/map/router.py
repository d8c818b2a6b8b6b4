"""Finds a way for a line that none was drawn for: short, straight, clear of rooms, and of other lines where it can."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from heapq import heappop, heappush

from zcquest.engine.places import Route
from zcquest.tui.widgets.map.floor import WALL, Floor, Rect
from zcquest.tui.widgets.map.track import Point

_WAYS: tuple[Point, ...] = ((1, 0), (0, 1), (-1, 0), (0, -1))

# What a cell of a line costs, beside its own length.
_TURN = 4
_CROSSING = 9
_BESIDE = 2  # a room or another line: words want to stand between
_OVER_WORDS = 8
_BORDER = 6  # the seam between hardware and kernel


@dataclass(frozen=True, slots=True)
class Taken:
    """What lines drawn before have taken: straight cells by whether they are level, cells that allow no crossing
    (corners and arrow heads), and where their words stand."""

    level: frozenset[Point] = frozenset()
    upright: frozenset[Point] = frozenset()
    closed: frozenset[Point] = frozenset()
    words: frozenset[Point] = frozenset()

    def add(self, cells: list[Point], words: Collection[Rect]) -> Taken:
        """With a line along `cells`, of which the first is in its source's frame, and its words."""
        level, upright, closed = set(self.level), set(self.upright), {*self.closed, cells[-1]}
        for before, here, after in zip(cells, cells[1:], cells[2:], strict=False):
            straight = before[0] == after[0] or before[1] == after[1]
            (closed if not straight else level if before[1] == after[1] else upright).add(here)
        return Taken(frozenset(level), frozenset(upright), frozenset(closed), self.words).cover(*words)

    def cover(self, *words: Rect) -> Taken:
        """With words in these places."""
        covered = {(x, y) for rect in words for x in range(rect.x, rect.right) for y in range(rect.y, rect.bottom)}
        return replace(self, words=self.words | covered)


def find_way(floor: Floor, route: Route, taken: Taken, trunks: Sequence[Sequence[Point]] = ()) -> list[Point]:
    """The line's cells, the first in the source's frame, the last before the target's; empty when there is no way.

    It may branch off from one of the `trunks`, lines from the same source, at no cost up to there.
    """
    return _Search(floor, route, taken).cells(trunks)


_State = tuple[Point, Point]  # a cell, and the direction in which the line has come to it


class _Search:
    """A* over cells and directions: a line leaves and enters a room at right angles to its frame."""

    def __init__(self, floor: Floor, route: Route, taken: Taken) -> None:
        self._floor = floor
        self._taken = taken
        self._source = floor.rooms[route.source]
        self._target = floor.rooms[route.target]
        self._walls = range(floor.wall, floor.wall + WALL)
        self._blocked = {
            (x, y) for room in floor.frames for x in range(room.x, room.right) for y in range(room.y, room.bottom)
        }
        self._beside = {  # something is next to it: the wall, a room, or another line
            (x + dx, y + dy)
            for part in (self._blocked, taken.level, taken.upright, taken.closed)
            for x, y in part
            for dx, dy in _WAYS
        } | {(x, y) for x in (floor.wall - 1, floor.gate) for y in range(floor.height)}
        self._entries = {(door, (-way[0], -way[1])) for door, way in _doors(self._target)}
        users = set(floor.memories)
        self._through_wall = (route.source in users) != (route.target in users)
        self._inwards = 1 if route.target in users else -1  # the direction in which it goes through the wall, once
        self._packed = self._target.height == 1  # lines into the rooms of a ladder run close to one another
        rungs = [room.y for room in (self._source, self._target) if room.height == 1]
        self._gates = range(rungs[0], rungs[0] + 1) if rungs else range(floor.height)  # rows that lead through the wall

    def cells(self, trunks: Sequence[Sequence[Point]]) -> list[Point]:
        queue: list[tuple[int, int, Point, Point]] = []
        came: dict[_State, _State | None] = {}
        best: dict[_State, int] = {}
        roots: dict[_State, Sequence[Point]] = {}
        for stem, way in self._stems(trunks):
            here = _step(stem[-1], way)
            if (price := self._price(here, way)) is not None and price < best.get((here, way), price + 1):
                best[here, way] = price
                came[here, way] = None
                roots[here, way] = stem
                heappush(queue, (price + self._at_least(here), price, here, way))
        while queue:
            _, cost, here, way = heappop(queue)
            if cost > best[here, way]:
                continue
            if self._enters(here, way):
                return _path(came, roots, (here, way))
            for turn in _WAYS:
                if turn == (-way[0], -way[1]):
                    continue
                there = _step(here, turn)
                price = self._price(there, turn)
                if price is None or (turn != way and not self._may_turn(here)):
                    continue
                total = cost + price + (_TURN if turn != way else 0)
                if total < best.get((there, turn), total + 1):
                    best[there, turn] = total
                    came[there, turn] = (here, way)
                    heappush(queue, (total + self._at_least(there), total, there, turn))
        return []

    def _stems(self, trunks: Sequence[Sequence[Point]]) -> Iterator[tuple[Sequence[Point], Point]]:
        """The beginnings that a line may have, and the way on from each: from the frame, or off from a trunk."""
        for door, way in _doors(self._source):
            yield (door,), way
        for trunk in trunks:
            for index in range(1, len(trunk)):
                for way in _WAYS:
                    yield trunk[: index + 1], way

    def _at_least(self, cell: Point) -> int:
        """What it costs from there to the target if nothing is in the way."""
        x, y, room = *cell, self._target
        across = max(room.x - x, x - room.right + 1, 0)
        down = max(room.y - y, y - room.bottom + 1, 0)
        return max(across + down - 1, 0)

    def _enters(self, here: Point, way: Point) -> bool:
        crossing = here in self._taken.level or here in self._taken.upright
        return not crossing and here[0] not in self._walls and (_step(here, way), way) in self._entries

    def _may_turn(self, here: Point) -> bool:
        taken = self._taken
        return here[0] not in self._walls and here not in taken.level and here not in taken.upright

    def _price(self, cell: Point, way: Point) -> int | None:
        """What it costs to go on to `cell`; None where no line may be."""
        x, y = cell
        floor, taken = self._floor, self._taken
        inside = 0 <= x < floor.width and 1 <= y < floor.height
        if not inside or cell in self._blocked or cell in taken.closed:
            return None
        level = way[1] == 0
        if cell in (taken.level if level else taken.upright):
            return None
        if x in self._walls and not (self._through_wall and way == (self._inwards, 0) and y in self._gates):
            return None
        price = 1
        if cell in taken.level or cell in taken.upright:
            price += _CROSSING
        elif not self._packed:
            price += _BESIDE * (cell in self._beside) + _OVER_WORDS * (cell in taken.words)
        if x == floor.seam:
            price += _BORDER
        return price


def _path(came: Mapping[_State, _State | None], roots: Mapping[_State, Sequence[Point]], last: _State) -> list[Point]:
    state, cells = last, [last[0]]
    while (before := came[state]) is not None:
        state = before
        cells.append(state[0])
    return [*roots[state], *cells[::-1]]


def _step(here: Point, way: Point) -> Point:
    return here[0] + way[0], here[1] + way[1]


def _doors(room: Rect) -> Iterator[tuple[Point, Point]]:
    """The cells of the frame at which a line may begin or end, and the way out of each: no corners, and of a room in a
    ladder the two sides."""
    rung = room.height == 1
    for x in range(room.x + 1, room.right - 1) if not rung else ():
        yield (x, room.y), (0, -1)
        yield (x, room.bottom - 1), (0, 1)
    for y in range(room.y + 1, room.bottom - 1) if not rung else (room.y,):
        yield (room.x, y), (-1, 0)
        yield (room.right - 1, y), (1, 0)
