"""Byte counts as plans and levels write them: `512`, `64K`, `16M`, `2G` (powers of 1024)."""

from __future__ import annotations

import re

MAX_SIZE = 2**63 - 1  # what a signed 64-bit offset of the kernel can hold

_UNITS = {"": 1, "K": 1 << 10, "M": 1 << 20, "G": 1 << 30}
_SIZE = re.compile(r"0*(\d+)([KMG]?)", re.IGNORECASE | re.ASCII)


class SizeTooBig(ValueError):
    """A size over `MAX_SIZE`."""


def parse_size(text: str) -> int:
    """The number of bytes that `text` names. Raises SizeTooBig over `MAX_SIZE`, ValueError for what is not a size."""
    found = _SIZE.fullmatch(text)
    if not found:
        raise ValueError(text)
    digits, unit = found.groups()
    # Counting the digits first: int() refuses thousands of them, and with another error.
    size = int(digits) * _UNITS[unit.upper()] if len(digits) <= len(str(MAX_SIZE)) else MAX_SIZE + 1
    if size > MAX_SIZE:
        raise SizeTooBig(text)
    return size


def format_size(size: int) -> str:
    """The shortest exact spelling of `size` bytes that `parse_size` reads back: 65536 is `64K`, 65537 is `65537`."""
    for unit in ("G", "M", "K"):
        if size and size % _UNITS[unit] == 0:
            return f"{size // _UNITS[unit]}{unit}"
    return str(size)
