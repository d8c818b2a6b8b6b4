"""Walking the map, and looking inside its places: readings, bytes and their names, while a session is stepped."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from tests.tui.conftest import shown
from tests.tui.playing import FANNED, campaign_of, open_level, until
from tests.tui.test_map import gauges
from tests.tui.test_map_layout import places
from textual.app import App, ComposeResult
from textual.events import MouseScrollDown, MouseScrollUp
from textual.widgets import Static

from zcquest.engine.calls import CALLS
from zcquest.engine.gauges import Outlet
from zcquest.engine.log_bytes import Named, Seen
from zcquest.engine.logs.formats import Field
from zcquest.engine.places import CONSUMERS, Place
from zcquest.engine.plan import parse
from zcquest.tui.screens.place import PlaceScreen
from zcquest.tui.themes import DARK
from zcquest.tui.widgets.hex_view import ROW, Dump, HexView
from zcquest.tui.widgets.machine_map import MachineMap
from zcquest.tui.widgets.map.layout import arrange
from zcquest.tui.widgets.map.walk import WAYS, neighbour, room_at
from zcquest.tui.widgets.map_state import MapState
from zcquest.tui.widgets.place_lines import place_lines, reaching, unseen

READ_WRITE = "repeat:\n    read(log, buf, 16K)\n    write(sock, buf, 16K)\n"
EVERY_MEMORY = (Place.MAPPING, Place.BUFFER, Place.BUFFER2)


# Walking


@pytest.mark.parametrize("memories", [(), (Place.BUFFER,), EVERY_MEMORY[:2], EVERY_MEMORY], ids=len)
@pytest.mark.parametrize("queue", [False, True])
@pytest.mark.parametrize("pipes", [(), (Place.PIPE,), (Place.PIPE, Place.PIPE2)], ids=len)
@pytest.mark.parametrize("consumers", [1, 2, 4])
@pytest.mark.parametrize("size", [(80, 18), (82, 23), (120, 30)])
def test_every_room_can_be_walked_to_and_every_step_goes_the_way_of_its_key(
    size: tuple[int, int], consumers: int, pipes: tuple[Place, ...], queue: bool, memories: tuple[Place, ...]
) -> None:
    floor = arrange(*size, places(memories, pipes, consumers, queue))
    assert floor
    found, open_ends = {Place.PAGE_CACHE}, [Place.PAGE_CACHE]
    while open_ends:
        here = open_ends.pop()
        for way, (dx, dy) in WAYS.items():
            there = neighbour(floor, here, way)
            if there is not here:
                one, other = floor.rooms[here], floor.rooms[there]
                assert (other.x - one.x) * dx > 0 or (other.y - one.y) * dy > 0
            if there not in found:
                found.add(there)
                open_ends.append(there)
    assert found == set(floor.rooms)


def test_the_usual_ways_lead_where_one_looks() -> None:
    floor = arrange(80, 20, places((Place.BUFFER,), (), 1, queue=False))
    assert floor
    assert neighbour(floor, Place.PAGE_CACHE, "left") is Place.DISK
    assert neighbour(floor, Place.PAGE_CACHE, "right") is Place.BUFFER
    assert neighbour(floor, Place.PAGE_CACHE, "down") is Place.SOCKET
    assert neighbour(floor, Place.SOCKET, "down") is Place.CONSUMER
    assert neighbour(floor, Place.DISK, "left") is Place.DISK
    disk = floor.rooms[Place.DISK]
    assert room_at(floor, disk.x, disk.y) is Place.DISK and room_at(floor, 0, 0) is None


# What is said of a place


def test_the_calls_that_reach_a_place_are_those_whose_bytes_can_go_there() -> None:
    into, out = reaching(Place.PAGE_CACHE)
    assert "write" in into and not {"send", "recv"} & {*into, *out}
    assert {"read", "mmap", "sendfile"} <= set(out)
    assert {"write", "send", "sendfile"} <= set(reaching(Place.SOCKET)[0]) and "recv" in reaching(Place.SOCKET)[1]


def test_without_a_run_a_place_tells_what_the_plan_leads_one_to_expect() -> None:
    state = MapState(parse(READ_WRITE, CALLS).plan, size=65536)
    said = [text for text, _ in place_lines(Place.SOCKET, state, 76)]
    assert any("user buffer ► socket buffer: step 2, expected" in line for line in said)
    assert any("No run is on" in line for line in said)


def test_what_was_fetched_ahead_of_the_plan_is_counted_and_drawn_apart() -> None:
    read = parse(READ_WRITE, CALLS).plan
    now = replace(gauges(pages=12), taken=4 * 4096)
    cold = MapState(read, gauges=now, size=16 * 4096, cold=True)
    said = [text for text, _ in place_lines(Place.PAGE_CACHE, cold, 76)]
    assert any(text.startswith("8 of them lie ahead of the plan") for text in said)
    assert "█" * 4 + "▓" * 8 + "░" * 4 in said
    warm = [text for text, _ in place_lines(Place.PAGE_CACHE, replace(cold, cold=False), 76)]
    assert "█" * 12 + "░" * 4 in warm and not any("ahead of" in text for text in warm)


@pytest.mark.parametrize(("gathers", "said"), [(None, "everybody's packets"), (True, "nobody else sends here")])
def test_whose_packets_a_card_counts_depends_on_the_card(gathers: bool | None, said: str) -> None:
    state = MapState(parse(READ_WRITE, CALLS).plan, gauges=gauges(sent=4321), size=65536, scatter_gather=gathers)
    assert any(said in text and "4\N{NO-BREAK SPACE}321 B" in text for text, _ in place_lines(Place.NIC, state, 76))


def test_each_socket_and_each_consumer_has_readings_of_its_own() -> None:
    neighbour = Outlet(sent=9000, send_queue=8000, receive_queue=700, received=300, messages=5)
    state = MapState(gauges=replace(gauges(), neighbours=(neighbour,)), size=65536, consumers=2)
    own = " ".join(text for text, _ in place_lines(Place.SOCKET, state, 76))
    other = " ".join(text for text, _ in place_lines(Place.SOCKET2, state, 76))
    assert "Send-Q 512 B" in own and "Recv-Q 256 B" in own
    assert "Send-Q 8\N{NO-BREAK SPACE}000 B" in other and "Recv-Q 700 B" in other
    assert any("5 good messages in 300 B" in text for text, _ in place_lines(Place.CONSUMER2, state, 76))
    assert unseen(Place.SOCKET2) and unseen(Place.CONSUMER2) and unseen(Place.PIPE)


def test_a_pipe_tells_how_much_of_it_is_filled_and_which_calls_reach_it() -> None:
    state = MapState(gauges=replace(gauges(), pipe_fill=4096, pipe_size=65536), size=65536)
    said = [text for text, _ in place_lines(Place.PIPE, state, 76)]
    assert any("4\N{NO-BREAK SPACE}096 B of 64 KiB" in text for text in said)
    assert any("no pipe is there yet" in text for text, _ in place_lines(Place.PIPE2, state, 76))
    into, out = reaching(Place.PIPE)
    assert {"splice", "vmsplice"} <= set(into) and {"splice", "tee"} <= set(out)


class HexApp(App[None]):
    def get_theme_variable_defaults(self) -> dict[str, str]:
        return DARK

    def compose(self) -> ComposeResult:
        yield HexView()


async def test_the_names_of_the_fields_stand_beside_the_row_they_begin_in_where_there_is_room() -> None:
    fields = (Field(0, 8, "baseOffset", 0), Field(8, 4, "batchLength", 52), Field(12, 52, "records", b""))
    dump = Dump(Seen(0, bytes(64), 64), Named(0, 64, fields))
    for width, named in ((120, True), (80, False)):
        async with HexApp().run_test(size=(width, 10)) as pilot:
            view = pilot.app.query_one(HexView)
            view.dump = dump
            await pilot.pause()
            rows = [view.render_line(y).text for y in range(4)]
            assert ("baseOffset  batchLength  records" in rows[0]) == named
            assert "records" not in rows[1] and len(rows[0]) == width


async def test_the_wheel_goes_through_the_bytes_and_a_click_to_one_of_them() -> None:
    async with HexApp().run_test(size=(80, 10)) as pilot:
        view = pilot.app.query_one(HexView)
        view.dump = Dump(Seen(0, bytes(1024), 1024))
        await pilot.pause()
        for kind, row in ((MouseScrollDown, 3), (MouseScrollDown, 6), (MouseScrollUp, 3)):
            await pilot._post_mouse_events([kind], HexView, (20, 2), button=0)
            assert view.cursor == row * ROW
        first = view.render_line(0).text.index(" 00 ") + 1
        for button, at in ((3, 3 * ROW), (1, 2 * ROW)):
            await pilot.click(HexView, offset=(first, 2), button=button)
            assert view.cursor == at, "the right button is for the codex"


# Inside, on the real kernel


async def test_a_place_shows_the_bytes_of_a_live_session_and_steps_it(open_game: Any) -> None:
    async with open_game((80, 24)) as pilot:
        screen = await open_level(pilot, "1-1", READ_WRITE)
        screen.set_focus(None)
        await pilot.press("s")
        await until(pilot, lambda: screen.view.live and len(screen.view.live.lines) == 1)
        machine = screen.query_one(MachineMap)
        await pilot.press("down")
        assert machine.has_focus and machine.selected is Place.PAGE_CACHE
        assert "▸page cache" in shown(pilot)
        await pilot.press("right")
        assert machine.selected is Place.BUFFER
        await pilot.press("enter")
        await until(pilot, lambda: isinstance(pilot.app.screen, PlaceScreen))
        place = pilot.app.screen
        view = place.query_one(HexView)
        await until(pilot, lambda: view.dump and view.dump.named)
        assert view.dump and len(view.dump.seen.data) == 16 << 10
        first = view.dump.seen.data
        assert "baseOffset = 0" in str(place.query_one("#field", Static).render())
        await pilot.press("n", "n", "n")
        assert view.field and view.field.name == "magic" and "02" in shown(pilot)
        await pilot.press("s")
        await until(pilot, lambda: len(screen.view.live.lines) == 2)
        await until(pilot, lambda: not screen._steps.busy)
        assert "write(4, buf+0, 16384) = 16384" in shown(pilot)
        await pilot.press("s")
        await until(pilot, lambda: len(screen.view.live.lines) == 3)
        await until(pilot, lambda: view.dump and view.dump.seen.data != first)
        await pilot.press("escape")
        assert pilot.app.screen is screen
        await pilot.press("left", "enter")
        await until(pilot, lambda: isinstance(pilot.app.screen, PlaceScreen))
        cache = pilot.app.screen.query_one(HexView)
        await until(pilot, lambda: cache.dump and cache.dump.named)
        assert cache.dump and cache.dump.seen.data[: 4 * 16] == first[: 4 * 16]
        assert "of 16 pages are in the page cache" in shown(pilot)
        await pilot.press("escape", "x")


async def test_a_dead_letter_can_be_read_field_by_field_as_soon_as_it_is_there(open_game: Any) -> None:
    plan = "repeat:\n    sendfile(sock, log, 1M)\non reject:\n    copy_file_range(log, dlq, msg)\n"
    async with open_game((120, 36)) as pilot:
        screen = await open_level(pilot, "4-1", plan)
        screen.set_focus(None)
        await pilot.press("s")
        await until(pilot, lambda: screen._steps and not screen._steps.busy)
        machine = screen.query_one(MachineMap)
        await pilot.press("down")
        machine.selected = Place.DLQ
        await pilot.press("enter")
        view = pilot.app.screen.query_one(HexView)
        assert "There is nothing here yet." in shown(pilot)
        while not any("copy_file_range" in line.text for line in screen.view.live.lines):
            await pilot.press("s")
            await until(pilot, lambda: not screen._steps.busy)
        await until(pilot, lambda: view.dump and view.dump.named)
        names = [field.name for field in view.dump.named.fields]
        assert names[:3] == ["totalSize", "magicCode", "bodyCRC"] and "topic" in names
        assert screen.view.live.gauges.dead_letters == view.dump.seen.size > 0
        await pilot.press("escape", "x")


async def test_four_consumers_and_a_pipe_are_walked_to_stepped_and_opened(
    open_game: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    calls = '["read", "write", "pipe", "splice", "sendfile"]'
    monkeypatch.setenv("ZCQUEST_CAMPAIGN", str(campaign_of(tmp_path, FANNED, calls)))
    plan = (
        "once:\n    pipe()\nrepeat:\n    splice(log, pipe, 16K)\n    sendfile(sock3, log, 16K)\n"
        "    splice(pipe, sock, 16K)\n    sendfile(sock2, log, 16K)\n    sendfile(sock4, log, 16K)\n"
    )
    async with open_game((80, 24)) as pilot:
        screen = await open_level(pilot, "1-1", plan)
        screen.set_focus(None)
        for steps in (1, 2, 3):
            await pilot.press("s")
            await until(pilot, lambda made=steps: screen.view.live and len(screen.view.live.lines) == made)
            await until(pilot, lambda: not screen._steps.busy)
        assert "16K/64K" in shown(pilot), "the pipe is filled by the kernel's own account"
        machine = screen.query_one(MachineMap)
        await pilot.press("down", "down")
        assert machine.selected is Place.PIPE
        await pilot.press("enter")
        await until(pilot, lambda: isinstance(pilot.app.screen, PlaceScreen))
        assert "16\N{NO-BREAK SPACE}384 B of 64 KiB" in shown(pilot) and "splice" in shown(pilot)
        await pilot.press("escape", "down", "down", "down")
        assert machine.selected is Place.SOCKET3
        await pilot.press("left")
        assert machine.selected in CONSUMERS
        machine.selected = Place.CONSUMER3
        await pilot.press("enter")
        await until(pilot, lambda: isinstance(pilot.app.screen, PlaceScreen))
        assert "consumer 3" in shown(pilot)
        await pilot.press("s")
        await until(pilot, lambda: len(screen.view.live.lines) == 4 and not screen._steps.busy)
        assert screen.view.live.gauges.outlets[2].sent == 16384
        assert "good message" in shown(pilot)
        await pilot.press("escape", "x")


async def test_without_a_session_the_log_is_shown_as_every_run_starts_from_it(open_game: Any) -> None:
    async with open_game((120, 36)) as pilot:
        screen = await open_level(pilot, "1-1", READ_WRITE)
        screen.set_focus(None)
        await pilot.press("up", "enter")
        await until(pilot, lambda: isinstance(pilot.app.screen, PlaceScreen))
        view = pilot.app.screen.query_one(HexView)
        await until(pilot, lambda: view.dump and view.dump.named)
        await pilot.press("b")
        assert view.dump and view.dump.named
        await until(pilot, lambda: view.field and view.field.name == "baseOffset" and view.cursor > 0)
        await pilot.press("end")
        await until(pilot, lambda: view.dump.seen.start > 0)
        assert view.cursor == (64 << 10) - 1
        await pilot.press("f2")
        assert "这里取走" in shown(pilot)


async def test_what_is_not_in_the_page_cache_is_not_looked_at(open_game: Any) -> None:
    async with open_game((80, 24)) as pilot:
        screen = await open_level(pilot, "1-1", READ_WRITE)
        state = screen.view.map_state()

        class Half:
            async def dump(self, place: Place, start: int, stop: int, cursor: int) -> Dump:
                named = Named(0, 64, (Field(0, 8, "baseOffset", 0), Field(8, 56, "rest", b"")))
                return Dump(Seen(0, bytes(range(64)), 64, ((32, 64),)), named)

        await pilot.app.push_screen(PlaceScreen(Place.PAGE_CACHE, state, Half(), lambda what: None))  # type: ignore[arg-type]
        view = pilot.app.screen.query_one(HexView)
        await until(pilot, lambda: view.dump)
        assert shown(pilot).count("░") == 32 * 3  # twice in hex, once as text
        await pilot.press("pagedown", "end")
        assert "looking would fetch it" in str(pilot.app.screen.query_one("#field", Static).render())
