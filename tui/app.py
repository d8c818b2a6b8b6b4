"""The game: what all screens share, and the ways between them. Screens are imported when they are opened."""

from __future__ import annotations

import asyncio
import os
import re
import signal
import sys
from collections.abc import Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from textual import on
from textual.actions import ActionParseResult
from textual.app import App
from textual.binding import Binding
from textual.dom import DOMNode
from textual.events import Event, InputEvent, Key, Resize
from textual.reactive import reactive
from textual.screen import Screen
from textual.types import AnimationLevel
from textual.widget import Widget

from zcquest.levels import language as languages
from zcquest.levels.lab import LAB, lab_level, lab_settings
from zcquest.levels.loader import Campaign, Level, load_campaign
from zcquest.levels.progress import Progress
from zcquest.levels.traces import TraceStore
from zcquest.tui import backgrounds, line_breaking
from zcquest.tui.commands import GamePalette, game_commands
from zcquest.tui.garbage import Sweeper
from zcquest.tui.key_order import KeyOrder, Passed
from zcquest.tui.laboratory import LaboratoryKeeper
from zcquest.tui.language import N_, _, other_language
from zcquest.tui.screens.base import ZcModal, ZcScreen
from zcquest.tui.screens.home import HomeScreen
from zcquest.tui.themes import DARK, DEFAULT_THEME, THEMES

if TYPE_CHECKING:
    from zcquest.engine.experiment import Laboratory
    from zcquest.engine.host import HostReport
    from zcquest.engine.message import Message
    from zcquest.engine.race import RaceFormat
    from zcquest.levels.brokers import BrokerRun
    from zcquest.levels.racers import Racer
    from zcquest.levels.report import SceneReport

MIN_WIDTH: Final = 80
MIN_HEIGHT: Final = 24
MOTIONS: Final[Mapping[str, AnimationLevel]] = {"full": "full", "reduced": "basic", "none": "none"}
FUNCTION_KEY: Final = re.compile(r"f\d+")
ENDING_SIGNALS: Final = ("SIGINT", "SIGTERM", "SIGHUP")

backgrounds.install()
line_breaking.install()


class ZcquestApp(App[None]):
    """One game. `warm_up=False` leaves inspecting the host and opening the laboratory until somebody asks.

    With `tour`, who has never played is offered it.
    """

    TITLE = "zcquest"
    CSS_PATH = "app.tcss"
    COMMANDS = {game_commands}
    BINDINGS = [
        Binding("ctrl+q", "quit", N_("Quit"), tooltip=N_("Quit the game"), show=False, priority=True),
        Binding("f1", "help", N_("Help"), tooltip=N_("The keys of this screen"), show=False, priority=True),
        Binding("f2", "toggle_language", N_("Language"), tooltip=N_("English or Chinese"), priority=True),
    ]

    host: reactive[HostReport | None] = reactive(None)
    """What this host can do; None until it has been looked at."""

    def __init__(self, *, language: str | None = None, warm_up: bool = True, tour: bool = False) -> None:
        super().__init__()
        self.campaign: Campaign = load_campaign()
        self.progress: Progress = Progress.open()
        self._warm_up = warm_up
        self._tour = tour
        self.traces = TraceStore()
        self.broker_runs: dict[tuple[str, str], BrokerRun] = {}
        """What Kafka's plan and RocketMQ's came to, by `scenes_key` and name, as long as the game is open."""
        self._keeper = LaboratoryKeeper(self.traces.keep)
        self._sweeper = Sweeper(self)
        self._keys = KeyOrder(self, super().on_event)
        self._notices_told = 0
        self._start_with(language)

    # What screens ask for

    async def laboratory(self) -> Laboratory:
        """The game's one laboratory, once it is open. Raises Unplayable when this host refuses it."""
        return await self._keeper.get()

    def level(self, id: str) -> Level:
        """The campaign's level, or the lab as it stands. Raises UnknownLevel, UnusableFile."""
        return lab_level(lab_settings(self.progress)) if id == LAB else self.campaign.level(id)

    def open_level(self, id: str, plan: str | None = None) -> None:
        """Go to the level; the one that was open is left. Where nothing can be played, the screen that says why.

        `plan` takes the draft's place in the editor; undo brings the draft back.
        """
        self.level(id)
        if not self._can_play():
            return
        from zcquest.tui.screens.level import LevelScreen

        if any(isinstance(screen, LevelScreen) for screen in self.screen_stack):
            self._back_to(LevelScreen)
            self.pop_screen()
        self.push_screen(LevelScreen(id, plan))

    def open_codex(self, name: str | None = None) -> None:
        """Open the codex, at the page `name` if given."""
        from zcquest.tui.screens.codex import CodexScreen

        if isinstance(self.screen, CodexScreen):
            if name:
                self.screen.open_page(name)
        else:
            self.push_screen(CodexScreen(name))

    def open_race(self, own: Racer | None = None, rival: str = "", format: RaceFormat = "kafka") -> None:
        """Go to the race, with the plan `own` as A if given, the shipped plan `rival` as B, over a log of `format`.

        Where nothing can be played, the screen that says why.
        """
        if not self._can_play():
            return
        from zcquest.tui.screens.race import RaceScreen

        if own is None and self._back_to(RaceScreen):
            return
        if any(isinstance(screen, RaceScreen) for screen in self.screen_stack):
            self._back_to(RaceScreen)
            self.pop_screen()
        self.push_screen(RaceScreen(own, rival, format))

    def open_replay(self, level_id: str, plan: str, scenes: Sequence[SceneReport]) -> None:
        """Replay a run of the text `plan` in the level, as it was kept. Raises UnknownLevel, UnusableFile."""
        from zcquest.tui.screens.replay import ReplayScreen

        self.level(level_id)
        self.push_screen(ReplayScreen(level_id, plan, scenes))

    def open_compare(self, level_id: str, plan: str, scenes: Sequence[SceneReport], run: int | None = None) -> None:
        """Ask what to compare a run of the level with, marking the kept `run`, and show both side by side."""
        from zcquest.tui.screens.compare import CompareScreen, Side
        from zcquest.tui.screens.compare_choice import CompareChoice

        def chosen(other: Side | None) -> None:
            if other:
                self.push_screen(CompareScreen(level_id, Side(_("this run"), plan, tuple(scenes)), other))

        self.push_screen(CompareChoice(level_id, plan, run), chosen)

    def cannot_play(self, why: Message | None) -> None:
        """Explain why nothing can be played on this host (`Unplayable.reason`), and what to do."""
        from zcquest.tui.screens.start import CannotPlay

        if not isinstance(self.screen, CannotPlay):
            self.push_screen(CannotPlay(why))

    def _can_play(self) -> bool:
        """False, and the screen that says why, where this host refuses."""
        if self.host is None and sys.platform != "linux":
            self.host = _inspect()  # at once: the screens that play could not even be imported
        if self.host is not None and not self.host.supported:
            self.cannot_play(self.host.why_not)
            return False
        return True

    def set_language(self, code: str) -> None:
        """Say everything in the language `code` from now on, and remember it."""
        languages.set_language(code)
        self.keep_setting("language", code)
        for screen in self.screen_stack:
            if isinstance(screen, ZcScreen | ZcModal):
                screen.retranslate() if screen.is_mounted else screen.call_later(screen.retranslate)
            screen.refresh_bindings()

    def set_theme(self, name: str) -> None:
        """Show the theme `name` (of THEMES) from now on, and remember it."""
        self.theme = name
        self.keep_setting("theme", name)

    def set_motion(self, motion: str) -> None:
        """`motion` is one of MOTIONS."""
        self.animation_level = MOTIONS[motion]
        self.keep_setting("motion", motion)

    @property
    def eager(self) -> bool:
        """Whether the laboratory may be put to use before anybody asks."""
        return self._warm_up

    @property
    def motion(self) -> str:
        """How much may move: `full`, `reduced` (nothing by itself), `none`."""
        return next(ours for ours, level in MOTIONS.items() if level == self.animation_level)

    def keep_setting(self, key: str, value: str) -> None:
        self.progress.set_setting(key, value)
        self.tell_notices()

    def tell_notices(self) -> None:
        """Show what the progress file has to say and has not said yet. Call it after writing progress."""
        for notice in self.progress.notices[self._notices_told :]:
            self.notify(languages.say(notice), title=_("Progress"), severity="warning", timeout=12, markup=False)
        self._notices_told = len(self.progress.notices)

    # Ways between screens

    def action_help(self) -> None:
        from zcquest.tui.screens.help import HelpScreen

        if isinstance(self.screen, HelpScreen):
            self.screen.action_close()
        else:
            self.push_screen(HelpScreen(self.screen))

    def action_words(self) -> None:
        """Choose a word in sight, the one under the mouse first, and read its page."""
        from zcquest.tui.screens.words import WordsScreen
        from zcquest.tui.words import pages_on

        found = pages_on(self.screen, self.mouse_position)
        self.push_screen(WordsScreen(found), lambda name: self.open_codex(name) if name else None)

    def action_toggle_language(self) -> None:
        self.set_language(other_language())

    def action_codex(self) -> None:
        self.open_codex()

    def action_home(self) -> None:
        self._back_to(HomeScreen)

    def action_campaign(self) -> None:
        from zcquest.tui.screens.campaign import CampaignScreen

        if not self._back_to(CampaignScreen):
            self.push_screen(CampaignScreen())

    def action_tour(self) -> None:
        """Go to the first level and be shown around."""
        from zcquest.tui.screens.level import LevelScreen
        from zcquest.tui.screens.tour import TourScreen

        self.open_level(next(iter(self.campaign.levels)))
        level = self.screen
        if isinstance(level, LevelScreen):  # not where nothing can be played
            level.call_after_refresh(lambda: self.push_screen(TourScreen(level)))

    def offer_tour(self) -> None:
        """Offer it over the first screen, once, to who has never played."""
        if not self._tour or sys.platform != "linux" or not isinstance(self.screen, HomeScreen):
            return
        from zcquest.tui.screens.tour_offer import SETTING, TourOffer

        self._tour = False
        if self.progress.setting(SETTING) is None:
            self.keep_setting(SETTING, "offered")
            if not self.progress.all_best():
                self.push_screen(TourOffer(), lambda taken: self.action_tour() if taken else None)

    def action_lab(self) -> None:
        from zcquest.tui.screens.lab import LabScreen

        if not self._back_to(LabScreen):
            self.push_screen(LabScreen())

    def action_race(self) -> None:
        self.open_race()

    def action_history(self) -> None:
        from zcquest.tui.screens.history import HistoryScreen

        if not self._back_to(HistoryScreen):
            self.push_screen(HistoryScreen())

    def action_settings(self) -> None:
        from zcquest.tui.screens.settings import SettingsScreen

        if not self._back_to(SettingsScreen):
            self.push_screen(SettingsScreen())

    def action_screenshot(self, filename: str | None = None, path: str | None = None) -> None:
        self.deliver_screenshot(filename, path)

    def action_command_palette(self) -> None:
        if not self._back_to(GamePalette):
            self.push_screen(GamePalette())

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        from zcquest.tui.screens.start import TooSmall

        if action in ("help", "command_palette", "words"):
            return not isinstance(self.screen, TooSmall)
        return True

    async def run_action(
        self,
        action: str | ActionParseResult,
        default_namespace: DOMNode | None = None,
        namespaces: Mapping[str, DOMNode] | None = None,
    ) -> bool:
        """As Textual's; what is asked of a screen that does not stand yet is done when it does."""
        asked = default_namespace.screen if isinstance(default_namespace, Widget) else None
        if asked and not asked.is_mounted:
            asked.call_later(self.run_action, action, default_namespace, namespaces)
            return True
        return await super().run_action(action, default_namespace, namespaces)

    def get_key_display(self, binding: Binding) -> str:
        shown = super().get_key_display(binding)
        return shown.upper() if FUNCTION_KEY.fullmatch(shown) else shown

    def _back_to(self, kind: type[Screen[Any]]) -> bool:
        """Leave the screens above the lowest one of this kind; False when there is none."""
        depth = next((depth for depth, screen in enumerate(self.screen_stack) if isinstance(screen, kind)), None)
        if depth is None:
            return False
        for _above in self.screen_stack[depth + 1 :]:
            self.pop_screen()
        return True

    # Start and end

    def get_default_screen(self) -> Screen[Any]:
        home = HomeScreen()
        self._load_screen_css(home)  # Textual does this for pushed screens only
        return home

    def get_theme_variable_defaults(self) -> dict[str, str]:
        return DARK

    def on_mount(self) -> None:
        self.tell_notices()
        if self._warm_up:
            self.call_after_refresh(self._start_warming_up)
        self.call_after_refresh(self.offer_tour)

    async def on_event(self, event: Event) -> None:
        if isinstance(event, InputEvent):
            self._sweeper.touch()
        if isinstance(event, Key) and not event.is_forwarded:
            await self._keys.press(event)
        else:
            await super().on_event(event)

    @on(Passed)
    async def _key_passed(self, event: Passed) -> None:
        await self._keys.passed(event)

    async def on_unmount(self) -> None:
        await self._keeper.close()
        self.progress.close()

    def on_resize(self, event: Resize) -> None:
        self.call_later(self.check_size)  # the app takes up its new size after this handler

    def check_size(self) -> None:
        """Cover the screens while the terminal is too small for them. Their state stays as it is."""
        from zcquest.tui.screens.start import TooSmall

        if too_small(self.size.width, self.size.height) and not isinstance(self.screen, TooSmall):
            self.push_screen(TooSmall())

    def _start_warming_up(self) -> None:
        if not self.is_running:  # quit as soon as it was there
            return
        self._sweeper.start()
        self.run_worker(self._warm())

    async def _warm(self) -> None:
        self.host = await asyncio.to_thread(_inspect)
        if self.host.supported:
            self._keeper.start()
        else:
            self.cannot_play(self.host.why_not)

    def _start_with(self, language: str | None) -> None:
        """Take up the player's settings; `language` and ZCQUEST_LANG go before the one that was kept."""
        wanted = language or (None if os.environ.get("ZCQUEST_LANG") else self.progress.setting("language"))
        if wanted and wanted in languages.LANGUAGES:
            languages.set_language(wanted)
        for theme in THEMES.values():
            self.register_theme(theme)
        theme_name = self.progress.setting("theme")
        self.theme = theme_name if theme_name and theme_name in THEMES else DEFAULT_THEME
        if (motion := self.progress.setting("motion")) and motion in MOTIONS:
            self.animation_level = MOTIONS[motion]


def too_small(width: int, height: int) -> bool:
    return width < MIN_WIDTH or height < MIN_HEIGHT


def play(language: str | None = None) -> int:
    """Play until the player quits; the exit status. Ends cleanly on SIGINT, SIGTERM and SIGHUP too."""
    return asyncio.run(_play(ZcquestApp(language=language, tour=True)))


async def _play(app: ZcquestApp) -> int:
    if sys.platform != "win32":  # there, the driver of terminals cannot be imported
        from zcquest.tui import escape_key, lost_terminal

        escape_key.install()
        lost_terminal.install()
    loop = asyncio.get_running_loop()
    for name in ENDING_SIGNALS:
        if number := getattr(signal, name, None):
            with suppress(NotImplementedError):  # Windows has no handlers on its loop
                loop.add_signal_handler(number, _end, app, 128 + number)
    await app.run_async()
    return app.return_code or 0


def _end(app: ZcquestApp, status: int) -> None:
    app.exit(return_code=status)


def _inspect() -> HostReport:
    from zcquest.engine.host import inspect_host

    if sys.platform != "linux":  # there, playing cannot be imported, and no folder is looked at
        return inspect_host(Path())
    from zcquest.levels.play import cache_folder

    return inspect_host(cache_folder() / "runs")
