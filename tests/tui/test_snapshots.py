"""What the screens look like, letter by letter: both languages, both sizes. `pytest --snapshot-update` after a change.

Texts rather than pictures: a reviewer reads the difference, and no theme or font has a part in it.
"""

from __future__ import annotations

from typing import Any

import pytest

from .conftest import Open, shown
from .test_keys import SCREENS, open_screen

STABLE = (
    "home",
    "campaign",
    "codex",
    "help",
    "words",
    "palette of calls",
    "prediction",
    "debrief",
    "offer of the tour",
)


@pytest.mark.parametrize("size", [(120, 36), (80, 24)], ids=["120x36", "80x24"])
@pytest.mark.parametrize("language", ["en", "zh"])
async def test_screens(size: tuple[int, int], language: str, open_game: Open, snapshot: Any) -> None:
    async with open_game(size, language=language) as pilot:
        for name in STABLE:
            await open_screen(pilot, SCREENS[name])
            await pilot.pause()
            picture = "\n".join(line.rstrip() for line in shown(pilot).splitlines())
            assert picture == snapshot(name=name), name
