"""The shape of a line: a lane's header, or a call with its arguments. Which words exist is the checker's business."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from zcquest.engine.message import message
from zcquest.engine.plan.model import Lane, Span
from zcquest.engine.plan.problem import Problem, shown
from zcquest.engine.plan.scanner import Form, Lexeme

_UNIT = re.compile(r"[KMG](i?B)?", re.IGNORECASE | re.ASCII)


@dataclass(frozen=True, slots=True)
class Header:
    """`repeat:`, or what looks like it. `length` is the number of lexemes of the name, the colon apart."""

    name: str
    span: Span
    length: int
    colon: bool


@dataclass(frozen=True, slots=True)
class WrittenCall:
    """`name(argument, ...)` as it stands. `fault` is the first thing wrong with its shape."""

    name: Lexeme
    arguments: tuple[Lexeme, ...]
    opened: bool
    last: Lexeme
    fault: Problem | None

    @property
    def span(self) -> Span:
        return self.name.span.through(self.last.span)


def read_header(lexemes: Sequence[Lexeme]) -> Header | None:
    """The header that a line of lexemes (no comment among them) begins with; None if the line is a step."""
    marks = [index for index, lexeme in enumerate(lexemes) if lexeme.text in ("(", ":")]
    colon = bool(marks) and lexemes[marks[0]].text == ":"
    length = marks[0] if colon else len(lexemes)
    name = " ".join(lexeme.text for lexeme in lexemes[:length])
    if not name or not (colon or name in tuple(Lane)):
        return None
    return Header(name, lexemes[0].span.through(lexemes[length - 1].span), length, colon)


def read_call(lexemes: Sequence[Lexeme]) -> WrittenCall | Problem:
    """The call that a line of lexemes (not empty, no comment among them) spells; a Problem if it begins like none."""
    name = lexemes[0]
    if name.form is not Form.WORD:
        begin = message("a line begins with a lane or a call, not with '{word}'", word=shown(name.written))
        return Problem(name.span, begin)
    if len(lexemes) == 1 or lexemes[1].text != "(":
        fault = Problem(name.span, message("'(' is missing after '{word}'", word=shown(name.text)))
        return WrittenCall(name, (), opened=False, last=name, fault=fault)
    return _Arguments(lexemes).read()


def _unexpected(lexeme: Lexeme, nearest: str | None = None) -> Problem:
    return Problem(lexeme.span, message("unexpected '{word}'", word=shown(lexeme.written)), nearest=nearest)


class _Arguments:
    """What stands between the parentheses. Goes on after a fault as long as the rest still has a meaning."""

    def __init__(self, lexemes: Sequence[Lexeme]) -> None:
        self.lexemes = lexemes
        self.values: list[Lexeme] = []
        self.fault: Problem | None = None

    def read(self) -> WrittenCall:
        end = self._values()
        if end == len(self.lexemes):
            last = self.lexemes[-1]
            self._blame(Problem(last.span, message("')' is missing after '{word}'", word=shown(last.written))))
        elif self.lexemes[end].text == ")" and end + 1 < len(self.lexemes):
            self._blame(_after_call(self.lexemes[end + 1]))
        last = self.lexemes[min(end, len(self.lexemes) - 1)]
        return WrittenCall(self.lexemes[0], tuple(self.values), opened=True, last=last, fault=self.fault)

    def _values(self) -> int:
        """Collect the arguments; the index of the closing parenthesis, or of what made it give up."""
        due = True  # an argument has to come next
        for index, lexeme in enumerate(self.lexemes[2:], 2):
            if lexeme.form in (Form.WORD, Form.NUMBER):
                if not due:
                    self._no_comma(lexeme)
                else:
                    self.values.append(lexeme)
                due = False
            elif lexeme.text == ")" and not (due and self.values):
                return index
            elif lexeme.text in (",", ")") and due:
                gap = message("an argument is missing before '{mark}'", mark=lexeme.text)
                self._blame(Problem(lexeme.span, gap))
                return index
            elif lexeme.text in (",", "|", ";"):
                if lexeme.text != ",":
                    self._blame(_unexpected(lexeme, nearest=","))
                due = True
            else:
                self._blame(_unexpected(lexeme))
                return index
        return len(self.lexemes)

    def _no_comma(self, lexeme: Lexeme) -> None:
        before = self.values[-1]
        if before.form is Form.NUMBER and before.text.isdigit() and _UNIT.fullmatch(lexeme.text):
            size = before.text + lexeme.text[0].upper()
            span = before.span.through(lexeme.span)
            self._blame(Problem(span, message("a size is written without a blank"), nearest=size))
            self.values[-1] = Lexeme(Form.NUMBER, size, size, span)
            return
        words = {"before": shown(before.written), "word": shown(lexeme.written)}
        self._blame(Problem(lexeme.span, message("',' is missing between '{before}' and '{word}'", **words)))
        self.values.append(lexeme)

    def _blame(self, fault: Problem) -> None:
        self.fault = self.fault or fault


def _after_call(lexeme: Lexeme) -> Problem:
    if lexeme.form is Form.WORD:
        return Problem(lexeme.span, message("'{word}' must stand on a line of its own", word=shown(lexeme.written)))
    return Problem(lexeme.span, message("'{word}' after the end of the call", word=shown(lexeme.written)))
