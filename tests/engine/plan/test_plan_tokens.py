"""The editor's colours."""

from __future__ import annotations

import pytest

from zcquest.engine.plan import Span, tokens


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        ("", []),
        ("repeat:", [("lane", "repeat"), ("punctuation", ":")]),
        ("on reject: # why", [("lane", "on"), ("lane", "reject"), ("punctuation", ":"), ("comment", "# why")]),
        ("repat:", [("error", "repat"), ("punctuation", ":")]),
        ("once", [("lane", "once")]),
        (
            "  read(log, 64K)",
            [
                ("call", "read"),
                ("punctuation", "("),
                ("word", "log"),
                ("punctuation", ","),
                ("size", "64K"),
                ("punctuation", ")"),
            ],
        ),
        ("re", [("call", "re")]),
        ("f(64KB, 0", [("call", "f"), ("punctuation", "("), ("error", "64KB"), ("punctuation", ","), ("error", "0")]),
        ("f（;:", [("call", "f"), ("error", "（"), ("error", ";"), ("error", ":")]),
        ("once: mmap", [("lane", "once"), ("punctuation", ":"), ("call", "mmap")]),
        ("＃ 你好", [("error", "＃"), ("comment", " 你好")]),
    ],
)
def test_tokens(line: str, expected: list[tuple[str, str]]) -> None:
    found = tokens(line)
    assert [(str(token.kind), line[token.span.column - 1 :][: token.span.length]) for token in found] == expected


def test_tokens_stand_in_the_line_that_they_are_told() -> None:
    assert [token.span for token in tokens(" mmap(", 7)] == [Span(7, 2, 4), Span(7, 6, 1)]
