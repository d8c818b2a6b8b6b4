"""Playing a plan on the live kernel: run to its end in every scene, or stepped through one of them."""

from __future__ import annotations

from collections.abc import Coroutine
from dataclasses import replace
from typing import Any

from textual import on
from textual.worker import Worker

from zcquest.engine.message import Message, message
from zcquest.levels.keeping import keep_run
from zcquest.levels.language import gettext as _
from zcquest.levels.language import say
from zcquest.levels.progress import Prediction
from zcquest.tui.screens.level_run import LevelRun, RunEnded, RunProgress, RunRecorded, RunRefused, RunTick
from zcquest.tui.screens.level_steps import LevelSteps, Order, Stepped, SteppingEnded, StepRemark
from zcquest.tui.screens.level_writing import LevelWriting
from zcquest.tui.screens.predict import PredictScreen
from zcquest.tui.widgets.level_view import Live, Measured, Phase, Remark


class LevelPlaying(LevelWriting):
    """What goes on with the plan, from the key press to the verdict."""

    def __init__(self, level_id: str) -> None:
        super().__init__(level_id)
        self._steps: LevelSteps | None = None
        self._run_on: LevelRun | None = None
        self._work: Worker[None] | None = None
        self._offered = False  # the prediction was asked for since the level was opened

    @property
    def stepping(self) -> bool:
        """Whether a live session waits for its next call."""
        return self.phase is Phase.STEPPING

    def _was_left(self) -> bool:
        """Whether the player went elsewhere: what ends as the screen goes is no news there, and nothing is kept."""
        return self not in self.app.screen_stack

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
        self.change(scene=scenes[(scenes.index(self.view.scene) + 1) % len(scenes)])
        self.settle()

    # -- running -------------------------------------------------------------------------------------------------------

    def action_run(self) -> None:
        if self._steps:
            self._steps.order(Order.FINISH)
        elif self.understood():
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
            self.change(prediction=prediction)

    def _run_predicted(self, prediction: Prediction | None) -> None:
        self._keep_prediction(prediction)
        self._run()

    def _run(self) -> None:
        self._begin(Phase.RUNNING)
        run = LevelRun(self.level, self.view.plan, self.post_message, lambda: self.is_active or bool(self._place))
        self._run_on = run
        self._work_on(run.go(self.game.laboratory))

    def _begin(self, phase: Phase) -> None:
        self.save_draft()
        self.set_focus(None)
        scene = self.level.scenes[0] if phase is Phase.RUNNING else self.view.scene
        self.change(phase=phase, live=Live(), scene=scene)

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
        self.change(scene=scene, live=live)

    @on(RunTick)
    def _tick(self, event: RunTick) -> None:
        if self.phase is Phase.RUNNING and self.game.motion != "none":
            self.panes.tick(event.calls)

    @on(RunEnded)
    async def _ended(self, event: RunEnded) -> None:
        if self.phase is Phase.EDIT or self._was_left():
            return  # stopped in the last moment
        best, improved = keep_run(self.game.progress, event.report, event.verdict)
        self.game.tell_notices()
        self.change(
            phase=Phase.EDIT,
            live=None,
            scene=self.level.scenes[0],
            latest=(event.report, event.verdict),
            stars=best.stars,
            measured=Measured(self.view.plan, event.report.scenes),
        )
        await self.after_run()
        if self._was_left():
            return  # while the hints were said again
        self.settle()
        self.panes.scroll_to_goals()
        self.refresh_bindings()
        from zcquest.tui.screens.result import ResultScreen

        result = ResultScreen(event.report, event.verdict, self.view.prediction, best, improved, new=True)
        self.app.push_screen(result, self._after_result)

    def _after_result(self, choice: str | None) -> None:
        levels = list(self.game.campaign.levels)
        following = levels.index(self.level_id) + 1 if self.level.scored else len(levels)
        if choice == "next" and following < len(levels):
            self.game.open_level(levels[following])

    @on(RunRefused)
    def _refused(self, event: RunRefused) -> None:
        """The host would not: the plan and all else stay as they are."""
        if self._was_left():
            return
        self._stand(event.reason, "bad")
        self.notify(say(event.reason), title=_("This could not be run"), severity="error", timeout=15, markup=False)

    @on(RunRecorded)
    def _recorded(self, event: RunRecorded) -> None:
        """The host would not build the bench NIC: what was recorded elsewhere is shown, and nothing is kept of it."""
        if self._was_left():
            return
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
        self.change(phase=Phase.EDIT, live=None)
        self.panes.bar.tell(said, kind)

    def settle(self) -> None:
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
        elif self.understood():
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
        self.change(live=self.view.live.read(event.gauges, event.lines, step=event.step, buffers=event.buffers))
        if not any(remark.calls == event.calls for remark in self.view.live.remarks):
            self._tell(event.sentence())  # what was remarked of the call since is the news

    def _tell(self, sentence: Message) -> None:
        self.panes.bar.tell(sentence, "live")
        if self._place:
            self._place.tell(sentence)

    @on(StepRemark)
    def _remark(self, event: StepRemark) -> None:
        if self.phase is not Phase.STEPPING or self.view.live is None:
            return
        remarks = (*self.view.live.remarks, Remark(event.calls, event.sentence))
        self.change(live=replace(self.view.live, remarks=remarks))
        self._tell(event.sentence)

    @on(SteppingEnded)
    async def _stepping_ended(self, event: SteppingEnded) -> None:
        if self._was_left():
            return
        remarks = self.view.live.remarks if self.view.live else ()
        if event.counts:
            await self._ended(RunEnded(event.report, event.verdict))
            return
        measured = Measured(self.view.plan, event.report.scenes, remarks)
        self._stand(message("the plan is over; r runs the whole level for its stars"), "quiet")
        self.change(measured=measured)
        if remarks:
            self.panes.bar.tell(remarks[-1].sentence, "live")
