"""The lab's bench."""

from __future__ import annotations

from pathlib import Path

from .stage import Stage, state


@state("lab")
async def _(stage: Stage) -> None:
    stage.game.action_lab()
    await stage.press("right")


@state("lab: a file of one's own")
async def _(stage: Stage) -> None:
    file = Path("orders.bin")
    file.write_bytes(bytes(65536))
    stage.game.action_lab()
    await stage.press("f", *"orders.bin", "enter")
