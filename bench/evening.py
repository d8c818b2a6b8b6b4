"""What the screens cost while one plays: the living map, and keys under a run."""

from __future__ import annotations

import contextlib
import os
import select
import sys
import time
from collections.abc import Iterator, Sequence
from pathlib import Path

import psutil

from bench.terminal import STREAMING, Terminal, environment
from bench.timing import row
from zcquest.levels.progress import Progress

WATCHED = 6.0  # seconds over which the processor's share is taken
KEYS = 60
_SYNCHRONIZED = "\x1b[?2026;2$y"  # what a terminal answers that can show a frame at once
_FRAME = b"\x1b[?2026h"  # begins what the terminal shows at once
_F5 = "\x1b[15~"


def animation() -> None:
    """The game's own process while a run of 2 GiB streams over its map, then with nothing going on."""
    with _at("3-2") as terminal:
        _stream(terminal)
        share, frames, streamed = _watch(terminal)
        terminal.press("x")
        time.sleep(1.0)
        still, _, printed = _watch(terminal)
    row("the map alive, of one core", f"{share:.0%} at {frames:.0f} f/s", "under 25 %", share < 0.25)
    each = streamed / max(frames * WATCHED, 1)
    row("a frame of it, the whole screen being some 20 kB", f"{each / 1000:.1f} kB", "under 5 kB", each < 5000)
    row("nothing going on, of one core", f"{still:.1%}, {printed} B", "nothing", still < 0.01 and printed == 0)


def keys() -> None:
    """From a key's press to what it does, while a run of 2 GiB streams: on the map, and from pane to pane."""
    with _at("3-2") as terminal:
        _stream(terminal)
        terminal.forget()
        terminal.press("\x1b[D")
        terminal.wait_for("▸page cache")
        _late("a room is marked while a run streams, p95", terminal, (("\x1b[D", "▸disk"), ("\x1b[C", "▸page cache")))
    with _at("3-2", (80, 24)) as terminal:
        _stream(terminal)
        _late("a pane is open while a run streams, 80x24, p95", terminal, (("2", "PLAN"), ("3", "TRACE")))


@contextlib.contextmanager
def _at(level: str, size: tuple[int, int] = (120, 36)) -> Iterator[Terminal]:
    """The game in this level, as a player finds it who knows the first screens and has written a plan."""
    with environment(size) as env:
        with contextlib.closing(Progress.open(Path(env["ZCQUEST_DATA"]) / "progress.sqlite")) as progress:
            progress.set_draft(level, STREAMING)
            progress.set_prediction(level, 2.0, 4)
        terminal = Terminal([sys.executable, "-m", "zcquest"], env, size)
        try:
            terminal.wait_for("Campaign", "Settings")
            terminal.press(_SYNCHRONIZED)
            time.sleep(1.0)
            terminal.open_level(level)
            yield terminal
        finally:
            terminal.end()


def _stream(terminal: Terminal) -> None:
    terminal.forget()
    terminal.press(_F5)
    terminal.wait_for("▶ running", seconds=60.0)
    time.sleep(1.0)


def _watch(terminal: Terminal) -> tuple[float, float, int]:
    """The share of one core, frames a second, and bytes printed."""
    game = psutil.Process(terminal.pid)
    terminal.forget()
    before, begun, printed = game.cpu_times(), time.perf_counter(), b""
    while (left := begun + WATCHED - time.perf_counter()) > 0:
        if select.select([terminal.fd], [], [], left)[0]:
            printed += os.read(terminal.fd, 1 << 16)
    after, seconds = game.cpu_times(), time.perf_counter() - begun
    spent = after.user + after.system - before.user - before.system
    return spent / seconds, printed.count(_FRAME) / seconds, len(printed)


def _late(what: str, terminal: Terminal, turns: Sequence[tuple[str, str]]) -> None:
    """Each turn is a key and the text that it brings; they go round and round."""
    waits = []
    for number in range(KEYS):
        key, text = turns[number % len(turns)]
        time.sleep(0.07)
        terminal.forget()
        terminal.press(key)
        waits.append(terminal.wait_for(text))
    late = sorted(waits)[int(len(waits) * 0.95)]
    row(what, f"{late * 1000:.0f} ms", "within 50 ms", late < 0.05)
