"""Bars of block characters, told apart by how much of a cell they fill."""

from __future__ import annotations

FILLED, AHEAD, HALF, EMPTY = "█", "▓", "▒", "░"


def bar(fraction: float, width: int) -> str:
    """A filled bar; anything at all shows at least a trace, and only all of it shows as full."""
    fraction = min(max(fraction, 0.0), 1.0)
    filled = int(fraction * width)
    trace = HALF if fraction > 0 and filled < width else ""
    return (FILLED * filled + trace).ljust(width, EMPTY)


def cache_bar(stretches: tuple[float, ...], width: int, asked: float = 1.0) -> str:
    """What is resident along the log, from its start at the left to its end; `asked` is the part of it that the plan
    has come to, and what is there beyond it was fetched ahead."""
    if not stretches:
        return EMPTY * width
    cells = []
    for cell in range(width):
        start = cell * len(stretches) // width
        part = stretches[start : max(start + 1, (cell + 1) * len(stretches) // width)]
        share = sum(part) / len(part)
        there = FILLED if cell < asked * width else AHEAD
        cells.append(there if share == 1 else EMPTY if share == 0 else HALF)
    return "".join(cells)
