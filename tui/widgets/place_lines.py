"""What a place of the map reads when it is opened: its gauges at length, and the calls that reach it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from itertools import product
from math import ceil

from zcquest.engine.calls import CALLS, Call, Kind
from zcquest.engine.calls.base import DESCRIPTORS, MEMORIES, SOCKETS
from zcquest.engine.gauges import Gauges, Outlet
from zcquest.engine.pagecache import PAGE
from zcquest.engine.places import CONSUMERS, Place
from zcquest.engine.plan import Argument, Lane, Span, Step
from zcquest.levels.language import gettext as _
from zcquest.levels.language import ngettext
from zcquest.tui.widgets.map.bars import AHEAD, EMPTY, FILLED, HALF, bar, cache_bar
from zcquest.tui.widgets.map.cast import BUFFER_WORDS
from zcquest.tui.widgets.map.rooms import LOG_NAME
from zcquest.tui.widgets.map.rungs import outlet_of
from zcquest.tui.widgets.map.words import about_bytes, acknowledged_words, exact_bytes, hop_sentence, rejected_words
from zcquest.tui.widgets.map_state import LOOPBACK, MapState, map_hops
from zcquest.tui.widgets.wording import grouped

GRID_ROWS = 4
_BAR = 40
_NOWHERE = Span(1, 1, 0)


def place_lines(place: Place, state: MapState, width: int) -> Iterator[tuple[str, str]]:
    """The readings, most telling first, each with its look: `reading`, `bar` or `quiet`."""
    if state.gauges:
        yield from _live(place, state, state.gauges, width)
    for hop in map_hops(state):
        if place in (hop.route.source, hop.route.target):
            yield hop_sentence(hop, state), "reading" if hop.measured else "quiet"
    if not state.gauges:
        yield _("No run is on: s makes one call at a time on a live kernel, and what is read here moves."), "quiet"


def _live(place: Place, state: MapState, now: Gauges, width: int) -> Iterator[tuple[str, str]]:
    if outlet := outlet_of(place, state):
        yield from _consumer(outlet, now, state.size) if place in CONSUMERS else _socket(outlet, state.receiving)
        return
    match place:
        case Place.DISK:
            said = _("{log}, {size}; the block layer has fetched {bytes} for the machine so far (read_bytes)")
            yield said.format(log=LOG_NAME, size=about_bytes(state.size), bytes=exact_bytes(now.disk_read)), "reading"
        case Place.PAGE_CACHE:
            yield from _page_grid(now, state, width)
        case Place.MAPPING:
            yield from _mapping(now, state.size)
        case Place.BUFFER | Place.BUFFER2 | Place.BUFFER3:
            said = _("buffers of {size} in all, of which {bytes} have not gone on yet")
            yield said.format(size=exact_bytes(now.buffer), bytes=exact_bytes(now.buffer_pending)), "reading"
        case Place.PIPE:
            yield from _pipe(now.pipe_fill, now.pipe_size)
        case Place.PIPE2:
            yield from _pipe(now.pipe2_fill, now.pipe2_size)
        case Place.NIC:
            yield _card(now, state), "reading"
        case Place.PRODUCER:
            yield _fraction(now.received, state.size), "bar"
            yield acknowledged_words(now.received), "reading"
        case Place.DLQ:
            said = _("{bytes} in a file of its own, in the page cache like the log")
            yield said.format(bytes=exact_bytes(now.dead_letters)), "reading"


def _page_grid(now: Gauges, state: MapState, width: int) -> Iterator[tuple[str, str]]:
    cache = now.cache
    if cache is None:
        return
    share = 100 * cache.pages / cache.total if cache.total else 0
    said = _("{pages} of {total} pages are in the page cache ({share:.0f} %), says {witness}")
    told = said.format(pages=grouped(cache.pages), total=grouped(cache.total), share=share, witness=cache.witness.value)
    yield told, "reading"
    stretches = now.cache_map
    if ahead := _ahead(stretches, state.asked, cache.total):
        said = ngettext(
            "{pages} of them lies ahead of the plan: fetched before any call asked for it",
            "{pages} of them lie ahead of the plan: fetched before any call asked for them",
            ahead,
        )
        yield said.format(pages=grouped(ahead)), "reading"
    columns = min(width, 64)
    cells = min(len(stretches), columns * GRID_ROWS)
    picture = cache_bar(stretches, cells, state.asked) if cells else ""
    for start in range(0, len(picture), columns):
        yield picture[start : start + columns], "bar"
    if cells:
        key = _("{filled} there  {ahead} fetched ahead  {half} in part  {empty} not there; a cell is {size}")
        size = about_bytes(round(cache.total / cells * PAGE))
        yield key.format(filled=FILLED, ahead=AHEAD, half=HALF, empty=EMPTY, size=size), "quiet"


def _ahead(stretches: tuple[float, ...], asked: float, total: int) -> int:
    """Resident pages of the log beyond the part of it that the plan has come to."""
    beyond = stretches[ceil(asked * len(stretches)) :]
    return round(sum(beyond) * total / len(stretches)) if beyond else 0


def _pipe(fill: int | None, capacity: int | None) -> Iterator[tuple[str, str]]:
    if fill is None or not capacity:
        yield _("no pipe is there yet"), "quiet"
        return
    yield _fraction(fill, capacity), "bar"
    said = _("{bytes} of {size} in it (FIONREAD, F_GETPIPE_SZ): references to pages, as long as nothing copied them")
    yield said.format(bytes=exact_bytes(fill), size=about_bytes(capacity)), "reading"


def _socket(outlet: Outlet, receiving: bool) -> Iterator[tuple[str, str]]:
    if receiving:
        sending, waiting = _("Send-Q {bytes}: at the far end, not acknowledged yet"), _("Recv-Q {bytes}: not read yet")
    else:
        sending = _("Send-Q {bytes}: taken by the kernel, not acknowledged yet")
        waiting = _("Recv-Q {bytes}: at the far end, not read yet")
    yield sending.format(bytes=exact_bytes(outlet.send_queue)), "reading"
    yield waiting.format(bytes=exact_bytes(outlet.receive_queue)), "reading"


def _card(now: Gauges, state: MapState) -> str:
    if state.card == LOOPBACK:
        said = _("{bytes} have gone through lo since the run began: everybody's packets on this host count")
    else:
        said = _("{bytes} have left through it since the run began, and nobody else sends here")
    return said.format(bytes=exact_bytes(now.nic_sent))


def _mapping(now: Gauges, size: int) -> Iterator[tuple[str, str]]:
    if now.mapping_resident is None:
        yield _("nothing is mapped yet"), "quiet"
        return
    yield _fraction(now.mapping_resident, size), "bar"
    said = _("RSS {bytes} of {size}: pages of the page cache that the machine's page tables point to")
    yield said.format(bytes=exact_bytes(now.mapping_resident), size=about_bytes(size)), "reading"


def _consumer(outlet: Outlet, now: Gauges, size: int) -> Iterator[tuple[str, str]]:
    yield _fraction(outlet.received, size), "bar"
    said = ngettext("{count} good message in {bytes}", "{count} good messages in {bytes}", outlet.messages)
    yield said.format(count=grouped(outlet.messages), bytes=exact_bytes(outlet.received)), "reading"
    if now.rejections:
        yield "↩ " + rejected_words(now.rejections), "reading"


def _fraction(count: int, size: int) -> str:
    return bar(count / size if size else 0, _BAR)


def reaching(place: Place) -> tuple[list[str], list[str]]:
    """The calls that bring bytes to the place, and those that take them from it."""
    into, out = [], []
    for name, call in CALLS.items():
        routes = {route for step in _ways_to_write(call) for route in call.routes(step)}
        if any(route.target is place for route in routes):
            into.append(name)
        if any(route.source is place for route in routes):
            out.append(name)
    return into, out


def advising() -> list[str]:
    """The calls that have pages fetched, or dropped, without moving any byte of them onward."""
    return [name for name, call in CALLS.items() if call.advice]


def _ways_to_write(call: Call) -> Iterable[Step]:
    """The call with every resource that its parameters allow."""
    ends = SOCKETS if "sockfd" in call.prototype else tuple(DESCRIPTORS)
    words: dict[Kind, tuple[int | str, ...]] = {Kind.FD: ends, Kind.MEMORY: MEMORIES, Kind.SIZE: (4096,)}
    choices = [words[parameter.kind] for parameter in call.parameters if parameter.kind in words]
    for lane in call.lanes[:1] or (Lane.REPEAT,):
        for values in product(*choices):
            yield Step(call.name, tuple(Argument(value, _NOWHERE) for value in values), lane, _NOWHERE)


def unseen(place: Place) -> str:
    """Why there are no bytes to look at; empty where there are."""
    match place:
        case Place.DISK:
            return _("What is on disk can be seen through the page cache only: look inside that.")
        case Place.PIPE | Place.PIPE2:
            return _("Its pages are the kernel's: only a read or a splice at its other end gets to see them.")
        case Place.SOCKET | Place.SOCKET2 | Place.SOCKET3 | Place.SOCKET4:
            return _("Its bytes are the kernel's: only a recv at the other end gets to see them.")
        case Place.NIC:
            return _("What is on the wire leaves no byte to look at.")
        case Place.CONSUMER | Place.CONSUMER2 | Place.CONSUMER3 | Place.CONSUMER4 | Place.PRODUCER:
            return _("A process of its own: it tells what it counted, not what it holds.")
        case _:
            return ""


def has_bytes(place: Place) -> bool:
    """Whether its bytes can be looked at."""
    return place in (Place.PAGE_CACHE, Place.MAPPING, Place.DLQ, *BUFFER_WORDS)
