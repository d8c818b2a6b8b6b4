"""An hour of play as quick as the game follows: what the player's process holds in memory as it goes on."""

from __future__ import annotations

import contextlib
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import psutil

from bench.terminal import Terminal, environment
from bench.timing import row
from zcquest.engine.plan import format_plan
from zcquest.levels.loader import load_campaign
from zcquest.levels.play import read_plan
from zcquest.levels.progress import Progress

LEVELS = ("1-1", "2-1", "3-1", "1-2", "1-3", "2-2")
RUNS = 60  # of an hour
STAY = 5  # runs in a level until the next one: all levels have been seen by the middle, and are seen again
PATIENCE = 180.0  # seconds; on a busy machine the hour has fewer runs
MIB = 1 << 20
LIMIT, GROWTH = 150 * MIB, 8 * MIB  # of all, and from the middle to the end, when nothing is new any more
REST = 1.3  # seconds in which the player only looks, every third run
_F2, _F3, _F5, _ESCAPE = "\x1bOQ", "\x1bOR", "\x1b[15~", "\x1b"
_LEVEL = ("HARDWARE", "PLAN")
_BACK = (_ESCAPE, "Tamper")
ROUNDS: tuple[tuple[tuple[str, str], ...], ...] = (  # keys and what each of them brings, from the level and back to it
    ((_F3, "Words on this screen"), _BACK, ("?", "Keys"), _BACK),
    (("x", "Slowest"), _BACK, ("e", "Leave the editor"), (_ESCAPE, "Debrief")),
    (("c", "Page before"), _BACK, ("h", "HINT"), ("?", "Keys"), _BACK),
    ((_F2, "轨迹"), (_F2, "TRACE"), ("m", "Compare with which run?"), _BACK),
    (("g", "Swap"), _BACK, ("o", "Forget"), _BACK),
)
AWAY = (("history", "your runs", "p Take"), ("settings", "Settings", "Theme"), ("lab", "Lab", "Own file"))


def memory(runs: int = RUNS) -> None:
    """Runs of several levels, after each a few of the other screens; what got lost on the way is told."""
    with _game() as terminal:
        game, end = psutil.Process(terminal.pid), time.monotonic() + PATIENCE
        held, lost = [], []
        for number in range(runs):
            try:
                _play(terminal, number)
            except TimeoutError as missed:
                lost.append(f"run {number}: {missed}")
                _find_back(terminal)
            held.append(game.memory_info().rss)
            if time.monotonic() > end:
                break
    quarters = [held[len(held) * quarter // 4 - 1] for quarter in range(1, 5)]
    told = " ".join(f"{each / MIB:.0f}" for each in quarters)
    fine = not lost and max(held) < LIMIT and quarters[3] - quarters[1] < GROWTH
    row(f"memory in an hour's {len(held)} runs, by quarters", f"{told} MiB", "under 150 MiB, flat", fine)
    for each in lost:
        print(f"      {each}")


@contextlib.contextmanager
def _game() -> Iterator[Terminal]:
    """The game with a solution in the editor of each level."""
    campaign = load_campaign()
    with environment() as env:
        with contextlib.closing(Progress.open(Path(env["ZCQUEST_DATA"]) / "progress.sqlite")) as progress:
            for id in LEVELS:
                level = campaign.level(id)
                progress.set_draft(id, format_plan(read_plan(level, level.solution.plan)))
                progress.set_prediction(id, 2.0, 4)
                progress.take_hint(id, 2)
        terminal = Terminal([sys.executable, "-m", "zcquest"], env)
        try:
            terminal.wait_for("Campaign", "Settings", "everything the levels need works")
            yield terminal
        finally:
            terminal.end()


def _play(terminal: Terminal, number: int) -> None:
    """A run with its result, and a round through other screens; every fifth run in another level, by way of others."""
    if number % STAY == 0:
        for words, hit, brings in AWAY if number else ():
            terminal.choose(words, hit, brings)
            terminal.bring(_ESCAPE, "HARDWARE")
        terminal.choose(f"level {LEVELS[number // STAY % len(LEVELS)]}", "Level", *_LEVEL)
    terminal.bring(_F5, "Go on")
    terminal.bring(*_BACK)
    for key, brings in ROUNDS[number % len(ROUNDS)]:
        terminal.bring(key, brings)
    if number % 3 == 0:
        time.sleep(REST)


def _find_back(terminal: Terminal) -> None:
    """To the level, wherever the player is."""
    with contextlib.suppress(TimeoutError):
        terminal.choose("level 1-1", "Level", *_LEVEL)
