"""The map's picture of one state: zones, rooms, lines and their words on a canvas."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping

from rich.cells import cell_len

from zcquest.engine.places import Place, Route
from zcquest.levels.language import gettext as _
from zcquest.levels.language import ngettext
from zcquest.tui.widgets.map.canvas import Canvas, fit, wrap
from zcquest.tui.widgets.map.cast import BUFFER_WORDS, rooms_of
from zcquest.tui.widgets.map.floor import WALL, Floor, Ladder, Rect
from zcquest.tui.widgets.map.labels import write_labels
from zcquest.tui.widgets.map.layout import arrange
from zcquest.tui.widgets.map.pens import SEAM_LINE, WALL_LINE, draw_lines, pen_of
from zcquest.tui.widgets.map.rooms import readings
from zcquest.tui.widgets.map.routes import bundle_of, tracks
from zcquest.tui.widgets.map.rungs import caption, rung
from zcquest.tui.widgets.map.track import Track
from zcquest.tui.widgets.map.words import description, ladder_name, place_name
from zcquest.tui.widgets.map_state import MapHop, MapState, map_hops
from zcquest.tui.widgets.wording import grouped, place_word

_TALKING = (Place.CONSUMER, Place.PRODUCER, Place.DLQ)  # rooms whose readings are sentences


def floor_of(state: MapState, width: int, height: int) -> Floor | None:
    """Where the rooms that `state` needs stand; None in a pane too small for them."""
    return arrange(width, height, rooms_of(state, map_hops(state)))


def tracks_of(state: MapState, width: int, height: int) -> dict[Route, Track]:
    """The lines of the hops that `state` shows, by their routes."""
    floor = floor_of(state, width, height)
    return tracks(floor, [hop.route for hop in map_hops(state)]) if floor else {}


def draw(state: MapState, width: int, height: int, selected: Place | None = None) -> Canvas:
    """The picture of `state`, the room `selected` marked; in a pane too small for one, its description."""
    hops = map_hops(state)
    canvas = Canvas(width, height)
    floor = floor_of(state, width, height)
    if floor is None:
        _draw_list(canvas, state)
        return canvas
    _draw_zones(canvas, floor)
    for place, room in floor.rooms.items():
        if room.height > 1:
            _draw_room(canvas, room, place, state, floor.rooms.keys() - {place}, place is selected)
    for ladder in floor.ladders:
        _draw_ladder(canvas, ladder, state, selected)
    bundles = _bundles(hops, tracks(floor, [hop.route for hop in hops]))
    for bundle in bundles:
        lines = [(track.cells, pen_of(hop), "bold" if hop.current else "") for hop, track in bundle]
        draw_lines(canvas, lines, range(floor.wall, floor.gate))
    if floor.ghost and hops:
        _draw_ghost(canvas, floor.ghost)
    _draw_counters(canvas, floor.counters, state)
    for bundle in bundles:
        write_labels(canvas, bundle, state)
    _draw_seam(canvas, floor)
    return canvas


def _bundles(hops: Iterable[MapHop], ways: Mapping[Route, Track]) -> list[list[tuple[MapHop, Track]]]:
    """The hops that have a line, with it; those that may share a trunk together."""
    bundles: dict[tuple[Place, Place], list[tuple[MapHop, Track]]] = {}
    for hop in hops:
        if hop.route in ways:
            bundles.setdefault(bundle_of(hop.route), []).append((hop, ways[hop.route]))
    return list(bundles.values())


def _draw_list(canvas: Canvas, state: MapState) -> None:
    lines = [line for sentence in description(state) for line in wrap(sentence, canvas.width)]
    for y, line in enumerate(lines[: canvas.height]):
        canvas.write(0, y, line, "reading")


def _draw_seam(canvas: Canvas, floor: Floor) -> None:
    """Between hardware and kernel, where nothing else stands."""
    for y in range(floor.seam_end):
        if canvas.free(floor.seam, y, 1):
            canvas.put(floor.seam, y, SEAM_LINE, "seam")


def _draw_zones(canvas: Canvas, floor: Floor) -> None:
    for y in range(floor.height):
        canvas.write(floor.wall, y, WALL_LINE * WALL, "wall")
    for zone, title in zip(floor.zones, (_("HARDWARE"), _("KERNEL"), _("USER")), strict=True):
        text = fit(title, zone.width)
        canvas.write(zone.x + (zone.width - cell_len(text)) // 2, zone.y, text, "zone")


_FRAME, _HEAVY = tuple("╭─╮│╰╯"), tuple("┏━┓┃┗┛")


def _draw_frame(canvas: Canvas, room: Rect, title: str, selected: bool = False) -> None:
    ink = "selected" if selected else "room"
    left, level, right, upright, low_left, low_right = _HEAVY if selected else _FRAME
    canvas.write(room.x, room.y, left + level * (room.width - 2) + right, ink)
    for y in range(room.y + 1, room.bottom - 1):
        canvas.put(room.x, y, upright, ink)
        canvas.put(room.right - 1, y, upright, ink)
    canvas.write(room.x, room.bottom - 1, low_left + level * (room.width - 2) + low_right, ink)
    text = fit(f"▸{title} " if selected else f" {title} ", room.width - 3)
    canvas.write(room.x + 2, room.y, text, "selected" if selected else "title", "reverse" if selected else "")


def _draw_room(
    canvas: Canvas, room: Rect, place: Place, state: MapState, others: Collection[Place], selected: bool
) -> None:
    several = place in BUFFER_WORDS and any(other in BUFFER_WORDS for other in others)
    name = place_name(place, state.card)
    if several or cell_len(name) > room.width - 5:
        name = place_word(place)
    _draw_frame(canvas, room, name, selected)
    inner = room.width - 4
    lines = [(line, ink) for text, ink in readings(place, state, inner, others) for line in _fold(place, text, inner)]
    rows = range(room.y + 1, room.bottom - 1)
    for y, (text, ink) in zip(rows, lines, strict=False):
        cut = y == rows[-1] and len(lines) > len(rows) and place in _TALKING
        canvas.write(room.x + 2, y, fit(text + " …", inner) if cut else text, ink)


def _draw_ladder(canvas: Canvas, ladder: Ladder, state: MapState, selected: Place | None) -> None:
    frame, inner = ladder.frame, ladder.frame.width - 4
    _draw_frame(canvas, frame, ladder_name(ladder.places[0]))
    below, ink = caption(ladder.places[0], state)
    if below:
        canvas.write(frame.x + 2, frame.bottom - 1, f" {fit(below, frame.width - 5)} ", ink)
    for place, room in ladder.rungs.items():
        if room.y > frame.y + 1 and ladder.pitch > 1:
            canvas.write(frame.x, room.y - 1, "├" + "─" * (frame.width - 2) + "┤", "room")
        chosen = place is selected
        x = frame.x + 2
        for text, ink in rung(place, state, inner):
            canvas.write(x, room.y, text, "selected" if chosen else ink, "reverse" if chosen else "")
            x += cell_len(text)
        if chosen:
            canvas.write(frame.x + 1, room.y, "▸", "selected", "reverse")
            canvas.write(x, room.y, " " * (frame.right - 1 - x), "selected", "reverse")


def _fold(place: Place, text: str, width: int) -> list[str]:
    """Sentences may take several lines."""
    return wrap(text, width) if place in _TALKING else [fit(text, width)]


def _draw_ghost(canvas: Canvas, space: Rect) -> None:
    lines = wrap(_("No byte of the log comes up here."), space.width)
    for y, line in enumerate(lines[: space.height], space.middle - len(lines) // 2):
        canvas.write(space.x + (space.width - cell_len(line)) // 2, y, line, "quiet")


def _draw_counters(canvas: Canvas, space: Rect, state: MapState) -> None:
    for y, (text, ink) in zip(range(space.y, space.bottom), _counters(state), strict=False):
        canvas.write(space.x, y, fit(text, space.width), ink)


def _counters(state: MapState) -> Iterable[tuple[str, str]]:
    if scene := state.scene:
        count = scene.switches
        yield "⇅ " + ngettext("{count} switch", "{count} switches", count).format(count=grouped(count)), "crossing"
        faults = scene.user_faults
        yield ngettext("{count} user fault", "{count} user faults", faults).format(count=grouped(faults)), "quiet"
        faults = scene.kernel_faults
        yield ngettext("{count} kernel fault", "{count} kernel faults", faults).format(count=grouped(faults)), "quiet"
    elif state.gauges:
        count = state.gauges.calls
        yield "⇅ " + ngettext("{count} call", "{count} calls", count).format(count=grouped(count)), "crossing"
