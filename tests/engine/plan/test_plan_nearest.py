"""Which word was meant."""

from __future__ import annotations

import pytest

from zcquest.engine.plan import nearest_word

CALLS = ("read", "pread", "readahead", "write", "send", "sendfile")
ADVICE = ("normal", "random", "sequential", "willneed", "dontneed", "populate_read", "cold")


@pytest.mark.parametrize(
    ("written", "words", "nearest"),
    [
        ("raed", CALLS, "read"),  # two letters swapped
        ("wrte", CALLS, "write"),  # one lost
        ("sennd", CALLS, "send"),  # one added
        ("aread", CALLS, "read"),  # two are as near: the first
        ("snedflie", CALLS, "sendfile"),  # two slips in a long word
        ("rd", CALLS, None),  # two slips in a short one
        ("Send_File", CALLS, "sendfile"),
        ("sendfile64", CALLS, "sendfile"),
        ("reada", CALLS, "read"),
        ("seq", ADVICE, "sequential"),  # a beginning
        ("MADV_COLD", ADVICE, "cold"),  # C constants
        ("POSIX_FADV_DONTNEED", ADVICE, "dontneed"),
        ("MADV_POPULATE_READ", ADVICE, "populate_read"),
        ("dont-need", ADVICE, "dontneed"),
        ("hot", ADVICE, None),
        ("", ADVICE, None),
        ("read" * 20, CALLS, None),
        ("read", (), None),
    ],
)
def test_nearest_word(written: str, words: tuple[str, ...], nearest: str | None) -> None:
    assert nearest_word(written, words) == nearest
