"""The first minute: a box that goes from pane to pane of a real level, and lets one make real calls on the way."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from textual.app import ComposeResult
from textual.binding import Binding
from textual.containers import Vertical
from textual.content import Content
from textual.geometry import Offset, Region, Size
from textual.screen import Screen
from textual.widgets import Static

from zcquest.tui.language import N_, _
from zcquest.tui.screens.base import ZcModal
from zcquest.tui.widgets.key_bar import KeyBar
from zcquest.tui.widgets.machine_map import MachineMap
from zcquest.tui.widgets.map.floor import WALL
from zcquest.tui.widgets.plan_editor import PlanEditor
from zcquest.tui.widgets.run_bar import RunBar

if TYPE_CHECKING:
    from zcquest.tui.screens.level import LevelScreen

CORNERS: Final = ("┏━", "━┓", "┗━", "━┛")


@dataclass(frozen=True, slots=True)
class Stop:
    """What is said about which part of the level screen. `pane` is opened where only one has room.

    `asks` are the actions of the level that the player may try here.
    """

    title: str
    text: str
    pane: str
    target: Callable[[LevelScreen], Region]
    asks: frozenset[str] = frozenset()


def _map(level: LevelScreen) -> Region:
    return level.query_one(MachineMap).region


def _border(level: LevelScreen) -> Region:
    """The columns of the map's wall; the whole map where it is a list."""
    machine = level.query_one(MachineMap)
    floor, region = machine.floor, machine.region
    return Region(region.x + floor.wall, region.y, WALL, region.height) if floor else region


def _trace(level: LevelScreen) -> Region:
    return level.query_one("#trace").region


def _of(kind: type[Any]) -> Callable[[LevelScreen], Region]:
    return lambda level: level.query_one(kind).region


STOPS: Final = (
    Stop(
        N_("The machine"),
        N_(
            "This is what your bytes go through: a disk, the page cache, your program's memory, a socket, a network "
            "card, a consumer that checks them. The gauges are read from this kernel; what nothing can measure is "
            "marked ≈."
        ),
        "map",
        _map,
    ),
    Stop(
        N_("The border"),
        N_(
            "Left of the double line the kernel rules, right of it your program. Every system call crosses it twice, "
            "in and out: two mode switches. Crossing less often is half of the game, copying less the other half."
        ),
        "map",
        _border,
    ),
    Stop(
        N_("The plan"),
        N_(
            "You write what the program does. Steps under once: come first; those under repeat: go round until the "
            "log is sent. e writes in the plan, a adds a call, and what is wrong is said as you type."
        ),
        "plan",
        _of(PlanEditor),
    ),
    Stop(
        N_("Step by step"),
        N_(
            "Press s now. The next call of the plan is made on the live kernel and printed as strace prints it; then "
            "the map moves. Press it once more for the call after it."
        ),
        "trace",
        _trace,
        frozenset({"step"}),
    ),
    Stop(
        N_("Is it true?"),
        N_(
            "Every figure says what it rests on: counted, metered, proved, reported by the kernel, or ≈ modelled. Try "
            "a proof: t overwrites what the latest call has just read. If the consumer still gets the old bytes, they "
            "were copied; if it gets yours, they were shared."
        ),
        "trace",
        _trace,
        frozenset({"step", "tamper"}),
    ),
    Stop(
        N_("Run it"),
        N_(
            "r runs the whole plan. What arrives is judged, not your way there, and par in copies and switches earns "
            "the stars. Stuck? h gives a hint, c explains the word at the cursor, ? lists the keys. Over to you."
        ),
        "map",
        _of(RunBar),
    ),
)


class TourScreen(ZcModal[None]):
    """Stop after stop over `level`, which stays alive behind it; it can be left at any moment."""

    CSS_PATH = "tour.tcss"
    CLOSED_FROM_OUTSIDE = False  # what it is about stands there
    BINDINGS = [
        Binding("enter,right,space", "go(1)", N_("Next"), key_display="→", tooltip=N_("The next stop")),
        Binding("backspace,left", "go(-1)", N_("Before"), key_display="←", tooltip=N_("The stop before")),
        Binding("s,f10", "act('step')", N_("Step"), key_display="s", tooltip=N_("Make one call on a live kernel")),
        Binding("t", "act('tamper')", N_("Tamper"), tooltip=N_("Overwrite the source of the latest call's bytes")),
        Binding("r,f5", "run", N_("Run"), key_display="r", tooltip=N_("Run the plan in every scene")),
        Binding("escape,q", "close", N_("Leave"), key_display="esc", tooltip=N_("Leave the tour")),
        Binding("f2,l", "app.toggle_language", N_("Language"), key_display="F2", tooltip=N_("English or Chinese")),
        Binding("question_mark", "app.help", N_("Help"), show=False, tooltip=N_("The keys of this screen")),
    ]

    def __init__(self, level: LevelScreen) -> None:
        super().__init__()
        self._level = level
        self._at = 0

    def compose(self) -> ComposeResult:
        for number, corner in enumerate(CORNERS):
            yield Static(corner, id=f"corner-{number}", classes="corner", markup=False)
        with Vertical(id="box"):
            yield Static(id="title", markup=False)
            yield Static(id="text", markup=False)
            yield KeyBar(palette=False)

    def on_mount(self) -> None:
        # Not after a refresh: a pane that was just opened may be set out only after the next one.
        for screen in (self._level, self):
            screen.screen_layout_refresh_signal.subscribe(self, self._place)
        self._open()

    def retranslate(self) -> None:
        stop = STOPS[self._at]
        place = _("{number} of {count}").format(number=self._at + 1, count=len(STOPS))
        self.query_one("#title", Static).update(Content.assemble((_(stop.title), "bold"), (f"   {place}", "$quiet")))
        self.query_one("#text", Static).update(_(stop.text))

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        match action, parameters:
            case "go", (-1,):
                return None if self._at == 0 else True
            case "act", (asked,):
                return asked in STOPS[self._at].asks and (asked == "step" or self._level.stepping or None)
            case "run", _:
                return self._at == len(STOPS) - 1
        return super().check_action(action, parameters)

    def action_go(self, by: int) -> None:
        if self._at + by == len(STOPS):
            self.action_close()
            return
        self._at = max(0, self._at + by)
        self._open()

    def action_act(self, what: str) -> None:
        self._level.act(what)
        self.refresh_bindings()

    def action_run(self) -> None:
        self.action_close()
        self._level.action_run()

    def action_close(self) -> None:
        """The level is left as it was: nothing of what was tried here goes on."""
        self._level.leave_off()
        self.dismiss(None)

    def _open(self) -> None:
        self._level.panes.open_pane(STOPS[self._at].pane)
        self.refresh_bindings()
        self.retranslate()

    def _place(self, _changed: Screen[Any]) -> None:
        """The box beside what it is about, and corners around that."""
        if not self.is_current or not self.query("#box"):
            return  # left meanwhile
        target, box = STOPS[self._at].target(self._level), self.query_one("#box")
        box.offset = place_box(target, box.outer_size, self.size)
        for corner, offset in zip(self.query(".corner"), corners(target, self.size), strict=True):
            corner.offset = offset


def place_box(target: Region, box: Size, screen: Size) -> Offset:
    """Below the target, beside it or above it, wherever the box covers none of it; else at the foot of the screen."""
    x, y = (_within(start, extent, room) for start, extent, room in zip(target.offset, box, screen, strict=True))
    middle = _within(target.x + (target.width - box.width) // 2, box.width, screen.width)
    beside = (
        (middle, target.bottom + 1),
        (target.right + 2, y),
        (target.x - box.width - 2, y),
        (middle, target.y - box.height - 1),
    )
    for left, top in beside:
        if 0 <= left <= screen.width - box.width and 0 <= top <= screen.height - box.height:
            return Offset(left, top)
    return Offset(_within(x, box.width, screen.width), max(0, screen.height - box.height - 1))


def corners(target: Region, screen: Size) -> tuple[Offset, ...]:
    """Where the four corner signs go: just outside the target, as far as the screen goes."""
    left, right = max(0, target.x - 2), min(target.right, screen.width - 2)
    top, bottom = max(0, target.y - 1), min(target.bottom, screen.height - 1)
    return Offset(left, top), Offset(right, top), Offset(left, bottom), Offset(right, bottom)


def _within(start: int, extent: int, room: int) -> int:
    return max(0, min(start, room - extent))
