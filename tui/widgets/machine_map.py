"""The machine map: hardware, kernel and user zones, the places in them, and the hops that bytes take."""

from __future__ import annotations

from textual.reactive import reactive
from textual.strip import Strip
from textual.widget import Widget

from zcquest.tui.widgets.map_state import MapState


class MachineMap(Widget):
    """Draws one `MapState` at a time; give it the next one with `show`."""

    state: reactive[MapState] = reactive(MapState, repaint=False)

    def show(self, state: MapState) -> None:
        """Draw `state` from now on."""
        self.state = state

    def watch_state(self) -> None:
        self.refresh()

    def render_line(self, y: int) -> Strip:
        return Strip.blank(self.size.width, self.rich_style)
