"""Sentences for the player that the engine composes but does not translate.

The engine knows no language. What it has to say is an English template and its values; whoever shows it
(command line, screens) looks the template up in the catalogue of the player's language. A message can be kept with a
run and said in another language later, so it is made of plain values only.
"""

from __future__ import annotations

import msgspec


class Message(msgspec.Struct, frozen=True):
    """An English template for `str.format` and its values; a value may be a `Message` too."""

    template: str
    values: dict[str, Message | str | int | float] = {}

    def __str__(self) -> str:
        return self.template.format(**{name: str(value) for name, value in self.values.items()})


def message(template: str, /, **values: object) -> Message:
    """A `Message`; the name is what the catalogue extraction looks for, so the template must be a literal."""
    return Message(template, {name: _plain(value) for name, value in values.items()})


def _plain(value: object) -> Message | str | int | float:
    return value if isinstance(value, Message | str | int | float) else str(value)
