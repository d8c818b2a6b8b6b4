"""The game in one line: bytes on their way from disk to consumer. It moves unless motion is reduced."""

from __future__ import annotations

from collections.abc import Sequence

from textual.content import Content
from textual.reactive import reactive
from textual.timer import Timer
from textual.widget import Widget

from zcquest.tui.language import _

FRAMES_A_SECOND = 3
LINE = 8  # cells between two places
PACKET = 2  # cells


class Journey(Widget):
    """`disk ──━━──── page cache ──────── socket ──────── consumer`."""

    DEFAULT_CSS = """
    Journey {
        width: auto;
        height: 1;
        color: $quiet;
    }
    """

    frame: reactive[int] = reactive(0, layout=False)

    def __init__(self) -> None:
        super().__init__()
        self._timer: Timer | None = None

    def on_mount(self) -> None:
        self._timer = self.set_interval(1 / FRAMES_A_SECOND, self._tick)

    def render(self) -> Content:
        places = (_("disk"), _("page cache"), _("socket buffer"), _("consumer"))
        return journey(places, self.frame if self._moves else None)

    @property
    def _moves(self) -> bool:
        return self.app.animation_level == "full"

    def _tick(self) -> None:
        # Nobody is looking: another screen is above this one, or another window above the terminal.
        if self._moves and self.app.screen is self.screen and self.app.app_focus:
            self.frame = (self.frame + 1) % (3 * (LINE - PACKET + 1))


def journey(places: Sequence[str], frame: int | None) -> Content:
    """The places joined by lines; a packet stands where `frame` says, nowhere if None."""
    steps = LINE - PACKET + 1
    parts: list[str | tuple[str, str]] = [(places[0], "bold $foreground")]
    for index, place in enumerate(places[1:]):
        at = None if frame is None or frame // steps != index else frame % steps
        before = LINE if at is None else at
        after = 0 if at is None else LINE - PACKET - at
        parts += [" " + "─" * before, ("━" * (0 if at is None else PACKET), "bold $accent"), "─" * after + " "]
        parts.append((place, "bold $foreground"))
    return Content.assemble(*parts)
