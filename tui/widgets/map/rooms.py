"""What each room of the map reads: a few short lines, the most telling first, for there may be room for no more."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from typing import TYPE_CHECKING

from rich.cells import cell_len

from zcquest.engine.calls import CALLS
from zcquest.engine.pagecache import Residency
from zcquest.engine.places import Place
from zcquest.levels.language import gettext as _
from zcquest.levels.language import ngettext, say
from zcquest.tui.widgets.map.bars import bar, cache_bar
from zcquest.tui.widgets.map.cast import BUFFER_WORDS, MEMORY_WORDS
from zcquest.tui.widgets.map.words import about_bytes, acknowledged_words, brief_bytes, exact_bytes, rejected_words
from zcquest.tui.widgets.map_state import LOOPBACK, MapState
from zcquest.tui.widgets.wording import grouped

if TYPE_CHECKING:
    from zcquest.levels.report import SceneReport

LOG_NAME = "orders-0"
_SHORT_BAR = 4  # cells


def readings(place: Place, state: MapState, width: int, others: Collection[Place] = ()) -> list[tuple[str, str]]:
    """The room's lines and the ink of each, `others` being on the map too; a bar takes `width` cells."""
    alone = not any(place in BUFFER_WORDS for place in others)
    lines = _one_of_buffers(place, state) if place in BUFFER_WORDS and not alone else _READINGS[place](state, width)
    return [(text, ink) for text, ink in lines if text]


def _disk(state: MapState, width: int) -> Iterable[tuple[str, str]]:
    yield LOG_NAME, "reading"
    yield about_bytes(state.size) if state.size else "", "reading"
    if state.gauges:
        yield _("read {bytes}").format(bytes=about_bytes(state.gauges.disk_read)), "quiet"


def _page_cache(state: MapState, width: int) -> Iterable[tuple[str, str]]:
    start = _("empty at first") if state.receiving else _("cold start") if state.cold else _("warm start")
    if not state.gauges:
        yield start, "quiet"
        return
    yield cache_bar(state.gauges.cache_map, width, state.asked), "bar"
    if cache := state.gauges.cache:
        yield _pages(cache, width), "reading"
    yield start, "quiet"


def _pages(cache: Residency, width: int) -> str:
    """As much as fits: `16/16 pages`, `16/16`, `100 %`."""
    share = f"{cache.pages}/{cache.total}"
    percent = f"{100 * cache.pages // max(cache.total, 1)} %"
    return _fitting(width, _("{share} pages").format(share=share), share, percent)


def _fitting(width: int, *texts: str) -> str:
    """The first of the texts for which there is room, else the last."""
    return next((text for text in texts if cell_len(text) <= width), texts[-1])


def _mapping(state: MapState, width: int) -> Iterable[tuple[str, str]]:
    resident = state.gauges.mapping_resident if state.gauges else None
    if resident is not None:
        yield bar(resident / state.size if state.size else 0, width), "bar"
        yield _("RSS {bytes}").format(bytes=about_bytes(resident)), "reading"
    yield from _work(Place.MAPPING, state)
    yield _("same pages"), "quiet"


def _buffer(state: MapState, width: int) -> Iterable[tuple[str, str]]:
    """The only buffer: the engine's readings are of all buffers together."""
    capacity = state.gauges.buffer if state.gauges else state.scene.buffer if state.scene else 0
    if state.gauges and capacity:
        yield bar(state.gauges.buffer_pending / capacity, width), "bar"
        waiting = state.gauges.buffer_pending
        told = [_("{bytes} unsent").format(bytes=size(waiting)) for size in (about_bytes, brief_bytes)]
        yield _fitting(width, *told), "reading"
    yield from _work(Place.BUFFER, state)
    yield _("buf {bytes}").format(bytes=about_bytes(capacity)) if capacity else _("your copy"), "quiet"


def _one_of_buffers(place: Place, state: MapState) -> Iterable[tuple[str, str]]:
    yield from _work(place, state)
    yield _("your copy"), "quiet"


def _pipe(state: MapState, width: int) -> Iterable[tuple[str, str]]:
    now = state.gauges
    return _filled(now.pipe_fill if now else None, now.pipe_size if now else None, width)


def _second_pipe(state: MapState, width: int) -> Iterable[tuple[str, str]]:
    now = state.gauges
    return _filled(now.pipe2_fill if now else None, now.pipe2_size if now else None, width)


def _filled(count: int | None, capacity: int | None, width: int) -> Iterable[tuple[str, str]]:
    """A figure with a bar before it where both fit, for a pipe's room may have one line."""
    if count is None or not capacity:
        yield _fitting(width, _("page references"), _("pages")), "quiet"
        return
    told = f"{brief_bytes(count)}/{brief_bytes(capacity)}"
    beside = width - len(told) - 1
    if beside >= _SHORT_BAR:
        yield f"{bar(count / capacity, beside)} {told}", "reading"
    else:
        yield told if len(told) <= width else brief_bytes(count), "reading"
        yield bar(count / capacity, width), "bar"


def _socket(state: MapState, width: int) -> Iterable[tuple[str, str]]:
    if not state.gauges:
        address = "127.0.0.1" if state.card == LOOPBACK else "192.0.2.2"
        yield _fitting(width, _("TCP, {address}").format(address=address), address), "quiet"
        return
    yield _("Send-Q {bytes}").format(bytes=about_bytes(state.gauges.send_queue)), "reading"
    yield _("Recv-Q {bytes}").format(bytes=about_bytes(state.gauges.receive_queue)), "reading"


def _nic(state: MapState, width: int) -> Iterable[tuple[str, str]]:
    if state.gauges:
        sent = state.gauges.nic_sent
        yield _fitting(width, f"↑ {exact_bytes(sent)}", f"↑ {about_bytes(sent)}"), "reading"
    elif state.scene and state.scene.network:
        yield "↑ " + about_bytes(state.scene.network.sent_bytes), "reading"
    if state.scatter_gather is None:
        yield _fitting(width, _("no real card"), _("no card")), "quiet"
    else:
        yield (_("gathers") if state.scatter_gather else _("no gathering")), "quiet"


def _queue(state: MapState, width: int) -> Iterable[tuple[str, str]]:
    hops = state.scene.hops if state.scene else ()
    if state.gauges:
        yield about_bytes(state.gauges.dead_letters) if state.gauges.dead_letters else _("empty"), "reading"
        return
    arrived = sum(hop.bytes for hop in hops if hop.target == Place.DLQ)
    held = about_bytes(arrived) if arrived else _("empty")
    judged = state.scene.features.get("dlq") if state.scene else None
    if judged is None or not judged.required:
        yield held, "reading"
    elif judged.kept:
        yield f"✓ {held}", "kept"
    else:
        yield f"✗ {held}", "lost"
        yield say(judged.detail), "lost"


def _consumer(state: MapState, width: int) -> Iterable[tuple[str, str]]:
    if state.so_far:
        yield _("told at the end"), "quiet"
        return
    if state.scene is None:
        if state.gauges:
            count = state.gauges.messages
            yield (
                ngettext("{count} message", "{count} messages", count).format(count=grouped(count))
                + " · "
                + about_bytes(state.gauges.received),
                "reading",
            )
            if state.gauges.rejections:
                yield "↩ " + rejected_words(state.gauges.rejections), "lost"
        else:
            yield _("waits for the log"), "quiet"
        return
    for name in sorted(state.scene.features, key=["delivery", "checksum"].__contains__, reverse=True):
        if name != "dlq":
            yield from _judged(name, state.scene)
    if state.scene.rejections:
        yield "↩ " + rejected_words(state.scene.rejections), "quiet"


def _producer(state: MapState, width: int) -> Iterable[tuple[str, str]]:
    scene = state.scene
    if scene is None:
        told = state.gauges.received if state.gauges else 0
        yield acknowledged_words(told) if told else _("has the log"), "reading" if told else "quiet"
        return
    for name in sorted(scene.features, key=lambda each: scene.features[each].kept):
        yield from _judged(name, scene)
    yield acknowledged_words(scene.meters.payload_bytes), "quiet"


def _judged(name: str, scene: SceneReport) -> Iterable[tuple[str, str]]:
    feature = scene.features.get(name)
    if feature and (feature.required or name == "delivery"):
        yield ("✓ " if feature.kept else "✗ ") + say(feature.detail), "kept" if feature.kept else "lost"


_READINGS = {
    Place.DISK: _disk,
    Place.PAGE_CACHE: _page_cache,
    Place.MAPPING: _mapping,
    Place.BUFFER: _buffer,
    Place.BUFFER2: _buffer,
    Place.BUFFER3: _buffer,
    Place.PIPE: _pipe,
    Place.PIPE2: _second_pipe,
    Place.SOCKET: _socket,
    Place.NIC: _nic,
    Place.CONSUMER: _consumer,
    Place.PRODUCER: _producer,
    Place.DLQ: _queue,
}


def _work(place: Place, state: MapState) -> Iterable[tuple[str, str]]:
    """The plan's user-space steps that work on the bytes where they are."""
    for index, step in enumerate(state.plan.steps if state.plan else ()):
        call = CALLS[step.call]
        first = step.arguments[0].value if step.arguments else None
        if not call.system and not call.moves and first == MEMORY_WORDS[place]:
            yield f"{'▸' if index == state.cursor_step else ''}{index + 1} {call.name}", "work"
