"""Two runs side by side: their plans, figures, hops and features, and the first call in which they differ."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from textual import on
from textual.app import ComposeResult
from textual.binding import Binding
from textual.containers import VerticalScroll
from textual.content import Content
from textual.events import Resize
from textual.widgets import Static

from zcquest.engine.calls import CALLS
from zcquest.engine.kept_trace import TraceDamaged
from zcquest.engine.plan import parse
from zcquest.levels.comparing import Comparison, compare
from zcquest.levels.language import gettext as _
from zcquest.levels.language import say
from zcquest.levels.replay import open_replay, replay_of_report
from zcquest.levels.report import SceneReport
from zcquest.tui.language import N_
from zcquest.tui.screens.base import ZcScreen
from zcquest.tui.screens.level_run import LevelRun, RunEnded, RunProgress, RunRefused
from zcquest.tui.widgets.compare.lines import (
    Columns,
    feature_columns,
    figure_lines,
    hop_columns,
    parting_lines,
    plan_columns,
)
from zcquest.tui.widgets.heading import Heading
from zcquest.tui.widgets.key_bar import KeyBar

PARTS = ("plans", "figures", "hops", "features", "parting")


@dataclass(frozen=True, slots=True)
class Side:
    """A run with a name for its column. Without `scenes` it has yet to be made: its plan is run in the level."""

    title: str
    plan: str
    scenes: tuple[SceneReport, ...] = ()


class CompareScreen(ZcScreen[None]):
    """Mine on the left, the other one on the right."""

    CSS_PATH = "compare.tcss"
    AUTO_FOCUS = "#sides"
    BINDINGS = [
        Binding("x", "replay(0)", N_("Replay left"), tooltip=N_("The left run again, call by call")),
        Binding("z", "replay(1)", N_("Replay right"), tooltip=N_("The right run again, call by call")),
        Binding("v", "scene", N_("Scene"), tooltip=N_("The next scene of the runs")),
    ]

    def __init__(self, level_id: str, mine: Side, other: Side) -> None:
        super().__init__()
        self._level_id = level_id
        self._sides = (mine, other)
        self._scene = 0
        self._stage = ""

    def compose(self) -> ComposeResult:
        yield Heading()
        yield Static(id="waiting", markup=False)
        with VerticalScroll(id="sides"):
            for part in PARTS:
                yield Static(classes="part-title", id=f"{part}-title", markup=False)
                yield Static(id=part)
        yield KeyBar()

    def on_mount(self) -> None:
        self.retranslate()
        if not self._sides[1].scenes:
            level, plan = self.game.level(self._level_id), parse(self._sides[1].plan, CALLS).plan
            run = LevelRun(level, plan, self.post_message, lambda: False)
            self.run_worker(run.go(self.game.laboratory), group="kernel", exclusive=True)

    def on_resize(self, event: Resize) -> None:
        self.call_after_refresh(self._draw)

    def retranslate(self) -> None:
        level = self.game.level(self._level_id)
        title = f"{level.id} {level.text().title}" if level.scored else level.text().title
        self.query_one(Heading).title = _("Compare: {title}").format(title=title)
        titles = {
            "plans": "",
            "figures": _("Figures"),
            "hops": _("Hops"),
            "features": _("Features"),
            "parting": _("First difference"),
        }
        for part, said in titles.items():
            self.query_one(f"#{part}-title", Static).update(said)
        self._draw()

    # The other run, while it is made

    @on(RunProgress)
    def _progress(self, event: RunProgress) -> None:
        self._stage = event.doing.stage
        self._draw()

    @on(RunEnded)
    def _ended(self, event: RunEnded) -> None:
        mine, other = self._sides
        self._sides = (mine, Side(other.title, event.report.plan, event.report.scenes))
        self._draw()
        self.refresh_bindings()

    @on(RunRefused)
    def _refused(self, event: RunRefused) -> None:
        self.notify(say(event.reason), severity="error", timeout=12, markup=False)
        self.dismiss()

    # Drawing

    @property
    def _pairs(self) -> Sequence[tuple[SceneReport, SceneReport]]:
        """The scenes that both runs were in."""
        mine, other = self._sides
        theirs = {scene.name: scene for scene in other.scenes}
        return [(scene, theirs[scene.name]) for scene in mine.scenes if scene.name in theirs]

    def _draw(self) -> None:
        pairs = self._pairs
        self.set_class(not pairs, "-waiting")
        if not pairs:
            said = _("{plan} is run in this level ...").format(plan=self._sides[1].title)
            self.query_one("#waiting", Static).update(said)
            return
        pair = pairs[min(self._scene, len(pairs) - 1)]
        titles, plans = (self._sides[0].title, self._sides[1].title), (self._sides[0].plan, self._sides[1].plan)
        self.query_one(Heading).status = Content(_(pair[0].name) if len(pairs) > 1 else "")
        width = self.query_one("#plans").content_size.width or self.size.width - 4
        columns = Columns.of(width)
        parts = {
            "plans": plan_columns(titles, plans, width),
            "figures": figure_lines(titles, pair, columns),
            "hops": hop_columns(pair, columns),
            "features": feature_columns(pair, columns),
            "parting": parting_lines(self._compared(pair), titles),
        }
        for part, drawn in parts.items():
            self.query_one(f"#{part}", Static).update(drawn)

    def _compared(self, pair: tuple[SceneReport, SceneReport]) -> Comparison:
        plans, traces = [side.plan for side in self._sides], self.game.traces
        try:
            return compare(*(open_replay(scene, plan, traces) for scene, plan in zip(pair, plans, strict=True)))
        except TraceDamaged:
            return compare(*(replay_of_report(scene, plan) for scene, plan in zip(pair, plans, strict=True)))

    # Keys

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        if action == "scene":
            return len(self._pairs) > 1
        if action == "replay":
            return bool(self._pairs) or None
        return super().check_action(action, parameters)

    def action_scene(self) -> None:
        self._scene = (self._scene + 1) % len(self._pairs)
        self._draw()

    def action_replay(self, side: int) -> None:
        chosen = self._sides[side]
        self.game.open_replay(self._level_id, chosen.plan, chosen.scenes)
