"""What the command palette offers besides the screens: every level, codex page, language and theme."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import partial
from typing import TYPE_CHECKING, NamedTuple, cast

from textual.command import DiscoveryHit, Hit, Hits, Provider

from zcquest.levels.language import LANGUAGES
from zcquest.tui.language import _

if TYPE_CHECKING:
    from zcquest.tui.app import ZcquestApp


class Command(NamedTuple):
    """One line of the palette."""

    title: str
    run: Callable[[], None]
    help: str


class GameCommands(Provider):
    """Levels, codex pages, languages, themes."""

    async def discover(self) -> Hits:
        for command in self._commands():
            yield DiscoveryHit(command.title, command.run, help=command.help)

    async def search(self, query: str) -> Hits:
        matcher = self.matcher(query)
        for command in self._commands():
            if (score := matcher.match(command.title)) > 0:
                yield Hit(score, matcher.highlight(command.title), command.run, help=command.help)

    def _commands(self) -> Iterator[Command]:
        from zcquest.levels import codex
        from zcquest.tui.themes import NAMES

        game = cast("ZcquestApp", self.app)
        for level in game.campaign.levels.values():
            title = _("Level {id}: {title}").format(id=level.id, title=level.text().title)
            yield Command(title, partial(game.open_level, level.id), _("Play this level"))
        for code, name in LANGUAGES.items():
            yield Command(_("Language: {name}").format(name=name), partial(game.set_language, code), "")
        for theme, name in NAMES.items():
            yield Command(_("Theme: {name}").format(name=_(name)), partial(game.set_theme, theme), "")
        for page in codex.pages():
            title = _("Codex: {title}").format(title=codex.page(page).title)
            yield Command(title, partial(game.open_codex, page), page)


def game_commands() -> type[Provider]:
    return GameCommands


def system_commands() -> type[Provider]:
    from textual.system_commands import SystemCommandsProvider

    return SystemCommandsProvider
