"""Python's garbage collector, kept from striking while the player's fingers are on the keys.

A full collection goes through all that a game holds and stops everything for a tenth of a second, the thread that
reads the keys too: an Escape and the key after it, read together, are another key.
"""

from __future__ import annotations

import gc
from time import monotonic
from typing import Any, Final

from textual.app import App

REST: Final = 1.0  # seconds without a key or a click: then the player is looking, not pressing


def set_aside() -> None:
    """Collect now, and leave what is alive out of later collections, until this is called again."""
    gc.unfreeze()
    gc.collect()
    gc.freeze()
    gc.collect()  # of next to nothing: how soon the next one comes depends on how much this one left


class Sweeper:
    """Sets garbage aside when screens were opened or closed and the player rests."""

    def __init__(self, app: App[Any]) -> None:
        self._app = app
        self._touched = monotonic()
        self._waits = False

    def start(self) -> None:
        """From now on; until now, nothing need have been collected."""
        gc.freeze()
        gc.enable()
        if self._app.is_running:  # not told to end before its first screen was there
            self._app.screen_change_signal.subscribe(self._app, self._changed)
            self._wait(REST)

    def touch(self) -> None:
        """The player has pressed something just now."""
        self._touched = monotonic()

    def _changed(self, _screen: object) -> None:
        self.touch()
        if not self._waits:
            self._wait(REST)

    def _wait(self, seconds: float) -> None:
        self._waits = True
        self._app.set_timer(seconds, self._sweep)

    def _sweep(self) -> None:
        left = self._touched + REST - monotonic()
        if left > 0:
            self._wait(left)
        else:
            self._waits = False
            set_aside()
