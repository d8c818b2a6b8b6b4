"""The player's language: which one it is, and what the catalogue says in it. It may change while the game runs."""

from __future__ import annotations

import gettext as catalogues
import os
import struct
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from types import MappingProxyType
from typing import Final

from zcquest.engine.message import Message

LANGUAGES: Final[Mapping[str, str]] = MappingProxyType({"en": "English", "zh": "简体中文"})
LOCALE_FOLDER = Path(__file__).parent / "locale"

_CATALOGUES = {"zh": "zh_CN"}
_chosen: str | None = None


def set_language(code: str) -> None:
    """Make `code` (a key of LANGUAGES) the language from now on. Raises ValueError for any other."""
    global _chosen
    if code not in LANGUAGES:
        raise ValueError(f"{code!r} is none of {', '.join(LANGUAGES)}")
    _chosen = code


def language() -> str:
    """The code of the language in use: the chosen one, or what the environment asks for."""
    return _chosen or detect(os.environ)


def detect(environment: Mapping[str, str]) -> str:
    """What ZCQUEST_LANG, LC_ALL, LC_MESSAGES and LANG ask for, the first that is set; English for all but Chinese."""
    for name in ("ZCQUEST_LANG", "LC_ALL", "LC_MESSAGES", "LANG"):
        if asked := environment.get(name):
            return "zh" if asked.lower().startswith("zh") else "en"
    return "en"


def gettext(text: str) -> str:
    """`text` in the language in use; `text` itself where the catalogue does not have it."""
    return _catalogue(language(), LOCALE_FOLDER).gettext(text) if text else ""


def ngettext(singular: str, plural: str, number: int) -> str:
    """The form that goes with `number` in the language in use."""
    return _catalogue(language(), LOCALE_FOLDER).ngettext(singular, plural, number)


def say(message: Message) -> str:
    """`message` in the language in use, the messages among its values too. Never raises."""
    values = {name: say(value) if isinstance(value, Message) else str(value) for name, value in message.values.items()}
    for template in (gettext(message.template), message.template):
        try:
            return template.format(**values)
        except (LookupError, ValueError, AttributeError, TypeError):
            continue  # a translation with a placeholder that the message does not have
    return message.template


@cache
def _catalogue(code: str, folder: Path) -> catalogues.NullTranslations:
    if code not in _CATALOGUES:
        return catalogues.NullTranslations()
    try:
        with (folder / _CATALOGUES[code] / "LC_MESSAGES" / "zcquest.mo").open("rb") as file:
            return catalogues.GNUTranslations(file)
    except (OSError, ValueError, struct.error):
        return catalogues.NullTranslations()  # not compiled, or damaged: English is better than nothing
