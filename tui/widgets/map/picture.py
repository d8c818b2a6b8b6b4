"""The map's picture of one state: zones, rooms, lines and their words on a canvas."""

from __future__ import annotations

from collections.abc import Collection, Iterable

from rich.cells import cell_len

from zcquest.engine.calls import CALLS
from zcquest.engine.places import Evidence, Mover, Place, Route
from zcquest.levels.language import gettext as _
from zcquest.levels.language import ngettext
from zcquest.tui.widgets.map.canvas import Canvas, fit, wrap
from zcquest.tui.widgets.map.layout import WALL, Floor, Rect, arrange
from zcquest.tui.widgets.map.pens import SEAM_LINE, WALL_LINE, draw_line, pen_of
from zcquest.tui.widgets.map.rooms import BUFFER_WORDS, MEMORY_WORDS, readings
from zcquest.tui.widgets.map.routes import Margin, Track, tracks
from zcquest.tui.widgets.map.words import (
    about_bytes,
    description,
    evidence_name,
    mover_name,
    place_name,
    step_numbers,
    unmeasured_word,
)
from zcquest.tui.widgets.map_state import MapHop, MapState, map_hops
from zcquest.tui.widgets.wording import grouped

_TALKING = (Place.CONSUMER, Place.PRODUCER, Place.DLQ)  # rooms whose readings are sentences
_TALL = 8  # rows from which on a room's readings stand in its middle


def floor_of(state: MapState, width: int, height: int) -> Floor | None:
    """Where the rooms that `state` needs stand; None in a pane too small for them."""
    hops = map_hops(state)
    return arrange(width, height, _memories(state, hops), _has_queue(state, hops), state.peer)


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
        _draw_room(canvas, room, place, state, floor.rooms.keys() - {place}, place is selected)
    ways = tracks(floor, [hop.route for hop in hops])
    drawn = [(hop, ways[hop.route]) for hop in hops if hop.route in ways]
    for hop, track in drawn:
        draw_line(canvas, track.cells, pen_of(hop), "bold" if hop.current else "")
    for hop, track in drawn:
        _label(canvas, hop, track, state)
    if floor.ghost and hops:
        _draw_ghost(canvas, floor.ghost)
    _draw_counters(canvas, floor.counters, state)
    return canvas


def _memories(state: MapState, hops: Iterable[MapHop]) -> tuple[Place, ...]:
    """The user-space places that the plan has to do with; the buffer where there is no plan yet."""
    touched = {place for hop in hops for place in (hop.route.source, hop.route.target)}
    steps = state.plan.steps if state.plan else ()
    words = {argument.value for step in steps if not CALLS[step.call].system for argument in step.arguments}
    touched |= {place for place, word in MEMORY_WORDS.items() if word in words}
    return tuple(place for place in MEMORY_WORDS if place in touched) or (() if steps else (Place.BUFFER,))


def _has_queue(state: MapState, hops: Iterable[MapHop]) -> bool:
    """Whether the plan names the DLQ, or bytes went there."""
    steps = state.plan.steps if state.plan else ()
    named = any(argument.value == "dlq" for step in steps for argument in step.arguments)
    return named or any(Place.DLQ in (hop.route.source, hop.route.target) for hop in hops)


def _draw_list(canvas: Canvas, state: MapState) -> None:
    lines = [line for sentence in description(state) for line in wrap(sentence, canvas.width)]
    for y, line in enumerate(lines[: canvas.height]):
        canvas.write(0, y, line, "reading")


def _draw_zones(canvas: Canvas, floor: Floor) -> None:
    for y in range(floor.seam_end):
        canvas.put(floor.seam, y, SEAM_LINE, "seam")
    for y in range(floor.height):
        canvas.write(floor.wall, y, WALL_LINE * WALL, "wall")
    for zone, title in zip(floor.zones, (_("HARDWARE"), _("KERNEL"), _("USER")), strict=True):
        text = fit(title, zone.width)
        canvas.write(zone.x + (zone.width - cell_len(text)) // 2, zone.y, text, "zone")


_FRAME, _HEAVY = tuple("╭─╮│╰╯"), tuple("┏━┓┃┗┛")


def _draw_room(
    canvas: Canvas, room: Rect, place: Place, state: MapState, others: Collection[Place], selected: bool
) -> None:
    several = place in BUFFER_WORDS and any(other in BUFFER_WORDS for other in others)
    name = BUFFER_WORDS[place] if several else place_name(place, state.card)
    title = fit(f"▸{name} " if selected else f" {name} ", room.width - 3)
    ink = "selected" if selected else "room"
    left, level, right, upright, low_left, low_right = _HEAVY if selected else _FRAME
    canvas.write(room.x, room.y, left + level * (room.width - 2) + right, ink)
    canvas.write(room.x + 2, room.y, title, "selected" if selected else "title", "reverse" if selected else "")
    for y in range(room.y + 1, room.bottom - 1):
        canvas.put(room.x, y, upright, ink)
        canvas.put(room.right - 1, y, upright, ink)
    canvas.write(room.x, room.bottom - 1, low_left + level * (room.width - 2) + low_right, ink)
    inner = room.width - 4
    lines = [(line, ink) for text, ink in readings(place, state, inner, others) for line in _fold(place, text, inner)]
    top = max(room.y + 1, room.middle - len(lines) // 2) if room.height > _TALL else room.y + 1
    rows = range(top, room.bottom - 1)
    for y, (text, ink) in zip(rows, lines, strict=False):
        cut = y == rows[-1] and len(lines) > len(rows) and place in _TALKING
        canvas.write(room.x + 2, y, fit(text + " …", inner) if cut else text, ink)


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


def _label(canvas: Canvas, hop: MapHop, track: Track, state: MapState) -> None:
    """The hop's words: step and mover on the line itself where it has a level stretch, the rest beside it."""
    ink = pen_of(hop).ink
    who, figures = _who(hop, state), _figures(hop, state)
    if track.along and who:
        _write_along(canvas, who, track.along, ink, "reverse" if hop.current else "")
        who = []
    words = [word for word in (*who[:1], *figures) if word]
    stress = "bold" if hop.current else ""
    choices = [_beside(canvas, words, margin) for margin in track.margins]
    for x, y, text in max(choices, key=len, default=[]):
        canvas.write(x, y, text, ink, stress)


def _who(hop: MapHop, state: MapState) -> list[str]:
    """`1 CPU`, `2 ≈DMA`, or while nobody knows who will carry it `1 read`: the steps and the mover, then less."""
    mark = "▸" if hop.current else ""
    steps = step_numbers(hop.steps)
    words = " ".join(part for part in (steps, _carrier(hop, state)) if part)
    return [mark + text for text in (words, steps) if text]


def _carrier(hop: MapHop, state: MapState) -> str:
    if hop.mover is Mover.MIXED and hop.route.target is Place.NIC:  # nothing is shared with a card
        return f"{mover_name(Mover.CPU)}+≈{mover_name(Mover.DMA)}"
    if hop.mover:
        return ("≈" if hop.evidence is Evidence.MODELLED else "") + mover_name(hop.mover)
    if hop.measured or not state.plan or len(hop.steps) != 1:
        return ""
    return state.plan.steps[hop.steps[0]].call


def _figures(hop: MapHop, state: MapState) -> list[str]:
    if hop.bytes is None:
        return [unmeasured_word(hop, state)]
    model = "≈ " if hop.evidence is Evidence.MODELLED else ""
    return [model + about_bytes(hop.bytes), evidence_name(hop.evidence) if hop.evidence else ""]


def _write_along(canvas: Canvas, choices: list[str], space: Rect, ink: str, stress: str) -> None:
    """On the line: the first that leaves some of it, between blanks where they leave some too."""
    words = next((words for words in choices if cell_len(words) + 2 <= space.width), fit(choices[-1], space.width - 2))
    if cell_len(words) + 6 <= space.width:
        words = f" {words} "
    canvas.write(space.x + (space.width - cell_len(words)) // 2, space.y, words, ink, stress)


def _beside(canvas: Canvas, words: list[str], margin: Margin) -> list[tuple[int, int, str]]:
    """Where the words may stand, from the first to the last that there is room for."""
    placed = []
    for space, text in zip(margin.lines, _lines(words, margin), strict=False):
        width = cell_len(text)
        start = {"left": 0, "center": (space.width - width) // 2, "right": space.width - width}[margin.align]
        if width > space.width or not canvas.free(space.x + start, space.y, width):
            break
        placed.append((space.x + start, space.y, text))
    return placed


def _lines(words: list[str], margin: Margin) -> list[str]:
    """The words on as many lines as there are, two on one where there are too few."""
    lines = words.copy()
    while len(lines) > len(margin.lines) > 0 and cell_len(" ".join(lines[:2])) <= margin.lines[0].width:
        lines[:2] = [" ".join(lines[:2])]
    return lines
