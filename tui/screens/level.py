"""The level screen: read what is asked, write a plan, run it or step it, see what happened."""

from __future__ import annotations

from textual import on
from textual.app import ComposeResult
from textual.binding import Binding
from textual.events import Resize

from zcquest.engine.calls import CALLS
from zcquest.engine.plan import format_plan, parse
from zcquest.levels.keeping import latest_run
from zcquest.tui.language import N_
from zcquest.tui.screens.level_places import LevelPlaces
from zcquest.tui.screens.level_reading import LevelReading
from zcquest.tui.widgets.key_bar import KeyBar
from zcquest.tui.widgets.level_header import LevelHeader
from zcquest.tui.widgets.level_panes import LevelPanes
from zcquest.tui.widgets.level_view import LevelView, Measured, Phase
from zcquest.tui.widgets.pane_tabs import PaneTabs

ROOMY = (116, 32)  # cells and lines from which there is room for the map beside the other panes


class LevelScreen(LevelReading, LevelPlaces):
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
        Binding("1", "pane('map')", N_("Map"), key_display="1-4", show=False, tooltip=N_("A pane by its number")),
        Binding("2", "pane('plan')", N_("Plan"), show=False),
        Binding("3", "pane('trace')", N_("Trace"), show=False),
        Binding("4", "pane('briefing')", N_("Briefing"), show=False),
    ]

    def __init__(self, level_id: str, plan: str | None = None) -> None:
        """`plan` takes the draft's place in the editor, as an edit that can be undone."""
        super().__init__(level_id)
        self._plan = plan

    def compose(self) -> ComposeResult:
        self.level = self.game.level(self.level_id)
        draft = self.game.progress.draft(self.level_id)
        text = self.level.draft.strip("\n") if draft is None else draft
        self.hints = max(self.game.progress.hints_taken(self.level_id), default=0)
        self.view = self._first_view(text)
        yield LevelPanes(self.view, text, self.hints)
        yield KeyBar()

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
        self.settle()
        if self._plan is not None:
            self.editor.rewrite(self._plan.strip("\n"))

    def on_resize(self, event: Resize) -> None:
        self.set_class(not self._roomy, "-narrow")
        self.panes.set_narrow(not self._roomy)

    @property
    def _roomy(self) -> bool:
        return self.size.width >= ROOMY[0] and self.size.height >= ROOMY[1]

    def retranslate(self) -> None:
        self.panes.retranslate()

    def action_pane(self, pane: str) -> None:
        self.panes.open_pane(pane)

    @on(LevelHeader.Clicked)
    def _to_the_goals(self) -> None:
        self.panes.open_pane("briefing")
        self.panes.scroll_to_goals()

    @on(PaneTabs.Chosen)
    def _pane_chosen(self, event: PaneTabs.Chosen) -> None:
        self.panes.open_pane(event.pane)

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
                return stepping or None
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
            case "walk" | "undo" | "redo" | "reset" if not self.query(LevelPanes):
                return None  # nothing is left of a screen that was left
            case "walk":
                return self.panes.map_in_sight or None
            case "undo":
                return (editing and self.editor.can_undo) or None
            case "redo":
                return (editing and self.editor.can_redo) or None
            case "reset":
                return (editing and self.editor.text.strip("\n") != self.level.draft.strip("\n")) or None
            case "race" | "plans" | "palette" | "edit":
                return editing or None
        return super().check_action(action, parameters)
