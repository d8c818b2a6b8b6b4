"""Where run cards go: a folder of their own beside the progress file."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path

from zcquest.levels.progress import data_folder


@dataclass(frozen=True, slots=True)
class Saved:
    """The two files of a card."""

    picture: Path
    text: Path


def save_card(stem: str, picture: str, text: str) -> Saved:
    """Write `<stem>.svg` and `<stem>.txt`, each whole or not at all. Raises OSError."""
    folder = data_folder() / "cards"
    folder.mkdir(parents=True, exist_ok=True)
    saved = Saved(folder / f"{stem}.svg", folder / f"{stem}.txt")
    _write(saved.picture, picture)
    _write(saved.text, text)
    return saved


def _write(path: Path, content: str) -> None:
    half = path.with_name(f"{path.name}.part")
    try:
        half.write_text(content, "utf-8")
        os.replace(half, path)
    except BaseException:
        half.unlink(missing_ok=True)
        raise
