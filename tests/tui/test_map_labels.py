"""The words on the map: every hop's figures can be read, whatever rooms there are, and nothing is written over them."""

from __future__ import annotations

import re
from dataclasses import replace
from itertools import product

import pytest
from tests.tui.test_map import READ_WRITE, SENDFILE, gauges, picture, planned, replaced, scene
from tests.tui.test_map_layout import MEMORIES, NARROW_TERMINAL, PIPES, WIDE_TERMINAL, places, usual

from zcquest.engine.gauges import Outlet
from zcquest.engine.places import CONSUMERS, Place
from zcquest.levels.report import ConsumerReport, HopReport
from zcquest.tui.widgets.map.canvas import Canvas
from zcquest.tui.widgets.map.layout import arrange
from zcquest.tui.widgets.map.picture import draw, floor_of
from zcquest.tui.widgets.map.routes import bundle_of
from zcquest.tui.widgets.map.words import about_bytes
from zcquest.tui.widgets.map_state import MapState, map_hops

COMBINATIONS = list(product(MEMORIES, PIPES, range(1, 5), (False, True)))
K16 = 16 << 10


def measured(memories: tuple[Place, ...], pipes: tuple[Place, ...], consumers: int, queue: bool) -> MapState:
    """A run through all these places. Hops that share a trunk have the same number of bytes, all others another."""
    floor = arrange(160, 60, places(memories, pipes, consumers, queue))
    assert floor
    routes = [route for route in usual(floor) if not {route.source, route.target} & {*CONSUMERS}]
    kinds: dict[tuple[Place, Place], int] = {}
    hops = []
    for step, route in enumerate(routes, 1):
        count = kinds.setdefault(bundle_of(route), K16 + 1024 * len(kinds))
        hops.append(HopReport(step, route.source.value, route.target.value, "cpu", count, count, "proved", None))
    got = tuple(ConsumerReport(payload_bytes=K16, messages=16) for _ in range(consumers)) if consumers > 1 else ()
    return planned(
        "once:\n    readahead(log, 64K)\n",
        scene=scene(*hops, consumers=got, messages=16),
        consumers=consumers,
        size=K16,
    )


class Noting(Canvas):
    """Remembers the lines of text that were written on it, and where."""

    notes: list[tuple[int, int, str]]

    def write(self, x: int, y: int, text: str, ink: str = "", stress: str = "") -> None:
        self.notes = [*getattr(self, "notes", []), (x, y, text)]
        super().write(x, y, text, ink, stress)


@pytest.mark.parametrize("size", [NARROW_TERMINAL, WIDE_TERMINAL])
def test_nothing_is_written_over_the_words_and_figures(size: tuple[int, int], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("zcquest.tui.widgets.map.picture.Canvas", Noting)
    for cast in COMBINATIONS:
        canvas = draw(measured(*cast), *size)
        assert isinstance(canvas, Noting)
        for x, y, text in canvas.notes:
            if any(character.isalnum() for character in text):
                assert canvas.line(y)[x : x + len(text)] == text, (cast, text)


def crowded(memories: tuple[Place, ...], pipes: tuple[Place, ...], consumers: int, queue: bool) -> bool:
    """More than what fits with all its figures at 80x24: the place's own screen has them all."""
    return len(memories) > 2 or (len(pipes) == 2 and (queue or consumers > 2)) or (bool(pipes) and consumers > 3)


@pytest.mark.parametrize("size", [NARROW_TERMINAL, WIDE_TERMINAL])
def test_the_bytes_of_every_hop_of_the_plan_stand_on_the_map(size: tuple[int, int]) -> None:
    for cast in COMBINATIONS:
        if not crowded(*cast):
            state = measured(*cast)
            canvas = draw(state, *size)
            text = "\n".join(canvas.line(y) for y in range(size[1]))
            shown = [about_bytes(hop.bytes) in text for hop in map_hops(state) if hop.bytes and hop.steps]
            assert all(shown), (cast, text)


@pytest.mark.usefixtures("any_language")
@pytest.mark.parametrize("size", [(70, 20), NARROW_TERMINAL, WIDE_TERMINAL])
def test_what_stands_in_a_room_of_one_line_keeps_inside_its_frame(size: tuple[int, int]) -> None:
    ran = measured((), (), 4, queue=True)
    live = replace(ran, scene=None, gauges=gauges())
    for state in (ran, live, replace(ran, scene=None), replace(ran, scene=scene(), so_far=True)):
        canvas, floor = draw(state, *size, Place.CONSUMER2), floor_of(state, *size)
        assert floor and len(floor.ladders) == 2
        for ladder in floor.ladders:
            frame = ladder.frame
            sides = {canvas.at(x, room.y).text for x in (frame.x, frame.right - 1) for room in ladder.rungs.values()}
            assert sides == {"│"}
            corners = [canvas.at(x, y).text for y in (frame.y, frame.bottom - 1) for x in (frame.x, frame.right - 1)]
            assert corners == list("╭╮╰╯")


def test_one_label_for_hops_of_which_the_same_is_to_be_said_and_each_its_own_where_not() -> None:
    same = measured((), (), 4, queue=False)
    assert same.scene
    text = drawn(same)
    assert "2-5 CPU" in text and "4×17 KiB" in text
    shared = [
        replaced(hop, mover="none") if hop.source == "page_cache" and hop.step == 3 else hop for hop in same.scene.hops
    ]
    text = drawn(replace(same, scene=scene(*shared, consumers=same.scene.consumers)))
    assert "2,4,5 CPU" in text and "3×17 KiB" in text and "3 shared" in text


def test_each_connection_shows_its_own_queues_and_its_own_progress() -> None:
    neighbours = tuple(Outlet(0, 1024 * n, 512, received=4096 * n, messages=4 * n) for n in (1, 2, 3))
    live = planned(SENDFILE, consumers=4, size=16384, gauges=replace(gauges(), neighbours=neighbours))
    rows = drawn(live).splitlines()
    for name, queues in (("sock ", "512/256"), ("sock2", "1K/512"), ("sock3", "2K/512"), ("sock4", "3K/512")):
        assert any(name in row and queues in row for row in rows)
    bars = [found.group(1) for row in rows if (found := re.search("│ [1-4] ([█▒░]+)", row))]
    filled = [bar.count("█") for bar in bars]
    assert len(filled) == 4 and filled == sorted({*filled}) and filled[0] > 0


def test_a_pipe_shows_how_full_it_is() -> None:
    state = planned(READ_WRITE, size=65536)
    for fill, filled, empty in ((0, False, True), (32768, True, True), (65536, True, False)):
        now = replace(gauges(), pipe_fill=fill, pipe_size=65536)
        piped = replace(measured((), (Place.PIPE,), 1, queue=False), gauges=now)
        row = next(row for row in drawn(piped).splitlines() if "/64K" in row)
        assert ("█" in row, "░" in row) == (filled, empty)
    assert "pipe" not in drawn(state)


def drawn(state: MapState, width: int = 86, height: int = 23) -> str:
    canvas = draw(state, width, height)
    return "\n".join(canvas.line(y) for y in range(height))


def test_sockets_that_different_calls_fill_share_the_words_on_the_way_to_the_card() -> None:
    steps = ("splice(log, pipe, 64K)", "tee(pipe, pipe2, 64K)", "splice(pipe, sock, 64K)", "splice(pipe2, sock2, 64K)")
    plan = "\n ".join(("repeat:", *steps, "sendfile(sock3, log, 64K)", "sendfile(sock4, log, 64K)\n"))
    lines = picture(planned(plan, consumers=4), 78, 23)
    assert any("◄·· 3-6 ····│ sock " in line for line in lines)
