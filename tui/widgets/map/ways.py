"""The ways that were drawn by hand: those of usual plans, and the trees of lines to and from several connections."""

from __future__ import annotations

from zcquest.engine.places import CONSUMERS, SOCKETS, Place, Route
from zcquest.tui.widgets.map.floor import Floor, Rect
from zcquest.tui.widgets.map.track import (
    Margin,
    Track,
    above_and_below,
    level,
    row_between,
    rows_between,
    upright,
)

_INDENT = 5  # cells from a kernel room's left to the line down from it
_FEED = 2  # cells from a ladder of sockets to the trunk of the lines that come in, or that go out


def drawn_way(floor: Floor, route: Route) -> Track | None:
    """The way that was drawn for the route; None where there is none, or no place for it on this floor."""
    source, target = route.source, route.target
    if floor.ladders and (route.source in SOCKETS or route.target in SOCKETS or {source, target} & {*CONSUMERS}):
        return _in_tree(floor, source, target)
    rooms = floor.rooms
    match source, target:
        case Place.PIPE, Place.PIPE2:
            return _tee(floor)
        case Place.PIPE2, Place.SOCKET:
            return _feed_from_side(floor, rooms[source], rooms[target])
        case Place.DISK, Place.PAGE_CACHE:
            return _fetch(floor)
        case Place.PAGE_CACHE, Place.PIPE:
            return _down(floor, rooms[source], rooms[target])
        case (Place.PIPE, Place.SOCKET) | (Place.PAGE_CACHE, Place.SOCKET):
            return (
                None
                if Place.PIPE in rooms and source is Place.PAGE_CACHE
                else _down(floor, rooms[source], rooms[target])
            )
        case Place.SOCKET, Place.NIC:
            return _send(floor)
        case (Place.NIC, Place.CONSUMER) | (Place.PRODUCER, Place.NIC):
            way = _arrive(floor)
            return way if source is Place.NIC else way.reversed()
        case (Place.CONSUMER, Place.NIC) | (Place.NIC, Place.PRODUCER):
            way = _reject(floor)
            return way if target is Place.NIC else way.reversed()
    return _in_user_space(floor, source, target) if len(floor.memories) <= 2 else None


def _in_user_space(floor: Floor, source: Place, target: Place) -> Track | None:
    """Ways to, from and between the rooms of user memory while there are no more than two."""
    memories = floor.memories
    if target in memories and source is Place.PAGE_CACHE:
        return _load(floor, target)
    if memories == (source,) and target is Place.PIPE and Place.PIPE2 not in floor.rooms:
        return _lend(floor, floor.rooms[source])
    if source in memories and target is Place.SOCKET:
        # below the lower memory stands the queue's line, where there is a queue
        return None if Place.DLQ in floor.rooms and source != memories[-1] else _hand_over(floor, source)
    if memories == (source, target):
        return _copy(floor, upwards=False)
    return _copy(floor, upwards=True) if memories == (target, source) else None


def _fetch(floor: Floor) -> Track:
    disk, cache = floor.rooms[Place.DISK], floor.rooms[Place.PAGE_CACHE]
    return level((disk.right - 1, cache.middle), cache.x - 1, (floor.seam + 1, cache.x))


def _send(floor: Floor) -> Track:
    socket, nic = floor.rooms[Place.SOCKET], floor.rooms[Place.NIC]
    return level((socket.x, socket.middle), nic.right, (floor.seam + 1, socket.x))


def _arrive(floor: Floor) -> Track:
    nic, peer = floor.rooms[Place.NIC], floor.rooms[floor.peers[0]]
    return upright(nic.x + 4, nic.bottom - 1, peer.y - 1, nic.x, floor.seam)


def _reject(floor: Floor) -> Track:
    """The way back of what the consumer does not want, without words: the consumer's room tells how many."""
    nic, peer = floor.rooms[Place.NIC], floor.rooms[floor.peers[0]]
    x = nic.right - 2
    return Track(((x, peer.y), (x, nic.bottom)), None, ())


def _down(floor: Floor, upper: Rect, lower: Rect) -> Track:
    """From one room of the kernel's to the next: the way that never leaves it."""
    return upright(upper.x + _INDENT, upper.bottom - 1, lower.y - 1, floor.seam + 1, floor.wall - 1)


def _load(floor: Floor, place: Place) -> Track | None:
    """Page cache to user memory: level while that reaches up there, else down through the wall between the rooms."""
    cache, memory = floor.rooms[Place.PAGE_CACHE], floor.rooms[place]
    if memory.y == cache.y:
        return level((cache.right - 1, cache.middle), memory.x - 1, (cache.right, floor.wall))
    if Place.PIPE in floor.rooms or floor.ladders:
        return None
    x, enter, y = cache.right - 3, memory.x + 1, memory.y - 2
    words = row_between(cache.right, floor.wall, y)
    return Track(((x, cache.bottom - 1), (x, y), (enter, y), (enter, memory.y - 1)), words, (above_and_below(words),))


def _hand_over(floor: Floor, place: Place) -> Track:
    """User memory to socket: level; from the only room down first; from the upper of two around the lower one."""
    memory, socket = floor.rooms[place], floor.rooms[Place.SOCKET]
    words = row_between(socket.right, floor.wall, socket.middle)
    if memory.bottom == socket.bottom:
        return level((memory.x, socket.middle), socket.right, (socket.right, floor.wall))
    if len(floor.memories) == 1:
        x, y = memory.x + _INDENT, socket.middle
        return Track(((x, memory.bottom - 1), (x, y), (socket.right, y)), words, (above_and_below(words),))
    x, y, into = memory.right, socket.bottom + 1, socket.right - 3
    words = row_between(socket.right, floor.wall, y)
    return Track(
        ((x - 1, memory.middle), (x, memory.middle), (x, y), (into, y), (into, socket.bottom)),
        words,
        (above_and_below(words),),
    )


def _lend(floor: Floor, memory: Rect) -> Track:
    """The only room of user memory to the pipe: down, and through the wall."""
    pipe = floor.rooms[Place.PIPE]
    x, y = memory.x + _INDENT, pipe.middle
    words = row_between(pipe.right, floor.wall, y)
    return Track(((x, memory.bottom - 1), (x, y), (pipe.right, y)), words, (above_and_below(words),))


def _copy(floor: Floor, *, upwards: bool) -> Track:
    """Between two rooms of user memory that stand on one another."""
    upper, lower = (floor.rooms[place] for place in floor.memories)
    if upwards:
        return upright(upper.right - 2, lower.y, upper.bottom, upper.x, upper.right)
    return upright(upper.x + 3, upper.bottom - 1, lower.y - 1, upper.x, floor.width)


def _tee(floor: Floor) -> Track:
    pipe, other = floor.rooms[Place.PIPE], floor.rooms[Place.PIPE2]
    beside = tuple(row_between(pipe.right, other.x, y) for y in (pipe.y, pipe.middle + 1, pipe.middle + 2))
    return Track(((pipe.right - 1, pipe.middle), (other.x - 1, pipe.middle)), None, (Margin(beside, "center"),))


# -- trees: lines that share a trunk ----------------------------------------------------------------------------------


def _in_tree(floor: Floor, source: Place, target: Place) -> Track | None:
    memories = floor.memories
    if source in SOCKETS and target is Place.NIC:
        return _gather(floor, floor.rooms[source])
    if source is Place.NIC and target in CONSUMERS:
        return _scatter(floor, floor.rooms[target])
    if source in CONSUMERS and target is Place.NIC:
        return _return(floor, floor.rooms[source])
    if target not in SOCKETS:
        return None
    if source is Place.PIPE2:
        return _feed_from_side(floor, floor.rooms[source], floor.rooms[target])
    if source is Place.PIPE and (Place.PIPE2 in floor.rooms or memories):
        return _feed_from_pipe(floor, floor.rooms[source], floor.rooms[target])
    if source is Place.PIPE or (source is Place.PAGE_CACHE and Place.PIPE not in floor.rooms):
        return _feed(floor, floor.rooms[source], floor.rooms[target])
    return _feed_through_wall(floor, floor.rooms[source], floor.rooms[target]) if memories == (source,) else None


def _gather(floor: Floor, socket: Rect) -> Track:
    """From each socket to a trunk at the left of them, and to the NIC."""
    nic = floor.rooms[Place.NIC]
    trunk, y = socket.x - _FEED, nic.middle
    words = row_between(nic.right + 1, trunk, y)
    turns = ((trunk, socket.y), (trunk, y)) if socket.y != y else ()
    margins = (
        above_and_below(row_between(nic.right, trunk, y)),
        Margin(rows_between(nic.right, trunk, y + 1, y + 3), "right"),
    )
    return Track(((socket.x, socket.y), *turns, (nic.right, y)), words, margins)


def _scatter(floor: Floor, consumer: Rect) -> Track:
    """From the NIC down a trunk at the left of the consumers, and to each."""
    nic, ladder = floor.rooms[Place.NIC], floor.ladders[-1].frame
    trunk = nic.x + 1
    beside = Margin(rows_between(ladder.x, nic.right - 3, nic.bottom, ladder.y), "left")
    return Track(((trunk, nic.bottom - 1), (trunk, consumer.y), (consumer.x - 1, consumer.y)), None, (beside,))


def _return(floor: Floor, consumer: Rect) -> Track:
    """From each consumer up a trunk at the right of them to the NIC, without words."""
    nic = floor.rooms[Place.NIC]
    trunk, into = consumer.right, nic.right - 2
    points = ((consumer.right - 1, consumer.y), (trunk, consumer.y), (trunk, nic.bottom + 1), (into, nic.bottom + 1))
    return Track((*points, (into, nic.bottom)), None, ())


def _feed(floor: Floor, source: Rect, socket: Rect) -> Track:
    """From a room of the kernel's to a trunk at the right of the sockets, and to each."""
    ladder = floor.ladders[0].frame
    trunk, y = ladder.right + _FEED - 1, source.bottom - 2
    beside = Margin(rows_between(floor.rooms[Place.NIC].right + 1, trunk - 1, source.bottom, ladder.y), "right")
    points = ((source.right - 1, y), (trunk, y), (trunk, socket.y), (socket.right, socket.y))
    return Track(points, None, (beside,))


def _feed_from_pipe(floor: Floor, pipe: Rect, socket: Rect) -> Track:
    """From a pipe down, and around the sockets' corner to each: what comes in at its right has room for that."""
    x, trunk, turn = pipe.x + _INDENT, socket.right + _FEED - 1, floor.ladders[0].frame.y - 1
    beside = Margin(rows_between(x + 2, socket.right, pipe.bottom, turn), "left")
    points = ((x, pipe.bottom - 1), (x, turn), (trunk, turn), (trunk, socket.y), (socket.right, socket.y))
    return Track(points, row_between(x + 1, trunk, turn), (beside,))


def _feed_from_side(floor: Floor, pipe: Rect, socket: Rect) -> Track:
    """From the right one of two pipes straight down beside the sockets, and to each."""
    x = pipe.right - 3
    top = floor.ladders[0].frame.y if floor.ladders else socket.y
    beside = Margin(rows_between(pipe.x - 3, x - 1, pipe.bottom, top), "right")
    return Track(((x, pipe.bottom - 1), (x, socket.middle), (socket.right, socket.middle)), None, (beside,))


def _feed_through_wall(floor: Floor, memory: Rect, socket: Rect) -> Track:
    """From user memory down a trunk on its own side of the wall, and through it to each socket."""
    trunk = memory.x + 1
    words = row_between(socket.right + _FEED, floor.wall, socket.y)
    beside = Margin(rows_between(trunk + 2, memory.right, memory.bottom, socket.y), "left")
    return Track(((trunk, memory.bottom - 1), (trunk, socket.y), (socket.right, socket.y)), words, (beside,))
