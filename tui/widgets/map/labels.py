"""The words of the lines: which steps, who carries the bytes, how many, and what stands behind the figure."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from rich.cells import cell_len

from zcquest.engine.places import Evidence, Mover, Place
from zcquest.tui.widgets.map.canvas import Canvas, fit
from zcquest.tui.widgets.map.floor import Rect
from zcquest.tui.widgets.map.pens import pen_of
from zcquest.tui.widgets.map.track import Margin, Track
from zcquest.tui.widgets.map.words import about_bytes, evidence_name, mover_name, step_numbers, unmeasured_word
from zcquest.tui.widgets.map_state import MapHop, MapState


@dataclass(frozen=True, slots=True)
class _Said:
    """Hops of one bundle of which the same is to be said. They stand on the first one's line."""

    hops: Sequence[MapHop]
    track: Track

    @property
    def first(self) -> MapHop:
        return self.hops[0]

    @property
    def steps(self) -> tuple[int, ...]:
        return tuple(dict.fromkeys(step for hop in self.hops for step in hop.steps))

    @property
    def current(self) -> bool:
        return any(hop.current for hop in self.hops)


def write_labels(canvas: Canvas, bundle: Sequence[tuple[MapHop, Track]], state: MapState) -> None:
    """The words of a bundle's lines: once for all those of which the same is to be said."""
    written: set[Rect] = set()  # stretches of the lines
    for said in _said(bundle, state):
        _write(canvas, said, state, written)


def _said(bundle: Sequence[tuple[MapHop, Track]], state: MapState) -> Iterable[_Said]:
    """Lines with the same stretch to write on are told together, whichever calls will use them."""
    together: dict[tuple[object, ...], list[tuple[MapHop, Track]]] = {}
    carriers: dict[tuple[object, ...], str] = {}
    for hop, track in bundle:
        same = hop.mover, hop.evidence, bool(hop.bytes)
        carrier = _carrier([hop], state)
        if track.along:
            carrier = carriers.setdefault((*same, track.along), carrier)
        together.setdefault((*same, carrier), []).append((hop, track))
    for group in together.values():
        yield _Said([hop for hop, _ in group], group[0][1])


def _write(canvas: Canvas, said: _Said, state: MapState, written: set[Rect]) -> None:
    """Step and mover on the line itself where it has a level stretch that is free, the rest beside it."""
    ink = pen_of(said.first).ink
    who, figures = _who(said, state), _figures(said, state)
    if said.track.along and who and said.track.along not in written:
        written.add(said.track.along)
        _write_along(canvas, who, said.track.along, ink, "reverse" if said.current else "")
        who = []
    words = [word for word in (*who[:1], *figures) if word]
    stress = "bold" if said.current else ""
    fewer = [words[:count] for count in range(len(words), 0, -1)]
    choices = [_beside(canvas, some, margin) for some in fewer for margin in said.track.margins]
    for x, y, text in max(choices, key=_count, default=[]):
        canvas.write(x, y, text, ink, stress)


def _who(said: _Said, state: MapState) -> list[str]:
    """`1 CPU`, `2 ≈DMA`, or while nobody knows who will carry it `1 read`: the steps and the mover, then less."""
    mark = "▸" if said.current else ""
    steps = step_numbers(said.steps)
    words = " ".join(part for part in (steps, _carrier(said.hops, state)) if part)
    return [mark + text for text in (words, steps) if text]


def _carrier(hops: Sequence[MapHop], state: MapState) -> str:
    hop = hops[0]
    if hop.bytes and hop.mover is Mover.MIXED and hop.route.target is Place.NIC:  # nothing is shared with a card
        return f"{mover_name(Mover.CPU)}+≈{mover_name(Mover.DMA)}"
    if hop.bytes and hop.mover:
        return ("≈" if hop.evidence is Evidence.MODELLED else "") + mover_name(hop.mover)
    steps = state.plan.steps if state.plan else ()
    calls = {steps[step].call for hop in hops for step in hop.steps if step < len(steps)}
    return calls.pop() if len(calls) == 1 else ""


def _figures(said: _Said, state: MapState) -> list[str]:
    hop = said.first
    if not hop.bytes:
        return [unmeasured_word(hop, state)]
    counts = {each.bytes or 0 for each in said.hops}
    total = sum(each.bytes or 0 for each in said.hops)
    many = len(said.hops) > 1 and len(counts) == 1
    model = "≈" if hop.evidence is Evidence.MODELLED else ""
    shown = f"{model}{len(said.hops)}×{about_bytes(counts.pop())}" if many else f"{model} {about_bytes(total)}".strip()
    return [shown, evidence_name(hop.evidence) if hop.evidence else ""]


def _write_along(canvas: Canvas, choices: list[str], space: Rect, ink: str, stress: str) -> None:
    """On the line: the first that leaves some of it, between blanks where they leave some too."""
    words = next((words for words in choices if cell_len(words) < space.width), fit(choices[-1], space.width - 1))
    if cell_len(words) + 6 <= space.width:
        words = f" {words} "
    canvas.write(space.x + (space.width - cell_len(words)) // 2, space.y, words, ink, stress)


_Placed = list[tuple[int, int, str]]


def _beside(canvas: Canvas, words: list[str], margin: Margin) -> _Placed:
    """Where the words may stand, from the first to the last that there is room for, row by row."""
    placed: _Placed = []
    lines = _lines(words, margin)
    for space in margin.lines:
        text = lines[len(placed)]
        width = cell_len(text)
        start = space.x + {"left": 0, "center": (space.width - width) // 2, "right": space.width - width}[margin.align]
        if width <= space.width and _apart(canvas, start, space.y, width):
            placed.append((start, space.y, text))
        elif placed:
            break
        if len(placed) == len(lines):
            break
    return placed


def _apart(canvas: Canvas, x: int, y: int, width: int) -> bool:
    """Whether nothing is on these cells, nor other words directly beside them."""
    beside = canvas.at(x - 1, y).text + canvas.at(x + width, y).text
    return canvas.free(x, y, width) and not any(character.isalnum() for character in beside)


def _count(placed: _Placed) -> int:
    """How much is said."""
    return sum(cell_len(text) for _, _, text in placed)


def _lines(words: list[str], margin: Margin) -> list[str]:
    """The words on as many lines as there are, two on one where there are too few."""
    lines = words.copy()
    while len(lines) > len(margin.lines) > 0 and cell_len(" ".join(lines[:2])) <= margin.lines[0].width:
        lines[:2] = [" ".join(lines[:2])]
    return lines
