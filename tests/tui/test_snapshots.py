"""What the screens look like, letter by letter: both languages, both sizes.

After a change: `pytest tests/tui/test_snapshots.py --snapshot-update`, without -n, so that what is unused goes.

Texts rather than pictures: a reviewer reads the difference, and no font has a part in it. What colours, bold and
reverse tell is compared for the map alone, whose lines and rooms mean something by them.
"""

from __future__ import annotations

import importlib
import pkgutil
import string
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

import pytest
from rich.style import Style

from zcquest.tui import screens
from zcquest.tui.screens.base import ZcModal, ZcScreen
from zcquest.tui.themes import THEMES
from zcquest.tui.widgets.machine_map import MachineMap

from .conftest import Open, shown
from .states import STATES, Stage, still_world

__all__ = ["still_world"]

INKS: Final = (
    "dma",
    "cpu",
    "shared",
    "crossing",
    "frame",
    "quiet",
    "accent",
    "primary",
    "success",
    "error",
    "foreground",
)


@pytest.mark.usefixtures("still_world")
@pytest.mark.parametrize("size", [(120, 36), (80, 24)], ids=["120x36", "80x24"])
@pytest.mark.parametrize("language", ["en", "zh"])
async def test_screens(size: tuple[int, int], language: str, open_game: Open, tmp_path: Path, snapshot: Any) -> None:
    seen = set[type]()
    async with open_game(size, language=language) as pilot:
        stage = Stage(pilot, tmp_path)
        for name, state in STATES.items():
            if size in state.sizes:
                await stage.enter(name)
                seen |= {type(screen) for screen in stage.game.screen_stack}
                picture = "\n".join(line.rstrip() for line in shown(pilot).splitlines())
                assert picture == snapshot(name=name), name
    if size == (80, 24):
        assert not set(every_screen()) - seen, "a screen without a state"


def every_screen() -> Iterator[type]:
    """The classes of all screens; of those that are only parts of another one, that other one."""
    for module in pkgutil.iter_modules(screens.__path__):
        importlib.import_module(f"{screens.__name__}.{module.name}")
    found = [*ZcScreen.__subclasses__(), *ZcModal.__subclasses__()]
    while found:
        kind = found.pop()
        if parts := kind.__subclasses__():
            found += parts
        else:
            yield kind


@pytest.mark.usefixtures("still_world")
@pytest.mark.parametrize("look", [*THEMES, "NO_COLOR"])
async def test_the_inks_of_the_map(
    look: str, open_game: Open, tmp_path: Path, snapshot: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    if look == "NO_COLOR":
        monkeypatch.setenv("NO_COLOR", "1")
    async with open_game((80, 24)) as pilot:
        stage = Stage(pilot, tmp_path)
        if look in THEMES:
            stage.game.theme = look
        await stage.enter("level: passed")
        assert "\n".join(inked(stage)) == snapshot


def inked(stage: Stage) -> Iterator[str]:
    """Each row of the map, below it a letter for the ink of each cell, and at the end what the letters mean."""
    region = stage.screen.query_one(MachineMap).region
    variables = stage.game.theme_variables
    names = {variables[ink].lower(): f"${ink}" for ink in reversed(INKS)}
    letters: dict[str, str] = {}
    for strip in stage.screen._compositor.render_strips()[region.y : region.bottom]:
        row = strip.crop(region.x, region.right)
        yield row.text.rstrip()
        marks = ""
        for segment in row:
            ink = _ink(segment.style or Style(), names)
            marks += letters.setdefault(ink, string.ascii_letters[len(letters)]) * segment.cell_length
        yield marks
    yield from (f"{letter} {ink}" for ink, letter in letters.items())


def _ink(style: Style, names: dict[str, str]) -> str:
    colours = [colour.get_truecolor().hex if colour else "none" for colour in (style.color, style.bgcolor)]
    told = [names.get(colour.lower(), colour) for colour in colours]
    flags = [flag for flag in ("bold", "dim", "italic", "underline", "reverse") if getattr(style, flag)]
    return " ".join([told[0], "on", told[1], *flags])
