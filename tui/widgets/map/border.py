"""The border between kernel and user as a widget of its own: a flash draws its cells again, and no others."""

from __future__ import annotations

from collections.abc import Callable

from textual.events import Click
from textual.strip import Strip
from textual.widget import Widget


class Border(Widget):
    """Lies over the map's columns at its place and shows what the map has there: `strip` gives a row of it."""

    DEFAULT_CSS = """
    Border { position: absolute; width: 2; height: 100%; display: none; }
    """

    def __init__(self, strip: Callable[[int], Strip]) -> None:
        super().__init__()
        self._strip = strip

    def stand_at(self, column: int | None) -> None:
        """Where the map's border is; None: it has none."""
        self.display = column is not None
        if column is not None:
            self.styles.offset = (column, 0)

    def render_line(self, y: int) -> Strip:
        return self._strip(y)

    def on_click(self, event: Click) -> None:
        event.stop()  # there is nothing to open
