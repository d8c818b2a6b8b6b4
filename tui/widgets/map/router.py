"""Finds a way for a line that none was drawn for: short, straight, clear of rooms, and of other lines where it can."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, replace
from heapq import heappop, heappush

from zcquest.engine.places import Route
from zcquest.tui.widgets.map.layout import WALL, Floor, Rect

Point = tuple[int, int]
_WAYS: tuple[Point, ...] = ((1, 0), (0, 1), (-1, 0), (0, -1))

# What a cell of a line costs, beside its own length.
_TURN = 4
_CROSSING = 9
_BESIDE = 2  # a room or another line: words want to stand between
_OVER_WORDS = 4
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

    def near(self, x: int, y: int) -> bool:
        return any((x + dx, y + dy) in part for dx, dy in _WAYS for part in (self.level, self.upright, self.closed))


def find_way(floor: Floor, route: Route, taken: Taken) -> list[Point]:
    """The line's cells, the first in the source's frame, the last before the target's; empty when there is no way."""
    return _Search(floor, route, taken).cells()


class _Search:
    """Dijkstra's search over cells and directions: a line leaves and enters a room at right angles to its frame."""

    def __init__(self, floor: Floor, route: Route, taken: Taken) -> None:
        self._floor = floor
        self._taken = taken
        self._source = floor.rooms[route.source]
        self._walls = range(floor.wall, floor.wall + WALL)
        self._blocked = {
            (x, y)
            for room in floor.rooms.values()
            for x in range(room.x, room.right)
            for y in range(room.y, room.bottom)
        }
        self._entries = {(door, (-way[0], -way[1])) for door, way in _doors(floor.rooms[route.target])}
        users = set(floor.memories)
        self._through_wall = (route.source in users) != (route.target in users)

    def cells(self) -> list[Point]:
        queue: list[tuple[int, Point, Point]] = []
        came: dict[tuple[Point, Point], tuple[Point, Point] | None] = {}
        best: dict[tuple[Point, Point], int] = {}
        for door, way in _doors(self._source):
            here = _step(door, way)
            if (price := self._price(here, way)) is not None:
                best[here, way] = price
                came[here, way] = None
                heappush(queue, (price, here, way))
        while queue:
            cost, here, way = heappop(queue)
            if cost > best[here, way]:
                continue
            if self._enters(here, way):
                return self._path(came, here, way)
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
                    heappush(queue, (total, there, turn))
        return []

    def _path(
        self, came: Mapping[tuple[Point, Point], tuple[Point, Point] | None], here: Point, way: Point
    ) -> list[Point]:
        cells = [here]
        state = (here, way)
        while (before := came[state]) is not None:
            state = before
            cells.append(state[0])
        cells.append(_step(state[0], (-state[1][0], -state[1][1])))
        return cells[::-1]

    def _enters(self, here: Point, way: Point) -> bool:
        crossing = here in self._taken.level or here in self._taken.upright
        return not crossing and here[0] not in self._walls and (_step(here, way), way) in self._entries

    def _may_turn(self, here: Point) -> bool:
        taken = self._taken
        return here[0] not in self._walls and here not in taken.level and here not in taken.upright

    def _beside(self, x: int, y: int) -> bool:
        """Whether something is next to it: the wall, a room, or another line."""
        walled = x + 1 in self._walls or x - 1 in self._walls
        return walled or self._taken.near(x, y) or any(_step((x, y), side) in self._blocked for side in _WAYS)

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
        if x in self._walls and not (level and self._through_wall):
            return None
        price = 1
        if cell in taken.level or cell in taken.upright:
            price += _CROSSING
        elif self._beside(x, y):
            price += _BESIDE
        if cell in taken.words:
            price += _OVER_WORDS
        if x == floor.seam:
            price += _BORDER
        return price


def _step(here: Point, way: Point) -> Point:
    return here[0] + way[0], here[1] + way[1]


def _doors(room: Rect) -> Iterator[tuple[Point, Point]]:
    """The cells of the frame at which a line may begin or end, corners left out, and the way out of each."""
    for x in range(room.x + 1, room.right - 1):
        yield (x, room.y), (0, -1)
        yield (x, room.bottom - 1), (0, 1)
    for y in range(room.y + 1, room.bottom - 1):
        yield (room.x, y), (-1, 0)
        yield (room.right - 1, y), (1, 0)
