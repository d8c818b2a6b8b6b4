"""Copies against switches: which runs nothing beats, and where they are drawn."""

from __future__ import annotations

from random import Random

import pytest

from zcquest.tui.widgets.result.pareto import FAILED, FRONT, LATEST, Point, Runs, front, pareto_lines


def test_the_front_is_what_nothing_beats_in_both() -> None:
    random = Random(5)
    copies = (2.0, 2.5, 3.0, 4.0)
    points = [Point(random.choice(copies), random.randint(2, 40), random.random() < 0.8) for _ in range(60)]
    best = front(points)
    passed = [point for point in points if point.passed]
    for point in best:
        assert point.passed
        assert not any(
            other.copies <= point.copies
            and other.switches <= point.switches
            and (other.copies, other.switches) != (point.copies, point.switches)
            for other in passed
        )
    for point in passed:
        assert any(other.copies <= point.copies and other.switches <= point.switches for other in best)


@pytest.mark.parametrize("size", [(100, 20), (74, 16), (50, 16)])
def test_fewer_copies_lie_lower_and_fewer_switches_further_left(size: tuple[int, int]) -> None:
    runs = Runs((Point(4.0, 1000, True), Point(2.0, 10, False), Point(3.0, 100, True)), (2.0, 2))
    lines = pareto_lines(runs, *size).plain.splitlines()
    assert all(len(line) <= size[0] + 12 for line in lines)
    found = {mark: (x, y) for y, line in enumerate(lines[: size[1] - 8]) for x, mark in enumerate(line)}
    assert found[LATEST][0] > found[FAILED][0]
    assert found[LATEST][1] < found[FAILED][1]
    assert FRONT in found or found[LATEST]


def test_one_run_and_none() -> None:
    assert LATEST in pareto_lines(Runs((Point(2.0, 0, True),), None), 60, 12).plain
    assert pareto_lines(Runs((), None), 60, 12).plain
