"""Where log bytes lie in user memory. A module of its own, for the palette is read where there is no Linux too."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(slots=True)
class Extent:
    """Log bytes held in user memory: where they are there, where they came from, how many."""

    at: int
    log: int
    length: int
