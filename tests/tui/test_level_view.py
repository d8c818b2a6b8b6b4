"""What moves on the map while a scene runs follows from two readings and the calls between them."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from zcquest.engine.calls import CALLS
from zcquest.engine.experiment import Line
from zcquest.engine.gauges import Gauges
from zcquest.engine.places import Place, Route
from zcquest.engine.plan import parse
from zcquest.levels.loader import load_campaign
from zcquest.tui.widgets.level_view import LevelView, Live
from zcquest.tui.widgets.map_state import ARRIVING, REJECTING, Stream

READ_WRITE = parse("repeat:\n    read(log, buf, 4K)\n    write(sock, buf, 4K)\n", CALLS).plan
READ, WRITTEN, SENT = (
    Route(Place.PAGE_CACHE, Place.BUFFER),
    Route(Place.BUFFER, Place.SOCKET),
    Route(Place.SOCKET, Place.NIC),
)
START = Gauges(
    cache=None, cache_map=(), disk_read=0, buffer=4096, buffer_pending=0, mapping_resident=None, send_queue=0,
    receive_queue=0, nic_sent=0, taken=0, sent=0, received=0, messages=0, calls=0,
)  # fmt: skip


def line(number: int, step: int, **changes: Any) -> Line:
    made = Line(number, 0, 0, step, ("read", "write")[step], "", "4096", None, True, 0, 0, 0)
    return replace(made, **changes)


def view(live: Live) -> LevelView:
    level = load_campaign().level("1-1")
    return LevelView(level=level, scene=level.scenes[0], plan=READ_WRITE, live=live)


def test_one_call_goes_its_ways_one_after_the_other() -> None:
    state = view(Live().read(replace(START, calls=1), (line(0, 0),))).map_state()
    assert (state.moved, state.streams, state.crossed) == ((READ,), (), True)


def test_several_calls_flow_side_by_side_as_often_as_they_were_made() -> None:
    calls = tuple(line(number, number % 2) for number in range(5))
    live = Live().read(replace(START, calls=2), calls[:2]).read(replace(START, calls=5), calls)
    state = view(live).map_state()
    assert state.moved == ()
    assert set(state.streams) == {Stream(READ, 2), Stream(WRITTEN, 1), Stream(SENT, 1)}


@pytest.mark.parametrize("changes", [{"result": "0"}, {"result": "-1 EAGAIN (again)", "error": "EAGAIN"}])
def test_a_call_that_moved_nothing_sends_no_packet_but_crossed_the_border(changes: dict[str, Any]) -> None:
    state = view(Live().read(replace(START, calls=1), (line(0, 1, **changes),))).map_state()
    assert (state.moved, state.streams, state.crossed) == ((), (), True)


def test_nothing_moves_between_two_readings_in_which_nothing_happened() -> None:
    calls = (line(0, 0), line(1, 1))
    live = Live().read(replace(START, calls=2), calls).read(replace(START, calls=2), calls)
    state = view(live).map_state()
    assert (state.moved, state.streams, state.crossed) == ((), (), False)


def test_what_reaches_the_consumer_and_comes_back_is_its_own_count() -> None:
    first = replace(START, received=100)
    live = Live().read(first, ()).read(replace(first, received=9000, messages=2, rejections=1), ())
    assert set(view(live).map_state().streams) == {Stream(ARRIVING, 2), Stream(REJECTING, 1)}
    partly = Live().read(first, ()).read(replace(first, received=101), ())
    assert view(partly).map_state().streams == (Stream(ARRIVING, 1),)
