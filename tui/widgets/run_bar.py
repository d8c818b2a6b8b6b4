"""One line on what is going on: nothing, a run with its progress, or a stepped session."""

from __future__ import annotations

from dataclasses import dataclass, replace

from textual.app import RenderResult
from textual.content import Content
from textual.widget import Widget

from zcquest.engine.gauges import Gauges
from zcquest.engine.message import Message
from zcquest.levels.language import gettext as _
from zcquest.levels.language import say
from zcquest.tui.widgets.wording import grouped, rounded_size

WIDE = 100  # cells from which there is room for all the figures


@dataclass(frozen=True, slots=True)
class Doing:
    """What goes on in which scene. `stage` is `log`, `opening`, `running`, `proving` or `racing`; times in seconds.

    While racing against the plan `rival`, `number` counts the pairs, of which there are `scenes`.
    """

    stage: str
    scene: str
    number: int = 1
    scenes: int = 1
    size: int = 0
    gauges: Gauges | None = None
    elapsed: float = 0.0
    deadline: float = 0.0
    rival: str = ""


class RunBar(Widget):
    """Shows either a sentence or what a run is `Doing`."""

    def __init__(self) -> None:
        super().__init__()
        self._told: Message | None = None
        self._kind = "quiet"
        self._doing: Doing | None = None

    def tell(self, sentence: Message | None, kind: str = "quiet") -> None:
        """Show a sentence; `kind` is `quiet`, `good`, `bad` or `live`."""
        self._told, self._kind, self._doing = sentence, kind, None
        self.refresh(layout=True)

    def progress(self, doing: Doing) -> None:
        """Show how far a run is."""
        self._doing = doing
        self.refresh(layout=self._told is not None)
        self._told = None

    def tick(self, calls: int) -> None:
        """So many calls were made by now; the other figures stay until the next reading."""
        if self._doing and self._doing.gauges:
            self._doing = replace(self._doing, gauges=replace(self._doing.gauges, calls=calls))
            self.refresh()

    def retranslate(self) -> None:
        self.refresh(layout=True)

    def render(self) -> RenderResult:
        if self._doing:
            return self._run_line(self._doing)
        if not self._told:
            return Content("")
        sign, colour = {"good": ("✓", "$success"), "bad": ("✗", "$error"), "live": ("▶", "$accent")}.get(
            self._kind, ("·", "$quiet")
        )
        return Content.styled(f"{sign} {say(self._told)}", colour)

    def _run_line(self, doing: Doing) -> Content:
        roomy = self.size.width >= WIDE
        received = doing.gauges.received if doing.gauges else 0
        parts = [_stage(doing)]
        if doing.stage == "racing":
            parts.append(f"{doing.number}/{doing.scenes}")
        elif doing.scenes > 1:
            parts.append(f"{doing.number}/{doing.scenes} {_(doing.scene)}")
        if doing.stage == "running":
            parts.append(_bar(received, doing.size, 20 if roomy else 8))
            if doing.gauges:
                parts.append(_figures(doing.gauges, doing.size, roomy))
        if doing.deadline:
            elapsed, deadline = f"{doing.elapsed:.1f}", f"{doing.deadline:g}"
            parts.append(_("{elapsed} of {deadline} s").format(elapsed=elapsed, deadline=deadline))
        return Content.styled("▶ " + "  ".join(parts), "$accent")


def _stage(doing: Doing) -> str:
    match doing.stage:
        case "log":
            return _("writing a log of {size}, once").format(size=rounded_size(doing.size))
        case "opening":
            return _("opening a session")
        case "proving":
            return _("proving the hops")
        case "racing":
            return _("racing {rival}").format(rival=doing.rival)
        case _:
            return _("running")


def _bar(done: int, size: int, cells: int) -> str:
    full = min(cells, done * cells // size) if size else 0
    return "█" * full + "░" * (cells - full)


def _figures(gauges: Gauges, size: int, roomy: bool) -> str:
    calls = _("{count} calls").format(count=grouped(gauges.calls))
    if not roomy:
        return f"{rounded_size(gauges.received)}  {calls}"
    received = _("{bytes} of {size}").format(bytes=rounded_size(gauges.received), size=rounded_size(size))
    return f"{received}  {calls}"
