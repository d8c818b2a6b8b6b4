"""stdout and stderr made fit for every terminal: whatever the encoding is, printing never fails for a character."""

from __future__ import annotations

import codecs
import io
import os
import sys

_PLAIN = {
    "★": "*",
    "☆": ".",
    "→": "->",
    "⇅": "sw",
    "≈": "~",
    "×": "x",
    "✓": "+",
    "✗": "-",
    "…": "...",
    "–": "-",
    "—": "-",
    "’": "'",
    "“": '"',
    "”": '"',
}


def fit_streams() -> None:
    """Let stdout and stderr write something plain for what their encoding lacks, and exist even when closed."""
    codecs.register_error("zcquest", _plain)
    for name in ("stdout", "stderr"):
        stream = getattr(sys, name)
        if stream is None:  # started with the descriptor closed
            setattr(sys, name, open(os.devnull, "w", encoding="utf-8"))
        elif isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="zcquest")


def _plain(error: UnicodeError) -> tuple[str, int]:
    if not isinstance(error, UnicodeEncodeError):
        raise error
    lacking = error.object[error.start : error.end]
    return "".join(_PLAIN.get(letter, "?") for letter in lacking), error.end
