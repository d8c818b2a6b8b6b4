"""The game's name as a picture, in ASCII: every terminal in every country draws it alike."""

from __future__ import annotations

from textual.widgets import Static

WORDMARK = r"""
                               _
 ___  __  __ _  _  _  ___  ___| |_
|_ / / _|/ _` || || |/ -_)(_-<|  _|
/__| \__|\__, | \_,_|\___|/__/ \__|
            |_|
""".strip("\n")


class Wordmark(Static):
    DEFAULT_CSS = """
    Wordmark {
        width: auto;
        height: auto;
        color: $primary;
    }
    """

    def __init__(self) -> None:
        super().__init__(WORDMARK, markup=False)
