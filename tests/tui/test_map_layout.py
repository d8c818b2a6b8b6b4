"""The map's floor plan: rooms apart from each other, lines apart from rooms and from each other, at every size."""

from __future__ import annotations

from itertools import combinations

import pytest

from zcquest.engine.places import Place, Route
from zcquest.tui.widgets.map.layout import MIN_HEIGHT, MIN_WIDTH, WALL, Floor, Rect, arrange
from zcquest.tui.widgets.map.routes import Track, tracks

MEMORIES = ((), (Place.BUFFER,), (Place.MAPPING,), (Place.MAPPING, Place.BUFFER))
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
every_floor = pytest.mark.parametrize(
    "floor",
    [arrange(*size, memories) for size in SIZES for memories in MEMORIES],
    ids=[f"{width}x{height}-{len(memories)}" for width, height in SIZES for memories in MEMORIES],
)


def cells(rect: Rect) -> set[tuple[int, int]]:
    return {(x, y) for x in range(rect.x, rect.right) for y in range(rect.y, rect.bottom)}


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
        if place in (Place.BUFFER, Place.MAPPING):
            assert room.x >= floor.wall + WALL
        else:
            assert room.right <= floor.wall


@every_floor
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
    for track in tracks(floor, ROUTES).values():
        for (x, y), (next_x, next_y) in zip(track.cells, track.cells[1:], strict=False):
            assert abs(next_x - x) + abs(next_y - y) == 1
        assert not rooms & set(line(track))
        assert all(0 <= x < floor.width and 0 <= y < floor.height for x, y in line(track))


@every_floor
def test_no_two_tracks_share_a_cell(floor: Floor) -> None:
    drawn = [set(line(track)) for track in tracks(floor, ROUTES).values()]
    assert not any(one & other for one, other in combinations(drawn, 2))


@every_floor
def test_only_tracks_to_or_from_user_memory_cross_the_wall(floor: Floor) -> None:
    users = {Place.BUFFER, Place.MAPPING}
    for route, track in tracks(floor, ROUTES).items():
        crossed = sum(x in range(floor.wall, floor.wall + WALL) for x, _ in line(track))
        meant = (route.source in users) != (route.target in users)
        assert crossed == (WALL if meant else 0)
