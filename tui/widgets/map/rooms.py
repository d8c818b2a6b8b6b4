"""What each room of the map reads: a few short lines, the most telling first, for there may be room for no more."""

from __future__ import annotations

from collections.abc import Iterable

from rich.cells import cell_len

from zcquest.engine.calls import CALLS
from zcquest.engine.calls.base import BUFFERS
from zcquest.engine.pagecache import Residency
from zcquest.engine.places import Place
from zcquest.levels.language import gettext as _
from zcquest.levels.language import ngettext, say
from zcquest.tui.widgets.map.words import about_bytes, exact_bytes, mover_name, step_numbers
from zcquest.tui.widgets.map_state import MapState, hops_between_buffers, map_hops
from zcquest.tui.widgets.wording import grouped, place_word

LOG_NAME = "orders-0"
_FILLED, _HALF, _EMPTY = "█", "▒", "░"
MEMORY_WORDS = {Place.BUFFER: BUFFERS, Place.MAPPING: ("map",)}


def readings(place: Place, state: MapState, width: int) -> list[tuple[str, str]]:
    """The room's lines and the ink of each; at most `width` cells is what a bar takes."""
    lines = _READINGS[place](state, width)
    return [(text, ink) for text, ink in lines if text]


def _disk(state: MapState, width: int) -> Iterable[tuple[str, str]]:
    yield LOG_NAME, "reading"
    yield about_bytes(state.size) if state.size else "", "reading"
    if state.gauges:
        yield _("read {bytes}").format(bytes=about_bytes(state.gauges.disk_read)), "quiet"


def _page_cache(state: MapState, width: int) -> Iterable[tuple[str, str]]:
    start = _("cold start") if state.cold else _("warm start")
    if not state.gauges:
        yield start, "quiet"
        return
    yield cache_bar(state.gauges.cache_map, width), "bar"
    if cache := state.gauges.cache:
        yield _pages(cache, width), "reading"
    yield start, "quiet"


def _pages(cache: Residency, width: int) -> str:
    """As much as fits: `16/16 pages`, `16/16`, `100 %`."""
    share = f"{cache.pages}/{cache.total}"
    for text in (_("{share} pages").format(share=share), share):
        if cell_len(text) <= width:
            return text
    return f"{100 * cache.pages // cache.total} %"


def _mapping(state: MapState, width: int) -> Iterable[tuple[str, str]]:
    resident = state.gauges.mapping_resident if state.gauges else None
    if resident is not None:
        yield bar(resident / state.size if state.size else 0, width), "bar"
        yield _("RSS {bytes}").format(bytes=about_bytes(resident)), "reading"
    yield from _work(Place.MAPPING, state)
    yield _("same pages"), "quiet"


def _buffer(state: MapState, width: int) -> Iterable[tuple[str, str]]:
    capacity = state.gauges.buffer if state.gauges else state.scene.buffer if state.scene else 0
    if state.gauges and capacity:
        yield bar(state.gauges.buffer_pending / capacity, width), "bar"
        yield _("{bytes} unsent").format(bytes=about_bytes(state.gauges.buffer_pending)), "reading"
    yield from _work(Place.BUFFER, state)
    for hop in hops_between_buffers(map_hops(state)):
        mover = mover_name(hop.mover) if hop.mover else ""
        ends = f"{place_word(hop.route.source)} ► {place_word(hop.route.target)}"
        yield " ".join(part for part in (step_numbers(hop.steps), mover, ends) if part), "work"
    yield _("buf {bytes}").format(bytes=about_bytes(capacity)) if capacity else _("your copy"), "quiet"


def _socket(state: MapState, width: int) -> Iterable[tuple[str, str]]:
    if not state.gauges:
        yield _("TCP, 127.0.0.1"), "quiet"
        return
    yield _("Send-Q {bytes}").format(bytes=about_bytes(state.gauges.send_queue)), "reading"
    yield _("Recv-Q {bytes}").format(bytes=about_bytes(state.gauges.receive_queue)), "reading"


def _nic(state: MapState, width: int) -> Iterable[tuple[str, str]]:
    if state.gauges:
        sent = state.gauges.nic_sent
        exact = exact_bytes(sent)
        yield "↑ " + (exact if len(exact) + 2 <= width else about_bytes(sent)), "reading"
    yield _("no real card"), "quiet"


def _consumer(state: MapState, width: int) -> Iterable[tuple[str, str]]:
    if state.scene is None:
        if state.gauges:
            count = state.gauges.messages
            yield (
                ngettext("{count} message", "{count} messages", count).format(count=grouped(count))
                + " · "
                + about_bytes(state.gauges.received),
                "reading",
            )
        else:
            yield _("waits for the log"), "quiet"
        return
    for name in sorted(state.scene.features, key=["delivery", "checksum"].__contains__, reverse=True):
        feature = state.scene.features[name]
        if feature.required or name == "delivery":
            yield ("✓ " if feature.kept else "✗ ") + say(feature.detail), "kept" if feature.kept else "lost"


_READINGS = {
    Place.DISK: _disk,
    Place.PAGE_CACHE: _page_cache,
    Place.MAPPING: _mapping,
    Place.BUFFER: _buffer,
    Place.SOCKET: _socket,
    Place.NIC: _nic,
    Place.CONSUMER: _consumer,
}


def _work(place: Place, state: MapState) -> Iterable[tuple[str, str]]:
    """The plan's user-space steps that work on the bytes where they are."""
    for index, step in enumerate(state.plan.steps if state.plan else ()):
        call = CALLS[step.call]
        first = step.arguments[0].value if step.arguments else None
        if not call.system and not call.moves and first in MEMORY_WORDS[place]:
            yield f"{'▸' if index == state.cursor_step else ''}{index + 1} {call.name}", "work"


def bar(fraction: float, width: int) -> str:
    """A filled bar; anything at all shows at least a trace, and only all of it shows as full."""
    fraction = min(max(fraction, 0.0), 1.0)
    filled = int(fraction * width)
    trace = _HALF if fraction > 0 and filled < width else ""
    return (_FILLED * filled + trace).ljust(width, _EMPTY)


def cache_bar(stretches: tuple[float, ...], width: int) -> str:
    """What is resident along the log, from its start at the left to its end."""
    if not stretches:
        return _EMPTY * width
    cells = []
    for cell in range(width):
        start = cell * len(stretches) // width
        part = stretches[start : max(start + 1, (cell + 1) * len(stretches) // width)]
        share = sum(part) / len(part)
        cells.append(_FILLED if share == 1 else _EMPTY if share == 0 else _HALF)
    return "".join(cells)
