"""While a run is on, one line on a person's terminal that says so, and goes."""

from __future__ import annotations

import os
import sys


class StatusLine:
    """A context manager; nothing is written where stderr is no terminal that can erase a line."""

    def __init__(self, text: str) -> None:
        self._first = text
        self._shown = sys.stderr.isatty() and os.environ.get("TERM", "dumb") != "dumb"

    def __enter__(self) -> StatusLine:
        self.show(self._first)
        return self

    def __exit__(self, *_: object) -> None:
        self.show("")

    def show(self, text: str) -> None:
        """`text` in place of what stood there."""
        if self._shown:
            sys.stderr.write(f"\r\x1b[K{text}")
            sys.stderr.flush()
