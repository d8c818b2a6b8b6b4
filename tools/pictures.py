"""The README's pictures, docs/level.*.svg: level 2-1 really played in each language."""

from __future__ import annotations

import asyncio
import os
import re
import tempfile
from pathlib import Path

DOCS = Path(__file__).resolve().parent.parent / "docs"
LEVEL, PLAN = "2-1", "once:\n    mmap(log)\nrepeat:\n    write(sock, map, 64K)\n"
_FONT_FACES = re.compile(r"@font-face \{.*?\}\n?", re.DOTALL)  # a page of its own fonts needs no network


async def picture(language: str) -> str:
    """The level screen after a run, as SVG."""
    from zcquest.levels.language import set_language
    from zcquest.tui.app import ZcquestApp
    from zcquest.tui.screens.level import LevelScreen
    from zcquest.tui.screens.result import ResultScreen

    set_language(language)
    app = ZcquestApp(language=language)
    async with app.run_test(size=(120, 36)) as pilot:
        app.progress.set_prediction(LEVEL, 3.0, 2)
        app.open_level(LEVEL)
        await pilot.pause()
        screen = app.screen
        assert isinstance(screen, LevelScreen)
        screen.editor.rewrite(PLAN)
        await pilot.press("f5")
        while not isinstance(app.screen, ResultScreen):
            await pilot.pause(0.1)
        await pilot.press("escape")
        await pilot.pause(0.5)
        return app.export_screenshot(title=f"zcquest {LEVEL}")


def main() -> None:
    DOCS.mkdir(exist_ok=True)
    with tempfile.TemporaryDirectory() as data:
        for language in ("en", "zh"):
            os.environ.update(ZCQUEST_DATA=f"{data}/{language}", TEXTUAL_ANIMATIONS="none")
            svg = _FONT_FACES.sub("", asyncio.run(picture(language)))
            (DOCS / f"level.{language}.svg").write_text(svg, encoding="utf-8")


if __name__ == "__main__":
    main()
