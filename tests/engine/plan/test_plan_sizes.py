"""Sizes as plans and levels write them."""

from __future__ import annotations

import pytest

from zcquest.engine.sizes import MAX_SIZE, SizeTooBig, format_size, parse_size


@pytest.mark.parametrize(
    ("text", "size"),
    [
        ("512", 512),
        ("64K", 65536),
        ("64k", 65536),
        ("1M", 1 << 20),
        ("2G", 1 << 31),
        ("0", 0),
        ("007K", 7168),
        ("0" * 9000 + "1", 1),
        ("9223372036854775807", MAX_SIZE),
    ],
)
def test_parse_size(text: str, size: int) -> None:
    assert parse_size(text) == size
    assert parse_size(format_size(size)) == size


@pytest.mark.parametrize(
    "text", ["", "K", "-1", "+1", "1.5M", "64KB", "64 K", "0x10", "1e3", "６４", "٣", "64\u212a", "1\n"]
)
def test_not_a_size(text: str) -> None:
    with pytest.raises(ValueError) as caught:
        parse_size(text)
    assert caught.type is ValueError


@pytest.mark.parametrize("text", ["9223372036854775808", "8589934592G", "9" * 9000, "9" * 9000 + "K"])
def test_too_big(text: str) -> None:
    with pytest.raises(SizeTooBig):
        parse_size(text)


@pytest.mark.parametrize(
    ("size", "text"), [(65536, "64K"), (65537, "65537"), (1 << 30, "1G"), (1536, "1536"), (3 << 19, "1536K")]
)
def test_shortest_exact_spelling(size: int, text: str) -> None:
    assert format_size(size) == text
