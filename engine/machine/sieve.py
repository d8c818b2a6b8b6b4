"""What of the log may go: the ranges that verify and select have let through, and how far each of them has looked."""

from __future__ import annotations

from array import array
from bisect import bisect_left, bisect_right
from collections.abc import Iterable

IOV_MAX = 1024  # ranges that one writev(2) takes

Range = tuple[int, int]  # [start, stop), bytes of the log


class Sieve:
    """Ranges of a log of `size` bytes, in order, apart from each other. What one filter lets through, the next one
    looks at; a mover goes no further than the one that has looked least far. 16 bytes of memory a range."""

    def __init__(self, size: int) -> None:
        self.size = size
        self.looked: dict[str, int] = {}  # by filter: everything before this offset it has judged
        self._starts, self._stops = array("q"), array("q")
        self._decided = 0  # the ranges tell of everything before it; from it on, all is still there
        self._next = 0  # the first range that does not lie behind the cursor

    @property
    def complete(self) -> bool:
        """Whether every filter has looked at the whole log, if there is one at all."""
        return all(looked >= self.size for looked in self.looked.values())

    def candidates(self, start: int, stop: int) -> list[Range]:
        """What is left of [start, stop) for a filter to look at."""
        found = []
        for number in range(bisect_right(self._stops, start), bisect_left(self._starts, stop)):
            found.append((max(self._starts[number], start), min(self._stops[number], stop)))
        if stop > self._decided:
            found.append((max(start, self._decided), stop))
        return found

    def narrow(self, name: str, start: int, until: int, kept: Iterable[Range]) -> None:
        """The filter `name` has looked at the candidates in [start, until), and `kept` is what it lets through."""
        starts, stops = self._starts, self._stops
        first, last = bisect_right(stops, start), bisect_left(starts, until)
        fresh_starts, fresh_stops = array("q"), array("q")

        def add(begin: int, end: int) -> None:
            if fresh_stops and fresh_stops[-1] == begin:
                fresh_stops[-1] = end  # it touches the one before: one range
            elif begin < end:
                fresh_starts.append(begin)
                fresh_stops.append(end)

        if first and stops[first - 1] == start:
            first -= 1
        if first < last and starts[first] < start:
            add(starts[first], start)
        for begin, end in kept:
            add(begin, end)
        if first < last and stops[last - 1] > until:
            add(until, stops[last - 1])
        elif last < len(starts) and fresh_stops and fresh_stops[-1] == starts[last]:
            add(starts[last], stops[last])
            last += 1
        starts[first:last], stops[first:last] = fresh_starts, fresh_stops
        self._decided = max(self._decided, until)
        self._next = min(self._next, first)
        self.looked[name] = until

    def begin(self, name: str, until: int, starts: array[int], stops: array[int]) -> None:
        """As `narrow`, for the first filter of all, which has looked at everything before `until`."""
        self._starts, self._stops, self._decided = starts, stops, until
        self.looked[name] = until

    def step(self, position: int, most: int) -> Range:
        """From the cursor at `position` on: where the next bytes lie, and how many (at most `most`) may go.

        Where there are none (yet), it is where all that was looked at ends.
        """
        frontier = min(self.looked.values())
        number = self._find(position)
        if number < len(self._starts) and self._starts[number] < frontier:
            start = max(position, self._starts[number])
            return start, max(0, min(self._stops[number], frontier, start + most) - start)
        return max(position, frontier), 0

    def gather(self, position: int, most: int) -> list[Range]:
        """The next ranges, `most` bytes and IOV_MAX of them at most; nothing is stepped over."""
        frontier = min(self.looked.values())
        found: list[Range] = []
        number = self._find(position)
        while most > 0 and number < len(self._starts) and len(found) < IOV_MAX:
            start = max(position, self._starts[number])
            stop = min(self._stops[number], frontier, start + most)
            if stop <= start:
                break
            found.append((start, stop))
            most -= stop - start
            number += 1
        return found

    def rest(self, position: int) -> tuple[array[int], array[int]]:
        """The starts and stops of all ranges from `position` on, once the sieve is complete."""
        number = self._find(position)
        starts, stops = self._starts[number:], self._stops[number:]
        if starts:
            starts[0] = max(starts[0], position)
        return starts, stops

    def _find(self, position: int) -> int:
        """The first range that ends behind `position`; the cursor hardly ever goes back."""
        number, stops = self._next, self._stops
        while number and stops[number - 1] > position:
            number -= 1
        while number < len(stops) and stops[number] <= position:
            number += 1
        self._next = number
        return number


def common(one: Iterable[Range], other: Iterable[Range]) -> Iterable[Range]:
    """What lies in ranges of both; each is in order."""
    ours, theirs = iter(one), iter(other)
    a, b = next(ours, None), next(theirs, None)
    while a and b:
        start, stop = max(a[0], b[0]), min(a[1], b[1])
        if start < stop:
            yield start, stop
        if a[1] < b[1]:
            a = next(ours, None)
        else:
            b = next(theirs, None)
