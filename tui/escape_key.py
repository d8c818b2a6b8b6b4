"""An Escape and a key right after it are both pressed.

A terminal sends Escape and x as the same two bytes as Alt and x, and Textual 8.2 takes what it reads within a tenth of
a second, or at once because the game was busy, for the latter; of an Escape and a question mark it drops the Escape.
No key of the game is Alt and a character, so the two bytes are two keys.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

from textual._xterm_parser import XTermParser
from textual.drivers import linux_driver
from textual.events import Key

_ESCAPE: Final = "\x1b"


class TwoKeys(XTermParser):
    """Reads what the terminal sends. Where it says Alt outright (Kitty's protocol), Alt it is."""

    def _sequence_to_key_events(self, sequence: str, alt: bool = False) -> Iterable[Key]:
        if len(sequence) == 2 and sequence[0] == _ESCAPE and sequence[1].isdecimal():  # on a Mac, Alt and 5 is an ∞
            alt, sequence = True, sequence[1]
        if alt:
            yield Key("escape", _ESCAPE)
        yield from super()._sequence_to_key_events(sequence)


def install() -> None:
    """Let Textual's drivers read with it."""
    vars(linux_driver)["XTermParser"] = TwoKeys
