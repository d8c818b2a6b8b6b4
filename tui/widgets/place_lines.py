"""What a place of the map reads when it is opened: its gauges at length, and the calls that reach it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from itertools import product

from zcquest.engine.calls import CALLS, Call, Kind
from zcquest.engine.calls.base import DESCRIPTORS, MEMORIES, SOCKETS
from zcquest.engine.gauges import Gauges
from zcquest.engine.places import Place
from zcquest.engine.plan import Argument, Lane, Span, Step
from zcquest.levels.language import gettext as _
from zcquest.levels.language import ngettext
from zcquest.tui.widgets.map.bars import bar, cache_bar
from zcquest.tui.widgets.map.cast import BUFFER_WORDS
from zcquest.tui.widgets.map.rooms import LOG_NAME
from zcquest.tui.widgets.map.words import about_bytes, acknowledged_words, exact_bytes, hop_sentence, rejected_words
from zcquest.tui.widgets.map_state import MapState, map_hops
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
    match place:
        case Place.DISK:
            said = _("{log}, {size}; the block layer has fetched {bytes} for the machine so far (read_bytes)")
            yield said.format(log=LOG_NAME, size=about_bytes(state.size), bytes=exact_bytes(now.disk_read)), "reading"
        case Place.PAGE_CACHE:
            yield from _page_grid(now, width)
        case Place.MAPPING:
            yield from _mapping(now, state.size)
        case Place.BUFFER | Place.BUFFER2 | Place.BUFFER3:
            said = _("buffers of {size} in all, of which {bytes} have not gone on yet")
            yield said.format(size=exact_bytes(now.buffer), bytes=exact_bytes(now.buffer_pending)), "reading"
        case Place.SOCKET:
            yield (
                _("Send-Q {bytes}: taken by the kernel, not acknowledged yet").format(
                    bytes=exact_bytes(now.send_queue)
                ),
                "reading",
            )
            yield (
                _("Recv-Q {bytes}: at the far end, not read yet").format(bytes=exact_bytes(now.receive_queue)),
                "reading",
            )
        case Place.NIC:
            said = _("{bytes} have left through it since the run began; everybody's packets count")
            yield said.format(bytes=exact_bytes(now.nic_sent)), "reading"
        case Place.CONSUMER:
            yield from _consumer(now, state.size)
        case Place.PRODUCER:
            yield _fraction(now.received, state.size), "bar"
            yield acknowledged_words(now.received), "reading"
        case Place.DLQ:
            said = _("{bytes} in a file of its own, in the page cache like the log")
            yield said.format(bytes=exact_bytes(now.dead_letters)), "reading"


def _page_grid(now: Gauges, width: int) -> Iterator[tuple[str, str]]:
    cache = now.cache
    if cache is None:
        return
    share = 100 * cache.pages / cache.total if cache.total else 0
    said = _("{pages} of {total} pages are in the page cache ({share:.0f} %), says {witness}")
    told = said.format(pages=grouped(cache.pages), total=grouped(cache.total), share=share, witness=cache.witness.value)
    yield told, "reading"
    stretches = now.cache_map
    columns = min(width, 64)
    cells = min(len(stretches), columns * GRID_ROWS)
    picture = cache_bar(stretches, cells) if cells else ""
    for start in range(0, len(picture), columns):
        yield picture[start : start + columns], "bar"
    if cells:
        pages = cache.total / cells
        each = ngettext("a cell is one page of 4 KiB", "a cell is {pages} pages", round(pages))
        yield "█ ▒ ░  " + each.format(pages=f"{pages:.3g}"), "quiet"


def _mapping(now: Gauges, size: int) -> Iterator[tuple[str, str]]:
    if now.mapping_resident is None:
        yield _("nothing is mapped yet"), "quiet"
        return
    yield _fraction(now.mapping_resident, size), "bar"
    said = _("RSS {bytes} of {size}: pages of the page cache that the machine's page tables point to")
    yield said.format(bytes=exact_bytes(now.mapping_resident), size=about_bytes(size)), "reading"


def _consumer(now: Gauges, size: int) -> Iterator[tuple[str, str]]:
    yield _fraction(now.received, size), "bar"
    said = ngettext("{count} good message in {bytes}", "{count} good messages in {bytes}", now.messages)
    yield said.format(count=grouped(now.messages), bytes=exact_bytes(now.received)), "reading"
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
        case Place.SOCKET:
            return _("Its bytes are the kernel's: only a recv at the other end gets to see them.")
        case Place.NIC:
            return _("What is on the wire leaves no byte to look at.")
        case Place.CONSUMER | Place.PRODUCER:
            return _("A process of its own: it tells what it counted, not what it holds.")
        case _:
            return ""


def has_bytes(place: Place) -> bool:
    """Whether its bytes can be looked at."""
    return place in (Place.PAGE_CACHE, Place.MAPPING, Place.DLQ, *BUFFER_WORDS)
