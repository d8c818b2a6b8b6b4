"""The codex: one page for each call and idea, `codex/<name>.<language>.md`.

A page is a title (`# ...`), a first paragraph that sums it up, and the rest; `[[name]]` links to another page.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from difflib import get_close_matches
from pathlib import Path

from zcquest.engine.message import Message, message
from zcquest.levels.language import LANGUAGES, language

CODEX_FOLDER = Path(__file__).parent / "codex"
LINK = re.compile(r"\[\[([^\[\]\n]+)\]\]")

_FALLBACK = "en"


@dataclass(frozen=True, slots=True)
class Page:
    """One page in one language; `summary` (one paragraph) and `body` are Markdown, links as `[[name]]`."""

    name: str
    title: str
    summary: str
    body: str

    @property
    def links(self) -> tuple[str, ...]:
        """The names of the pages this one links to, each once, in order."""
        return tuple(dict.fromkeys(LINK.findall(f"{self.summary}\n{self.body}")))


class UnknownPage(LookupError):
    """There is no page `name`; `nearest` are the names it may have meant, best first."""

    def __init__(self, name: str, nearest: Sequence[str]) -> None:
        super().__init__(name, nearest)
        self.name = name
        self.nearest = tuple(nearest)

    @property
    def message(self) -> Message:
        if self.nearest:
            return message(
                "The codex has no page {name}. Did you mean {nearest}?", name=self.name, nearest=", ".join(self.nearest)
            )
        return message("The codex has no page {name}.", name=self.name)

    def __str__(self) -> str:
        return str(self.message)


def pages(folder: Path | None = None) -> tuple[str, ...]:
    """The names of all pages, sorted."""
    found = (folder or CODEX_FOLDER).glob("*.md")
    names = {name for name, _, code in (path.stem.rpartition(".") for path in found) if code in LANGUAGES}
    return tuple(sorted(names))


def page(name: str, code: str | None = None, folder: Path | None = None) -> Page:
    """The page `name` in the language `code` (the one in use if None), or else in English. Raises UnknownPage."""
    folder = folder or CODEX_FOLDER
    known = pages(folder)
    if name not in known:
        raise UnknownPage(name, get_close_matches(name.lower(), known, n=3))
    for wanted in dict.fromkeys((code or language(), _FALLBACK, *LANGUAGES)):
        path = folder / f"{name}.{wanted}.md"
        if path.is_file():
            return parse_page(name, path.read_text("utf-8"))
    raise UnknownPage(name, ())


def parse_page(name: str, source: str) -> Page:
    """The page written as `source`. Raises ValueError when the title or the summary is missing."""
    head, _, rest = source.strip().partition("\n")
    summary, _, body = rest.strip().partition("\n\n")
    if not head.startswith("# ") or not summary or summary.startswith("#"):
        raise ValueError(f"{name}: a page starts with '# Title' and a paragraph that sums it up")
    return Page(name, head[2:].strip(), summary.strip(), body.strip())
