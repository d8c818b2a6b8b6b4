"""What ends a command with a sentence instead of a result."""

from __future__ import annotations

PASSED, NOT_PASSED, WRONG, NO_HOST = 0, 1, 2, 3
"""The exit statuses (DESIGN §8)."""


class Refused(Exception):
    """The command cannot do what was asked: its exit status, and lines for stderr in the player's language."""

    def __init__(self, status: int, *lines: str) -> None:
        super().__init__(status, *lines)
        self.status = status
        self.lines = lines
