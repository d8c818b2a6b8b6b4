"""Byte counts as plans and levels write them: `512`, `64K`, `16M`, `2G` (powers of 1024)."""

from __future__ import annotations

import re

_UNITS = {"": 1, "K": 1 << 10, "M": 1 << 20, "G": 1 << 30}
_SIZE = re.compile(r"(\d+)([KMG]?)", re.IGNORECASE)


def parse_size(text: str) -> int:
    """The number of bytes that `text` names. Raises ValueError for anything that is not a size."""
    found = _SIZE.fullmatch(text)
    if not found:
        raise ValueError(text)
    return int(found[1]) * _UNITS[found[2].upper()]


def format_size(size: int) -> str:
    """The shortest exact spelling of `size` bytes that `parse_size` reads back: 65536 is `64K`, 65537 is `65537`."""
    for unit in ("G", "M", "K"):
        if size and size % _UNITS[unit] == 0:
            return f"{size // _UNITS[unit]}{unit}"
    return str(size)
