"""A path as a player types it."""

from __future__ import annotations

from pathlib import Path


def typed_path(text: str) -> Path:
    """The path with `~` for the home folder; as it stands where nobody is called that."""
    try:
        return Path(text).expanduser()
    except RuntimeError:
        return Path(text)
