"""The game with a data folder of the test's own, in English, without motion, and without processes until it plays."""

from __future__ import annotations

import gettext
import re
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from pathlib import Path
from typing import Any, TypeAlias

import pytest
from textual._context import visible_screen_stack
from textual.pilot import Pilot

from zcquest.levels import language
from zcquest.levels.progress import Progress, RunRow
from zcquest.tui.app import ZcquestApp
from zcquest.tui.widgets.key_bar import KeyBar

from .quiet import wait_quietly

Open: TypeAlias = Callable[..., AbstractAsyncContextManager[Pilot[None]]]


class Wide(gettext.NullTranslations):
    """Every letter twice as wide, placeholders as they are: worse than any real Chinese."""

    def gettext(self, text: str) -> str:
        return "".join(
            part if part.startswith("{") else re.sub("[A-Za-z]", "汉", part) for part in re.split(r"(\{\w+\})", text)
        )

    def ngettext(self, singular: str, plural: str, number: int) -> str:
        return self.gettext(plural)


@pytest.fixture(params=["en", "wide"])
def any_language(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    if request.param == "wide":
        monkeypatch.setattr(language, "_catalogue", lambda code, folder: Wide())


@pytest.fixture(autouse=True)
def own_folders(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Nobody's progress is touched, and no test depends on the language that another one chose."""
    monkeypatch.setenv("ZCQUEST_DATA", str(tmp_path / "data"))
    monkeypatch.setenv("ZCQUEST_CACHE", str(tmp_path / "cache"))
    for name in ("ZCQUEST_LANG", "ZCQUEST_CAMPAIGN", "LC_ALL", "LC_MESSAGES", "LANG", "NO_COLOR"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setattr(language, "_chosen", None)


@pytest.fixture(autouse=True)
def however_busy(monkeypatch: pytest.MonkeyPatch) -> None:
    """A pilot waits until what it did has been taken up, and not a moment longer."""
    wait_quietly(monkeypatch)


@pytest.fixture
def app() -> ZcquestApp:
    """The game: `async with app.run_test(size=(120, 36)) as pilot`. Set the environment first."""
    return _still(ZcquestApp(warm_up=False))


@pytest.fixture
def open_game() -> Open:
    """A running game: `async with open_game((80, 24), language="zh") as pilot`."""

    @asynccontextmanager
    async def opened(size: tuple[int, int] = (120, 36), **options: Any) -> AsyncIterator[Pilot[None]]:
        game = _still(ZcquestApp(**{"warm_up": False, **options}))
        async with game.run_test(size=size) as pilot:
            await pilot.pause()
            yield pilot

    return opened


@pytest.fixture
def played() -> Callable[..., None]:
    """Keep a run: `played("1-1", stars=2, copies=4.0, switches=8, buffer=4096)`."""

    def keep(level: str, *, stars: int, at: float = 1.0, **figures: Any) -> None:
        progress = Progress.open()
        figures = {"copies": 4.0, "switches": 4, "buffer": 65536, **figures}
        progress.record_run(RunRow(level=level, at=at, plan="", passed=stars > 0, stars=stars, **figures))
        progress.close()

    return keep


def shown(pilot: Pilot[None]) -> str:
    """The screen as text, one line a row, with what shows through it of the screens behind."""
    visible_screen_stack.set(pilot.app._background_screens)  # or what is drawn anew here would have nothing behind it
    rows = pilot.app.screen._compositor.render_strips()
    return "\n".join("".join(segment.text for segment in strip) for strip in rows)


def footer(pilot: Pilot[None]) -> list[str]:
    """What the line of keys says of each, from left to right."""
    return [key.description for key in pilot.app.screen.query_one(KeyBar).keys]


def _still(game: ZcquestApp) -> ZcquestApp:
    game.animation_level = "none"
    return game
