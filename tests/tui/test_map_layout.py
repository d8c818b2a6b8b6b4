"""The map's floor plan: rooms apart from each other, lines apart from rooms and from each other, at every size."""

from __future__ import annotations

from functools import cache
from itertools import combinations, pairwise, product

import pytest

from zcquest.engine.places import CONSUMERS, SOCKETS, Place, Route
from zcquest.tui.widgets.map.floor import WALL, Floor, Rect
from zcquest.tui.widgets.map.layout import arrange
from zcquest.tui.widgets.map.proportions import MIN_HEIGHT, MIN_WIDTH
from zcquest.tui.widgets.map.routes import bundle_of, tracks
from zcquest.tui.widgets.map.track import Track

EVERYWHERE = (Place.DISK, Place.PAGE_CACHE, Place.NIC)
MEMORIES: tuple[tuple[Place, ...], ...] = (
    (),
    (Place.BUFFER,),
    (Place.MAPPING,),
    (Place.MAPPING, Place.BUFFER),
    (Place.MAPPING, Place.BUFFER, Place.BUFFER2),
    (Place.MAPPING, Place.BUFFER, Place.BUFFER2, Place.BUFFER3),
)
PIPES: tuple[tuple[Place, ...], ...] = ((), (Place.PIPE,), (Place.PIPE, Place.PIPE2))
WIDE_TERMINAL, NARROW_TERMINAL = (82, 23), (80, 18)  # what is left for the map at 120x36 and at 80x24
OTHER_SIZES = ((MIN_WIDTH, MIN_HEIGHT), (70, 20), (78, 17), (101, 27), (160, 60))


def places(memories: tuple[Place, ...], pipes: tuple[Place, ...], consumers: int, queue: bool) -> tuple[Place, ...]:
    ends = (*SOCKETS[:consumers], *CONSUMERS[:consumers])
    return (*EVERYWHERE, *memories, *pipes, *ends, *([Place.DLQ] if queue else []))


CASTS = [places(*cast) for cast in product(MEMORIES, PIPES, range(1, 5), (False, True))]


FLOORS = [floor for size in (NARROW_TERMINAL, WIDE_TERMINAL) for cast in CASTS if (floor := arrange(*size, cast))]
FLOORS += [floor for size in OTHER_SIZES for cast in CASTS[::5] if (floor := arrange(*size, cast))]


def described(floor: Floor) -> str:
    """For the message when something does not hold."""
    return f"{floor.width}x{floor.height} {' '.join(floor.rooms)}"


def cells(rect: Rect) -> set[tuple[int, int]]:
    return {(x, y) for x in range(rect.x, rect.right) for y in range(rect.y, rect.bottom)}


def usual(floor: Floor) -> list[Route]:
    """What a plan's bytes do that go through every room there is, and on to every consumer."""
    rooms, memories = floor.rooms, list(floor.memories)
    sockets = [place for place in SOCKETS if place in rooms]
    pipes = [place for place in (Place.PIPE, Place.PIPE2) if place in rooms]
    chain = [Place.PAGE_CACHE, *memories, *pipes] if pipes else [Place.PAGE_CACHE, *memories]
    routes = [Route(Place.DISK, Place.PAGE_CACHE), *(Route(*ends) for ends in pairwise(chain))]
    senders = pipes or [chain[-1]]
    routes += [Route(senders[index % len(senders)], socket) for index, socket in enumerate(sockets)]
    routes += [Route(socket, Place.NIC) for socket in sockets]
    for consumer in CONSUMERS[: len(sockets)]:
        routes += [Route(Place.NIC, consumer), Route(consumer, Place.NIC)]
    if Place.DLQ in rooms:
        routes.append(Route(memories[0] if memories else Place.PAGE_CACHE, Place.DLQ))
    return routes


def other(floor: Floor) -> list[Route]:
    """What else may be in a plan: past the pipes, out of every room of user memory, and back."""
    rooms, memories = floor.rooms, floor.memories
    sockets = [place for place in SOCKETS if place in rooms]
    routes = [Route(memory, socket) for memory in memories[:2] for socket in sockets]
    routes += [Route(Place.PAGE_CACHE, memory) for memory in memories]
    routes += [Route(*ends) for pair in pairwise(memories) for ends in (pair, pair[::-1])]
    return [*routes, Route(Place.PAGE_CACHE, sockets[0])]


@cache
def usual_ways(floor: Floor) -> dict[Route, Track]:
    return tracks(floor, usual(floor))


def line(track: Track) -> list[tuple[int, int]]:
    return track.cells[1:]  # the first is in the source's frame


def test_a_pane_below_the_least_size_has_no_floor_plan() -> None:
    least = places((), (), 1, False)
    assert arrange(MIN_WIDTH, MIN_HEIGHT, least)
    assert arrange(MIN_WIDTH - 1, MIN_HEIGHT, least) is None
    assert arrange(MIN_WIDTH, MIN_HEIGHT - 1, least) is None


@pytest.mark.parametrize("size", [NARROW_TERMINAL, WIDE_TERMINAL])
def test_every_combination_of_rooms_has_a_floor_plan_at_both_sizes_of_terminal(size: tuple[int, int]) -> None:
    assert [cast for cast in CASTS if arrange(*size, cast) is None] == []


def test_rooms_lie_in_the_pane_apart_from_each_other_and_from_the_wall() -> None:
    for floor in FLOORS:
        wall = {(x, y) for x in range(floor.wall, floor.wall + WALL) for y in range(floor.height)}
        pane = cells(Rect(0, 1, floor.width, floor.height - 1))
        frames = [cells(frame) for frame in floor.frames]
        assert all(part <= pane for part in frames)
        assert not any(one & two for one, two in combinations([wall, *frames], 2)), described(floor)
        rungs = [cells(floor.rooms[place]) for ladder in floor.ladders for place in ladder.places]
        assert not any(one & two for one, two in combinations(rungs, 2))
        assert all(any(rung < frame for frame in frames) for rung in rungs)
        counters = cells(floor.counters)
        assert counters <= pane and not any(counters & frame for frame in frames)


def test_rooms_of_user_memory_lie_behind_the_wall_and_all_others_before_it() -> None:
    for floor in FLOORS:
        for place, room in floor.rooms.items():
            if place in floor.memories:
                assert room.x >= floor.wall + WALL
            else:
                assert room.right <= floor.wall


def test_every_hop_has_an_unbroken_line_that_touches_both_its_rooms_and_no_other() -> None:
    for floor in FLOORS:
        ways = usual_ways(floor)
        assert set(ways) == set(usual(floor)), described(floor)
        walls = set().union(*map(cells, floor.frames))
        for route, track in ways.items():
            for (x, y), (next_x, next_y) in pairwise(track.cells):
                assert abs(next_x - x) + abs(next_y - y) == 1
            assert not walls & set(line(track)), described(floor)
            assert all(0 <= x < floor.width and 1 <= y < floor.height for x, y in line(track))
            assert track.cells[0] in cells(floor.rooms[route.source])
            (x, y), (before_x, before_y) = track.cells[-1], track.cells[-2]
            ahead = (2 * x - before_x, 2 * y - before_y)
            assert ahead in cells(floor.rooms[route.target]), "the arrow head points at the room it leads to"


def test_only_hops_to_or_from_user_memory_cross_the_wall_and_each_crosses_it_by_itself() -> None:
    for floor in FLOORS[::2]:
        users = set(floor.memories)
        for route, track in tracks(floor, [*usual(floor), *other(floor)]).items():
            crossed = [(x, y) for x, y in line(track) if x in range(floor.wall, floor.wall + WALL)]
            meant = (route.source in users) != (route.target in users)
            assert len(crossed) == (WALL if meant else 0), described(floor)
            if crossed and floor.ladders and route.target in SOCKETS:
                assert {y for _, y in crossed} == {floor.rooms[route.target].y}, described(floor)


def test_lines_meet_only_at_right_angles_in_a_common_trunk_or_at_a_room_of_one_line() -> None:
    for floor in FLOORS:
        ways = usual_ways(floor)
        for (one, way), (two, another) in combinations(ways.items(), 2):
            for cell in set(line(way)) & set(line(another)):
                trunk = bundle_of(one) == bundle_of(two)
                joined = one.target is two.target and floor.rooms[one.target].height == 1
                crossing = {direction(way, cell), direction(another, cell)} == {"level", "upright"}
                assert trunk or joined or crossing, described(floor)


def test_the_way_back_between_two_rooms_is_a_line_of_its_own_only_where_both_are_needed() -> None:
    for floor in FLOORS:
        there, back = Route(Place.DISK, Place.PAGE_CACHE), Route(Place.PAGE_CACHE, Place.DISK)
        alone = tracks(floor, [back])[back]
        assert line(alone) == line(tracks(floor, [there])[there])[::-1]
        both = tracks(floor, [there, back])
        assert len(both) < 2 or not set(line(both[there])) & set(line(both[back]))


def direction(track: Track, cell: tuple[int, int]) -> str:
    """How the line goes through the cell; `turn` at a corner and at the arrow head."""
    at = track.cells.index(cell)
    if at == len(track.cells) - 1:
        return "turn"
    (x, y), (after_x, after_y) = track.cells[at - 1], track.cells[at + 1]
    return "level" if y == after_y else "upright" if x == after_x else "turn"
