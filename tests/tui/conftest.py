"""The game with a data folder of the test's own, in English, without motion, and without processes until it plays."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from pathlib import Path
from typing import TypeAlias

import pytest
from textual.pilot import Pilot

from zcquest.levels import language
from zcquest.tui.app import ZcquestApp

Open: TypeAlias = Callable[..., AbstractAsyncContextManager[Pilot[None]]]


@pytest.fixture(autouse=True)
def own_folders(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Nobody's progress is touched, and no test depends on the language that another one chose."""
    monkeypatch.setenv("ZCQUEST_DATA", str(tmp_path / "data"))
    monkeypatch.setenv("ZCQUEST_CACHE", str(tmp_path / "cache"))
    for name in ("ZCQUEST_LANG", "ZCQUEST_CAMPAIGN", "LC_ALL", "LC_MESSAGES", "LANG", "NO_COLOR"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setattr(language, "_chosen", None)


@pytest.fixture
def app() -> ZcquestApp:
    """The game: `async with app.run_test(size=(120, 36)) as pilot`. Set the environment first."""
    return quiet(ZcquestApp(warm_up=False))


@pytest.fixture
def open_game() -> Open:
    """A running game: `async with open_game(size=(80, 24), language="zh") as pilot`."""

    @asynccontextmanager
    async def opened(size: tuple[int, int] = (120, 36), **options: object) -> AsyncIterator[Pilot[None]]:
        game = quiet(ZcquestApp(**{"warm_up": False, **options}))
        async with game.run_test(size=size) as pilot:
            await pilot.pause()
            yield pilot

    return opened


def quiet(game: ZcquestApp) -> ZcquestApp:
    game.animation_level = "none"
    return game
