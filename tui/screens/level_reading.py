"""Reading in a level: hints, the codex, the debrief, and a run again: replayed, compared, raced."""

from __future__ import annotations

from textual import on

from zcquest.engine.message import message
from zcquest.engine.plan import format_plan
from zcquest.engine.race import RaceFormat
from zcquest.levels.play import situation
from zcquest.levels.racers import Racer, can_race
from zcquest.levels.report import SceneReport
from zcquest.levels.text import HINT_STEPS
from zcquest.tui.screens.debrief import DebriefScreen
from zcquest.tui.screens.level_words import page_for
from zcquest.tui.screens.level_writing import LevelWriting
from zcquest.tui.widgets.trace_view import TraceView


class LevelReading(LevelWriting):
    """What helps to understand the plan and its runs."""

    hints = 0  # taken so far

    async def after_run(self) -> None:
        if self.hints:
            await self._say_hints()

    @on(TraceView.Pointed)
    def _to_the_step(self, event: TraceView.Pointed) -> None:
        """The step that made the call is under the cursor then, and its hops are lit on the map."""
        if event.row.step is not None:
            self.editor.go_to_step(event.row.step)

    def action_word(self) -> None:
        self.game.open_codex(page_for(self.editor))

    def action_debrief(self) -> None:
        self.app.push_screen(DebriefScreen(self.level))

    async def action_hint(self) -> None:
        """One step more each time; after the third, all of them again, said to suit the latest attempt."""
        self.hints = min(self.hints + 1, HINT_STEPS[-1])
        self.game.progress.take_hint(self.level_id, self.hints)
        await self._say_hints()
        self.panes.open_pane("briefing")
        self.panes.scroll_to_hints()

    async def _say_hints(self) -> None:
        parsed = self.editor.parsed
        report, verdict = self.view.latest or (None, None)
        uses = frozenset(step.call for step in parsed.plan.steps)
        now = situation(report, verdict, uses=uses, syntax=bool(parsed.problems))
        await self.panes.show_hints(self.hints, now)

    def action_rival(self) -> None:
        self.action_race()

    def action_race(self) -> None:
        if self.understood():
            text, contest = format_plan(self.editor.parsed.plan), self.level.race
            format: RaceFormat = "rocketmq" if self.view.scene.log.format == "rocketmq" else "kafka"
            if can_race(text):
                own = Racer("own", "", text, self.level_id)
                self.game.open_race(own, contest.rival if contest else "", format)
            else:
                self.panes.bar.tell(message("only a plan that sends a log, and nothing else, can race"), "bad")

    def action_replay(self) -> None:
        if run := self._shown_run():
            self.game.open_replay(self.level_id, *run)

    def action_compare(self) -> None:
        if run := self._shown_run():
            self.game.open_compare(self.level_id, *run)

    def _shown_run(self) -> tuple[str, tuple[SceneReport, ...]] | None:
        """What was measured of the plan as it stands, stepped or run; else the latest run."""
        if measured := self.view.measured:
            return format_plan(measured.plan), measured.scenes
        report = self.view.latest[0] if self.view.latest else None
        return (report.plan, report.scenes) if report else None
