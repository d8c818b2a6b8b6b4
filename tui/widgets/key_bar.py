"""The line of keys at the foot of a screen or dialogue: as many as there is room for, those that matter most first."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from rich.cells import cell_len
from rich.segment import Segment
from textual.binding import ActiveBinding
from textual.dom import DOMNode
from textual.events import Click, Leave, MouseMove
from textual.geometry import Size
from textual.reactive import reactive
from textual.screen import Screen
from textual.strip import Strip
from textual.widget import Widget

ALWAYS = ("back", "close", "stop", "leave", "help", "toggle_language")  # who has these finds everything else
SPARED = ("command_palette", "codex", "word")  # the first to go where room is short, in this order
ROOMY = 100  # cells from which keys stand three cells apart instead of two


@dataclass(frozen=True, slots=True)
class Key:
    """A key as the bar shows it. `enabled` is false for what cannot be done now; `node` carries `action` out."""

    display: str
    description: str
    enabled: bool
    tooltip: str
    action: str
    node: DOMNode

    @property
    def cells(self) -> int:
        return cell_len(self.display) + 1 + cell_len(self.description)

    @property
    def name(self) -> str:
        """The action without the one that has it: `help` for `app.help`."""
        return self.action.rpartition(".")[2]


def fitting(keys: Sequence[Key], room: int, gap: int) -> list[Key]:
    """Those of `keys` that stand in `room` cells, `gap` cells apart.

    Where there are too many those SPARED go, then what cannot be done now, then the last ones; never one of ALWAYS.
    """
    shown = list(keys)
    leaving = [key for name in SPARED for key in keys if key.name == name]
    others = [key for key in reversed(keys) if key.name not in (*SPARED, *ALWAYS)]
    for key in (*leaving, *sorted(others, key=lambda key: key.enabled)):
        if _width(shown, gap) <= room:
            break
        shown.remove(key)
    return shown


def _width(keys: Iterable[Key], gap: int) -> int:
    return sum(key.cells + gap for key in keys) - gap


class KeyBar(Widget):
    """One widget, drawn anew when the screen's bindings change; a click does what the key would."""

    ALLOW_SELECT = False
    COMPONENT_CLASSES = {f"key-bar--{part}" for part in ("key", "said", "disabled", "pointed")}
    DEFAULT_CSS = """
    KeyBar {
        dock: bottom;
        height: 1;
        padding: 0 1;
        background: $footer-background;
        .key-bar--key { color: $footer-key-foreground; text-style: bold; }
        .key-bar--said { color: $footer-description-foreground; }
        .key-bar--disabled { color: $quiet; }
        .key-bar--pointed { text-style: reverse; }
    }
    """

    keys: reactive[tuple[Key, ...]] = reactive(())
    pointed: reactive[Key | None] = reactive(None)

    def __init__(self, *, palette: bool = True) -> None:
        """`palette` says whether the key of the command palette has a place in it."""
        super().__init__()
        self._palette = palette
        self._asked = False

    def on_mount(self) -> None:
        self.screen.bindings_updated_signal.subscribe(self, self._bindings_changed)
        self._look(self.size)

    def on_resize(self) -> None:
        self._look(self.size)

    def _bindings_changed(self, screen: Screen[object]) -> None:
        """Looked at once for all that changes together. Not after the next refresh: that is the topmost screen's, and
        what waits for one that closes is never called."""
        if self.is_attached and screen.app.app_focus and not self._asked:
            self._asked = True
            self.call_later(self._follow)

    def _follow(self) -> None:
        self._asked = False
        if self.is_attached:
            self._look(self.size)

    def _look(self, size: Size) -> None:
        if size:
            self.keys = tuple(fitting(self._all_keys(), size.width, self._gap))

    @property
    def _gap(self) -> int:
        return 3 if self.size.width >= ROOMY else 2

    def _all_keys(self) -> list[Key]:
        """One key an action, in the order of the bindings; the palette's last.

        F1 has a place where a text has the focus, and `?` is a letter in it.
        """
        found: dict[str, Key] = {}
        bindings = self.screen.active_bindings
        for active in bindings.values():
            key = self._key(active)
            shown = active.binding.show or (key.name == "help" and "question_mark" not in bindings)
            if self._palette if key.name == "command_palette" else shown:
                found.setdefault(key.action, key)
        return sorted(found.values(), key=lambda key: key.name == "command_palette")

    def _key(self, active: ActiveBinding) -> Key:
        binding = active.binding
        display = self.app.get_key_display(binding)
        said = active.tooltip or binding.tooltip
        return Key(display, binding.description, active.enabled, said, binding.action, active.node)

    # Drawing

    def places(self) -> list[tuple[int, Key]]:
        """Where each key begins, in cells of the content; the palette's stands at the right edge."""
        placed, at = [], 0
        for key in self.keys:
            if key.name == "command_palette":
                at = max(at, self.size.width - key.cells)
            placed.append((at, key))
            at += key.cells + self._gap
        return placed

    def render_line(self, y: int) -> Strip:
        base = self.rich_style
        strip = Strip([])
        for at, key in self.places():
            look = [self.get_component_rich_style(f"key-bar--{part}") for part in ("key", "said")]
            if not key.enabled:
                look = [self.get_component_rich_style("key-bar--disabled")] * 2
            elif key == self.pointed:
                look = [style + self.get_component_rich_style("key-bar--pointed", partial=True) for style in look]
            strip = strip.extend_cell_length(at, base)
            parts = [Segment(key.display, look[0]), Segment(" ", base), Segment(key.description, look[1])]
            strip = Strip([*strip, *parts])
        return strip.adjust_cell_length(self.size.width, base)

    # Mouse

    def key_at(self, x: int) -> Key | None:
        """The key at a cell of the content."""
        return next((key for at, key in self.places() if at <= x < at + key.cells), None)

    def on_mouse_move(self, event: MouseMove) -> None:
        key = self.key_at(event.x - self.styles.padding.left)
        if key != self.pointed:
            self.pointed = key
            self.tooltip = key.tooltip if key else None

    def on_leave(self, _event: Leave) -> None:
        self.pointed = None

    async def on_click(self, event: Click) -> None:
        key = self.key_at(event.x - self.styles.padding.left)
        if key is None:
            return
        if key.enabled:
            await self.app.run_action(key.action, key.node)
        else:
            self.app.bell()
