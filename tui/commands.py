"""What the command palette offers: the actions of the screen, all screens, every level, codex page, language, theme."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import partial
from typing import TYPE_CHECKING, Any, NamedTuple, cast

from textual.command import CommandPalette, DiscoveryHit, Hit, Hits, Provider
from textual.content import Content
from textual.dom import DOMNode
from textual.screen import Screen

from zcquest.levels.language import LANGUAGES
from zcquest.tui.book import book
from zcquest.tui.language import _
from zcquest.tui.screens.base import EVERYWHERE, steady_cursors
from zcquest.tui.themes import NAMES

if TYPE_CHECKING:
    from zcquest.tui.app import ZcquestApp


class Command(NamedTuple):
    """One line of the palette."""

    title: str
    run: Callable[[], None]
    also: str = ""  # what else finds it: its name in the other language


class GameCommands(Provider):
    """All that the player may want to go to or to change."""

    async def discover(self) -> Hits:
        for command in self._commands():
            yield DiscoveryHit(command.title, command.run)

    async def search(self, query: str) -> Hits:
        matcher = self.matcher(query)
        found = False
        for command in self._commands():
            score = max(matcher.match(command.title), matcher.match(command.also) if command.also else 0)
            if score > 0:
                found = True
                yield Hit(score, matcher.highlight(command.title), command.run)
        if not found:  # before Textual says so, in English
            yield Hit(1, Content(_("Nothing here is called that.")), _do_nothing)

    def _commands(self) -> Iterator[Command]:
        """What can be done on the screen below, by any of its keys, and then what can be done anywhere."""
        yield from screen_commands(self.screen)
        yield from commands(cast("ZcquestApp", self.app))


def _do_nothing() -> None:
    """What choosing the line that says so comes to."""


class GamePalette(CommandPalette):
    """Textual's palette with our words in it."""

    def __init__(self) -> None:
        super().__init__(placeholder=_("Search levels, codex, settings"))  # no id: the one before may still be closing

    def on_screen_resume(self) -> None:
        steady_cursors(self, blinking=cast("ZcquestApp", self.app).motion == "full")


def screen_commands(screen: Screen[Any]) -> Iterator[Command]:
    """A command for each action of the screen that has a key of its own and can be done now."""
    told = set[str]()
    for active in screen.active_bindings.values():
        action = active.binding.action
        if active.tooltip and active.enabled and action not in told and action not in EVERYWHERE:
            told.add(action)
            key = screen.app.get_key_display(active.binding)
            title = _("{does}  ({key})").format(does=active.tooltip, key=key)
            yield Command(title, partial(_act, screen, action, active.node))


def _act(screen: Screen[Any], action: str, node: DOMNode) -> None:
    screen.app.call_later(screen.app.run_action, action, node)


def commands(game: ZcquestApp) -> Iterator[Command]:
    """Every command, in the language in use."""
    yield Command(_("Home"), game.action_home, "Home")
    yield Command(_("Campaign"), game.action_campaign, "Campaign")
    yield Command(_("Lab"), game.action_lab, "Lab")
    yield Command(_("Race"), game.action_race, "Race")
    yield Command(_("History: your runs, export and import"), game.action_history, "History")
    yield Command(_("Codex"), game.action_codex, "Codex")
    yield Command(_("Settings"), game.action_settings, "Settings")
    yield Command(_("Tour: a minute on the first level"), game.action_tour, "Tour")
    yield Command(_("Help: the keys of this screen"), game.action_help, "Help")
    for level in game.campaign.levels.values():
        title = _("Level {id}: {title}").format(id=level.id, title=level.text().title)
        others = " ".join(text.title for text in level.texts.values())
        yield Command(title, partial(game.open_level, level.id), f"Level {level.id} {others}")
    for code, language in LANGUAGES.items():
        yield Command(_("Language: {name}").format(name=language), partial(game.set_language, code))
    for theme, said in NAMES.items():
        yield Command(_("Theme: {name}").format(name=_(said)), partial(game.set_theme, theme))
    for name, page in book().items():
        yield Command(_("Codex: {title}").format(title=page.title), partial(game.open_codex, name), f"Codex {name}")
    yield Command(_("Save a picture of this screen (SVG)"), game.action_screenshot, "Screenshot")
    yield Command(_("Quit"), game.exit, "Quit")


def game_commands() -> type[Provider]:
    return GameCommands
