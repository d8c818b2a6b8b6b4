"""Java's String.hashCode: what RocketMQ keeps of a tag in its index."""

from __future__ import annotations

import codecs
from functools import lru_cache

# now: at its first use Python would read it from a file, in the midst of a plan whose calls are being counted
_utf_16 = codecs.getencoder("utf-16-be")


@lru_cache(maxsize=1024)
def java_hash(text: str) -> int:
    """The hash as Java has it: over UTF-16 code units, a signed number of 32 bits. Different texts may share one."""
    units, _ = _utf_16(text, "surrogatepass")
    found = 0
    for high, low in zip(units[::2], units[1::2], strict=True):
        found = (31 * found + (high << 8 | low)) & 0xFFFFFFFF
    return found - (1 << 32) if found >> 31 else found
