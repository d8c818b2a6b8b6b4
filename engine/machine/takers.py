"""Whom a step works for where there are several sockets: those whose steps take what it has put somewhere."""

from __future__ import annotations

from collections.abc import Iterable

from zcquest.engine.calls import CALLS
from zcquest.engine.calls.base import BUFFERS, REJECTED, SOCKETS, place_of
from zcquest.engine.places import Place
from zcquest.engine.plan import Lane, Plan, Step

_OF_ALL = {Place.PAGE_CACHE, Place.MAPPING, Place.DLQ}  # what a step does there concerns every cursor


def takers_by_step(plan: Plan) -> tuple[tuple[int, ...], ...]:
    """For each step, the sockets (by number, from 0) that it works for; none where no step sends what it touches.

    What fills a buffer or a pipe works for those whose steps send it, or what it was copied to; what concerns the
    mapping or the log, for all.
    """
    found = []
    for step in plan.steps:
        steps = [other for other in plan.steps if _together(step.lane, other.lane)]
        touched = _touched(step)
        found.append(_served(steps) if touched & _OF_ALL else _reached(touched, steps))
    return tuple(tuple(sorted(numbers)) for numbers in found)


def buffers_taken(step: Step) -> tuple[str, ...]:
    """The buffers whose bytes a step works on."""
    routes = CALLS[step.call].routes(step)
    sources = {route.source for route in routes}
    return tuple(word for word in step.values if word in BUFFERS and (not routes or place_of(word) in sources))


def _together(one: Lane, other: Lane) -> bool:
    """Whether the two lanes run over the same bytes: a lane of rejected messages keeps to itself."""
    return one is other or not {one, other} & set(REJECTED)


def _touched(step: Step) -> set[Place]:
    if routes := CALLS[step.call].routes(step):
        return {route.target for route in routes}
    return {place_of(word) for word in step.values if word in BUFFERS} or {Place.PAGE_CACHE}


def _served(steps: Iterable[Step]) -> set[int]:
    return {SOCKETS.index(word) for step in steps for word in step.values if word in SOCKETS}


def _reached(places: set[Place], steps: Iterable[Step]) -> set[int]:
    """The sockets to which bytes come from these places, by way of whatever other ones."""
    ways = [route for step in steps for route in CALLS[step.call].routes(step)]
    reached = set(places)
    while fresh := {way.target for way in ways if way.source in reached} - reached:
        reached |= fresh
    return {number for number, word in enumerate(SOCKETS) if place_of(word) in reached}
