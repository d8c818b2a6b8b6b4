"""The codex's pages, read once a language: lists, links and the palette need all their titles at every key."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache

from zcquest.levels import codex
from zcquest.levels.language import language


def book() -> Mapping[str, codex.Page]:
    """Every page by name, in the language in use."""
    return _book(language())


@cache
def _book(code: str) -> Mapping[str, codex.Page]:
    return {name: codex.page(name, code) for name in codex.pages()}
