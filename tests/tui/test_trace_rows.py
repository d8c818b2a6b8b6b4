"""The trace pane's rows: every call once, what is missing said, brackets as they are, columns that hold in Chinese."""

from __future__ import annotations

import pytest
from rich.cells import cell_len
from rich.style import Style

from zcquest.engine.calls import CALLS
from zcquest.engine.experiment import Line
from zcquest.engine.plan import parse_plan
from zcquest.levels import language
from zcquest.levels.report import HopReport
from zcquest.tui.widgets.level_view import Remark, _with_remarks
from zcquest.tui.widgets.machine_map import MachineMap
from zcquest.tui.widgets.trace_lines import GAP, Columns, columns_of, draw, line_of, lines_of, shortened
from zcquest.tui.widgets.trace_row import TraceRow, call_rows
from zcquest.tui.widgets.trace_view import TraceView

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
    assert "write(4, NULL, [EAGAIN] [x=1]) = -1 EFAULT (Bad address)" in _drawn([row], 79)[0]
    assert "✗" in row.head, "not by colour alone"


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
    drawn = _drawn(rows, 81)
    assert len(drawn) == len(rows)
    columns = {cell_len(line) - cell_len(row.outcome) for line, row in zip(drawn, rows, strict=True)}
    assert len(columns) == 1


def test_a_remark_stands_after_the_calls_that_came_before_it() -> None:
    from zcquest.engine.message import message

    remarks = (Remark(1, message("you overwrote it")), Remark(2, message("it was shared")))
    rows = _with_remarks(tuple(map(_sent, range(2))), PLAN, None, remarks)
    assert [row.kind for row in rows] == ["call", "note", "call", "note"]


MAPPED = "mmap(NULL, 4194304, PROT_READ, MAP_SHARED|MAP_POPULATE, 3, 0)"


def test_a_call_that_is_too_long_loses_arguments_and_never_its_result() -> None:
    call = f"{MAPPED} = 0x7fc6fd600000"
    assert shortened(call, 80) == call
    assert shortened(call, 76) == f"{MAPPED} = 0x7f…000"
    assert shortened(call, 70) == "mmap(NULL, 4194304, PROT_READ, MAP_SHARED|MAP_POPULATE, …) = 0x7f…000"
    for room in range(24, 80):
        said = shortened(call, room)
        assert cell_len(said) <= room
        assert room < 30 or (said.startswith("mmap(NULL, ") and said.endswith("000"))


@pytest.mark.parametrize("width", [79, 81])
@pytest.mark.parametrize("code", ["en", "zh"])
def test_no_row_is_wider_than_its_pane_and_nothing_of_an_outcome_is_lost(code: str, width: int) -> None:
    language.set_language(code)
    rows = call_rows(
        [
            _sent(0, text=MAPPED, result="0x7fc6fd600000", disk_bytes=4 << 20, faults=64, waits=4),
            _sent(1, disk_bytes=16384, waits=1),
            _sent(2),
        ],
        PLAN,
        [HopReport(1, "page_cache", "socket_buffer", "none", 1, 0.0, "proved", None)],
    )
    rows.append(TraceRow("note", "a remark that is longer than any pane, " * 4))
    drawn = _drawn(rows, width)
    assert all(cell_len(line) <= width for line in drawn)
    everything = "".join("".join(drawn).replace("└", "").split())
    for row in rows:
        assert "".join(row.outcome.split()) in everything
    assert everything.count("anypane") == 4


def test_where_one_line_must_do_the_outcome_goes_before_the_arguments() -> None:
    row = call_rows([_sent(0, text=MAPPED, result="0x7fc6fd600000", disk_bytes=4 << 20)], PLAN)[0]
    columns = columns_of([row], 77)
    line = line_of(row, columns)
    assert line.outcome == row.outcome and line.text.startswith("mmap(NULL, ") and line.text.rstrip().endswith("000")
    assert cell_len(line.text) + GAP + cell_len(line.outcome) <= columns.room
    short = call_rows([_sent(0)], PLAN, [HopReport(1, "page_cache", "socket_buffer", "cpu", 1, 1.0, "proved", None)])[0]
    narrow = line_of(short, Columns(12, 44, 76))
    assert narrow.outcome == short.outcome
    assert cell_len(draw(narrow, Columns(12, 44, 76), lambda kind: Style()).text) <= 76


async def test_a_click_on_a_row_leads_to_its_step(open_game: Open) -> None:
    async with open_game((120, 36)) as pilot:
        screen = await open_level(pilot, "1-1", "repeat:\n    read(log, buf, 4K)\n    write(sock, buf, 4K)")
        view = screen.query_one(TraceView)
        view.show(call_rows([_sent(0), _sent(1, step=1)], PLAN))
        await pilot.pause()
        assert not view.show_horizontal_scrollbar
        screen.editor.area.move_cursor((0, 0))
        await pilot.click(TraceView, offset=(20, 1))
        await pilot.pause()
        assert screen.editor.cursor_step == 1
        assert screen.query_one(MachineMap).state.cursor_step == 1


def test_where_nothing_was_witnessed_that_is_said_once() -> None:
    unseen = HopReport(1, "page_cache", "socket_buffer", "unknown", 9, 0.0, "nothing", None)
    assert call_rows([_sent(0)], PLAN, [unseen])[0].outcome.count("no witness") == 1


def _drawn(rows: list[TraceRow], width: int) -> list[str]:
    columns = columns_of(rows, width)
    return [draw(line, columns, lambda kind: Style()).text for row in rows for line in lines_of(row, columns)]


@pytest.mark.parametrize(
    ("system", "told"), [(True, ("1 fault inside", "2 faults inside")), (False, ("1 fault ⇅", "2 faults ⇅"))]
)
def test_one_fault_is_one(system: bool, told: tuple[str, str]) -> None:
    rows = call_rows([_sent(number, faults=number + 1, system=system, result="0") for number in range(2)], PLAN)
    assert tuple(row.outcome for row in rows) == told
