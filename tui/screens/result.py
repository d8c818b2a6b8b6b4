"""What a run came to: the verdict first, then its figures, each with what stands behind it."""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import replace
from functools import partial
from typing import Final, Literal

from textual import on
from textual.app import ComposeResult
from textual.binding import Binding
from textual.containers import Horizontal, Vertical, VerticalScroll
from textual.content import Content
from textual.reactive import reactive
from textual.widget import Widget
from textual.widgets import ContentSwitcher, Markdown, Static
from textual.worker import Worker, get_current_worker

from zcquest.engine.calls import CALLS
from zcquest.engine.message import Message
from zcquest.engine.plan import parse
from zcquest.levels.brokers import BROKERS, BrokerRun, comparable, quick, run_broker, scenes_key
from zcquest.levels.language import gettext as _
from zcquest.levels.loader import Level
from zcquest.levels.progress import Best, Prediction
from zcquest.levels.racers import Racer, can_race
from zcquest.levels.recording import Recorded
from zcquest.levels.report import RunReport
from zcquest.levels.verdict import Verdict
from zcquest.tui.card.card import Card, map_state
from zcquest.tui.language import N_
from zcquest.tui.screens.base import ZcScreen
from zcquest.tui.widgets.heading import Heading
from zcquest.tui.widgets.key_bar import KeyBar
from zcquest.tui.widgets.machine_map import MachineMap
from zcquest.tui.widgets.result.broker_lines import broker_lines
from zcquest.tui.widgets.result.hop_lines import hop_lines, plan_lines
from zcquest.tui.widgets.result.meter_lines import meter_lines
from zcquest.tui.widgets.result.pareto import ParetoPlot, runs_of
from zcquest.tui.widgets.result.scores import Scores, feature_lines, score_lines
from zcquest.tui.widgets.result.verdict_lines import foresaw, recorded_lines, verdict_lines
from zcquest.tui.widgets.trace_row import TraceRow, call_rows
from zcquest.tui.widgets.trace_view import TraceView

Choice = Literal["next", "retry"]

WIDE: Final = 110  # cells
STAR_SECONDS: Final = 0.35  # from one star to the next
SECTIONS: Final = {
    "metrics": N_("metrics"),
    "hops": N_("hops"),
    "meters": N_("meters"),
    "trace": N_("trace"),
    "runs": N_("plot"),
}


class SectionTab(Static):
    """A section's name and key; a click opens it."""

    def __init__(self, section: str, number: int) -> None:
        super().__init__(id=f"tab-{section}")
        self._section = section
        self._number = number

    def say(self) -> None:
        self.update(Content.assemble((f"{self._number} ", "$accent"), _(SECTIONS[self._section])))

    async def on_click(self) -> None:
        await self.run_action(f"screen.section('{self._section}')")


class ResultScreen(ZcScreen[Choice | None]):
    """Dismissed with `next` or `retry`, or with None to look at the level again."""

    CSS_PATH = "result.tcss"
    AUTO_FOCUS = ""
    HORIZONTAL_BREAKPOINTS = [(0, "-narrow"), (WIDE, "-wide")]
    BINDINGS = [
        Binding("enter", "go_on", N_("Go on"), tooltip=N_("The next level; the same one again until it is passed")),
        Binding("r", "retry", N_("Again"), tooltip=N_("Back to the plan, to do better")),
        Binding("x", "replay", N_("Replay"), tooltip=N_("The run again, call by call")),
        Binding("m", "compare", N_("Compare"), tooltip=N_("Side by side with another run, or with Kafka's")),
        Binding("g", "race", N_("Race"), show=False, tooltip=N_("Race this plan against another one")),
        Binding("k", "card", N_("Card"), tooltip=N_("Save this result as a picture, and as a text that can be run")),
        Binding(
            "b",
            "brokers",
            N_("Brokers"),
            show=False,
            tooltip=N_("Run Kafka's and RocketMQ's plans here, to be set beside yours"),
        ),
        Binding(
            "tab",
            "turn(1)",
            N_("Section"),
            show=False,
            tooltip=N_("The next section: metrics, hops, meters, trace, plot"),
        ),
        Binding("shift+tab", "turn(-1)", show=False),
        Binding("1", "section('metrics')", key_display="1-5", show=False, tooltip=N_("A section by its number")),
        *(
            Binding(str(number), f"section('{name}')", show=False)
            for number, name in enumerate(SECTIONS, 1)
            if number > 1
        ),
    ]

    section: reactive[str] = reactive("metrics", init=False)

    def __init__(
        self,
        report: RunReport,
        verdict: Verdict,
        prediction: Prediction | None,
        best: Best,
        new_best: frozenset[str] = frozenset(),
        recorded: Recorded | None = None,
        *,
        new: bool = False,
    ) -> None:
        """`best` of the level with this run in it; `new_best` names the metrics that this run improved.

        A `new` run's stars are handed over one by one, where motion is wanted.

        `recorded` says where and when, if the run was not made here.
        """
        super().__init__()
        self.report = report
        self.verdict = verdict
        self._scores = Scores(report, verdict, prediction, best)
        self._new_best = new_best
        self._new = new
        self._recorded = recorded
        self._foreseen = best.runs == 1 and foresaw(prediction, verdict)  # before the first run, that is
        self._handed: int | None = None  # stars handed over so far, while they are
        self._meeting: Worker[None] | None = None  # that runs the brokers' plans, or has run them
        self._broker = ""  # the one that is
        self._refused: Message | None = None

    def compose(self) -> ComposeResult:
        yield Heading()
        yield Static(id="verdict")
        with Horizontal(id="tabs"):
            for number, section in enumerate(SECTIONS, 1):
                yield SectionTab(section, number)
        with ContentSwitcher(initial="metrics"):
            with VerticalScroll(id="metrics"):
                with Vertical(id="figures"):
                    yield Static(id="scores")
                    yield Static(id="features")
                    yield Static(id="brokers")
                    yield MachineMap()
                with Vertical(id="lesson"):
                    yield Static(id="lesson-title")
                    yield Markdown(id="debrief", open_links=False)
            with VerticalScroll(id="hops"):
                yield Static(id="plan")
                yield Static(id="hop-table")
            with VerticalScroll(id="meters"):
                yield Static(id="meter-table")
            yield TraceView(id="trace")
            yield ParetoPlot(id="runs")
        yield KeyBar()

    def on_mount(self) -> None:
        self.set_class(self.verdict.passed, "-passed")
        self.set_class(len(self.report.scenes) == 1, "-one-scene")
        self._card = Card(
            self.game.level(self.report.level), self.report, self.verdict, time.time(), recorded=self._recorded
        )
        self.query_one(MachineMap).show(map_state(self._card.level, self.report))
        if self._new and self.verdict.passed and self.game.motion == "full":
            self._handed = 0
            self.set_timer(STAR_SECONDS, self._hand_over)
        self.retranslate()
        self.watch_section(self.section)

    def on_resize(self) -> None:
        self._say("#verdict", self._verdict_lines(self.game.level(self.report.level)))

    def _hand_over(self) -> None:
        """One star more; after the last the verdict is whole."""
        if self._handed is None:
            return
        self._handed += 1
        if self._handed >= self.verdict.stars:
            self._handed = None
        else:
            self.set_timer(STAR_SECONDS, self._hand_over)
        self._say("#verdict", self._verdict_lines(self.game.level(self.report.level)))

    def retranslate(self) -> None:
        level, report = self.game.level(self.report.level), self.report
        text = level.text()
        self.query_one(Heading).title = f"{level.id} {text.title}" if level.scored else text.title
        for tab in self.query(SectionTab):
            tab.say()
        self._say("#verdict", self._verdict_lines(level))
        self._say("#features", feature_lines(report))
        self._say_brokers()
        self._say("#lesson-title", Content(_("What you have seen")))
        self.query_one("#debrief", Markdown).update(text.debrief)
        self._say("#plan", plan_lines(report.plan))
        self._say("#hop-table", hop_lines(report))
        self._say("#meter-table", meter_lines(report))
        self.query_one(TraceView).show(_trace_rows(report))
        rows = self.game.progress.runs(report.level)
        self.query_one(ParetoPlot).show(runs_of(level, rows[::-1]))
        self.query_one(MachineMap).retranslate()

    def _verdict_lines(self, level: Level) -> Content:
        if self._recorded:
            return recorded_lines(self._recorded)
        return verdict_lines(
            self.report,
            self.verdict,
            level,
            self._new_best,
            handed=self._handed,
            foreseen=self._foreseen,
            cells=self.size.width - 2,
        )

    def watch_section(self, section: str) -> None:
        self.query_one(ContentSwitcher).current = section
        for tab in self.query(SectionTab):
            tab.set_class(tab.id == f"tab-{section}", "-open")
        self.set_focus(self.query_one(f"#{section}", Widget))

    def action_turn(self, by: int) -> None:
        names = list(SECTIONS)
        self.section = names[(names.index(self.section) + by) % len(names)]

    def action_section(self, name: str) -> None:
        self.section = name

    def action_go_on(self) -> None:
        self.dismiss("next" if self.verdict.passed else "retry")

    def action_replay(self) -> None:
        self.game.open_replay(self.report.level, self.report.plan, self.report.scenes)

    def action_compare(self) -> None:
        self.game.open_compare(self.report.level, self.report.plan, self.report.scenes)

    @on(ParetoPlot.Pointed)
    def _compare_with(self, event: ParetoPlot.Pointed) -> None:
        """With the run that the player points at in the plot."""
        self.game.open_compare(self.report.level, self.report.plan, self.report.scenes, run=event.run)

    def action_retry(self) -> None:
        self.dismiss("retry")

    # Kafka's plan and RocketMQ's

    def on_screen_resume(self) -> None:
        if self.game.eager and quick(self._card.level):
            self.action_brokers()

    def on_screen_suspend(self) -> None:
        """Whatever lies over this one may be measuring: it gets the machine for itself."""
        if self._meeting:
            self._meeting.cancel()

    def action_brokers(self) -> None:
        """Run those that have not been run in this level yet."""
        missing = [name for name in BROKERS if name not in self._broker_runs()]
        busy = self._meeting and not (self._meeting.is_finished or self._meeting.is_cancelled)
        if missing and not busy and not self._refused and self._comparable():
            self._meeting = self.run_worker(partial(self._meet, missing), group="kernel", exclusive=True)

    async def _meet(self, names: Sequence[str]) -> None:
        from zcquest.levels.play import Unplayable

        level, kept = self._card.level, self.game.broker_runs
        try:
            laboratory = await self.game.laboratory()
            for self._broker in names:
                self._say_brokers()
                kept[scenes_key(level), self._broker] = await run_broker(laboratory, level, self._broker)
        except Unplayable as refusal:
            self._refused = refusal.reason
        finally:
            if self._meeting is get_current_worker():  # and not another one since
                self._broker = ""
            if self.query("#brokers"):  # nothing is left of a screen that was left
                self._say_brokers()

    def _broker_runs(self) -> dict[str, BrokerRun]:
        key, kept = scenes_key(self._card.level), self.game.broker_runs
        return {name: kept[key, name] for name in BROKERS if (key, name) in kept}

    def _comparable(self) -> bool:
        return self._recorded is None and comparable(self._card.level)

    def _say_brokers(self) -> None:
        """Their figures among the scores, and what they lose."""
        runs = self._broker_runs() if self._comparable() else {}
        self._say("#scores", score_lines(replace(self._scores, brokers=runs, running=self._broker)))
        self._say("#brokers", broker_lines(runs, self._refused))
        # where they take a second or two they are run without being asked for, and need no offer
        offered = self._comparable() and not self._broker and not quick(self._card.level)
        self.query_one("#brokers").display = bool(runs or self._refused or offered)

    def action_card(self) -> None:
        from zcquest.tui.screens.card import CardScreen

        self.app.push_screen(CardScreen(self._card))

    def action_race(self) -> None:
        self.game.open_race(Racer("own", "", self.report.plan, self.report.level))

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        match action:
            case "race":
                return can_race(self.report.plan) or None
            case "brokers":
                return self._comparable()
        return super().check_action(action, parameters)

    def _say(self, selector: str, content: Content) -> None:
        self.query_one(selector, Static).update(content)


def _trace_rows(report: RunReport) -> list[TraceRow]:
    plan = parse(report.plan, CALLS).plan
    rows = []
    for scene in report.scenes:
        if len(report.scenes) > 1:
            rows.append(TraceRow("note", _(scene.name)))
        rows += call_rows(scene.lines, plan, scene.hops, scene.calls)
    return rows
