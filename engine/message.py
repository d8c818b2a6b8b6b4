"""Sentences for the player that the engine composes but does not translate.

The engine knows no language. What it has to say is an English template and its values; whoever shows it
(command line, screens) looks the template up in the catalogue of the player's language.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class Message:
    """An English template for `str.format` and its values; a value may be a `Message` too."""

    template: str
    values: Mapping[str, object] = field(default_factory=dict)

    def __str__(self) -> str:
        return self.template.format(**{name: str(value) for name, value in self.values.items()})


def message(template: str, /, **values: object) -> Message:
    """A `Message`; the name is what the catalogue extraction looks for, so the template must be a literal."""
    return Message(template, values)
