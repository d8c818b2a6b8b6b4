"""Plan text cut into lexemes, line by line; the parser and the editor's colours both read these.

Full-width characters, as a Chinese input method types them, are read as what they stand for and marked, so that the
parser can name each and still go on.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from enum import Enum, auto

from zcquest.engine.plan.model import Span

# One character for one, so that columns stay. The blanks count as blanks and are not marked: nobody can see them.
_HALF_WIDTH = {0xFF01 + offset: 0x21 + offset for offset in range(94)} | {
    ord("、"): ord(","),
    ord("　"): ord(" "),
    ord("\ufeff"): ord(" "),
}
_LEXEME = re.compile(
    r"(?P<comment>#.*)|(?P<word>[^\W\d][\w.-]*)|(?P<number>[+-]?\d[\w.]*)|(?P<mark>[(),:])|(?P<stray>\S)"
)


class Form(Enum):
    """What a lexeme looks like, before anything is known of what it means."""

    WORD = auto()
    NUMBER = auto()  # begins with a digit or a sign; perhaps a size
    MARK = auto()  # one of ( ) , :
    COMMENT = auto()
    STRAY = auto()  # a character that has no place in a plan


@dataclass(frozen=True, slots=True)
class Lexeme:
    """A piece of a line: `text` as it is meant, `written` as it was typed."""

    form: Form
    text: str
    written: str
    span: Span

    @property
    def full_width(self) -> bool:
        return self.text != self.written


def scan(line: str, number: int = 1) -> list[Lexeme]:
    """The lexemes of `line`, the `number`th of its text; blanks are left out. Never raises."""
    lexemes = []
    for found in _LEXEME.finditer(line.translate(_HALF_WIDTH)):
        form = Form[str(found.lastgroup).upper()]
        written = line[found.start() : found.end()]
        # A comment may say what it likes in any width; only its # matters.
        text = "#" + written[1:] if form is Form.COMMENT else found[0]
        lexemes.append(Lexeme(form, text, written, Span(number, found.start() + 1, len(written))))
    return lexemes
