"""Copies against switches: which runs nothing beats, and where they are drawn."""

from __future__ import annotations

from random import Random

import msgspec
import pytest

from zcquest.tui.widgets.result.pareto import FAILED, FRONT, LATEST, Point, Runs, front, lost_in, pareto_lines


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


def test_what_a_run_lost_is_its_mark_and_the_capital_of_one_that_passed() -> None:
    points = (
        Point(4.0, 100, True),
        Point(3.0, 40, True, ("checksum",)),
        Point(3.5, 60, False, ("checksum",)),
        Point(2.0, 20, False, ("delivery", "dlq")),
        Point(2.0, 8, True, ("checksum",)),
        Point(4.0, 1000, True),
    )
    plot, _, legend = pareto_lines(Runs(points, None), 100, 24).plain.partition("◆ this run")
    assert [plot.count(mark) for mark in "ABab"] == [1, 0, 1, 1]
    assert "A a without checksum" in legend and "b without delivery, DLQ" in legend
    assert "2.00 copies with 8 switches (without checksum)" in legend


def test_what_was_lost_is_read_from_the_kept_report() -> None:
    scenes = [
        {"features": {"delivery": {"kept": True}}},
        {"features": {"dlq": {"kept": False}, "checksum": {"kept": False}}},
    ]
    report = msgspec.Raw(msgspec.json.encode({"schema": 1, "scenes": scenes}))
    assert set(lost_in(report)) == {"dlq", "checksum"}
    assert lost_in(msgspec.Raw(b"{}")) == () == lost_in(msgspec.Raw(b"garbage"))
