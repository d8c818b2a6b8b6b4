"""What the rooms of one line read: the sockets and the consumers, where there are several."""

from __future__ import annotations

from zcquest.engine.gauges import Outlet
from zcquest.engine.places import CONSUMERS, SOCKETS, Place
from zcquest.levels.language import gettext as _
from zcquest.levels.language import say
from zcquest.tui.widgets.map.bars import bar
from zcquest.tui.widgets.map.canvas import fit
from zcquest.tui.widgets.map.cast import SOCKET_WORDS
from zcquest.tui.widgets.map.words import about_bytes, brief_bytes
from zcquest.tui.widgets.map_state import MapState, map_hops
from zcquest.tui.widgets.wording import grouped, mark

_LEAST_BAR, _FIGURE = 3, 8  # cells


def rung(place: Place, state: MapState, width: int) -> list[tuple[str, str]]:
    """The room's line of `width` cells at most, in parts, and the ink of each."""
    if place in SOCKETS:
        return _socket(SOCKET_WORDS[place], outlet_of(place, state), width)
    return _consumer(place, state, width)


def caption(first: Place, state: MapState) -> tuple[str, str]:
    """What is to be said of all rooms of the ladder that begins with this place, and its ink: what their figures are,
    or how it ended."""
    if first in SOCKETS:
        return (_("Send-Q/Recv-Q") if state.gauges else ""), "quiet"
    judged = state.scene.features.get("delivery") if state.scene and not state.so_far else None
    if judged is None or state.scene is None:
        return "", "quiet"
    counts = {consumer.messages for consumer in state.scene.consumers}
    said = say(judged.detail)
    if judged.kept and len(counts) == 1:
        count = counts.pop()
        said = _("{count} each").format(count=grouped(count))
    return f"{mark(judged.kept)} {said}", "kept" if judged.kept else "lost"


def outlet_of(place: Place, state: MapState) -> Outlet | None:
    """The live readings of the connection that the place is at an end of; None where it is no socket or consumer."""
    index = next((ends.index(place) for ends in (SOCKETS, CONSUMERS) if place in ends), None)
    outlets = state.gauges.outlets if state.gauges else ()
    return outlets[index] if index is not None and index < len(outlets) else None


def _socket(name: str, live: Outlet | None, width: int) -> list[tuple[str, str]]:
    if live is None:
        return [(name, "title"), ("TCP".rjust(width - len(name)), "quiet")]
    queues = f"{brief_bytes(live.send_queue)}/{brief_bytes(live.receive_queue)}"
    return [(name, "title"), (queues.rjust(width - len(name)), "reading")]


def _consumer(place: Place, state: MapState, width: int) -> list[tuple[str, str]]:
    """`2 ██████░░ 48 KiB`: how much of the log it has received."""
    number = str(CONSUMERS.index(place) + 1)
    live = outlet_of(place, state)
    counted = next((hop.bytes for hop in map_hops(state) if hop.route.target is place), None)
    received = live.received if live else counted
    if received is None:
        words = _("told at the end") if state.so_far else _("waits for the log")
        return [(number, "title"), (" " + fit(words, width - len(number) - 1), "quiet")]
    told = " " + about_bytes(received).rjust(_FIGURE)
    left = width - len(number) - len(told) - 1
    shown = bar(received / state.size if state.size else 0, left) if left >= _LEAST_BAR else ""
    return [(number, "title"), (f" {shown}", "bar"), (told, "reading")]
