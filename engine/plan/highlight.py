"""The tokens of a line, for an editor's colours. Needs no vocabulary: whether a call exists, the problems say."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from enum import StrEnum

from zcquest.engine.plan.model import Lane, Span
from zcquest.engine.plan.scanner import Form, Lexeme, scan
from zcquest.engine.plan.syntax import read_header
from zcquest.engine.sizes import parse_size


class TokenKind(StrEnum):
    LANE = "lane"
    CALL = "call"
    WORD = "word"
    SIZE = "size"
    COMMENT = "comment"
    PUNCTUATION = "punctuation"
    ERROR = "error"


@dataclass(frozen=True, slots=True)
class Token:
    kind: TokenKind
    span: Span


def tokens(line: str, number: int = 1) -> list[Token]:
    """The tokens of `line`, the `number`th of its text, from left to right; blanks are in none. Never raises."""
    lexemes = scan(line, number)
    code = [lexeme for lexeme in lexemes if lexeme.form is not Form.COMMENT]
    return [*_code(code), *(token for lexeme in lexemes[len(code) :] for token in _comment(lexeme))]


def _code(lexemes: Sequence[Lexeme]) -> Iterator[Token]:
    header = read_header(lexemes)
    named = header.length if header else 0
    known = header is not None and header.name in tuple(Lane)
    first = named + 1 if header and header.colon else named
    for index, lexeme in enumerate(lexemes):
        if lexeme.full_width:
            kind = TokenKind.ERROR
        elif index < named:
            kind = TokenKind.LANE if known else TokenKind.ERROR
        elif index == first and lexeme.form is Form.WORD:
            kind = TokenKind.CALL
        else:
            kind = _kind(lexeme, colon=index < first)
        yield Token(kind, lexeme.span)


def _kind(lexeme: Lexeme, colon: bool) -> TokenKind:
    match lexeme.form:
        case Form.WORD:
            return TokenKind.WORD
        case Form.NUMBER if _is_size(lexeme.text):
            return TokenKind.SIZE
        case Form.MARK if colon or lexeme.text != ":":
            return TokenKind.PUNCTUATION
        case _:
            return TokenKind.ERROR


def _is_size(text: str) -> bool:
    try:
        return parse_size(text) > 0
    except ValueError:
        return False


def _comment(lexeme: Lexeme) -> Iterator[Token]:
    where = lexeme.span
    if lexeme.full_width:
        yield Token(TokenKind.ERROR, Span(where.line, where.column, 1))
        where = Span(where.line, where.column + 1, where.length - 1)
    if where.length:
        yield Token(TokenKind.COMMENT, where)
