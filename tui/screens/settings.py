"""Settings: one line each, its choices beside it; below, where progress is kept and what happened to it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from textual import on
from textual.app import ComposeResult
from textual.binding import Binding
from textual.containers import VerticalScroll
from textual.content import Content
from textual.widgets import OptionList, Static
from textual.widgets.option_list import Option

from zcquest import __version__
from zcquest.levels.language import LANGUAGES, language, say
from zcquest.tui.language import N_, _
from zcquest.tui.screens.base import ZcScreen
from zcquest.tui.screens.confirm import Confirm
from zcquest.tui.themes import NAMES
from zcquest.tui.widgets.choices import Choices, choice, offered
from zcquest.tui.widgets.columns import left
from zcquest.tui.widgets.heading import Heading
from zcquest.tui.widgets.key_bar import KeyBar

MOTION_NAMES = {"full": N_("full"), "reduced": N_("reduced"), "none": N_("none")}


@dataclass(frozen=True, slots=True)
class Setting:
    """`choices` are names by value; `explanation` a sentence; all of them said in the language in use."""

    id: str
    title: str
    choices: Mapping[str, str]
    chosen: str
    choose: Callable[[str], None]
    explanation: str


class SettingsScreen(ZcScreen[None]):
    """Up and down go from setting to setting, left and right choose."""

    CSS_PATH = "settings.tcss"
    BINDINGS = [
        Binding("left", "choose(-1)", N_("Choose"), key_display="←→", tooltip=N_("The choice before"), priority=True),
        Binding("right", "choose(1)", show=False, tooltip=N_("The next choice"), priority=True),
    ]

    def compose(self) -> ComposeResult:
        yield Heading()
        yield Choices(id="settings")
        yield Static(id="explanation", markup=False)
        with VerticalScroll(id="about", can_focus=False):
            yield Static(id="kept", markup=False)
        yield KeyBar()

    def on_mount(self) -> None:
        self.retranslate()

    def on_screen_resume(self) -> None:
        self.retranslate()

    def retranslate(self) -> None:
        heading = self.query_one(Heading)
        heading.title, heading.status = _("Settings"), Content(f"zcquest {__version__}")
        rows = self.query_one("#settings", OptionList)
        marked, settings = rows.highlighted or 0, self._settings()
        width = max(Content(setting.title).cell_length for setting in settings) + 4
        rows.set_options(
            [
                *(Option(setting_line(setting, width), id=setting.id) for setting in settings),
                Option(Content(_("Reset all progress")), id="reset"),
            ]
        )
        rows.highlighted = marked
        self._explain()
        self.query_one("#kept", Static).update(self._where_kept())

    def action_choose(self, direction: int) -> None:
        if setting := self._marked():
            values = list(setting.choices)
            setting.choose(values[(values.index(setting.chosen) + direction) % len(values)])
            self.retranslate()

    @on(OptionList.OptionSelected, "#settings")
    def choose_next(self, event: OptionList.OptionSelected) -> None:
        if event.option_id == "reset":
            self._ask_reset()
        else:
            self.action_choose(1)

    @on(Choices.Picked, "#settings")
    def choose_this(self, event: Choices.Picked) -> None:
        if setting := next((setting for setting in self._settings() if setting.id == event.id), None):
            setting.choose(list(setting.choices)[event.offer])
            self.retranslate()

    @on(OptionList.OptionHighlighted, "#settings")
    def explain(self) -> None:
        self._explain()
        self.refresh_bindings()

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        if action == "choose" and self.is_mounted and self._marked() is None:
            return None
        return super().check_action(action, parameters)

    def _settings(self) -> list[Setting]:
        game = self.game
        return [
            Setting(
                "language",
                _("Language"),
                LANGUAGES,
                language(),
                game.set_language,
                _("Of everything: screens, levels, codex. F2 changes it on every screen."),
            ),
            Setting(
                "theme",
                _("Theme"),
                {name: _(said) for name, said in NAMES.items()},
                game.theme,
                game.set_theme,
                _("With NO_COLOR set, every theme is shown without colours."),
            ),
            Setting(
                "motion",
                _("Animation"),
                {motion: _(said) for motion, said in MOTION_NAMES.items()},
                game.motion,
                game.set_motion,
                _("Reduced: nothing moves unless you make it move. None: everything jumps to where it ends."),
            ),
        ]

    def _marked(self) -> Setting | None:
        option = self.query_one("#settings", OptionList).highlighted_option
        return next((setting for setting in self._settings() if option and setting.id == option.id), None)

    def _explain(self) -> None:
        setting = self._marked()
        reset = _("Forgets all runs, stars, drafts, predictions and hints. Settings stay. Asks before it does.")
        self.query_one("#explanation", Static).update(setting.explanation if setting else reset)

    def _where_kept(self) -> Content:
        progress = self.game.progress
        parts = [Content.styled(_("Progress"), "bold $primary")]
        if progress.kept:
            parts.append(Content(_("Kept in {path}").format(path=progress.path)))
        else:
            parts.append(Content(_("Nothing is kept: {path} cannot be written.").format(path=progress.path)))
        parts += (Content.assemble(("! ", "bold $warning"), say(notice)) for notice in progress.notices)
        return Content("\n").join(parts)

    def _ask_reset(self) -> None:
        question = _("Reset all progress?")
        warning = _("All runs, stars, drafts, predictions and hints are forgotten. There is no way back.")
        self.app.push_screen(Confirm(question, warning), lambda yes: self._reset() if yes else None)

    def _reset(self) -> None:
        self.game.progress.reset_all()
        self.game.tell_notices()
        self.notify(_("All progress is forgotten."), markup=False)


def setting_line(setting: Setting, width: int) -> Content:
    """The title and every choice."""
    choices = (
        offered(choice(name, chosen=value == setting.chosen), number)
        for number, (value, name) in enumerate(setting.choices.items())
    )
    return Content.assemble(left(setting.title, width), Content(" ").join(choices))
