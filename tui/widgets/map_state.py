"""What the machine map shows, as one frozen snapshot, and the hops that follow from it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from zcquest.engine.calls import CALLS
from zcquest.engine.calls.base import REJECTED
from zcquest.engine.control import REFERENCE
from zcquest.engine.message import Message
from zcquest.engine.places import CONSUMERS, SOCKETS, Evidence, Mover, Place, Route
from zcquest.engine.plan import Plan, Step

if TYPE_CHECKING:  # a picture needs none of what makes these
    from zcquest.engine.gauges import Gauges
    from zcquest.levels.report import SceneReport


LOOPBACK, BENCH = "lo", "v0"


@dataclass(frozen=True, slots=True)
class Stream:
    """So many calls' bytes went this way between two readings; messages, where no call of the machine's moves them."""

    route: Route
    calls: int


@dataclass(frozen=True, slots=True)
class MapState:
    """One moment of the map.

    `plan` is what is written now, `scene` what the last run measured (None before it, or once it no longer holds),
    `gauges` the live readings. `size` is the log's, in bytes; `cold` whether the scene starts with none of it in the
    page cache, `rejecting` whether its consumer may send messages back, `receiving` whether a producer sends the log,
    `consumers` how many there are.
    `scatter_gather`: whether the bench NIC gathers; None: the scene is on loopback. `cursor_step` is the 0-based step
    under the editor's cursor. `moved` are the ways that the latest call's bytes took, in their order; where several
    were made since the reading before, `streams` are those of them all. `crossed`: one of these calls went into the
    kernel and back. `so_far`: `scene` is a moment of a run that was not over then.
    """

    plan: Plan | None = None
    scene: SceneReport | None = None
    gauges: Gauges | None = None
    size: int = 0
    cold: bool = False
    rejecting: bool = False
    moved: tuple[Route, ...] = ()
    streams: tuple[Stream, ...] = ()
    crossed: bool = False
    receiving: bool = False
    consumers: int = 1
    scatter_gather: bool | None = None
    cursor_step: int | None = None
    so_far: bool = False

    @property
    def asked(self) -> float:
        """The part of the log that the plan has come to, 0 to 1; all of it where nothing is fetched ahead of it."""
        reading = self.cold and self.gauges is not None and self.gauges.cache is not None and not self.receiving
        return self.gauges.taken / self.size if reading and self.gauges and self.size else 1.0

    @property
    def card(self) -> str:
        """The network device that the machine sends through."""
        return LOOPBACK if self.scatter_gather is None else BENCH


@dataclass(frozen=True, slots=True)
class MapHop:
    """Bytes on their way from one place to the next, all steps that carry them merged.

    `mover` and `bytes` are None where nothing was measured: the hop is only what the plan makes one expect.
    `steps` are 0-based. `note` is the engine's word on the evidence. `current`: the step under the cursor makes it.
    """

    route: Route
    steps: tuple[int, ...] = ()
    mover: Mover | None = None
    bytes: int | None = None
    evidence: Evidence | None = None
    note: Message | None = None
    current: bool = False

    @property
    def measured(self) -> bool:
        return self.bytes is not None


ARRIVALS = tuple(Route(Place.NIC, consumer) for consumer in CONSUMERS)
ARRIVING = ARRIVALS[0]
REJECTING = Route(Place.CONSUMER, Place.NIC)  # the references that a consumer sends back
ACKNOWLEDGING = Route(Place.NIC, Place.PRODUCER)
_SENDING = {socket: Route(socket, Place.NIC) for socket in SOCKETS}
_ARRIVING = dict(zip(SOCKETS, ARRIVALS, strict=True))
_TAKERS = (Place.BUFFER, Place.BUFFER2, Place.BUFFER3, Place.PIPE)
_PRODUCING = Route(Place.PRODUCER, Place.NIC)
_TAKING = Route(Place.NIC, Place.SOCKET)
_FLUSHING = Route(Place.PAGE_CACHE, Place.DISK)
_FETCHING = Route(Place.DISK, Place.PAGE_CACHE)


def map_hops(state: MapState) -> tuple[MapHop, ...]:
    """The hops to draw, one a route: those that were measured, then those that the plan leads one to expect."""
    hops: dict[Route, MapHop] = {}
    for hop in _measured(state.scene) if state.scene else ():
        hops[hop.route] = _merge(hops[hop.route], hop) if hop.route in hops else hop
    for hop in _expected(state):
        if hop.route not in hops:
            hops[hop.route] = hop
        elif not hops[hop.route].measured:
            hops[hop.route] = _merge(hops[hop.route], hop)
    if state.gauges and state.scene is None:
        skipping = any(step.call == "select" for step in state.plan.steps) if state.plan else False
        told = _taken_in(hops, state.gauges) if state.receiving else _sent_on(hops, state.gauges, skipping=skipping)
        hops |= _so_far(hops, told)
    return tuple(replace(hop, current=state.cursor_step in hop.steps) for hop in hops.values())


_Told = dict[Route, tuple[int, Evidence]]


def _so_far(hops: Mapping[Route, MapHop], told: _Told) -> dict[Route, MapHop]:
    """The hops of which a run that is on tells the bytes already; who carries them is proved after it."""
    return {
        route: replace(hops[route], bytes=count, evidence=evidence)
        for route, (count, evidence) in told.items()
        if count and route in hops
    }


def _alone(hops: Iterable[Route]) -> list[Route]:
    """The only ways into their targets: what came there came by them."""
    into = Counter(route.target for route in hops)
    return [route for route in hops if into[route.target] == 1]


def _taken_in(hops: Mapping[Route, MapHop], now: Gauges) -> _Told:
    """Of a machine that receives; what waits in its socket has come as well."""
    told = {
        _PRODUCING: (now.taken + now.receive_queue, Evidence.REPORTED),
        _FLUSHING: (now.flushed, Evidence.REPORTED),
        ACKNOWLEDGING: (now.received, Evidence.COUNTED),
    }
    out = [route for route in hops if route.source is Place.SOCKET]
    if len(out) == 1:
        told[out[0]] = (now.taken, Evidence.COUNTED)
    told |= {route: (now.sent, Evidence.COUNTED) for route in _alone(hops) if route.target is Place.PAGE_CACHE}
    return told


def _sent_on(hops: Mapping[Route, MapHop], now: Gauges, *, skipping: bool) -> _Told:
    """Of a machine that sends. The plan's cursor tells what was taken out of the page cache where nothing is skipped
    and one thing takes it."""
    alone = _alone(hops)
    out = [route for route in hops if route.source is Place.PAGE_CACHE]
    told = {
        _FETCHING: (now.disk_read, Evidence.METERED),
        REJECTING: (now.rejections * REFERENCE.size, Evidence.COUNTED),
    }
    told |= {route: (now.dead_letters, Evidence.COUNTED) for route in alone if route.target is Place.DLQ}
    for outlet, arriving, socket in zip(now.outlets, ARRIVALS, SOCKETS, strict=False):
        told[arriving] = (outlet.received, Evidence.COUNTED)
        told |= {route: (outlet.sent, Evidence.COUNTED) for route in alone if route.target is socket}
    if len(out) == len(now.outlets) == 1 and out[0].target in _TAKERS and not skipping:
        told[out[0]] = (now.taken, Evidence.COUNTED)
    return told


def _measured(scene: SceneReport) -> Iterable[MapHop]:
    for hop in scene.hops:
        yield MapHop(
            Route(Place(hop.source), Place(hop.target)),
            () if hop.step is None else (hop.step - 1,),
            Mover(hop.mover),
            hop.bytes,
            Evidence(hop.evidence),
            hop.note,
        )
    if came := sum(hop.bytes for hop in scene.hops if (hop.source, hop.target) == (_TAKING.source, _TAKING.target)):
        yield MapHop(_PRODUCING, (), None, came, Evidence.COUNTED)
        yield MapHop(ACKNOWLEDGING, (), None, scene.meters.payload_bytes, Evidence.COUNTED)
    else:
        # no copy of the plan's: the far side of the wire, as each consumer counted it
        counts = [consumer.payload_bytes for consumer in scene.consumers] or [scene.meters.payload_bytes]
        for way, count in zip(ARRIVALS, counts, strict=False):
            if count:
                yield MapHop(way, (), None, count, Evidence.COUNTED)
    if scene.rejections:
        yield MapHop(REJECTING, (), None, scene.rejections * REFERENCE.size, Evidence.COUNTED)


def _expected(state: MapState) -> Iterable[MapHop]:
    steps = state.plan.steps if state.plan else ()
    if any(route.source is Place.SOCKET for step in steps for route in CALLS[step.call].routes(step)):
        yield MapHop(_PRODUCING)
    for index, step in enumerate(steps):
        for route in CALLS[step.call].routes(step):
            # what a disk read was, or was not, is known after a run
            if state.cold and route.source is Place.PAGE_CACHE and state.scene is None:
                yield MapHop(_FETCHING, (index,))
            if route.source is Place.SOCKET:
                yield MapHop(_TAKING, (index,))
            yield MapHop(route, (index,))
            if route.target in _SENDING:
                yield MapHop(_SENDING[route.target], (index,))
                yield MapHop(_ARRIVING[route.target])
        if "ack" in step.values:
            yield MapHop(ACKNOWLEDGING, (index,))
        if CALLS[step.call].flushes and "log" in step.values:
            yield MapHop(_FLUSHING, (index,))
    if state.scene is None and steps and (state.rejecting or any(step.lane in REJECTED for step in steps)):
        yield MapHop(REJECTING)


def _total(one: MapHop, other: MapHop) -> int | None:
    """What a step's CPU copy and its DMA carry on the same way are the same bytes."""
    if one.bytes is None or other.bytes is None:
        return one.bytes
    return max(one.bytes, other.bytes) if one.steps == other.steps else one.bytes + other.bytes


def ways_of(step: Step, *, fetched: bool) -> tuple[Route, ...]:
    """The ways that a step's bytes take one after the other, from the disk where they were `fetched`, to the card."""
    ways: list[Route] = []
    for route in CALLS[step.call].routes(step):
        if fetched and route.source is Place.PAGE_CACHE:
            ways.append(_FETCHING)
        if route.source is Place.SOCKET:
            ways += [_PRODUCING, _TAKING]
        ways.append(route)
        if route.target in _SENDING:
            ways.append(_SENDING[route.target])
    if "ack" in step.values:
        ways.append(ACKNOWLEDGING)
    return tuple(ways)


def _merge(one: MapHop, other: MapHop) -> MapHop:
    """Two steps' bytes over the same route; one hop without a witness leaves the sum without one."""
    weak = Evidence.NOTHING in (one.evidence, other.evidence)
    mover = one.mover if one.mover == other.mover else Mover.MIXED
    return replace(
        one,
        steps=tuple(dict.fromkeys((*one.steps, *other.steps))),
        mover=Mover.UNKNOWN if weak else mover,
        bytes=_total(one, other),
        evidence=Evidence.NOTHING if weak else one.evidence,
        note=next((hop.note for hop in (one, other) if hop.evidence is Evidence.NOTHING), one.note or other.note),
    )
