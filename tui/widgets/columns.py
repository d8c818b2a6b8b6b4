"""Text in columns of terminal cells, not of characters: a Chinese character takes two."""

from __future__ import annotations

from textual.content import Content


def left(text: str | Content, cells: int) -> Content:
    """`text` in a column of `cells`, cut with an ellipsis where it is longer."""
    content = Content(text) if isinstance(text, str) else text
    if content.cell_length > cells:
        content = content.truncate(cells, ellipsis=True)
    return content.pad_right(cells - content.cell_length)


def right(text: str | Content, cells: int) -> Content:
    """The same, against the right edge of the column."""
    content = Content(text) if isinstance(text, str) else text
    if content.cell_length > cells:
        content = content.truncate(cells, ellipsis=True)
    return content.pad_left(cells - content.cell_length)
