"""The machine map: hardware, kernel and user zones, the places in them, and the hops that bytes take."""

from __future__ import annotations

from dataclasses import dataclass, replace
from time import monotonic

from rich.segment import Segment
from rich.style import Style
from textual.app import ComposeResult
from textual.binding import Binding
from textual.events import Click
from textual.geometry import Region
from textual.message import Message
from textual.reactive import reactive
from textual.strip import Strip
from textual.timer import Timer
from textual.widget import Widget

from zcquest.engine.places import Place
from zcquest.tui.language import N_
from zcquest.tui.widgets.map.border import Border
from zcquest.tui.widgets.map.canvas import Canvas
from zcquest.tui.widgets.map.floor import WALL, Floor
from zcquest.tui.widgets.map.flow import FLASH, FRAMES, Packet, light, spaced, stream, train, with_packets
from zcquest.tui.widgets.map.picture import draw, floor_of, tracks_of
from zcquest.tui.widgets.map.walk import neighbour, room_at
from zcquest.tui.widgets.map_state import MapState

INKS = (
    "zone", "wall", "seam", "room", "selected", "title", "reading", "quiet", "bar", "work", "kept", "lost", "crossing",
    "packet", "dma", "cpu", "shared", "unknown", "expected", "wire",
)  # fmt: skip


_SHORTEST, _LONGEST = 0.1, 0.5  # seconds between two readings over which what came between them is spread
_INSIDE = 0.4  # seconds from the flash of a call's way in to that of its way out, when no bytes are under way


class MachineMap(Widget, can_focus=True):
    """Draws one `MapState` at a time; give it the next one with `show`. Only the cells that change are drawn again.

    With motion on, what was measured between two readings is shown as packets on the lines that the bytes went.

    While it has the focus, the arrow keys go from room to room, and Enter or a click opens one.
    """

    @dataclass
    class Opened(Message):
        """The player wants to see what is in this place."""

        place: Place

    BINDINGS = [
        Binding("enter", "open", N_("Look inside"), tooltip=N_("What is in this room: its gauges, its bytes")),
        Binding("escape", "leave", N_("Leave the map"), tooltip=N_("Back to the screen's own keys")),
    ]

    COMPONENT_CLASSES = {f"machine-map--{ink}" for ink in INKS}
    DEFAULT_CSS = """
    MachineMap {
        height: 1fr;
        .machine-map--zone { color: $quiet; text-style: bold; }
        .machine-map--wall { color: $crossing; }
        .machine-map--seam { color: $frame; }
        .machine-map--room { color: $room; }
        .machine-map--selected { color: $accent; text-style: bold; }
        .machine-map--title { color: $foreground; text-style: bold; }
        .machine-map--reading { color: $foreground; }
        .machine-map--quiet { color: $quiet; }
        .machine-map--bar { color: $primary; }
        .machine-map--work { color: $accent; }
        .machine-map--kept { color: $success; }
        .machine-map--lost { color: $error; }
        .machine-map--crossing { color: $crossing; text-style: bold; }
        .machine-map--packet { color: $accent; text-style: bold; }
        .machine-map--dma { color: $dma; }
        .machine-map--cpu { color: $cpu; }
        .machine-map--shared { color: $shared; }
        .machine-map--unknown { color: $error; }
        .machine-map--expected { color: $quiet; }
        .machine-map--wire { color: $foreground; }
    }
    """

    state: reactive[MapState] = reactive(MapState, repaint=False)
    selected: reactive[Place] = reactive(Place.PAGE_CACHE, repaint=False)

    def __init__(self, *, id: str | None = None, classes: str | None = None) -> None:
        super().__init__(id=id, classes=classes)
        self._floor: Floor | None = None
        self._border = Border(self._border_strip)
        self._picture = Canvas(0, 0)  # without what moves over it
        self._canvas = self._picture
        self._packets: list[Packet] = []
        self._flashes: list[float] = []
        self._read_at = 0.0
        self._frames: Timer | None = None
        self._styles: dict[tuple[str, str], Style] = {}  # found out once: a frame asks for hundreds of them

    def compose(self) -> ComposeResult:
        yield self._border

    def show(self, state: MapState) -> None:
        """Draw `state` from now on."""
        self.state = state

    def retranslate(self) -> None:
        """Say everything again: the language has changed."""
        self._redraw()

    def watch_state(self, before: MapState, after: MapState) -> None:
        if after.gauges is None:
            self._stop_flow()
        elif before.gauges is not after.gauges:
            self._set_flowing()
        self._redraw()

    def tick(self, calls: int) -> None:
        """The machine has made so many calls by now; the other readings stay until the next state."""
        if self.size and self.state.gauges and calls > self.state.gauges.calls:
            now = replace(self.state, gauges=replace(self.state.gauges, calls=calls))
            self._picture = draw(now, *self.size, self.selected if self.has_focus else None)
            self._draw_over()

    @property
    def moving(self) -> bool:
        """Whether anything is under way on the map."""
        return self._frames is not None

    def _set_flowing(self) -> None:
        """Send packets where bytes went since the reading before, unless the player wants no motion."""
        now = monotonic()
        since, self._read_at = now - self._read_at, now
        state = self.state
        if not self.size or self.app.animation_level != "full" or not (state.moved or state.streams or state.crossed):
            return
        ways = tracks_of(state, *self.size)
        sent = train((ways[route] for route in state.moved if route in ways), now)
        crossings = [now, max((packet.arrives for packet in sent), default=now + _INSIDE)] if state.crossed else []
        for flow in state.streams:
            if flow.route in ways:
                sent += stream(ways[flow.route], flow.calls, now, min(max(since, _SHORTEST), _LONGEST))
                crossings = crossings[:1]
        self._packets += sent
        self._flashes = spaced([*self._flashes, *crossings])
        if self._frames is None:
            self._frames = self.set_interval(1 / FRAMES, self._redraw_flow)

    def _redraw_flow(self) -> None:
        now = monotonic()
        self._packets = [packet for packet in self._packets if now < packet.arrives]
        over = not self._packets and all(now >= at + FLASH for at in self._flashes)
        if over:
            self._stop_flow()
        self._draw_over()

    def _stop_flow(self) -> None:
        self._packets, self._flashes = [], []
        if self._frames:
            self._frames.stop()
            self._frames = None

    def watch_selected(self) -> None:
        self._redraw()

    def watch_has_focus(self, value: bool) -> None:
        super().watch_has_focus(value)
        self._redraw()

    @property
    def floor(self) -> Floor | None:
        """Where the rooms stand; None while there is no room for them."""
        return floor_of(self.state, *self.size) if self.size else None

    def walk(self, way: str) -> None:
        """To the next room `way`: left, right, up or down."""
        floor = self.floor
        if floor is None:
            return
        if self.selected not in floor.rooms:
            self.selected = Place.PAGE_CACHE
        self.selected = neighbour(floor, self.selected, way)

    def action_open(self) -> None:
        floor = self.floor
        if floor is None or self.selected in floor.rooms:
            self.post_message(self.Opened(self.selected))

    def action_leave(self) -> None:
        self.screen.set_focus(None)

    def on_click(self, event: Click) -> None:
        if event.button != 1:
            return
        floor = self.floor
        at = event.screen_offset - self.region.offset
        if floor and (place := room_at(floor, *at)):
            self.selected = place
            self.action_open()

    def on_resize(self) -> None:
        self._stop_flow()
        self._redraw()

    def render_line(self, y: int) -> Strip:
        return self._strip(y, 0, self.size.width)

    def _border_strip(self, y: int) -> Strip:
        return self._strip(y, self._floor.wall, self._floor.gate) if self._floor else Strip.blank(WALL)

    def _strip(self, y: int, start: int, end: int) -> Strip:
        if y >= self._canvas.height or self._canvas.width != self.size.width:
            return Strip.blank(end - start, self._style("", ""))
        runs = self._canvas.runs(y, start, end)
        return Strip([Segment(text, self._style(ink, stress)) for text, ink, stress in runs], end - start)

    def _redraw(self) -> None:
        size = self.size
        if not size:
            return
        self._picture = draw(self.state, *size, self.selected if self.has_focus else None)
        self._floor = self.floor
        self._border.stand_at(self._floor.wall if self._floor else None)
        self._draw_over()

    def _draw_over(self) -> None:
        """Show the picture with the packets where they are now; only the cells that change are drawn again."""
        size, before, after = self.size, self._canvas, self._picture
        if self._frames:
            now = monotonic()
            after = with_packets(after, self._packets, now)
            if self._floor and any(at <= now < at + FLASH for at in self._flashes):
                light(after, range(self._floor.wall, self._floor.gate))
        self._canvas = after
        if (before.width, before.height) != tuple(size):
            self.refresh()
            self._border.refresh()
            return
        wall = (self._floor.wall, self._floor.gate) if self._floor else (size.width, size.width)
        if changed := [*_changes(before, after, 0, wall[0]), *_changes(before, after, wall[1], size.width)]:
            self.refresh(*changed)
        if crossed := _changes(before, after, *wall):
            self._border.refresh(*(region.translate((-wall[0], 0)) for region in crossed))

    def styles_by_ink(self) -> dict[str, Style]:
        """The colours of each ink in the theme in use, for a picture elsewhere; without a background."""
        styles = {ink: self.get_component_rich_style(f"machine-map--{ink}") for ink in INKS}
        return {ink: Style(color=style.color, bold=style.bold) for ink, style in styles.items()}

    def notify_style_update(self) -> None:
        super().notify_style_update()
        self._styles.clear()

    def _style(self, ink: str, stress: str) -> Style:
        if (found := self._styles.get((ink, stress))) is None:
            found = self.get_component_rich_style(f"machine-map--{ink}") if ink else self.rich_style
            found = self._styles[ink, stress] = found + Style.parse(stress) if stress else found
        return found


def _changes(before: Canvas, after: Canvas, left: int, right: int) -> list[Region]:
    """The stretch of each row, from column `left` to `right`, in which the two differ, whole wide characters only."""
    regions = []
    for y in range(after.height):
        old, new = before.row(y)[left:right], after.row(y)[left:right]
        if old == new:
            continue
        differing = [x for x, (one, other) in enumerate(zip(old, new, strict=True), left) if one != other]
        start, end = max(differing[0] - 1, left), min(differing[-1] + 2, right)
        regions.append(Region(start, y, end - start, 1))
    return regions
