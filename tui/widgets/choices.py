"""A list to choose from: the marked line has a sign of its own, and what a line offers can be clicked one by one."""

from __future__ import annotations

from dataclasses import dataclass

from rich.segment import Segment
from textual.content import Content
from textual.events import Click
from textual.message import Message
from textual.strip import Strip
from textual.style import Style
from textual.widgets import OptionList

_GUTTER = 2  # cells
_LOOK = "option-list--option-highlighted"
_MARKED, _MARKED_ELSEWHERE = "▸ ", "▹ "  # where the keys go, and where they would go on


class Choices(OptionList):
    """Textual's list, told apart without colours."""

    @dataclass
    class Picked(Message):
        """A click on the `offer` (see `offered`) in the line of the option `id`."""

        choices: Choices
        id: str
        offer: int

        @property
        def control(self) -> Choices:
            return self.choices

    def __init__(self, *, id: str | None = None, first_marks: bool = False) -> None:
        """With `first_marks` a click marks a line, and only another one chooses it: there is something to read."""
        super().__init__(id=id, markup=False)
        self._first_marks = first_marks

    def _get_left_gutter_width(self) -> int:
        return _GUTTER

    def render_line(self, y: int) -> Strip:
        strip = super().render_line(y)
        line = self.scroll_offset.y + y
        index, part = self._lines[line] if line < len(self._lines) else (None, 0)
        marked = index is not None and index == self.highlighted
        sign = (_MARKED if self.has_focus else _MARKED_ELSEWHERE) if marked and not part else " " * _GUTTER
        style = next((segment.style for segment in strip), None)
        strip = Strip([Segment(sign, style), *strip])
        return self._in_one_colour(strip) if marked else strip

    def _in_one_colour(self, strip: Strip) -> Strip:
        """Where the theme has the marked line reversed, the colours of its words give way."""
        look = self.get_component_rich_style(_LOOK)
        if not look.reverse:
            return strip
        return Strip(Segment.apply_style(strip, post_style=look), strip.cell_length)

    async def _on_click(self, event: Click) -> None:
        index, offer = event.style.meta.get("option"), event.style.meta.get("offer")
        if index is None:
            return
        if offer is None and self._first_marks and index != self.highlighted:
            event.prevent_default()
            if not self.get_option_at_index(index).disabled:
                self.highlighted = index
        elif offer is not None:
            event.prevent_default()
            self.highlighted = index
            self.post_message(self.Picked(self, self.get_option_at_index(index).id or "", offer))


def offered(said: Content, offer: int) -> Content:
    """The words of one thing that a line offers, under the number that a click on them has."""
    return said.stylize(Style.from_meta({"offer": offer}))


def choice(name: str, *, chosen: bool) -> Content:
    """One of several; the chosen one is marked by brackets, not by colour alone."""
    return Content.styled(f"[{name}]", "bold $accent") if chosen else Content(f" {name} ")
