"""The machine map: what it draws is what was planned or measured, in every language, size and moment."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace
from itertools import pairwise
from typing import Any

import pytest
from rich.cells import cell_len
from textual.app import App, ComposeResult
from textual.geometry import Region
from textual.types import AnimationLevel

from zcquest.engine.calls import CALLS
from zcquest.engine.gauges import Gauges
from zcquest.engine.message import message
from zcquest.engine.pagecache import Residency, Witness
from zcquest.engine.places import Place, Route
from zcquest.engine.plan import parse
from zcquest.levels.report import FeatureReport, HopReport, MetersReport, SceneReport
from zcquest.tui.themes import DARK
from zcquest.tui.widgets.machine_map import MachineMap
from zcquest.tui.widgets.map.border import Border
from zcquest.tui.widgets.map.floor import WALL
from zcquest.tui.widgets.map.flow import (
    BETWEEN_FLASHES,
    FLASH,
    FRAMES,
    PACKET,
    light,
    spaced,
    stream,
    train,
    with_packets,
)
from zcquest.tui.widgets.map.pens import WALL_LINE
from zcquest.tui.widgets.map.picture import draw, floor_of, tracks_of
from zcquest.tui.widgets.map.proportions import MIN_HEIGHT, MIN_WIDTH
from zcquest.tui.widgets.map.words import about_bytes, description
from zcquest.tui.widgets.map_state import ARRIVING, MapState, Stream, map_hops, ways_of
from zcquest.tui.widgets.wording import grouped

READ_WRITE = "repeat:\n    read(log, buf, 64K)\n    write(sock, buf, 64K)\n"
MMAP_WRITE = "once:\n    mmap(log)\nrepeat:\n    write(sock, map, 64K)\n"
DETOUR = "once:\n    mmap(log)\nrepeat:\n    memcpy(buf, map, 64K)\n    write(sock, buf, 64K)\n"
SENDFILE = "repeat:\n    sendfile(sock, log, 64K)\n"
LOOK_AND_SEND = "once:\n    mmap(log)\nrepeat:\n    verify(map, 1M)\n    sendfile(sock, log, 1M)\n"
EVERYTHING = (
    "once:\n    mmap(log)\nrepeat:\n    read(log, buf, 64K)\n    memcpy(buf, map, 64K)\n    memcpy(map, buf, 64K)\n"
    "    write(sock, buf, 64K)\n    write(sock, map, 64K)\n    sendfile(sock, log, 64K)\n"
)
QUEUE = "repeat:\n    sendfile(sock, log, 64K)\non reject:\n    copy_file_range(log, dlq, msg)\n"
PLANS = {
    "read-write": READ_WRITE,
    "mmap-write": MMAP_WRITE,
    "detour": DETOUR,
    "sendfile": SENDFILE,
    "look": LOOK_AND_SEND,
    "everything": EVERYTHING,
    "queue": QUEUE,
    "queue-from-user": MMAP_WRITE + "on giveup:\n    write(dlq, map, msg)\n",
}
K64 = 65536
NO_CARD = message("loopback has no network card: this copy is what a card would make")

FETCHED = HopReport(1, "disk", "page_cache", "dma", K64, K64, "metered", None)
READ = HopReport(1, "page_cache", "user_buffer", "cpu", K64, K64, "proved", None)
WRITTEN = HopReport(2, "user_buffer", "socket_buffer", "cpu", K64, K64, "proved", None)
SENT = HopReport(2, "socket_buffer", "nic", "dma", K64, K64, "modelled", NO_CARD)
MAPPED = HopReport(1, "page_cache", "mapping", "none", K64, 0, "proved", None)
FROM_MAP = HopReport(2, "mapping", "socket_buffer", "cpu", K64, K64, "proved", None)
FORWARDED = HopReport(1, "page_cache", "socket_buffer", "none", K64, 0, "proved", None)


def scene(*hops: HopReport, **changes: Any) -> SceneReport:
    kept = FeatureReport(True, True, message("{n} of {n} messages, CRC-32C good, in order", n=64))
    meters = MetersReport(
        wall_s=0, user_s=0, sys_s=0, minor_faults=0, major_faults=0, voluntary_switches=0, involuntary_switches=0,
        disk_read_bytes=0, payload_bytes=K64, private_bytes=0,
    )  # fmt: skip
    fields: dict[str, Any] = {
        "name": "cold", "start": "cold", "ending": "sent", "errno": 0, "signal": 0, "failed_step": None, "memory": "",
        "copies": 4.0, "cpu_copies": 2.0, "dma_copies": 2.0, "hops": hops, "switches": 4, "syscalls": {"read": 1},
        "user_faults": 3, "kernel_faults": 5, "errors": {}, "buffer": K64, "features": {"delivery": kept},
        "meters": meters, "par": {}, "limit": {}, "lines": (), "calls": 2, "notes": (), "messages": 64,
    }  # fmt: skip
    return SceneReport(**{**fields, **changes})


def planned(plan: str, **fields: Any) -> MapState:
    return MapState(parse(plan, CALLS).plan, size=fields.pop("size", K64), **fields)


def gauges(pages: int = 4, sent: int = 1000) -> Gauges:
    return Gauges(
        cache=Residency(pages, 16, Witness.MINCORE),
        cache_map=(1.0,) * pages + (0.0,) * (16 - pages),
        disk_read=pages * 4096,
        buffer=K64,
        buffer_pending=K64 // 2,
        mapping_resident=8192,
        send_queue=512,
        receive_queue=256,
        nic_sent=sent,
        taken=0,
        sent=0,
        received=2048,
        messages=2,
        calls=7,
    )


def picture(state: MapState, width: int = 84, height: int = 18) -> list[str]:
    canvas = draw(state, width, height)
    return [canvas.line(y) for y in range(height)]


def between(lines: Sequence[str], left: str, right: str) -> str:
    """What the drawing shows in the gap between two rooms that stand side by side, by their titles."""
    top = next(y for y, line in enumerate(lines) if left in line and right in line)
    start = lines[top].index("╮", lines[top].index(left)) + 1
    end = lines[top].index("╭", start)
    return "\n".join(line[start:end] for line in lines[top : top + 5])


# What is drawn


def test_reading_and_writing_shows_both_copies_crossing_the_border_with_their_bytes_and_evidence() -> None:
    lines = picture(planned(READ_WRITE, scene=scene(FETCHED, READ, WRITTEN, SENT), cold=True))
    fetch = between(lines, "disk", "page cache")
    assert "═" in fetch and "►" in fetch and "1 DMA" in fetch and "64 KiB" in fetch and "metered" in fetch
    read = between(lines, "page cache", "user buffer")
    assert "1 CPU" in read and "64 KiB" in read and "proved" in read and "╋╋" in read and "►" in read
    row = next(line for line in lines if "2 CPU" in line)
    assert "◄" in row and "╋╋" in row and row.index("◄") < row.index("2 CPU") < row.index("╋╋")


def test_modelled_bytes_carry_the_sign_and_the_word() -> None:
    lines = picture(planned(READ_WRITE, scene=scene(FETCHED, READ, WRITTEN, SENT), cold=True))
    card = between(lines, "NIC", "socket buffer")
    assert "≈DMA" in card and "≈ 64 KiB" in card and "modelled" in card and "◄" in card


def test_a_shared_page_is_dashed_and_a_copy_is_heavy() -> None:
    lines = picture(planned(MMAP_WRITE, scene=scene(FETCHED, MAPPED, FROM_MAP, SENT), cold=True))
    shared = between(lines, "page cache", "mapping")
    assert "┄" in shared and "╂╂" in shared and "1 shared" in shared and "━" not in shared
    assert any("━" in line and "2 CPU" in line and "◄" in line for line in lines)


def test_sendfile_stays_below_the_border_and_the_user_zone_says_so() -> None:
    lines = picture(planned(SENDFILE, scene=scene(FETCHED, FORWARDED, replaced(SENT, step=1)), cold=True))
    text = "\n".join(lines)
    assert "╋" not in text and "╂" not in text
    assert "No byte of the" in text and "user buffer" not in text and "mapping" not in text
    assert any("┆ 1 shared" in line for line in lines) and any("▼ proved" in line for line in lines)


def test_a_plan_that_has_not_run_is_dotted_names_the_call_and_shows_no_figure() -> None:
    lines = picture(planned(READ_WRITE, cold=True))
    fetch, read = between(lines, "disk", "page cache"), between(lines, "page cache", "user buffer")
    for gap in (fetch, read):
        assert "expected" in gap and "·" in gap and "►" in gap and "1 read" in gap
    text = "\n".join(lines)
    assert "═" not in text and "━" not in text and "┄" not in text
    assert text.count("KiB") == 1, "only the log's own size is known"


def test_a_warm_start_expects_nothing_of_the_disk() -> None:
    assert "·" not in between(picture(planned(READ_WRITE, cold=False)), "disk", "page cache")


def test_a_hop_of_the_plan_that_moved_nothing_is_said_to_have_moved_nothing() -> None:
    lines = picture(planned(READ_WRITE, scene=scene(FETCHED, READ), cold=True))
    row = next(y for y, line in enumerate(lines) if "2 write" in line)
    assert "no bytes" in lines[row - 1] and "·" in lines[row] and "━" not in lines[row]


def test_an_unmeasured_disk_read_is_not_expected_after_the_run() -> None:
    assert "·" not in between(picture(planned(READ_WRITE, scene=scene(READ, WRITTEN), cold=True)), "disk", "page cache")


def test_a_hop_without_a_witness_shows_neither_copy_nor_share() -> None:
    unseen = replaced(READ, mover="unknown", evidence="nothing", copied=0)
    gap = between(picture(planned(READ_WRITE, scene=scene(unseen))), "page cache", "user buffer")
    assert "1 ?" in gap and "no witness" in gap and "CPU" not in gap


def test_steps_on_the_same_way_add_up() -> None:
    twice = "repeat:\n    read(log, buf, 64K)\n    write(sock, buf, 32K)\n    write(sock, buf, 32K)\n"
    halves = [replaced(WRITTEN, step=step, bytes=K64 // 2) for step in (2, 3)]
    state = planned(twice, scene=scene(READ, *halves))
    (hop,) = (hop for hop in map_hops(state) if hop.route.source == "user_buffer")
    assert (hop.bytes, hop.steps) == (K64, (1, 2))
    lines = picture(state)
    row = next(y for y, line in enumerate(lines) if "2,3 CPU" in line)
    assert "64 KiB" in lines[row - 1]


def test_each_of_several_buffers_has_a_room_with_the_copies_between_them() -> None:
    chain = "once:\n mmap(log)\nrepeat:\n memcpy(buf, map, 64K)\n memcpy(buf2, buf, 64K)\n write(sock, buf2, 64K)\n"
    hops = (
        MAPPED,
        HopReport(2, "mapping", "user_buffer", "cpu", K64, K64, "proved", None),
        HopReport(3, "user_buffer", "user_buffer_2", "cpu", K64, K64, "proved", None),
        HopReport(4, "user_buffer_2", "socket_buffer", "cpu", K64, K64, "proved", None),
    )
    measured = planned(chain, scene=scene(*hops))
    for size in ((78, 18), (80, 20), (82, 23)):
        text = "\n".join(picture(measured, *size))
        assert all(words in text for words in ("─ mapping ─", "─ buf ─", "─ buf2 ─", "2 CPU", "3 CPU", "4 CPU"))
    assert "user buffer ► user buffer buf2" in "\n".join(description(measured))
    assert "3 memcpy" in "\n".join(picture(planned(chain), 80, 20))


def test_a_receiving_machine_is_drawn_from_the_producer_to_the_disk() -> None:
    plan = "repeat:\n recv(sock, buf, 64K)\n write(log, buf, 64K)\n fsync(log)\n send(sock, ack, 8)\n"
    lines = picture(planned(plan, receiving=True), 80, 20)
    text = "\n".join(lines)
    assert "producer" in text and "consumer" not in text and "·1 recv··►" in text
    assert "◄" in between(lines, "disk", "page cache") and "3 fsync" in between(lines, "disk", "page cache")
    assert "2 write" in between(lines, "page cache", "user buffer")
    hops = (
        HopReport(1, "nic", "socket_buffer", "dma", K64, K64, "modelled", NO_CARD),
        HopReport(1, "socket_buffer", "user_buffer", "cpu", K64, K64, "proved", None),
        HopReport(2, "user_buffer", "page_cache", "cpu", K64, K64, "proved", None),
        HopReport(3, "page_cache", "disk", "dma", K64, K64, "reported", None),
    )
    measured = planned(plan, receiving=True, scene=scene(*hops))
    said = "\n".join(description(measured))
    assert "producer ► NIC lo: 65\N{NO-BREAK SPACE}536 B, counted" in said and "64 KiB acknowledged" in said
    assert "reported" in between(picture(measured, 80, 20), "disk", "page cache")


def test_a_receiving_machine_that_is_stepped_tells_of_each_way_what_has_gone_it() -> None:
    plan = "repeat:\n recv(sock, buf, 64K)\n write(log, buf, 64K)\n fsync(log)\n send(sock, ack, 8)\n"
    now = replace(gauges(), taken=K64, receive_queue=1024, sent=3 << 14, flushed=1 << 15, received=1 << 14)
    lines = picture(planned(plan, receiving=True, gauges=now), 82, 23)
    upper, lower = lines[: len(lines) // 2], lines[len(lines) // 2 :]
    assert "32 KiB" in (flushed := between(upper, "disk", "page cache")) and "reported" in flushed
    assert "48 KiB" in (written := between(upper, "page cache", "user buffer")) and "counted" in written
    said = "\n".join(description(planned(plan, receiving=True, gauges=now)))
    assert "socket buffer ► user buffer: step 1, 65\N{NO-BREAK SPACE}536 B, counted" in said
    assert "producer ► NIC lo: 66\N{NO-BREAK SPACE}560 B, reported" in said
    assert "NIC lo ► producer: step 4, 16 KiB acknowledged" in said
    assert "expected" in "\n".join(lower), "nobody has seen the card's own copy"


def test_what_the_consumer_sends_back_has_a_line_and_a_number() -> None:
    state = planned(QUEUE, scene=scene(READ, rejections=3), rejecting=True)
    assert any("▲" in line for line in picture(state, 82, 23))
    assert any("↩ 3 rejected" in line for line in picture(state, 82, 23))
    assert any(line.endswith("3 rejected") for line in description(state))


def test_one_step_without_a_witness_leaves_the_sum_without_one() -> None:
    unseen = replaced(WRITTEN, step=3, mover="unknown", evidence="nothing")
    hop = map_hops(planned(READ_WRITE, scene=scene(WRITTEN, unseen)))[0]
    assert (hop.mover, hop.evidence) == ("unknown", "nothing")


def test_the_cursors_step_is_marked_where_it_moves_bytes_and_where_it_works_on_them() -> None:
    marked = [line for line in picture(planned(READ_WRITE, cursor_step=1)) if "▸" in line]
    assert marked and all("▸2 write" in line and "1 read" not in line for line in marked)
    assert any("▸2 verify" in line for line in picture(planned(LOOK_AND_SEND, cursor_step=1)))
    assert not any("▸" in line for line in picture(planned(READ_WRITE)))


def test_crossings_and_faults_stand_at_the_border() -> None:
    text = "\n".join(picture(planned(READ_WRITE, scene=scene(FETCHED, READ, WRITTEN, SENT))))
    assert "⇅ 4 switches" in text and "3 user faults" in text and "5 kernel faults" in text


def test_a_lost_feature_shows_at_the_consumer() -> None:
    lost = {"delivery": FeatureReport(True, False, message("{n} of {total} messages", n=28, total=64))}
    assert any("✗ 28 of 64 messages" in line for line in picture(planned(READ_WRITE, scene=scene(READ, features=lost))))


def test_live_gauges_stand_in_the_rooms() -> None:
    text = "\n".join(picture(planned(DETOUR, gauges=gauges(), cold=True)))
    for reading in ("4/16", "read 16 KiB", "RSS 8 KiB", "32 KiB unsent", "Send-Q 512 B", "Recv-Q 256 B"):
        assert reading in text
    assert "2 messages" in text and "⇅ 7 calls" in text
    bar = next(line for line in picture(planned(READ_WRITE, gauges=gauges(8))) if "█" in line)
    resident = bar[: bar.index("│", bar.index("█"))]
    assert abs(resident.count("█") - resident.count("░")) <= 1, "half the pages fill half the bar"


@pytest.mark.parametrize(("width", "said"), [(78, "│ 32K unsent "), (84, "│ 32 KiB unsent ")])
def test_a_reading_too_long_for_its_room_is_said_shorter_and_not_cut(width: int, said: str) -> None:
    assert said in "\n".join(picture(planned(READ_WRITE, gauges=gauges(), cold=True), width))


def test_while_a_run_is_on_a_hop_shows_the_bytes_so_far_and_no_mover_that_nothing_has_proved() -> None:
    now = replace(gauges(), disk_read=16384, taken=8192, sent=4096)
    lines = picture(planned(READ_WRITE, gauges=now, cold=True))
    fetch, read = between(lines, "disk", "page cache"), between(lines, "page cache", "user buffer")
    assert "16 KiB" in fetch and "metered" in fetch and "─" in fetch and "·" not in fetch
    assert "8 KiB" in read and "counted" in read and "1 read" in read
    text = "\n".join(lines)
    assert "4 KiB" in text and "CPU" not in text and "DMA" not in text
    card = between(lines, "NIC", "socket buffer")
    assert "expected" in card and "·" in card, "what has gone through a card nothing tells call by call"
    queue = replace(now, dead_letters=3072, rejections=2)
    said = "\n".join(description(planned(QUEUE, gauges=queue, rejecting=True)))
    assert "page cache ► DLQ: step 2, 3\N{NO-BREAK SPACE}072 B, counted" in said and "consumer ► NIC lo: 24 B" in said
    before = picture(planned(READ_WRITE, gauges=replace(now, disk_read=0, taken=0, sent=0, received=0), cold=True))
    assert "counted" not in "\n".join(before) and "metered" not in "\n".join(before)


@pytest.mark.parametrize(
    ("count", "said"),
    [(0, "0 B"), (1023, "1\N{NO-BREAK SPACE}023 B"), (K64, "64 KiB"), (1044480, "1020 KiB"), (2148532224, "2.00 GiB")],
)
def test_sizes_are_short_enough_for_a_line(count: int, said: str) -> None:
    assert about_bytes(count) == said


# Sizes and languages


@pytest.mark.usefixtures("any_language")
@pytest.mark.parametrize("size", [(68, 14), (78, 18), (84, 18), (84, 23), (120, 30), (60, 9), (20, 3)])
@pytest.mark.parametrize("plan", PLANS.values(), ids=PLANS)
def test_no_row_is_wider_or_narrower_than_the_pane(plan: str, size: tuple[int, int]) -> None:
    measured = scene(FETCHED, READ, MAPPED, WRITTEN, SENT, FORWARDED)
    for state in (planned(plan, cold=True), planned(plan, scene=measured, gauges=gauges(), cursor_step=1)):
        assert [cell_len(line) for line in picture(state, *size)] == [size[0]] * size[1]


@pytest.mark.usefixtures("any_language")
@pytest.mark.parametrize("size", [(78, 18), (84, 18), (120, 30)])
@pytest.mark.parametrize("plan", PLANS.values(), ids=PLANS)
def test_words_cover_no_frame_no_arrow_head_and_no_border(plan: str, size: tuple[int, int]) -> None:
    state = planned(plan, scene=scene(FETCHED, READ, MAPPED, WRITTEN, SENT, FORWARDED), cold=True, cursor_step=0)
    text = "\n".join(picture(state, *size))
    floor = floor_of(state, *size)
    assert floor and all(text.count(corner) >= len(floor.frames) for corner in "╭╮╰╯")
    heads = sum(text.count(head) for head in "►◄▲▼")
    assert heads == len({hop.route for hop in map_hops(state)})
    walls = [line for line in text.splitlines() if re.search("[┃╋╂]{2}", line)]
    assert len(walls) == size[1]


@pytest.mark.parametrize("plan", [READ_WRITE, MMAP_WRITE, DETOUR, SENDFILE, LOOK_AND_SEND])
def test_every_measured_hop_keeps_its_bytes_even_in_the_smallest_drawing(plan: str) -> None:
    hops = _hops_of(plan, 999 * 1024)
    text = "\n".join(picture(planned(plan, scene=scene(*hops)), MIN_WIDTH, MIN_HEIGHT))
    assert text.count("999 KiB") == len(hops)
    assert "╭─" in text


@pytest.mark.parametrize("width", [78, 84])
@pytest.mark.parametrize("plan", [READ_WRITE, MMAP_WRITE, DETOUR, SENDFILE, LOOK_AND_SEND])
def test_every_measured_hop_has_mover_bytes_and_evidence_at_both_sizes_of_terminal(plan: str, width: int) -> None:
    hops = _hops_of(plan, 16 * 1024)
    text = "\n".join(picture(planned(plan, scene=scene(*hops)), width, 18))
    for word in ("CPU", "proved", "DMA", "metered", "modelled"):
        shown = (hop.mover == word.lower() or hop.evidence == word for hop in hops)
        assert text.count(word) == sum(shown)
    assert text.count("16 KiB") == len(hops)


def test_a_pane_too_small_for_a_drawing_lists_the_hops_in_words() -> None:
    state = planned(READ_WRITE, scene=scene(FETCHED, READ, WRITTEN, SENT), cold=True)
    said = description(state)
    assert len(said) == len(map_hops(state))
    assert any("page cache ► user buffer" in line and "step 1" in line and "CPU, proved" in line for line in said)
    assert any("≈" in line and "no network card" in line for line in said)
    text = " ".join(line.strip() for line in picture(state, 50, 13))
    assert "page cache ► user buffer" in text and "╭" not in text
    assert description(MapState()) == ["No step of the plan moves bytes yet."]


# The widget


class MapApp(App[None]):
    AUTO_FOCUS = None

    def get_theme_variable_defaults(self) -> dict[str, str]:
        return DARK

    def compose(self) -> ComposeResult:
        yield MachineMap()


async def test_the_widget_draws_the_picture_in_its_own_colours() -> None:
    state = planned(READ_WRITE, scene=scene(FETCHED, READ, WRITTEN, SENT), cold=True, cursor_step=0)
    async with MapApp().run_test(size=(84, 18)) as pilot:
        shown = pilot.app.query_one(MachineMap)
        shown.show(state)
        await pilot.pause()
        strips = [shown.render_line(y) for y in range(18)]
        assert [strip.text for strip in strips] == picture(state)
        colours = {
            str(segment.style.color) for strip in strips for segment in strip if segment.text.strip() and segment.style
        }
        assert len(colours) > 4
        reversed_text = [s.text for strip in strips for s in strip if s.style and s.style.reverse]
        assert any("▸1 CPU" in text for text in reversed_text)


async def test_a_gauge_that_moves_redraws_a_few_cells_and_one_that_does_not_none(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    async with MapApp().run_test(size=(84, 18)) as pilot:
        shown = pilot.app.query_one(MachineMap)
        shown.show(planned(READ_WRITE, gauges=gauges(), cold=True))
        await pilot.pause()
        redrawn: list[Region] = []
        monkeypatch.setattr(shown, "refresh", lambda *regions, **_: redrawn.extend(regions or [shown.size.region]))
        shown.show(planned(READ_WRITE, gauges=gauges(sent=2000), cold=True))
        assert 0 < sum(region.area for region in redrawn) <= 30
        assert all("NIC" in "".join(picture(shown.state)[max(region.y - 2, 0) : region.y]) for region in redrawn)
        redrawn.clear()
        shown.show(replace(shown.state, gauges=replace(gauges(sent=2000), nic_packets=9)))
        assert redrawn == []


@pytest.mark.parametrize("plan", [READ_WRITE, SENDFILE, QUEUE])
@pytest.mark.parametrize("size", [(78, 18), (84, 23)])
def test_packets_go_along_the_lines_and_cover_neither_words_nor_rooms(plan: str, size: tuple[int, int]) -> None:
    state = planned(plan, gauges=gauges(), cold=True)
    still, ways = draw(state, *size), list(tracks_of(state, *size).values())
    on_lines = {cell for track in ways for cell in track.cells[1:]}
    packets = train(ways, 10.0) + stream(ways[0], 1000, 10.0, 0.25)
    end = max(packet.arrives for packet in packets)
    seen = 0
    for frame in range(int((end - 10.0) * FRAMES) + 1):
        moved = with_packets(still, packets, 10.0 + frame / FRAMES)
        differing = [(x, y) for y in range(size[1]) for x in range(size[0]) if moved.at(x, y) != still.at(x, y)]
        assert set(differing) <= on_lines
        assert all(moved.at(*cell).text == PACKET and not still.at(*cell).text.isalnum() for cell in differing)
        seen += len(differing)
    assert seen
    assert all(with_packets(still, packets, end).row(y) == still.row(y) for y in range(size[1]))


def test_a_stream_has_a_packet_a_call_as_long_as_they_have_room() -> None:
    track = tracks_of(planned(READ_WRITE, gauges=gauges(), cold=True), 84, 18)[Route(Place.DISK, Place.PAGE_CACHE)]
    assert len(stream(track, 1, 0.0, 0.5)) == 1 and len(stream(track, 3, 0.0, 0.5)) == 3
    many = stream(track, 1_000_000, 0.0, 0.5)
    starts = [packet.at for packet in many]
    assert 3 < len(many) < 8 and starts == sorted(starts) and starts[-1] < 0.5


def test_the_border_never_flashes_more_than_three_times_a_second() -> None:
    kept = spaced([tenth / 10 for tenth in range(100)])
    assert kept[0] == 0.0 and len(kept) <= 30
    assert all(later - earlier >= BETWEEN_FLASHES > FLASH for earlier, later in pairwise(kept))


def test_the_lit_border_keeps_what_stands_in_it() -> None:
    still = draw(planned(READ_WRITE), 84, 18)
    lit, floor = still.copy(), floor_of(planned(READ_WRITE), 84, 18)
    assert floor
    light(lit, range(floor.wall, floor.gate))
    assert [lit.line(y) for y in range(18)] == [still.line(y) for y in range(18)]
    changed = {x for y in range(18) for x in range(84) if lit.at(x, y) != still.at(x, y)}
    assert changed == set(range(floor.wall, floor.gate))


@pytest.mark.parametrize("motion", ["full", "basic", "none"])
async def test_a_call_that_moved_bytes_sends_packets_once_unless_motion_is_off(motion: AnimationLevel) -> None:
    async with MapApp().run_test(size=(84, 18)) as pilot:
        pilot.app.animation_level = motion
        shown = pilot.app.query_one(MachineMap)
        shown.show(planned(READ_WRITE, gauges=gauges()))
        step = parse(READ_WRITE, CALLS).plan.steps[0]
        now = replace(gauges(), calls=8)
        after = replace(shown.state, gauges=now, moved=ways_of(step, fetched=True), crossed=True)
        shown.show(after)
        seen = False
        while shown.moving:
            await pilot.pause(0.02)
            seen = seen or any(PACKET in shown.render_line(y).text for y in range(18))
        assert seen == (motion == "full")
        assert [shown.render_line(y).text for y in range(18)] == picture(after)


async def test_a_flash_of_the_border_draws_nothing_again_but_the_border(monkeypatch: pytest.MonkeyPatch) -> None:
    async with MapApp().run_test(size=(84, 18)) as pilot:
        pilot.app.animation_level = "full"
        shown = pilot.app.query_one(MachineMap)
        shown.show(planned(SENDFILE, gauges=gauges()))
        await pilot.pause()
        border = shown.query_one(Border)
        assert shown.floor and border.region.x == shown.floor.wall and border.size == (WALL, 18)
        elsewhere: list[Region] = []
        lit: list[Region] = []
        monkeypatch.setattr(shown, "refresh", lambda *regions, **_: elsewhere.extend(regions))
        monkeypatch.setattr(border, "refresh", lambda *regions, **_: lit.extend(regions))
        shown.show(replace(shown.state, gauges=gauges(), crossed=True))
        while shown.moving:
            await pilot.pause(0.02)
        assert elsewhere == [] and {region.y for region in lit} == set(range(18))
        assert [border.render_line(y).text for y in range(18)] == [WALL_LINE * WALL] * 18


async def test_a_room_is_opened_with_the_mouse_and_the_border_is_none() -> None:
    async with MapApp().run_test(size=(84, 18)) as pilot:
        shown = pilot.app.query_one(MachineMap)
        shown.show(planned(READ_WRITE))
        await pilot.pause()
        floor = shown.floor
        assert floor
        room = floor.rooms[Place.BUFFER]
        await pilot.click(MachineMap, offset=(room.x + 2, room.y + 1), button=3)
        assert shown.selected is Place.PAGE_CACHE, "the right button is for the codex"
        await pilot.click(MachineMap, offset=(room.x + 2, room.y + 1))
        assert shown.selected is Place.BUFFER
        await pilot.click(MachineMap, offset=(floor.wall, room.y + 1))
        assert shown.selected is Place.BUFFER


async def test_a_stream_flows_for_as_long_as_calls_are_made_and_the_end_of_the_run_clears_it() -> None:
    async with MapApp().run_test(size=(84, 18)) as pilot:
        pilot.app.animation_level = "full"
        shown = pilot.app.query_one(MachineMap)
        shown.show(planned(READ_WRITE, gauges=gauges()))
        flows = (Stream(Route(Place.PAGE_CACHE, Place.BUFFER), 900), Stream(ARRIVING, 3))
        shown.show(replace(shown.state, gauges=replace(gauges(), calls=1000), streams=flows, crossed=True))
        await pilot.pause(0.2)
        assert shown.moving
        shown.tick(12345)
        assert any(f"{grouped(12345)} calls" in shown.render_line(y).text for y in range(18))
        over = planned(READ_WRITE)
        shown.show(over)
        await pilot.pause()
        assert not shown.moving
        assert [shown.render_line(y).text for y in range(18)] == picture(over)


async def test_it_reflows_when_its_pane_changes() -> None:
    async with MapApp().run_test(size=(120, 30)) as pilot:
        shown = pilot.app.query_one(MachineMap)
        shown.show(planned(SENDFILE, cold=True))
        await pilot.resize_terminal(78, 18)
        await pilot.pause()
        assert [shown.render_line(y).text for y in range(18)] == picture(shown.state, 78, 18)


def replaced(hop: HopReport, **changes: Any) -> HopReport:
    fields = {name: getattr(hop, name) for name in hop.__struct_fields__}
    return HopReport(**{**fields, **changes})


def _hops_of(plan: str, count: int) -> list[HopReport]:
    """A proved CPU copy of `count` bytes for every route of the plan, with a read and a card's copy around them."""
    steps = parse(plan, CALLS).plan.steps
    hops = [
        HopReport(index + 1, route.source.value, route.target.value, "cpu", count, count, "proved", None)
        for index, step in enumerate(steps)
        for route in CALLS[step.call].routes(step)
    ]
    return [replaced(FETCHED, bytes=count), *hops, replaced(SENT, bytes=count, step=len(steps))]
