"""Python's garbage collector, kept from striking while the player's fingers are on the keys."""

from __future__ import annotations

import gc


def set_aside() -> None:
    """Collect now, and leave what is alive out of later collections, until this is called again.

    A full collection goes through all that a game holds and stops everything for a tenth of a second.
    """
    gc.unfreeze()
    gc.collect()
    gc.freeze()
    gc.collect()  # of next to nothing: how soon the next one comes depends on how much this one left
