"""Java's String.hashCode: what RocketMQ keeps of a tag in its index."""

from __future__ import annotations

from functools import lru_cache


@lru_cache(maxsize=1024)
def java_hash(text: str) -> int:
    """The hash as Java has it: over UTF-16 code units, a signed number of 32 bits. Different texts may share one."""
    units = text.encode("utf-16-be", "surrogatepass")
    found = 0
    for high, low in zip(units[::2], units[1::2], strict=True):
        found = (31 * found + (high << 8 | low)) & 0xFFFFFFFF
    return found - (1 << 32) if found >> 31 else found
