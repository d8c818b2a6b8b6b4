"""The valid word that a mistyped one was probably meant to be."""

from __future__ import annotations

from collections.abc import Iterable

_LONGEST = 40  # characters; nobody mistypes a longer word


def nearest_word(written: str, words: Iterable[str]) -> str | None:
    """The nearest of `words`, the first of equals; None if none is near.

    Near is: one slip in three letters (a letter changed, added, lost, or two swapped), one the beginning of the other
    (`buffer`, `buf`), or the C constant of the word (`MADV_WILLNEED`). Case does not count.
    """
    if len(written) > _LONGEST:
        return None
    typed = written.casefold()
    ranked = [(rank, word) for word in words if (rank := _rank(typed, word)) is not None]
    return min(ranked, key=lambda entry: entry[0])[1] if ranked else None


def _rank(typed: str, word: str) -> tuple[int, int] | None:
    slips = _slips(typed, word)
    if slips <= max(1, len(typed) // 3):
        return (0, slips)
    if typed.endswith("_" + word):
        return (1, slips)
    if min(len(typed), len(word)) >= 3 and (typed.startswith(word) or word.startswith(typed)):
        return (2, slips)
    return None


def _slips(one: str, other: str) -> int:
    """The optimal string alignment distance: Levenshtein's, with a swap of neighbours as one slip."""
    before: list[int] = []
    last = list(range(len(other) + 1))
    for row, letter in enumerate(one, 1):
        line = [row]
        for column, target in enumerate(other, 1):
            slips = min(last[column] + 1, line[column - 1] + 1, last[column - 1] + (letter != target))
            if row > 1 and column > 1 and letter == other[column - 2] and one[row - 2] == target:
                slips = min(slips, before[column - 2] + 1)
            line.append(slips)
        before, last = last, line
    return last[-1]
