"""Build hook: compiles levels/locale/<language>/LC_MESSAGES/*.po to .mo, for wheels and for editable installs.

The sdist carries the sources; whatever is built from it compiles them again.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po
from hatchling.builders.hooks.plugin.interface import BuildHookInterface


def compile_catalogues(root: Path) -> list[Path]:
    """Write a .mo beside every .po of the source tree `root` (fuzzy entries left out); the files written."""
    written = []
    for source in sorted(root.glob("levels/locale/*/LC_MESSAGES/*.po")):
        with source.open("rb") as text:
            catalogue = read_po(text, locale=source.parent.parent.name, abort_invalid=True)
        compiled = source.with_suffix(".mo")
        with compiled.open("wb") as binary:
            write_mo(binary, catalogue)
        written.append(compiled)
    return written


class CatalogueHook(BuildHookInterface[Any]):
    """What hatchling calls before it collects files."""

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:
        if self.target_name == "wheel":
            compile_catalogues(Path(self.root))
