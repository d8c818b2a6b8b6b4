"""What is wrong with a plan's text, and where."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from zcquest.engine.message import Message, message
from zcquest.engine.plan.model import Span

_SHOWN = 40  # characters of the player's text that a message repeats


@dataclass(frozen=True, slots=True)
class Problem:
    """One mistake: what is wrong, what would work, and the valid word nearest to the written one (None: none)."""

    span: Span
    message: Message
    expected: Message | None = None
    nearest: str | None = None

    @property
    def remark(self) -> Message:
        """The mistake and its remedy without the place, for an editor that points at the place."""
        if self.nearest is not None:
            return message("{what}; did you mean '{word}'?", what=self.message, word=self.nearest)
        if self.expected is not None:
            return message("{what}; expected {expected}", what=self.message, expected=self.expected)
        return self.message

    @property
    def sentence(self) -> Message:
        """The whole line that a person reads, to be translated by who shows it."""
        where = self.span
        return message("line {line}, column {column}: {what}", line=where.line, column=where.column, what=self.remark)

    def __str__(self) -> str:
        return str(self.sentence)


class PlanError(Exception):
    """A plan's text is wrong. `problems` are in the order of the text."""

    def __init__(self, problems: Sequence[Problem]) -> None:
        super().__init__(problems)
        self.problems = tuple(problems)

    def __str__(self) -> str:
        return "\n".join(map(str, self.problems))


def shown(written: str) -> str:
    """The player's text fit for one line of a terminal: cut when long, code points for what does not print."""
    short = written if len(written) <= _SHOWN else written[: _SHOWN - 3] + "..."
    return "".join(letter if letter.isprintable() else f"U+{ord(letter):04X}" for letter in short)
