"""The level screen: read what is asked, write a plan, run it or step it, see what happened."""

from __future__ import annotations

from collections.abc import Coroutine
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from textual import on
from textual.app import ComposeResult
from textual.binding import Binding
from textual.events import Resize
from textual.timer import Timer
from textual.widgets import Footer
from textual.worker import Worker

from zcquest.engine.calls import CALLS
from zcquest.engine.control import Peeked
from zcquest.engine.message import Message, message
from zcquest.engine.plan import Lane, Parsed, format_plan, parse, same
from zcquest.engine.race import RaceFormat
from zcquest.levels.keeping import keep_run, latest_run
from zcquest.levels.language import gettext as _
from zcquest.levels.language import say
from zcquest.levels.play import situation
from zcquest.levels.progress import Prediction
from zcquest.levels.racers import Racer, can_race
from zcquest.levels.report import SceneReport
from zcquest.levels.text import HINT_STEPS
from zcquest.tui.language import N_
from zcquest.tui.screens.base import ZcScreen
from zcquest.tui.screens.call_palette import CallPalette
from zcquest.tui.screens.debrief import DebriefScreen
from zcquest.tui.screens.level_run import LevelRun, RunEnded, RunProgress, RunRecorded, RunRefused, RunTick
from zcquest.tui.screens.level_steps import LevelSteps, Order, Stepped, SteppingEnded, StepRemark
from zcquest.tui.screens.level_words import page_for
from zcquest.tui.screens.predict import PredictScreen
from zcquest.tui.widgets.level_panes import LevelPanes
from zcquest.tui.widgets.level_view import LevelView, Live, Measured, Phase, Remark, lanes_of
from zcquest.tui.widgets.machine_map import MachineMap
from zcquest.tui.widgets.pane_tabs import PaneTabs
from zcquest.tui.widgets.plan_editor import PlanEditor
from zcquest.tui.widgets.plan_text import PlanText

if TYPE_CHECKING:
    from zcquest.engine.session import Session
    from zcquest.tui.screens.place import PlaceScreen

ROOMY = (116, 32)  # cells and lines from which there is room for the map beside the other panes
DRAFT_PAUSE = 0.5  # seconds without a change after which the draft is kept


class LevelScreen(ZcScreen[None]):
    """One level. A roomy terminal shows all panes, a smaller one shows one at a time."""

    CSS_PATH = "level.tcss"
    AUTO_FOCUS = ""
    BINDINGS = [
        Binding("r", "run", N_("Run"), tooltip=N_("Run the plan in every scene")),
        Binding("s", "step", N_("Step"), tooltip=N_("Make one call on a live kernel")),
        Binding("t", "tamper", N_("Tamper"), tooltip=N_("Overwrite the source of the latest call's bytes")),
        Binding("x,escape", "stop", N_("Stop"), key_display="x", tooltip=N_("End the run, or leave the stepping")),
        Binding("escape", "back", N_("Back"), tooltip=N_("Back to the screen before")),
        Binding("e", "edit", N_("Edit"), tooltip=N_("Write in the plan; Escape comes back")),
        Binding("a", "palette", N_("Add"), tooltip=N_("Add a call to the plan")),
        Binding("h", "hint", N_("Hint"), tooltip=N_("The next of three hints")),
        Binding("c", "word", N_("Codex"), tooltip=N_("Read about the word under the cursor")),
        Binding("p", "predict", N_("Predict"), show=False, tooltip=N_("Write down what you expect of the first run")),
        Binding("b", "debrief", N_("Debrief"), tooltip=N_("What the level taught")),
        Binding("g", "rival", N_("Race"), tooltip=N_("Race this plan against the level's rival, pair by pair")),
        Binding("g", "race", N_("Race"), show=False, tooltip=N_("Race this plan against another one")),
        Binding("v", "scene", N_("Scene"), tooltip=N_("Look at the next scene of the level")),
        Binding("x", "replay", N_("Replay"), show=False, tooltip=N_("The latest run again, call by call")),
        Binding("m", "compare", N_("Compare"), show=False, tooltip=N_("The latest run side by side with another one")),
        Binding("f5", "run", N_("Run"), show=False, tooltip=N_("Run the plan in every scene")),
        Binding("f10", "step", N_("Step"), show=False, tooltip=N_("Make one call on a live kernel")),
        Binding("d", "reset", N_("Reset"), show=False, tooltip=N_("The level's own draft again; undo takes it back")),
        Binding("u,ctrl+z", "undo", N_("Undo"), show=False, tooltip=N_("Take back the last change of the plan")),
        Binding("ctrl+y", "redo", N_("Redo"), show=False, tooltip=N_("Make the change again")),
        Binding("o", "plans", N_("Plans"), show=False, tooltip=N_("Plans put aside, plans as files")),
        Binding("y", "copy", N_("Copy the plan"), show=False, tooltip=N_("The plan's text to the clipboard")),
        Binding(
            "left", "walk('left')", N_("Walk"), key_display="←↑↓→", show=False, tooltip=N_("To the map, and on it")
        ),
        Binding("right", "walk('right')", show=False),
        Binding("up", "walk('up')", show=False),
        Binding("down", "walk('down')", show=False),
        Binding("1", "pane('map')", N_("Map"), show=False),
        Binding("2", "pane('plan')", N_("Plan"), show=False),
        Binding("3", "pane('trace')", N_("Trace"), show=False),
        Binding("4", "pane('briefing')", N_("Briefing"), show=False),
    ]

    def __init__(self, level_id: str, plan: str | None = None) -> None:
        """`plan` takes the draft's place in the editor, as an edit that can be undone."""
        super().__init__()
        self.level_id = level_id
        self._plan = plan
        self._steps: LevelSteps | None = None
        self._run_on: LevelRun | None = None
        self._place: PlaceScreen | None = None  # the place of the map that is open
        self._work: Worker[None] | None = None
        self._saving: Timer | None = None
        self._unsaved: str | None = None
        self._offered = False  # the prediction was asked for since the level was opened

    def compose(self) -> ComposeResult:
        self.level = self.game.level(self.level_id)
        draft = self.game.progress.draft(self.level_id)
        text = self.level.draft.strip("\n") if draft is None else draft
        self.hints = max(self.game.progress.hints_taken(self.level_id), default=0)
        self.view = self._first_view(text)
        yield LevelPanes(self.view, text, self.hints)
        yield Footer()

    def _first_view(self, text: str) -> LevelView:
        progress = self.game.progress
        latest = latest_run(progress, self.level)
        plan = parse(text, CALLS, self.level.calls).plan
        unchanged = latest is not None and latest[0].plan == format_plan(plan)
        return LevelView(
            level=self.level,
            scene=self.level.scenes[0],
            plan=plan,
            latest=latest,
            stars=progress.best(self.level_id).stars,
            prediction=progress.prediction(self.level_id),
            measured=Measured(plan, latest[0].scenes) if unchanged and latest else None,
        )

    def on_mount(self) -> None:
        self._settle()
        if self._plan is not None:
            self.editor.rewrite(self._plan.strip("\n"))

    def on_resize(self, event: Resize) -> None:
        self.set_class(not self._roomy, "-narrow")
        self.panes.set_narrow(not self._roomy)
        footer = self.query_one(Footer)
        footer.compact, footer.show_command_palette = not self._roomy, self._roomy  # 80 columns hold no more

    @property
    def _roomy(self) -> bool:
        return self.size.width >= ROOMY[0] and self.size.height >= ROOMY[1]

    def on_unmount(self) -> None:
        self._save_draft()

    def retranslate(self) -> None:
        self.panes.retranslate()

    @property
    def panes(self) -> LevelPanes:
        return self.query_one(LevelPanes)

    @property
    def editor(self) -> PlanEditor:
        return self.panes.editor

    @property
    def phase(self) -> Phase:
        return self.view.phase

    def _change(self, **changes: Any) -> None:
        """Change the state, and draw what follows from it."""
        phase = self.view.phase
        self.view = replace(self.view, **changes)
        self.panes.draw(self.view)
        if self._place:
            self._place.show(self.view.map_state())
        if self.view.phase is not phase:
            self.refresh_bindings()

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """False hides a key, None greys it out."""
        if not self.is_mounted or not hasattr(self, "view"):
            return True
        editing, stepping = self.phase is Phase.EDIT, self.phase is Phase.STEPPING
        match action:
            case "stop":
                return not editing
            case "back":
                return editing and super().check_action(action, parameters)
            case "run" | "step":
                return editing or stepping or None
            case "tamper":
                return stepping or (None if self._roomy else False)
            case "predict":
                return editing and not self.game.progress.best(self.level_id).runs and self.level.scored
            case "debrief":
                return self.view.stars > 0 and self.level.scored
            case "replay" | "compare":
                return editing and (self.view.measured is not None or self.view.latest is not None)
            case "scene":
                return len(self.level.scenes) > 1 and (editing or None)
            case "rival":
                return self.level.race is not None and (editing or None)
            case "race" | "plans" | "palette" | "reset" | "undo" | "redo" | "edit":
                return editing or None
        return super().check_action(action, parameters)

    # -- writing -------------------------------------------------------------------------------------------------------

    @on(PlanEditor.Changed)
    def _edited(self, event: PlanEditor.Changed) -> None:
        self._adopt(event.parsed)
        self._unsaved = event.text
        if self._saving:
            self._saving.stop()
        self._saving = self.set_timer(DRAFT_PAUSE, self._save_draft)

    def _adopt(self, parsed: Parsed) -> None:
        """The plan is this one now; what was measured stays only while it is still of this plan."""
        measured = self.view.measured
        holds = measured is not None and same(measured.plan, parsed.plan) and not parsed.problems
        self._change(plan=parsed.plan, cursor_step=self.editor.cursor_step, measured=measured if holds else None)

    @on(PlanEditor.CursorMoved)
    def _moved(self, event: PlanEditor.CursorMoved) -> None:
        self._change(cursor_step=event.step)

    def _save_draft(self) -> None:
        if self._unsaved is not None:
            self.game.progress.set_draft(self.level_id, self._unsaved)
            self.game.tell_notices()
        self._unsaved = None

    @on(PlanText.Left)
    def _leave_editor(self) -> None:
        self.set_focus(None)

    @on(PlanText.PaletteAsked)
    def _palette_here(self) -> None:
        self._open_palette(writing=True)

    def action_edit(self) -> None:
        self.panes.open_pane("plan")
        self.editor.area.focus()

    def action_palette(self) -> None:
        self._open_palette(writing=False)

    def _open_palette(self, *, writing: bool) -> None:
        def add(chosen: str | Lane | None) -> None:
            if not chosen:
                return
            self.panes.open_pane("plan")
            if isinstance(chosen, Lane):
                self.editor.insert_lane(chosen)
            else:
                self.editor.insert_call(chosen, writing=writing)

        self.app.push_screen(CallPalette(self.level.calls, lanes_of(self.level)), add)

    def action_plans(self) -> None:
        """What comes back from the shelf takes the editor's place; undo brings back what was there."""

        def take(text: str | None) -> None:
            if text is not None:
                self.panes.open_pane("plan")
                self.editor.rewrite(text.rstrip("\n"))

        from zcquest.tui.screens.plan_shelf import PlanShelf

        self.app.push_screen(PlanShelf(self.level_id, self.editor.text), take)

    def action_reset(self) -> None:
        self.editor.rewrite(self.level.draft.strip("\n"))

    def action_undo(self) -> None:
        self.editor.area.undo()

    def action_redo(self) -> None:
        self.editor.area.redo()

    def action_copy(self) -> None:
        self.app.copy_to_clipboard(self.editor.text)
        self.notify(_("The plan is in the clipboard, if this terminal allows it."), markup=False)

    # -- reading -------------------------------------------------------------------------------------------------------

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
        if self._understood():
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

    # -- the map -------------------------------------------------------------------------------------------------------

    def action_walk(self, way: str) -> None:
        """The first arrow key goes to the map, the next ones from room to room."""
        machine = self.query_one(MachineMap)
        if not machine.display or not machine.size:
            return
        if machine.has_focus:
            machine.walk(way)
        else:
            machine.focus()

    @on(MachineMap.Opened)
    def _open_place(self, event: MachineMap.Opened) -> None:
        from zcquest.tui.screens.place import PlaceScreen
        from zcquest.tui.screens.place_bytes import PlaceBytes

        source = PlaceBytes(self.view.scene, self.game.laboratory, self._session, self._buffers)
        self._place = PlaceScreen(event.place, self.view.map_state(), source, self.act)
        self.app.push_screen(self._place, self._place_closed)

    def _place_closed(self, _result: None) -> None:
        self._place = None

    def _session(self) -> Session | None:
        runner = self._steps or self._run_on
        return runner.session if runner else None

    def _buffers(self) -> tuple[Peeked, ...]:
        return self.view.live.buffers if self.view.live else ()

    @property
    def stepping(self) -> bool:
        """Whether a live session waits for its next call."""
        return self.phase is Phase.STEPPING

    def act(self, what: str) -> None:
        """A `step` or a `tamper` asked for on a dialogue above."""
        if what == "step" and self.phase is not Phase.RUNNING:
            self.action_step()
        elif what == "tamper":
            self.action_tamper()

    def leave_off(self) -> None:
        """End a live session, if there is one."""
        if self.stepping:
            self.action_stop()

    def action_scene(self) -> None:
        scenes = self.level.scenes
        self._change(scene=scenes[(scenes.index(self.view.scene) + 1) % len(scenes)])
        self._settle()

    def action_pane(self, pane: str) -> None:
        self.panes.open_pane(pane)

    @on(PaneTabs.Chosen)
    def _pane_chosen(self, event: PaneTabs.Chosen) -> None:
        self.panes.open_pane(event.pane)

    # -- running -------------------------------------------------------------------------------------------------------

    def action_run(self) -> None:
        if self._steps:
            self._steps.order(Order.FINISH)
        elif self._understood():
            first = (
                not self.game.progress.best(self.level_id).runs and self.view.prediction is None and self.level.scored
            )
            if first and not self._offered:
                self._offered = True
                self.app.push_screen(PredictScreen(), self._run_predicted)
            else:
                self._run()

    def action_predict(self) -> None:
        self._offered = True
        self.app.push_screen(PredictScreen(), self._keep_prediction)

    def _keep_prediction(self, prediction: Prediction | None) -> None:
        if prediction:
            self.game.progress.set_prediction(self.level_id, prediction.copies, prediction.switches)
            self._change(prediction=prediction)

    def _run_predicted(self, prediction: Prediction | None) -> None:
        self._keep_prediction(prediction)
        self._run()

    def _understood(self) -> bool:
        """Whether the plan can be run at all; if not, the cursor goes to what is wrong."""
        parsed = self.editor.catch_up()
        self._adopt(parsed)
        problems = parsed.problems
        if problems:
            self.panes.bar.tell(problems[0].sentence, "bad")
            self.panes.open_pane("plan")
            self.editor.go_to_first_problem()
        return not problems

    def _run(self) -> None:
        self._begin(Phase.RUNNING)
        run = LevelRun(self.level, self.view.plan, self.post_message, lambda: self.is_active or bool(self._place))
        self._run_on = run
        self._work_on(run.go(self.game.laboratory))

    def _begin(self, phase: Phase) -> None:
        self._save_draft()
        self.set_focus(None)
        scene = self.level.scenes[0] if phase is Phase.RUNNING else self.view.scene
        self._change(phase=phase, live=Live(), scene=scene)

    def _work_on(self, work: Coroutine[Any, Any, None]) -> None:
        self._work = self.run_worker(work, group="kernel", exclusive=True)

    @on(RunProgress)
    def _progress(self, event: RunProgress) -> None:
        if self.phase is Phase.EDIT:
            return  # stopped meanwhile
        self.panes.bar.progress(event.doing)
        scene = next(scene for scene in self.level.scenes if scene.name == event.doing.scene)
        live = self.view.live if self.view.live and scene is self.view.scene else Live()
        if event.lines is not None:
            live = live.read(event.doing.gauges, event.lines)
        self._change(scene=scene, live=live)

    @on(RunTick)
    def _tick(self, event: RunTick) -> None:
        if self.phase is Phase.RUNNING and self.game.motion != "none":
            self.panes.tick(event.calls)

    @on(RunEnded)
    async def _ended(self, event: RunEnded) -> None:
        if self.phase is Phase.EDIT:
            return  # stopped in the last moment
        best, improved = keep_run(self.game.progress, event.report, event.verdict)
        self.game.tell_notices()
        self._change(
            phase=Phase.EDIT,
            live=None,
            scene=self.level.scenes[0],
            latest=(event.report, event.verdict),
            stars=best.stars,
            measured=Measured(self.view.plan, event.report.scenes),
        )
        if self.hints:
            await self._say_hints()
        self._settle()
        self.panes.scroll_to_goals()
        self.refresh_bindings()
        from zcquest.tui.screens.result import ResultScreen

        result = ResultScreen(event.report, event.verdict, self.view.prediction, best, improved)
        self.app.push_screen(result, self._after_result)

    def _after_result(self, choice: str | None) -> None:
        levels = list(self.game.campaign.levels)
        following = levels.index(self.level_id) + 1 if self.level.scored else len(levels)
        if choice == "next" and following < len(levels):
            self.game.open_level(levels[following])

    @on(RunRefused)
    def _refused(self, event: RunRefused) -> None:
        """The host would not: the plan and all else stay as they are."""
        self._stand(event.reason, "bad")
        self.notify(say(event.reason), title=_("This could not be run"), severity="error", timeout=15, markup=False)

    @on(RunRecorded)
    def _recorded(self, event: RunRecorded) -> None:
        """The host would not build the bench NIC: what was recorded elsewhere is shown, and nothing is kept of it."""
        self._stand(event.reason, "bad")
        self.notify(say(event.reason), title=_("This could not be run"), severity="error", timeout=15, markup=False)
        from zcquest.tui.screens.result import ResultScreen

        report, verdict = event.recorded.report, event.recorded.verdict
        best = self.game.progress.best(self.level_id)
        self.app.push_screen(ResultScreen(report, verdict, None, best, recorded=event.recorded))

    def action_stop(self) -> None:
        """End what is going on. Nothing of it is kept but the plan."""
        if self._work:
            self._work.cancel()
        stopped = message("stopped; nothing was recorded")
        self._stand(stopped if self.phase is Phase.RUNNING else message("you left the live session"), "quiet")

    def _stand(self, said: Message, kind: str) -> None:
        self._work = self._steps = self._run_on = None
        self._change(phase=Phase.EDIT, live=None)
        self.panes.bar.tell(said, kind)

    def _settle(self) -> None:
        """Say how things stand when nothing is going on."""
        self._work = self._steps = self._run_on = None
        if not self.view.latest:
            self.panes.bar.tell(message("r runs the plan, s makes one call at a time, a adds a call, h gives a hint"))
            return
        report, verdict = self.view.latest
        broken = next((scene.error for scene in report.scenes if scene.error), None)
        if not self.level.scored:
            self.panes.bar.tell(broken or message("measured; change one thing and run it again"))
        elif verdict.passed:
            self.panes.bar.tell(message("the last run passed with {stars} of 3 stars", stars=verdict.stars), "good")
        else:
            self.panes.bar.tell(broken or message("the last run did not pass: the goals say why"), "bad")

    # -- stepping ------------------------------------------------------------------------------------------------------

    def action_step(self) -> None:
        if self._steps:
            self._steps.order(Order.STEP)
        elif self._understood():
            self._begin(Phase.STEPPING)
            self._steps = LevelSteps(self.level, self.view.scene, self.view.plan, self.post_message)
            self._work_on(self._steps.go(self.game.laboratory))

    def action_tamper(self) -> None:
        if self._steps:
            self._steps.order(Order.TAMPER)

    @on(Stepped)
    def _stepped(self, event: Stepped) -> None:
        if self.phase is not Phase.STEPPING or self.view.live is None:
            return
        self._change(live=self.view.live.read(event.gauges, event.lines, step=event.step, buffers=event.buffers))
        self._tell(event.sentence())

    def _tell(self, sentence: Message) -> None:
        self.panes.bar.tell(sentence, "live")
        if self._place:
            self._place.tell(sentence)

    @on(StepRemark)
    def _remark(self, event: StepRemark) -> None:
        if self.phase is not Phase.STEPPING or self.view.live is None:
            return
        remarks = (*self.view.live.remarks, Remark(event.calls, event.sentence))
        self._change(live=replace(self.view.live, remarks=remarks))
        self._tell(event.sentence)

    @on(SteppingEnded)
    async def _stepping_ended(self, event: SteppingEnded) -> None:
        remarks = self.view.live.remarks if self.view.live else ()
        if event.counts:
            await self._ended(RunEnded(event.report, event.verdict))
            return
        measured = Measured(self.view.plan, event.report.scenes, remarks)
        self._stand(message("the plan is over; r runs the whole level for its stars"), "quiet")
        self._change(measured=measured)
        if remarks:
            self.panes.bar.tell(remarks[-1].sentence, "live")
