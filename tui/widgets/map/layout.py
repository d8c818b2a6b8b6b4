"""Where the zones and the rooms stand in a pane of a given size."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import NamedTuple

from zcquest.engine.places import CONSUMERS, SOCKETS, Place

WALL = 2  # cells of the border between kernel and user
_MEMORIES = (Place.MAPPING, Place.BUFFER, Place.BUFFER2, Place.BUFFER3)  # from top to bottom
_PIPES = (Place.PIPE, Place.PIPE2)
_PEERS = (Place.PRODUCER, *CONSUMERS)


@dataclass(frozen=True, slots=True)
class Rect:
    """Cells; `right` and `bottom` are the first ones outside."""

    x: int
    y: int
    width: int
    height: int

    @property
    def right(self) -> int:
        return self.x + self.width

    @property
    def bottom(self) -> int:
        return self.y + self.height

    @property
    def middle(self) -> int:
        return self.y + (self.height - 1) // 2

    @property
    def center(self) -> int:
        return self.x + self.width // 2


class Span(NamedTuple):
    """Columns or rows; `end` is the first one outside."""

    start: int
    length: int

    @property
    def end(self) -> int:
        return self.start + self.length


def _room(columns: Span, rows: Span) -> Rect:
    return Rect(columns.start, rows.start, columns.length, rows.length)


@dataclass(frozen=True, slots=True)
class Ladder:
    """Rooms of one line each, `pitch` rows apart, in one frame; with a pitch of 2 there are rules between them."""

    frame: Rect
    places: tuple[Place, ...]
    pitch: int

    @property
    def rungs(self) -> dict[Place, Rect]:
        frame = self.frame
        rows = range(frame.y + 1, frame.bottom - 1, self.pitch)
        return {place: Rect(frame.x, y, frame.width, 1) for place, y in zip(self.places, rows, strict=True)}


@dataclass(frozen=True, slots=True, eq=False)
class Floor:
    """A floor plan. `seam` is the column between hardware and kernel, `wall` the first of the kernel/user border's.

    `memories` are the rooms of user space, from top to bottom, `peers` those at the far ends of the connections. A
    room in one of the `ladders` is one line high, and has its sides in the ladder's frame.
    """

    width: int
    height: int
    rooms: Mapping[Place, Rect]
    ladders: tuple[Ladder, ...]
    memories: tuple[Place, ...]
    peers: tuple[Place, ...]
    zones: tuple[Rect, Rect, Rect]  # the title line of hardware, kernel, user
    seam: int
    wall: int
    seam_end: int  # first row below the seam
    counters: Rect
    ghost: Rect | None  # where the user zone is empty

    @property
    def gate(self) -> int:
        """The first column behind the wall."""
        return self.wall + WALL

    @property
    def frames(self) -> list[Rect]:
        """What lines have to keep out of: the rooms, those of a ladder as one."""
        return [ladder.frame for ladder in self.ladders] + [room for room in self.rooms.values() if room.height > 1]


# Cells across: hardware rooms, gap, kernel rooms, gap before the wall, gap behind it, user rooms.
_MOST = (26, 20, 32, 20, 3, 32)
_USUAL = (16, 12, 18, 11, 1, 16)
_LEAST = (14, 12, 15, 10, 1, 14)
_MARGIN = 1

_TITLES = 1  # the row of the zones' names
_STACKED = 3  # rows that a room of user memory needs where it does not stand beside one of the kernel's
_QUEUE_INDENT = 3  # cells that the queue's room stands to the right of the kernel's others
_TREE = 3  # cells at the left of the consumers' ladder, for the lines into it
_BUS = 4  # cells between the consumers' ladder and the sockets'
_NIC_ROWS, _WIRE_ROWS = 3, 2  # of the NIC above a ladder of consumers, and between the two
_COUNTERS = 3  # rows
_LANE = 2  # cells more behind the wall, for lines down from several rooms of user memory to several sockets
_TEE = 8  # cells between two pipes, for the words of the line from one to the other

_Rows = dict[str, tuple[int, int, int]]  # the least, the usual and the most rows of each part, from top to bottom

# Every part grows by a row at a time, in this order, to its usual rows and then to its most.
_GROWTH = ("far", "second", "first", "top", "third", "cache", "socket", "pipe")


def _one_way(pipe: bool, queue: bool) -> _Rows:
    """One connection: its peer has room for sentences, the DLQ beside it."""
    if pipe:
        between: _Rows = {"first": (1, 2, 3), "pipe": (3, 3, 5), "second": (1, 2, 3), "socket": (3, 4, 6)}
    elif queue:  # its line needs a row of its own between the rooms, and the peer beside it more lines
        between = {"second": (2, 3, 5), "socket": (3, 4, 7)}
    else:
        between = {"second": (2, 2, 4), "socket": (3, 5, 7)}
    cache = (3, 3, 6) if pipe else (3, 5, 7)
    far = (3, 5, 6) if queue else (3, 3, 5)
    return {"top": (0, 0, 1), "cache": cache, **between, "third": (2, 2, 4), "far": far}


def _many_ways(ladder: int, pipes: int, queue: bool) -> _Rows:
    """Several connections: their sockets in a ladder of so many rows, the DLQ below it."""
    between: _Rows = {"first": (1, 2, 3), "pipe": (3, 3, 3), "second": (1, 3, 4)} if pipes else {"second": (2, 3, 4)}
    below: _Rows = {"third": (0, 1, 1), "far": (3, 3, 4)} if queue else {"third": (2, 2, 2)}
    cache = (3, 3, 5) if pipes else (4, 4, 6)
    return {"top": (0, 0, 1), "cache": cache, **between, "socket": (ladder, ladder, ladder), **below}


def _least(parts: _Rows) -> int:
    return _TITLES + sum(least for least, _, _ in parts.values())


def _usual(parts: _Rows) -> int:
    return _TITLES + sum(usual for _, usual, _ in parts.values())


MIN_WIDTH = sum(_LEAST) + WALL + 2 * _MARGIN
MIN_HEIGHT = _least(_one_way(pipe=False, queue=False))


@lru_cache(maxsize=64)
def arrange(width: int, height: int, places: tuple[Place, ...]) -> Floor | None:
    """The floor plan with rooms for `places`; None in too small a pane. Equal arguments give the same floor plan."""
    sockets, peers, memories = (_among(places, kind) for kind in (SOCKETS, _PEERS, _MEMORIES))
    pipes = _among(places, _PIPES)
    pipe, queue = bool(pipes), Place.DLQ in places
    parts, pitch = _one_way(pipe, queue), 0
    if len(sockets) > 1:
        choices = {each: _many_ways(_steps(sockets, each), len(pipes), queue) for each in (2, 1)}
        pitch = next((each for each, parts in choices.items() if _usual(parts) <= height), 1)
        parts = choices[pitch]
    if width < MIN_WIDTH or height < _least(parts):
        return None
    hardware, kernel, wall, user = _across(width)
    rows = _down(height, parts)
    rooms = {Place.DISK: _room(hardware, rows["cache"]), Place.PAGE_CACHE: _room(kernel, rows["cache"])}
    if pipe:
        rooms |= _pipes(pipes, kernel, wall, rows["pipe"])
    ladders: tuple[Ladder, ...] = ()
    if pitch:
        connections = Ladder(_room(kernel, rows["socket"]), sockets, pitch)
        nic, consumers = _far_ladder(hardware, kernel, height, connections, peers)
        if nic.y <= rooms[Place.DISK].bottom:
            return None
        ladders = (connections, consumers)
        rooms |= {Place.NIC: nic, **connections.rungs, **consumers.rungs}
        seam_end, counters_y = nic.y, height - _COUNTERS
        if queue:
            rooms[Place.DLQ] = _room(kernel, rows["far"])
    else:
        rooms |= {Place.SOCKET: _room(kernel, rows["socket"]), Place.NIC: _room(hardware, rows["socket"])}
        end = kernel.start + _QUEUE_INDENT - 1 if queue else wall - 1
        rooms[peers[0]] = _room(Span(hardware.start, end - hardware.start), rows["far"])
        seam_end = counters_y = rows["far"].start
        if queue:
            rooms[Place.DLQ] = _room(Span(end + 1, kernel.length), rows["far"])
    lane = _LANE if pitch and len(memories) > 1 else 0
    top = rows["cache"].start
    stacks = [(top, min(rows["socket"].end, counters_y - 1)), (top, counters_y - 1), (_TITLES, height - 2)]
    behind = _behind(Span(user.start + lane, user.length - lane), rows, stacks, memories, beside_socket=not pitch)
    if len(behind) < len(memories):
        return None
    counters_y = max([counters_y, *(room.bottom + 1 for room in behind)])
    seam = hardware.end + 1
    return Floor(
        width=width,
        height=height,
        rooms=rooms | dict(zip(memories, behind, strict=True)),
        ladders=ladders,
        memories=memories,
        peers=peers,
        zones=(
            Rect(hardware.start, 0, seam - hardware.start, 1),
            Rect(seam + 1, 0, wall - seam - 1, 1),
            Rect(wall + WALL, 0, user.end - wall - WALL, 1),
        ),
        seam=seam,
        wall=wall,
        seam_end=seam_end,
        counters=Rect(user.start, counters_y, width - user.start, height - counters_y),
        ghost=None if memories else _room(user, Span(rows["cache"].start, rows["socket"].end - rows["cache"].start)),
    )


def _among(places: tuple[Place, ...], kind: tuple[Place, ...]) -> tuple[Place, ...]:
    return tuple(place for place in kind if place in places)


def _steps(places: tuple[Place, ...], pitch: int) -> int:
    """Rows of a ladder's frame."""
    return len(places) * pitch + (2 if pitch == 1 else 1)


def _pipes(pipes: tuple[Place, ...], kernel: Span, wall: int, rows: Span) -> dict[Place, Rect]:
    """The pipe below the page cache, and the other one at its right, as far as the wall."""
    if len(pipes) == 1:
        return {pipes[0]: _room(kernel, rows)}
    width = (wall - 1 - kernel.start - _TEE) // 2
    starts = (kernel.start, wall - 1 - width)
    return {place: _room(Span(x, width), rows) for place, x in zip(pipes, starts, strict=True)}


def _far_ladder(
    hardware: Span, kernel: Span, height: int, connections: Ladder, peers: tuple[Place, ...]
) -> tuple[Rect, Ladder]:
    """The NIC beside the first socket, or as far above as the ladder of the far ends below it needs."""
    socket = connections.frame.y
    fitting = (pitch for pitch in (2, 1) if socket + _NIC_ROWS + _WIRE_ROWS + _steps(peers, pitch) <= height)
    pitch = next(fitting, 1)
    rows = _steps(peers, pitch)
    nic = Span(min(socket, height - rows - _WIRE_ROWS - _NIC_ROWS), _NIC_ROWS)
    across = Span(hardware.start + _TREE, kernel.start - _BUS - hardware.start - _TREE)
    return _room(hardware, nic), Ladder(_room(across, Span(nic.end + _WIRE_ROWS, rows)), peers, pitch)


def _behind(
    user: Span,
    rows: Mapping[str, Span],
    stacks: list[tuple[int, int]],
    memories: tuple[Place, ...],
    *,
    beside_socket: bool,
) -> list[Rect]:
    """The rooms of user memory: beside the page cache and the socket, or on one another.

    `stacks` are the first row and the one below the last that these may take, the best first; in too low a pane there
    are too few rooms.
    """
    cache, socket = rows["cache"], rows["socket"]
    if len(memories) == 1:
        return [_room(user, cache)]
    if len(memories) == 2 and beside_socket:
        return [_room(user, cache), _room(user, socket)]
    spaces = (_room(user, Span(start, end - start)) for start, end in stacks)
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


def _across(width: int) -> tuple[Span, Span, int, Span]:
    """The columns of hardware, kernel and user rooms, and the wall's.

    They have their usual widths, taken from or added to a cell at a time until they fill the pane.
    """
    widths, room = list(_USUAL), width - WALL - 2 * _MARGIN
    step, bound = (1, _MOST) if sum(widths) < room else (-1, _LEAST)
    while sum(widths) != room and widths != list(bound):
        for index in range(len(widths)):
            if widths[index] != bound[index] and sum(widths) != room:
                widths[index] += step
    hardware, first_gap, kernel, second_gap, behind, user = widths
    left = (width - sum(widths) - WALL) // 2
    inner = left + hardware + first_gap
    wall = inner + kernel + second_gap
    return Span(left, hardware), Span(inner, kernel), wall, Span(wall + WALL + behind, user)


def _down(height: int, parts: _Rows) -> dict[str, Span]:
    """The rows of each part; those that nothing grows into are left at the bottom."""
    rows = {name: least for name, (least, _, _) in parts.items()}
    order = [name for name in _GROWTH if name in parts]
    for bound in (1, 2):
        growing = True
        while growing:
            growing = False
            for name in order:
                if rows[name] < parts[name][bound] and _TITLES + sum(rows.values()) < height:
                    rows[name] += 1
                    growing = True
    spans, y = {}, _TITLES
    for name, length in rows.items():
        spans[name] = Span(y, length)
        y += length
    return spans
