"""Home: what this is, where to go on, and what this host can do."""

from __future__ import annotations

from typing import TYPE_CHECKING

from textual import on
from textual.app import ComposeResult
from textual.binding import Binding
from textual.containers import Vertical
from textual.content import Content
from textual.widgets import OptionList, Static
from textual.widgets.option_list import Option

from zcquest.levels import codex
from zcquest.levels.language import say
from zcquest.levels.loader import Campaign, Level
from zcquest.levels.progress import Best
from zcquest.levels.schema import STARS
from zcquest.tui.language import N_, _
from zcquest.tui.screens.base import ZcScreen
from zcquest.tui.widgets.choices import Choices
from zcquest.tui.widgets.journey import Journey
from zcquest.tui.widgets.key_bar import KeyBar
from zcquest.tui.widgets.wordmark import Wordmark

if TYPE_CHECKING:
    from zcquest.engine.host import HostReport


class HomeScreen(ZcScreen[None]):
    """The first screen."""

    CSS_PATH = "home.tcss"
    BINDINGS = [
        Binding("enter", "open", N_("Open"), key_display="enter", tooltip=N_("Open what is marked"), priority=True),
        Binding("s", "app.settings", N_("Settings"), tooltip=N_("Language, theme, animation, progress"), show=False),
        Binding("q", "app.quit", N_("Quit"), tooltip=N_("Quit the game")),
    ]

    def compose(self) -> ComposeResult:
        with Vertical(id="middle"), Vertical(id="column"):
            yield Wordmark()
            yield Static(id="about", markup=False)
            yield Journey()
            yield Choices(id="menu")
        yield Static(id="host", markup=False)
        yield KeyBar()

    def on_mount(self) -> None:
        self.retranslate()
        self.query_one("#menu", OptionList).highlighted = 0
        self.watch(self.app, "host", self._show_host, init=False)

    def on_screen_resume(self) -> None:
        self._fill_menu()
        self.call_after_refresh(self.game.offer_tour)

    def retranslate(self) -> None:
        about = _("Move a real log from disk to a real consumer, one syscall at a time.")
        self.query_one("#about", Static).update(about)
        self.query_one(Journey).refresh(layout=True)
        self._fill_menu()
        self._show_host(self.game.host)

    @on(OptionList.OptionSelected, "#menu")
    def open_choice(self, event: OptionList.OptionSelected) -> None:
        match event.option_id:
            case "continue":
                if level := next_level(self.game.campaign, self.game.progress.all_best()):
                    self.game.open_level(level.id)
            case "campaign":
                self.game.action_campaign()
            case "lab":
                self.game.action_lab()
            case "race":
                self.game.action_race()
            case "history":
                self.game.action_history()
            case "codex":
                self.game.open_codex()
            case "settings":
                self.game.action_settings()
            case "quit":
                self.app.exit()

    def action_open(self) -> None:
        self.query_one("#menu", OptionList).action_select()

    def _fill_menu(self) -> None:
        menu, best = self.query_one("#menu", OptionList), self.game.progress.all_best()
        lines = list(menu_lines(self.game.campaign, best))
        width = max(Content(title).cell_length for _id, title, _more in lines) + 3
        marked = menu.highlighted
        menu.set_options(
            Option(
                Content.assemble((title, "bold"), " " * (width - Content(title).cell_length), (more, "$quiet")), id=id
            )
            for id, title, more in lines
        )
        menu.highlighted = marked or 0

    def _show_host(self, host: HostReport | None) -> None:
        self.query_one("#host", Static).update(host_line(host) if host else _("looking at this machine ..."))


def menu_lines(campaign: Campaign, best: dict[str, Best]) -> list[tuple[str, str, str]]:
    """Id, title and the rest of each line."""
    lines = []
    if level := next_level(campaign, best):
        lines.append(("continue", _("Continue") if best else _("Begin"), f"{level.id} {level.text().title}"))
    passed = sum(1 for id in campaign.levels if best.get(id, Best()).stars)
    earned = sum(best.get(id, Best()).stars for id in campaign.levels)
    standing = _("{passed} of {levels} levels passed, {stars} of {all} stars").format(
        passed=passed, levels=len(campaign.levels), stars=earned, all=STARS * len(campaign.levels)
    )
    return [
        *lines,
        ("campaign", _("Campaign"), standing),
        ("lab", _("Lab"), _("any log, any plan; your own files too")),
        ("race", _("Race"), _("two plans, turn by turn: which is faster")),
        ("history", _("History"), _("your runs, export and import")),
        ("codex", _("Codex"), _("{count} pages: calls, places, evidence").format(count=len(codex.pages()))),
        ("settings", _("Settings"), _("language, theme, animation, progress")),
        ("quit", _("Quit"), ""),
    ]


def next_level(campaign: Campaign, best: dict[str, Best]) -> Level | None:
    """The first level not passed; else the first with a star to win; else the last. None in an empty campaign."""
    levels = list(campaign.levels.values())
    for enough in (1, STARS):
        for level in levels:
            if best.get(level.id, Best()).stars < enough:
                return level
    return levels[-1] if levels else None


def host_line(host: HostReport) -> str:
    """Kernel, filesystem and what is limited, in one short line."""
    system, storage = host.finding("system"), host.finding("filesystem")
    words = []
    if system:
        words.append(say(system.detail).partition(",")[0])  # without the architecture
    if storage:
        words.append(str(storage.detail.values.get("type", _("unknown filesystem"))))
    limited = [finding for finding in host.findings if finding.ok is False]
    if not host.supported:
        words.append(_("nothing can be played here"))
    elif limited:
        words.append(_("limited: {what}").format(what=_(", ").join(say(finding.title) for finding in limited)))
    else:
        words.append(_("everything the levels need works"))
    return "  ·  ".join(words)
