"""The trace pane's rows: every call once, what is missing said, brackets as they are, columns that hold in Chinese."""

from __future__ import annotations

from pathlib import Path

import pytest
from rich.cells import cell_len
from rich.style import Style

from zcquest.engine.calls import CALLS
from zcquest.engine.experiment import Line
from zcquest.engine.plan import parse_plan
from zcquest.levels import language
from zcquest.levels.report import HopReport
from zcquest.tui.widgets.level_view import Remark, _with_remarks
from zcquest.tui.widgets.trace_row import call_rows, call_width, draw

from .conftest import Open
from .playing import open_level

PLAN = parse_plan("repeat:\n    sendfile(sock, log, 64K)\n", CALLS)


def _sent(number: int, **changes: object) -> Line:
    made = {
        "number": number,
        "at_ns": number * 1_000_000,
        "took_ns": 10,
        "step": 0,
        "call": "sendfile",
        "text": f"sendfile(4, 3, [{number}] => [{number + 1}], 1)",
        "result": "1",
        "error": None,
        "system": True,
        "faults": 0,
        "waits": 0,
        "disk_bytes": 0,
    }
    return Line(**{**made, **changes})  # type: ignore[arg-type]


def test_calls_that_were_not_kept_are_counted_in_between() -> None:
    lines = [*map(_sent, range(3)), *map(_sent, range(7695, 7697))]
    rows = call_rows(lines, PLAN, calls=7697)
    assert [row.kind for row in rows] == ["call"] * 3 + ["gap"] + ["call"] * 2
    assert "7\N{NO-BREAK SPACE}692" in rows[3].text


def test_a_trace_that_breaks_off_says_how_many_are_missing() -> None:
    assert "10" in call_rows([_sent(0)], PLAN, calls=11)[-1].text
    assert call_rows([], PLAN, calls=0) == []


def test_brackets_and_errors_are_shown_as_they_are() -> None:
    failed = _sent(0, text="write(4, NULL, [EAGAIN] [x=1])", result="-1 EFAULT (Bad address)", error="EFAULT")
    row = call_rows([failed], PLAN)[0]
    assert row.kind == "failed"
    strip = draw(row, call_width([row]), lambda kind: Style())
    assert "write(4, NULL, [EAGAIN] [x=1]) = -1 EFAULT (Bad address)" in strip.text


def test_what_a_hop_turned_out_to_be_stands_with_each_call() -> None:
    shared = HopReport(1, "page_cache", "socket_buffer", "none", 1, 0.0, "proved", None)
    other = HopReport(2, "page_cache", "socket_buffer", "cpu", 1, 1.0, "proved", None)
    assert "shared" in call_rows([_sent(0)], PLAN, [other, shared])[0].outcome
    assert "shared" not in call_rows([_sent(0)], PLAN, [other])[0].outcome


@pytest.mark.parametrize("code", ["en", "zh"])
def test_what_came_of_calls_stands_in_one_column(code: str) -> None:
    language.set_language(code)
    rows = call_rows([_sent(0), _sent(1, waits=3), _sent(90_000)], PLAN)
    rows = [row for row in rows if row.kind != "gap"]
    width = call_width(rows)
    columns = {cell_len(draw(row, width, lambda kind: Style()).text) - cell_len(row.outcome) for row in rows}
    assert len(columns) == 1


def test_a_remark_stands_after_the_calls_that_came_before_it() -> None:
    from zcquest.engine.message import message

    remarks = (Remark(1, message("you overwrote it")), Remark(2, message("it was shared")))
    rows = _with_remarks(tuple(map(_sent, range(2))), PLAN, None, remarks)
    assert [row.kind for row in rows] == ["call", "note", "call", "note"]


async def test_the_pane_scrolls_sideways_over_long_calls(open_game: Open, tmp_path: Path) -> None:
    from zcquest.tui.widgets.trace_view import TraceView

    async with open_game((80, 24)) as pilot:
        screen = await open_level(pilot, "3-1")
        await pilot.press("3")
        view = screen.query_one(TraceView)
        view.show(call_rows([_sent(0, text="sendfile" + "(" * 100 + "END")], PLAN))
        view.focus()
        await pilot.pause()
        from .conftest import shown

        assert "END" not in shown(pilot)
        await pilot.press(*["right"] * 120)
        assert "END" in shown(pilot)


def test_where_nothing_was_witnessed_that_is_said_once() -> None:
    unseen = HopReport(1, "page_cache", "socket_buffer", "unknown", 9, 0.0, "nothing", None)
    assert call_rows([_sent(0)], PLAN, [unseen])[0].outcome.count("no witness") == 1
