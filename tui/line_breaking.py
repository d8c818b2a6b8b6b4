"""Lines of Chinese text end anywhere between two characters, not only at spaces.

Textual breaks lines where Western text may be broken: a Chinese sentence is one long word to it, and leaves half a line
empty before it. `install` puts `divide_line` in the place of Textual's own.
"""

from __future__ import annotations

from collections.abc import Iterator

import textual.content
from rich import _wrap
from rich.cells import cell_len, get_character_cell_size

NEVER_FIRST = frozenset("，。、；：？！）》」』】〉”’…·％,.;:?!)]}>%")
NEVER_LAST = frozenset("（《「『【〈“‘([{<")


def install() -> None:
    """Let all of Textual's text break where Chinese may."""
    textual.content.divide_line = divide_line  # type: ignore[attr-defined]


def divide_line(text: str, width: int, fold: bool = True) -> list[int]:
    """The offsets that break `text` into lines of at most `width` cells; a piece too long is folded if `fold`."""
    if cell_len(text) == len(text):
        return _wrap.divide_line(text, width, fold)
    breaks: list[int] = []
    used = 0
    for start, end in pieces(text):
        piece = text[start:end]
        needed = cell_len(piece.rstrip())
        if used and used + needed > width:
            breaks.append(start)
            used = 0
        if needed > width and fold:
            for offset, character in enumerate(piece.rstrip(), start):
                size = get_character_cell_size(character)
                if used + size > width:
                    breaks.append(offset)
                    used = 0
                used += size
            used += len(piece) - len(piece.rstrip())
        else:
            used += cell_len(piece)
    return breaks


def pieces(text: str) -> Iterator[tuple[int, int]]:
    """Start and end of each piece that stays on one line."""
    start = 0
    for offset in range(1, len(text)):
        if may_break(text[offset - 1], text[offset]):
            yield start, offset
            start = offset
    if start < len(text):
        yield start, len(text)


def may_break(before: str, after: str) -> bool:
    """Whether a line may end between these two characters."""
    if after.isspace():
        return False
    if before.isspace():
        return True
    wide = get_character_cell_size(before) == 2 or get_character_cell_size(after) == 2
    return wide and after not in NEVER_FIRST and before not in NEVER_LAST
