"""The keys of a screen at length, each with what it does; what cannot be done now is faint. A click does it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

from textual.content import Content
from textual.dom import DOMNode
from textual.events import Click
from textual.message import Message
from textual.screen import Screen
from textual.widgets import Static

from zcquest.tui.widgets.columns import left


@dataclass(frozen=True, slots=True)
class Told:
    """The keys of an action, and what it does; `node` carries it out."""

    keys: str
    tooltip: str
    enabled: bool
    action: str
    node: DOMNode


class KeyLines(Static):
    """One line an action, the words in a column."""

    DEFAULT_CSS = "KeyLines { height: auto; text-wrap: nowrap; text-overflow: ellipsis; }"

    @dataclass
    class Chosen(Message):
        """A click on the line of something that can be done now."""

        told: Told

    def __init__(self) -> None:
        super().__init__(markup=False)
        self._told: Sequence[Told] = ()

    def show(self, told: Sequence[Told]) -> None:
        self._told = told
        width = max((Content(line.keys).cell_length for line in told), default=0) + 3
        self.update(Content("\n").join(_line(line, width) for line in told))

    def on_click(self, event: Click) -> None:
        if event.y < len(self._told):
            told = self._told[event.y]
            if told.enabled:
                self.post_message(self.Chosen(told))
            else:
                self.app.bell()


def _line(told: Told, width: int) -> Content:
    if not told.enabled:
        return Content.assemble(left(told.keys, width), told.tooltip).stylize("$quiet")
    return Content.assemble(left(told.keys, width).stylize("bold $accent"), told.tooltip)


def told_of(screen: Screen[Any]) -> list[Told]:
    """Every action of the screen that has a tooltip, in the order of the line of keys."""
    keys: dict[str, list[str]] = {}
    found: dict[str, Told] = {}
    for active in screen.active_bindings.values():
        if tooltip := active.tooltip or active.binding.tooltip:
            action, shown = active.binding.action, screen.app.get_key_display(active.binding)
            name = action.removeprefix("app.")
            displays = keys.setdefault(name, [])
            if shown not in displays:
                displays.append(shown)
            found.setdefault(name, Told("", tooltip, active.enabled, action, active.node))
    return [replace(told, keys=" ".join(keys[name])) for name, told in found.items()]
