"""Tools for tests that play a level on the real kernel: wait for what a run brings about, and count what it leaves."""

from __future__ import annotations

import asyncio
import re
import shutil
from collections.abc import Callable
from pathlib import Path

import psutil
from textual.pilot import Pilot

from zcquest.levels.loader import CAMPAIGN_FOLDER
from zcquest.tui.app import ZcquestApp
from zcquest.tui.screens.level import LevelScreen

PATIENCE = 60.0  # seconds

SLOW = """
[[scene]]
name = "slow"
start = "warm"
deadline = 40.0
log = { size = "8M", message = "1K", batch = "16K", seed = 9 }
consumer = { rate = "256K", window = "16K" }
machine = { send_buffer = "16K" }
par = { copies = 4.0, switches = 4 }
"""


async def until(pilot: Pilot[None], come: Callable[[], object]) -> None:
    """Wait for something that a process has to bring about."""
    async with asyncio.timeout(PATIENCE):
        while not come():
            await asyncio.sleep(0.02)
    await pilot.pause()


async def open_level(pilot: Pilot[None], id: str, plan: str | None = None) -> LevelScreen:
    """The level screen, with `plan` in its editor instead of the draft."""
    app = pilot.app
    assert isinstance(app, ZcquestApp)
    app.open_level(id)
    await pilot.pause()
    screen = app.screen
    assert isinstance(screen, LevelScreen)
    if plan is not None:
        screen.editor.rewrite(plan)
        await pilot.pause()
    return screen


FANNED = """
[[scene]]
name = "fan"
start = "cold"
deadline = 20.0
log = { size = "64K", message = "1K", batch = "16K", seed = 9 }
neighbours = [{ rate = "1M" }, { rate = "1M" }, { rate = "1M" }]
par = { copies = 4.0, switches = 4 }
"""


def slow_campaign(folder: Path) -> Path:
    """A campaign of one level, 1-1, whose consumer takes half a minute over its log."""
    return campaign_of(folder, SLOW)


def campaign_of(folder: Path, scene: str, calls: str = '["read", "write"]') -> Path:
    """A campaign of one level, 1-1, with this scene, its calls granted."""
    chapter = next(CAMPAIGN_FOLDER.glob("1-*"))
    level = next(chapter.glob("1-1-*"))
    target = folder / "campaign" / chapter.name / level.name
    shutil.copytree(level, target)
    shutil.copy(chapter / "chapter.toml", target.parent)
    text = (target / "level.toml").read_text()
    head, _, rest = text.partition("[[scene]]")
    head = re.sub(r"^calls = .*$", f"calls = {calls}", head, flags=re.M)
    (target / "level.toml").write_text(head + scene + "\n[[reference]]" + rest.partition("[[reference]]")[2])
    return folder / "campaign"


def processes() -> set[int]:
    return {child.pid for child in psutil.Process().children(recursive=True)}


def sessions(cache: Path) -> list[Path]:
    """The folders of sessions that are still there."""
    return list((cache / "runs").glob("*/session-*"))
