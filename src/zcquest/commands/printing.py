"""Lines and tables on stdout: with Rich where a person reads them, plain and aligned in a pipe or a file."""

from __future__ import annotations

import json
import sys
from collections.abc import Collection, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    from rich.console import Console

_GAP = "  "  # no cell holds it, so a script can split at two spaces


@dataclass
class Table:
    """Columns with a heading each; those whose index is in `right` are aligned right."""

    headings: Sequence[str]
    right: Collection[int] = ()
    rows: list[Sequence[str]] = field(default_factory=list)

    def add(self, *cells: str) -> None:
        self.rows.append(cells)


def on_terminal() -> bool:
    return sys.stdout.isatty()


def print_line(text: str = "", style: str = "") -> None:
    """One line; `style` is Rich's and shows on a terminal only."""
    if style and on_terminal():
        from rich.text import Text

        _console().print(Text(text, style=style))
    else:
        print(text)


def print_table(table: Table) -> None:
    if on_terminal():
        _print_rich(table)
    else:
        _print_plain(table)


def print_markdown(text: str) -> None:
    """Markdown: rendered on a terminal, as it was written elsewhere."""
    if on_terminal():
        from rich.markdown import Markdown

        _console().print(Markdown(text))
    else:
        print(text)


def print_json(document: object) -> None:
    """An indented document; ASCII where stdout could not write the rest."""
    utf8 = (sys.stdout.encoding or "").lower().replace("-", "") == "utf8"
    print(json.dumps(document, indent=2, ensure_ascii=not utf8))


def print_notice(text: str) -> None:
    """A sentence beside the result, on stderr."""
    sys.stdout.flush()
    print(text, file=sys.stderr, flush=True)


def pad(text: str, width: int, right: bool = False) -> str:
    """`text` with spaces up to `width` cells: Chinese takes two a character."""
    from rich.cells import cell_len

    spaces = " " * (width - cell_len(text))
    return spaces + text if right else text + spaces


def stars(count: int) -> str:
    return "★" * count + "☆" * (3 - count)


def _print_plain(table: Table) -> None:
    from rich.cells import cell_len

    lines = [table.headings, *table.rows]
    widths = [max(map(cell_len, column)) for column in zip(*lines, strict=True)]
    for line in lines:
        cells = (pad(cell, widths[index], index in table.right) for index, cell in enumerate(line))
        print(_GAP.join(cells).rstrip())


def _print_rich(table: Table) -> None:
    from rich.table import Table as RichTable
    from rich.text import Text

    shown = RichTable(box=None, padding=(0, 2, 0, 0), pad_edge=False, header_style="underline")
    last = len(table.headings) - 1
    for index, heading in enumerate(table.headings):
        side: Literal["left", "right"] = "right" if index in table.right else "left"
        # the first is a name and the last a sentence: those may wrap in a narrow terminal
        shown.add_column(Text(heading), justify=side, overflow="fold", no_wrap=index not in (0, last))
    for row in table.rows:
        shown.add_row(*map(Text, row))  # as text: brackets are no markup
    _console().print(shown)


def _console() -> Console:
    from rich.console import Console

    return Console(highlight=False)
