"""The map's floor plan: rooms apart from each other, lines apart from rooms and from each other, at every size."""

from __future__ import annotations

from itertools import combinations, pairwise, starmap

import pytest

from zcquest.engine.places import Place, Route
from zcquest.tui.widgets.map.layout import MIN_HEIGHT, MIN_WIDTH, WALL, Floor, Rect, arrange
from zcquest.tui.widgets.map.routes import Track, tracks
from zcquest.tui.widgets.map_state import REJECTING

BUFFERS = (Place.BUFFER, Place.BUFFER2, Place.BUFFER3)
MEMORIES: tuple[tuple[Place, ...], ...] = (
    (),
    (Place.BUFFER,),
    (Place.MAPPING,),
    (Place.MAPPING, Place.BUFFER),
    (Place.MAPPING, *BUFFERS[:2]),
    (Place.MAPPING, *BUFFERS),
)
SIZES = ((MIN_WIDTH, MIN_HEIGHT), (78, 18), (84, 18), (84, 23), (101, 27), (160, 60))
ROUTES = tuple(
    Route(*ends)
    for ends in (
        (Place.DISK, Place.PAGE_CACHE),
        (Place.PAGE_CACHE, Place.MAPPING),
        (Place.PAGE_CACHE, Place.BUFFER),
        (Place.PAGE_CACHE, Place.SOCKET),
        (Place.MAPPING, Place.BUFFER),
        (Place.BUFFER, Place.MAPPING),
        (Place.MAPPING, Place.SOCKET),
        (Place.BUFFER, Place.SOCKET),
        (Place.SOCKET, Place.NIC),
        (Place.NIC, Place.CONSUMER),
    )
)
SIMPLE = [(size, memories, False) for size in SIZES for memories in MEMORIES if len(memories) < 3]
WITH_MORE = [
    (size, memories, queue)
    for size in SIZES
    for memories in MEMORIES
    for queue in (False, True)
    if (queue or len(memories) > 2) and arrange(*size, memories, queue)
]


def floors(cases: list[tuple[tuple[int, int], tuple[Place, ...], bool]]) -> pytest.MarkDecorator:
    names = [f"{w}x{h}-{len(memories)}{'-queue' * queue}" for (w, h), memories, queue in cases]
    return pytest.mark.parametrize("floor", [arrange(*size, *rest) for size, *rest in cases], ids=names)


every_floor = floors(SIMPLE + WITH_MORE)
simple_floor = floors(SIMPLE)
floor_with_more = floors(WITH_MORE)


def cells(rect: Rect) -> set[tuple[int, int]]:
    return {(x, y) for x in range(rect.x, rect.right) for y in range(rect.y, rect.bottom)}


def usual(floor: Floor) -> list[Route]:
    """The routes of a plan that goes through all memories, sends from the last, and puts rejected messages aside."""
    memories = floor.memories
    chain = [Place.PAGE_CACHE, *memories, Place.SOCKET]
    routes = [ROUTES[0], *starmap(Route, pairwise(chain)), *ROUTES[-2:], REJECTING]
    return routes if Place.DLQ not in floor.rooms else [*routes, Route(chain[-3 if memories else 0], Place.DLQ)]


def line(track: Track) -> list[tuple[int, int]]:
    return track.cells[1:]  # the first is in the source's frame


def test_a_pane_below_the_least_size_has_no_floor_plan() -> None:
    assert arrange(MIN_WIDTH - 1, MIN_HEIGHT, ()) is None
    assert arrange(MIN_WIDTH, MIN_HEIGHT - 1, ()) is None


@every_floor
def test_rooms_lie_in_the_pane_apart_from_each_other_and_from_the_wall(floor: Floor) -> None:
    wall = {(x, y) for x in range(floor.wall, floor.wall + WALL) for y in range(floor.height)}
    pane = cells(Rect(0, 0, floor.width, floor.height))
    taken = [wall, *map(cells, floor.rooms.values())]
    assert all(part <= pane for part in taken)
    assert not any(one & other for one, other in combinations(taken, 2))


@every_floor
def test_rooms_of_user_memory_lie_behind_the_wall_and_all_others_before_it(floor: Floor) -> None:
    for place, room in floor.rooms.items():
        if place in floor.memories:
            assert room.x >= floor.wall + WALL
        else:
            assert room.right <= floor.wall


@simple_floor
def test_every_route_between_two_rooms_has_a_track_from_one_to_the_other(floor: Floor) -> None:
    ways = tracks(floor, ROUTES)
    assert set(ways) == {route for route in ROUTES if {route.source, route.target} <= set(floor.rooms)}
    for route, track in ways.items():
        assert track.cells[0] in cells(floor.rooms[route.source])
        (x, y), (before_x, before_y) = track.cells[-1], track.cells[-2]
        ahead = (2 * x - before_x, 2 * y - before_y)
        assert ahead in cells(floor.rooms[route.target]), "the arrow head points at the room it leads to"


@every_floor
def test_tracks_are_unbroken_and_touch_no_room(floor: Floor) -> None:
    rooms = set().union(*map(cells, floor.rooms.values()))
    for track in tracks(floor, usual(floor)).values():
        for (x, y), (next_x, next_y) in zip(track.cells, track.cells[1:], strict=False):
            assert abs(next_x - x) + abs(next_y - y) == 1
        assert not rooms & set(line(track))
        assert all(0 <= x < floor.width and 0 <= y < floor.height for x, y in line(track))


@simple_floor
def test_no_two_tracks_share_a_cell(floor: Floor) -> None:
    drawn = [set(line(track)) for track in tracks(floor, ROUTES).values()]
    assert not any(one & other for one, other in combinations(drawn, 2))


@every_floor
def test_only_tracks_to_or_from_user_memory_cross_the_wall(floor: Floor) -> None:
    users = set(floor.memories)
    for route, track in tracks(floor, usual(floor)).items():
        crossed = sum(x in range(floor.wall, floor.wall + WALL) for x, _ in line(track))
        meant = (route.source in users) != (route.target in users)
        assert crossed == (WALL if meant else 0)


@floor_with_more
def test_searched_tracks_reach_their_rooms_and_cross_others_only_at_right_angles(floor: Floor) -> None:
    routes = usual(floor)
    ways = tracks(floor, routes)
    assert list(ways.keys() ^ routes) == []
    for route, track in ways.items():
        assert track.cells[0] in cells(floor.rooms[route.source])
        (x, y), (before_x, before_y) = track.cells[-1], track.cells[-2]
        assert (2 * x - before_x, 2 * y - before_y) in cells(floor.rooms[route.target])
    for one, other in combinations(ways.values(), 2):
        for cell in set(line(one)) & set(line(other)):
            assert {direction(one, cell), direction(other, cell)} == {"level", "upright"}


@floor_with_more
def test_the_way_back_between_two_rooms_is_a_line_of_its_own_only_where_both_are_needed(floor: Floor) -> None:
    there, back = Route(Place.DISK, Place.PAGE_CACHE), Route(Place.PAGE_CACHE, Place.DISK)
    alone = tracks(floor, [back])[back]
    assert line(alone) == line(tracks(floor, [there])[there])[::-1]
    both = tracks(floor, [there, back])
    assert not set(line(both[there])) & set(line(both[back]))


def direction(track: Track, cell: tuple[int, int]) -> str:
    """How the line goes through the cell; `turn` at a corner and at the arrow head."""
    at = track.cells.index(cell)
    if at == len(track.cells) - 1:
        return "turn"
    (x, y), (after_x, after_y) = track.cells[at - 1], track.cells[at + 1]
    return "level" if y == after_y else "upright" if x == after_x else "turn"
