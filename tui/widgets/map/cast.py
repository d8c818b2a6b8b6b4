"""Which places a state of the machine needs rooms for."""

from __future__ import annotations

from collections.abc import Iterable

from zcquest.engine.calls import CALLS, base
from zcquest.engine.places import CONSUMERS, SOCKETS, Place
from zcquest.tui.widgets.map_state import MapHop, MapState

BUFFER_WORDS = {Place.BUFFER: "buf", Place.BUFFER2: "buf2", Place.BUFFER3: "buf3"}
MEMORY_WORDS = {Place.MAPPING: "map", **BUFFER_WORDS}  # user space, from top to bottom
SOCKET_WORDS = dict(zip(SOCKETS, base.SOCKETS, strict=True))


def rooms_of(state: MapState, hops: Iterable[MapHop]) -> tuple[Place, ...]:
    """The places to draw, in their own order: those of every machine, and what the plan or its bytes have to do with.

    Each socket has its consumer. User memory is the buffer where there is no plan yet.
    """
    touched = {place for hop in hops for place in (hop.route.source, hop.route.target)}
    steps = state.plan.steps if state.plan else ()
    words = {argument.value for step in steps for argument in step.arguments}
    worked_on = {argument.value for step in steps if not CALLS[step.call].system for argument in step.arguments}
    count = max(
        state.consumers,
        len(state.scene.consumers) if state.scene else 0,
        *(number for ends in (SOCKETS, CONSUMERS) for number, place in enumerate(ends, 1) if place in touched),
    )
    rooms = {Place.DISK, Place.PAGE_CACHE, Place.NIC, *SOCKETS[:count]}
    rooms.update([Place.PRODUCER] if state.receiving else CONSUMERS[:count])
    memories = {place for place, word in MEMORY_WORDS.items() if place in touched or word in worked_on}
    rooms |= memories or (set() if steps else {Place.BUFFER})
    named = {"pipe": Place.PIPE, "pipe2": Place.PIPE2, "dlq": Place.DLQ}
    rooms |= {place for word, place in named.items() if place in touched or word in words}
    return tuple(place for place in Place if place in rooms)
