"""A kept run, played again: scrubbed call by call, with the map, the counters and strace's line in step."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Final, TypeVar, cast

from textual import on
from textual.app import ComposeResult
from textual.binding import Binding
from textual.containers import Horizontal, Vertical, VerticalScroll
from textual.content import Content
from textual.events import Resize
from textual.timer import Timer
from textual.widgets import Static

from zcquest.engine.kept_trace import TraceDamaged
from zcquest.levels.replay import GRAINS, Moment, Replay, open_replay, replay_of_report
from zcquest.levels.report import SceneReport
from zcquest.tui.language import N_, _
from zcquest.tui.screens.base import ZcScreen
from zcquest.tui.widgets.heading import Heading
from zcquest.tui.widgets.key_bar import KeyBar
from zcquest.tui.widgets.machine_map import MachineMap
from zcquest.tui.widgets.map_state import MapState
from zcquest.tui.widgets.replay.call_list import CallList
from zcquest.tui.widgets.replay.counters import counter_lines, counters_in_one
from zcquest.tui.widgets.replay.timeline import Timeline
from zcquest.tui.widgets.wording import grouped

T = TypeVar("T")

ROOMY: Final = (116, 30)  # cells and lines from which map, counters and calls stand side by side
PLAY_SECONDS: Final = 0.15  # between two rows while it plays
PAGE: Final = 10  # rows


class ReplayScreen(ZcScreen[None]):
    """One run of a level, scene by scene. The state is `calls`: how many of them have been made."""

    CSS_PATH = "replay.tcss"
    AUTO_FOCUS = ""
    BINDINGS = [
        Binding("left,up", "go(-1)", N_("Scrub"), key_display="←→", tooltip=N_("One row back")),
        Binding("right,down", "go(1)", show=False, tooltip=N_("One row on")),
        Binding("space", "play", N_("Play back"), tooltip=N_("Let the run go by; again to stop it")),
        Binding("enter", "open", N_("Open"), key_display="enter", tooltip=N_("The calls of this group one by one")),
        Binding("backspace", "close_up", N_("Sum up"), tooltip=N_("More calls to a row")),
        Binding("tab", "turn", N_("Calls"), tooltip=N_("The map, or the list of calls")),
        Binding("e", "jump('error')", N_("Error"), tooltip=N_("To the first call that failed")),
        Binding("f", "jump('fault')", N_("Fault"), tooltip=N_("To the first call with a page fault")),
        Binding("o", "jump('copy')", N_("Copy"), tooltip=N_("To the first call whose bytes a CPU copied")),
        Binding("w", "jump('slowest')", N_("Slowest"), tooltip=N_("To the call that took the longest")),
        Binding("k", "jump('kill')", N_("Kill"), tooltip=N_("To where the machine was killed")),
        Binding("v", "scene", N_("Scene"), tooltip=N_("The next scene of the run")),
        Binding("pageup,shift+left", f"go(-{PAGE})", show=False, tooltip=N_("Ten rows back")),
        Binding("pagedown,shift+right", f"go({PAGE})", show=False, tooltip=N_("Ten rows on")),
        Binding("home", "edge(0)", show=False, tooltip=N_("Before the first call")),
        Binding("end", "edge(1)", show=False, tooltip=N_("The end of the run")),
    ]

    def __init__(self, level_id: str, plan: str, scenes: Sequence[SceneReport]) -> None:
        """The run of the text `plan` in the level, as it was kept."""
        super().__init__()
        self._level_id = level_id
        self._plan = plan
        self._scenes = scenes
        self._scene = 0
        self._playing: Timer | None = None
        self._lines = 0  # of the counters: only another count needs another layout

    def compose(self) -> ComposeResult:
        yield Heading()
        yield Timeline()
        yield Static(id="now", markup=False)
        with Horizontal(id="picture"):
            yield MachineMap()
            with VerticalScroll(id="counters", can_focus=False):
                yield Static()
        with Vertical(id="list"):
            yield CallList()
        yield Static(id="counted")
        yield KeyBar()

    def on_mount(self) -> None:
        self.query_one(MachineMap).can_focus = False  # the arrow keys scrub
        self._open_scene()

    def on_resize(self, event: Resize) -> None:
        roomy = event.size.width >= ROOMY[0] and event.size.height >= ROOMY[1]
        self.set_class(not roomy, "-narrow")
        self.refresh_bindings()
        self.call_after_refresh(self._draw_timeline)

    def retranslate(self) -> None:
        self.query_one(MachineMap).retranslate()
        self._draw()

    def _open_scene(self) -> None:
        scene = self._scenes[self._scene]
        self.replay: Replay = open_replay(scene, self._plan, self.game.traces)
        self.grain = self.replay.grain()
        self.calls = self.replay.settle(0)
        self._moment: Moment = self._read(lambda: self.replay.moment(self.calls))
        self.call_after_refresh(self._draw_timeline)
        self._draw()

    # Drawing

    def _draw_timeline(self) -> None:
        timeline = self.query_one(Timeline)
        columns = self._read(lambda: self.replay.columns(max(1, timeline.size.width)))
        timeline.show(columns, self.replay.slowest(), self._read(self.replay.kill))
        timeline.go_to(self.calls)

    def _draw(self) -> None:
        replay, moment, scene = self.replay, self._moment, self._scenes[self._scene]
        level = self.game.level(self._level_id)
        file = next((file for file in level.scenes if file.name == scene.name), level.scenes[0])
        heading = self.query_one(Heading)
        title = f"{level.id} {level.text().title}" if level.scored else level.text().title
        name = f" · {_(scene.name)}" if len(self._scenes) > 1 else ""
        heading.title = _("Replay: {title}").format(title=title + name)
        heading.status = Content(
            _("{calls} of {all} calls").format(calls=grouped(self.calls), all=grouped(replay.calls))
        )
        self.query_one(Timeline).go_to(self.calls)
        self.query_one(MachineMap).show(
            MapState(
                replay.plan,
                moment.scene,
                size=int(file.log.size),
                cold=scene.start == "cold",
                rejecting=bool(file.poison),
                receiving=file.producer is not None,
                cursor_step=moment.line.step if moment.line else None,
                scatter_gather=scene.network.scatter_gather if scene.network else None,
                so_far=not moment.over,
            )
        )
        counters = counter_lines(moment)
        lines = counters.plain.count("\n")
        self.query_one("#counters Static", Static).update(counters, layout=moment.over or lines != self._lines)
        self._lines = lines
        self.query_one("#counted", Static).update(counters_in_one(moment), layout=False)
        self.query_one("#now", Static).update(_now(moment), layout=False)
        self.query_one(CallList).show(replay, self.grain, self.calls)

    def _stand(self, calls: int, backwards: bool = False) -> None:
        """Show the moment after `calls` calls."""
        self._moment = self._read(lambda: self.replay.moment(self.replay.settle(calls, backwards)))
        self.calls = self._moment.calls
        self._draw()

    def _read(self, look: Callable[[], T]) -> T:
        """What `look` reads of the replay; from the report instead, if the kept trace turns out to be damaged."""
        try:
            return look()
        except TraceDamaged:
            self.replay = replay_of_report(self._scenes[self._scene], self._plan)
            self.grain = self.replay.grain()
            self.calls = self.replay.settle(min(self.calls, self.replay.kept))
            self.notify(_("The kept trace is damaged: these are the calls of the report."), markup=False)
            return look()

    # Keys

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        if not self.is_mounted or not hasattr(self, "replay"):
            return True
        match action:
            case "jump":
                return self._way(str(parameters[0])) is not None
            case "open":
                return self.grain > GRAINS[0] or (False if self.replay.kept <= GRAINS[1] else None)
            case "close_up":
                return self._coarser() is not None or (False if self.replay.kept <= GRAINS[1] else None)
            case "turn":
                return self.has_class("-narrow")
            case "scene":
                return len(self._scenes) > 1
        return super().check_action(action, parameters)

    def action_go(self, rows: int) -> None:
        self._pause()
        self._go(rows)

    def _go(self, rows: int) -> None:
        row = -(-self.calls // self.grain) if rows < 0 else self.calls // self.grain
        self._stand(max(0, (row + rows) * self.grain), backwards=rows < 0)

    def action_edge(self, end: int) -> None:
        self._pause()
        self._stand(self.replay.calls if end else 0)

    def action_jump(self, where: str) -> None:
        """To the call itself, so in single calls."""
        self._pause()
        calls = self._way(where)
        if calls is not None:
            self.grain = GRAINS[0]
            self._stand(calls)
            self.refresh_bindings()

    def _way(self, where: str) -> int | None:
        """The moment that the replay has for the first `error`, `fault` and so on."""
        return self._read(lambda: cast("int | None", getattr(self.replay, where)()))

    def action_open(self) -> None:
        """The group that ends here, in finer rows, at its first."""
        finer = max((grain for grain in GRAINS if grain < self.grain), default=None)
        if finer is not None:
            start = max(0, -(-self.calls // self.grain) - 1) * self.grain
            self.grain = finer
            self._stand(min(start + finer, self.replay.kept) if self.calls else 0)
            self.refresh_bindings()

    def action_close_up(self) -> None:
        if (coarser := self._coarser()) is not None:
            self.grain = coarser
            self._draw()
            self.refresh_bindings()

    def _coarser(self) -> int | None:
        return min((grain for grain in GRAINS if self.grain < grain < self.replay.kept), default=None)

    def action_turn(self) -> None:
        self.toggle_class("-calls")
        self.call_after_refresh(self._draw)

    def action_scene(self) -> None:
        self._pause()
        self._scene = (self._scene + 1) % len(self._scenes)
        self._open_scene()
        self.refresh_bindings()

    def action_play(self) -> None:
        if self._playing:
            self._pause()
            return
        if self.calls >= self.replay.calls:
            self._stand(0)
        self._playing = self.set_interval(PLAY_SECONDS, self._play_on)

    def _play_on(self) -> None:
        self._go(1)
        if self.calls >= self.replay.calls:
            self._pause()

    def _pause(self) -> None:
        if self._playing:
            self._playing.stop()
            self._playing = None

    @on(Timeline.Turned)
    def _turned(self, event: Timeline.Turned) -> None:
        self.action_go(event.rows)

    @on(Timeline.Asked)
    @on(CallList.Asked)
    def _asked(self, event: Timeline.Asked | CallList.Asked) -> None:
        self._pause()
        self._stand(event.calls)


def _now(moment: Moment) -> str:
    """Strace's line of the latest call."""
    if moment.line is None:
        return _("before the first call") if not moment.calls else _("the end: the last calls are kept only as sums")
    return f"{moment.line.text} = {moment.line.result}"
