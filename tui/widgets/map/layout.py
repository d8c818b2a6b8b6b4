"""Where the zones and the rooms stand in a pane of a given size."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache

from zcquest.engine.places import CONSUMERS, SOCKETS, Place
from zcquest.tui.widgets.map.floor import WALL, Floor, Ladder, Rect, Span, room
from zcquest.tui.widgets.map.proportions import MIN_WIDTH, TITLES, Parts, across, down, least, many_ways, one_way, usual

_MEMORIES = (Place.MAPPING, Place.BUFFER, Place.BUFFER2, Place.BUFFER3)  # from top to bottom
_PIPES = (Place.PIPE, Place.PIPE2)
_PEERS = (Place.PRODUCER, *CONSUMERS)

_STACKED = 3  # rows that a room of user memory needs where it does not stand beside one of the kernel's
_QUEUE_INDENT = 3  # cells that the queue's room stands to the right of the kernel's others
_TREE = 3  # cells at the left of the consumers' ladder, for the lines into it
_BUS = 4  # cells between the consumers' ladder and the sockets'
_NIC_ROWS, _WIRE_ROWS = 3, 2  # of the NIC above a ladder of consumers, and between the two
_COUNTERS = 3  # rows
_LANE = 2  # cells more behind the wall, for lines down from several rooms of user memory to several sockets
_TEE = 8  # cells between two pipes, for the words of the line from one to the other


@dataclass(frozen=True, slots=True)
class _Ends:
    """The lower half: the sockets and what is beyond them. `seam_end` is the first row below the seam, `counters` the
    first of the counters'."""

    rooms: dict[Place, Rect]
    ladders: tuple[Ladder, ...]
    seam_end: int
    counters: int


@lru_cache(maxsize=64)
def arrange(width: int, height: int, places: tuple[Place, ...]) -> Floor | None:
    """The floor plan with rooms for `places`; None in too small a pane. Equal arguments give the same floor plan."""
    sockets, peers, memories, pipes = (_among(places, kind) for kind in (SOCKETS, _PEERS, _MEMORIES, _PIPES))
    queue = Place.DLQ in places
    pitch, parts = _parts(height, len(sockets), len(pipes), queue)
    if width < MIN_WIDTH or height < least(parts):
        return None
    hardware, kernel, wall, user = across(width)
    rows = down(height, parts)
    if pitch:
        ends = _many_ends(hardware, kernel, rows, height, Ladder(room(kernel, rows["socket"]), sockets, pitch), peers)
    else:
        ends = _one_end(hardware, kernel, wall, rows, peers[0], queue)
    behind = _behind(user, rows, height, ends, memories)
    rooms = {
        Place.DISK: room(hardware, rows["cache"]),
        Place.PAGE_CACHE: room(kernel, rows["cache"]),
        **_pipes(pipes, kernel, wall, rows),
        **ends.rooms,
        **dict(zip(memories, behind, strict=False)),
    }
    if len(behind) < len(memories) or rooms[Place.NIC].y <= rooms[Place.DISK].bottom:
        return None
    counters = max([ends.counters, *(memory.bottom + 1 for memory in behind)])
    seam = hardware.end + 1
    return Floor(
        width=width,
        height=height,
        rooms=rooms,
        ladders=ends.ladders,
        memories=memories,
        peers=peers,
        zones=(
            Rect(hardware.start, 0, seam - hardware.start, 1),
            Rect(seam + 1, 0, wall - seam - 1, 1),
            Rect(wall + WALL, 0, user.end - wall - WALL, 1),
        ),
        seam=seam,
        wall=wall,
        seam_end=ends.seam_end,
        counters=Rect(user.start, counters, width - user.start, height - counters),
        ghost=None if memories else room(user, Span(rows["cache"].start, rows["socket"].end - rows["cache"].start)),
    )


def _among(places: tuple[Place, ...], kind: tuple[Place, ...]) -> tuple[Place, ...]:
    return tuple(place for place in kind if place in places)


def _parts(height: int, sockets: int, pipes: int, queue: bool) -> tuple[int, Parts]:
    """The rows' parts, and how far apart the sockets of a ladder are in it; 0: there is only one."""
    if sockets == 1:
        return 0, one_way(bool(pipes), queue)
    choices = {pitch: many_ways(_steps(sockets, pitch), pipes, queue) for pitch in (2, 1)}
    pitch = next((pitch for pitch, parts in choices.items() if usual(parts) <= height), 1)
    return pitch, choices[pitch]


def _steps(count: int, pitch: int) -> int:
    """Rows of a ladder's frame."""
    return count * pitch + (2 if pitch == 1 else 1)


def _pipes(pipes: tuple[Place, ...], kernel: Span, wall: int, rows: Mapping[str, Span]) -> dict[Place, Rect]:
    """The pipe below the page cache, and the other one at its right, as far as the wall."""
    if len(pipes) < 2:
        return {pipe: room(kernel, rows["pipe"]) for pipe in pipes}
    width = (wall - 1 - kernel.start - _TEE) // 2
    starts = (kernel.start, wall - 1 - width)
    return {pipe: room(Span(x, width), rows["pipe"]) for pipe, x in zip(pipes, starts, strict=True)}


def _one_end(hardware: Span, kernel: Span, wall: int, rows: Mapping[str, Span], peer: Place, queue: bool) -> _Ends:
    """One connection: its far end across hardware and kernel, the DLQ beside it."""
    end = kernel.start + _QUEUE_INDENT - 1 if queue else wall - 1
    rooms = {
        Place.SOCKET: room(kernel, rows["socket"]),
        Place.NIC: room(hardware, rows["socket"]),
        peer: room(Span(hardware.start, end - hardware.start), rows["far"]),
    }
    if queue:
        rooms[Place.DLQ] = room(Span(end + 1, kernel.length), rows["far"])
    return _Ends(rooms, (), rows["far"].start, rows["far"].start)


def _many_ends(
    hardware: Span, kernel: Span, rows: Mapping[str, Span], height: int, sockets: Ladder, peers: tuple[Place, ...]
) -> _Ends:
    """Several connections: the NIC beside the first socket, or as far above as the ladder of the far ends needs."""
    top = sockets.frame.y
    fitting = (pitch for pitch in (2, 1) if top + _NIC_ROWS + _WIRE_ROWS + _steps(len(peers), pitch) <= height)
    pitch = next(fitting, 1)
    steps = _steps(len(peers), pitch)
    nic = Span(min(top, height - steps - _WIRE_ROWS - _NIC_ROWS), _NIC_ROWS)
    columns = Span(hardware.start + _TREE, kernel.start - _BUS - hardware.start - _TREE)
    far = Ladder(room(columns, Span(nic.end + _WIRE_ROWS, steps)), peers, pitch)
    rooms = {Place.NIC: room(hardware, nic), **sockets.rungs, **far.rungs}
    if "far" in rows:
        rooms[Place.DLQ] = room(kernel, rows["far"])
    return _Ends(rooms, (sockets, far), nic.start, height - _COUNTERS)


def _behind(user: Span, rows: Mapping[str, Span], height: int, ends: _Ends, memories: tuple[Place, ...]) -> list[Rect]:
    """The rooms of user memory: beside the page cache and the socket, or on one another; too few in too low a pane."""
    cache, socket = rows["cache"], rows["socket"]
    if len(memories) == 1:
        return [room(user, cache)]
    if len(memories) == 2 and not ends.ladders:
        return [room(user, cache), room(user, socket)]
    lane = _LANE if ends.ladders else 0
    columns = Span(user.start + lane, user.length - lane)
    # as high as the kernel's rooms, else down to the counters, else all but a row for these
    heights = [
        (cache.start, min(socket.end, ends.counters - 1)),
        (cache.start, ends.counters - 1),
        (TITLES, height - 2),
    ]
    spaces = (room(columns, Span(start, end - start)) for start, end in heights)
    return next((stack for space in spaces if (stack := _stack(space, len(memories)))), [])


def _stack(space: Rect, count: int) -> list[Rect]:
    """`count` rooms on one another, with a row or two between them; none where the space is too low."""
    gaps = count - 1
    gap = min(2, (space.height - count * _STACKED) // gaps) if gaps > 0 else 0
    if gaps > 0 and gap < 1:
        return []
    each, more = divmod(space.height - gaps * gap, count) if count else (0, 0)
    rooms, y = [], space.y
    for index in range(count):
        rooms.append(Rect(space.x, y, space.width, each + (index >= count - more)))
        y = rooms[-1].bottom + gap
    return rooms
