"""Every screen of the game in every state worth looking at, and the way there: with keys, over a frozen laboratory.

A new screen, or a new state of one, is a function with its name above it, in the file of its subject. From then on its
text is compared with a snapshot (test_snapshots) and each of its keys is pressed (test_keys).
"""

from . import consumers, first_screens, kept_runs, lab, level, pipes, place, race, reading, result, shelf, tour
from .stage import STATES, Stage, still_world

__all__ = [
    "STATES",
    "Stage",
    "consumers",
    "first_screens",
    "kept_runs",
    "lab",
    "level",
    "pipes",
    "place",
    "race",
    "reading",
    "result",
    "shelf",
    "still_world",
    "tour",
]
