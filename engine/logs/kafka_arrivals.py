"""Which offsets arrived, in which order."""

from __future__ import annotations

MAX_RUNS = 64


class Runs:
    """Inclusive runs of offsets in order of arrival, neighbours merged; the first MAX_RUNS are kept."""

    def __init__(self) -> None:
        self._runs: list[list[int]] = []
        self._last: list[int] = []  # the run that is growing; not one of `_runs` once these are full
        self.cut = False

    @property
    def first(self) -> int | None:
        """The first offset that arrived."""
        return self._runs[0][0] if self._runs else None

    def add(self, first: int, last: int) -> None:
        """The offsets from `first` to `last` arrived, one after the other."""
        if self._last and self._last[1] + 1 == first:
            self._last[1] = last
            return
        self._last = [first, last]
        if len(self._runs) < MAX_RUNS:
            self._runs.append(self._last)
        else:
            self.cut = True

    def hold(self, offset: int) -> bool:
        """Whether the offset is in one of the kept runs."""
        return any(first <= offset <= last for first, last in self._runs)

    def kept(self) -> list[tuple[int, int]]:
        return [(first, last) for first, last in self._runs]


class Arrivals:
    """Counts messages, and tells those in order from those that came late or twice.

    A message below the next expected offset came twice if its offset had been there, else out of order. When there
    are more runs than are kept, what only those would tell is taken for a duplicate.
    """

    def __init__(self) -> None:
        self.runs = Runs()
        self.messages = 0
        self.duplicates = 0
        self.out_of_order = 0
        self._expected: int | None = None  # one more than the highest offset so far

    def add(self, offsets: list[int]) -> None:
        """One batch's messages arrived."""
        if not offsets:
            return
        self.messages += len(offsets)
        first, last = offsets[0], offsets[-1]
        ascending = last - first + 1 == len(offsets) and offsets == list(range(first, last + 1))
        if ascending and (self._expected is None or first >= self._expected):
            self.runs.add(first, last)
            self._expected = last + 1
            return
        for offset in offsets:
            self._one(offset)

    def _one(self, offset: int) -> None:
        if self._expected is None or offset >= self._expected:
            self._expected = offset + 1
        elif self.runs.cut or self.runs.hold(offset):
            self.duplicates += 1
        else:
            self.out_of_order += 1
        self.runs.add(offset, offset)
