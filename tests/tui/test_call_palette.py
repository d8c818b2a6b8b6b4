"""The palette of calls: what each moves, needs and costs."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from textual.pilot import Pilot
from textual.widgets import OptionList

from zcquest.engine.calls import CALLS
from zcquest.tui.screens.call_palette import CallPalette

from .conftest import Open, shown
from .playing import until


async def _open(pilot: Pilot[None]) -> list[str]:
    """Every call's lines."""
    pilot.app.push_screen(CallPalette(tuple(CALLS)))
    await pilot.pause()
    options = pilot.app.screen.query_one(OptionList).options
    return [str(option.prompt) for option in options]


async def test_a_call_says_where_its_bytes_go_and_what_it_needs(open_game: Open) -> None:
    async with open_game() as pilot:
        said = dict(zip(CALLS, await _open(pilot), strict=True))
    assert all("moves" in lines for lines in said.values())
    assert "moves page cache ► socket buffer" in said["sendfile"] and "needs" not in said["sendfile"].splitlines()[1]
    assert "moves user buffer ► socket buffer · needs a filled buffer" in said["write"]
    assert "moves page cache ► user buffer" in said["pread"] and "needs" not in said["pread"].splitlines()[1]
    assert {name for name, lines in said.items() if "needs a rejected message" in lines} == {"rewrite"}
    assert {name for name, lines in said.items() if "needs something written" in lines} == {"fsync", "fdatasync"}
    assert {name for name, lines in said.items() if "syscall: 2 switches" not in lines} == {
        name for name, call in CALLS.items() if not call.system
    }


@pytest.mark.parametrize("size", [(120, 36), (80, 24)])
async def test_without_a_run_no_time_is_told(open_game: Open, played: Callable[..., None], size: Any) -> None:
    played("1-1", stars=1)
    async with open_game(size) as pilot:
        await _open(pilot)
        await until(pilot, lambda: "no run of yours has made it yet" in shown(pilot))
        await pilot.press("end")
        await until(pilot, lambda: f"{[*CALLS][-1]}(" in shown(pilot))
        assert "no run of yours has made it yet" in shown(pilot)  # the list gives way to it
