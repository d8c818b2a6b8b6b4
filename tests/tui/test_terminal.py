"""The game in a real terminal (tmux): first start, a level, the other language, a terminal closed in mid-run."""

from __future__ import annotations

import contextlib
import shlex
import subprocess
import sys
import time
import uuid
from collections.abc import Callable, Iterator
from pathlib import Path

import psutil
import pytest

from zcquest.levels import language as languages
from zcquest.levels.progress import Progress

ONE_TRIP = "repeat:\n    read(log, buf, 64K)\n    write(sock, buf, 64K)\n"
MEBIBYTES = "repeat:\n    read(log, buf, 1M)\n    write(sock, buf, 1M)\n"
ALL_GOOD = {"messages": 64, "total": 64, "checksum": "CRC-32C"}
PATIENCE = 40.0  # seconds to wait for a screen on a busy machine


class Terminal:
    """The game in a tmux server of its own: another's would lend it its environment."""

    def __init__(self, tmux: Path, folder: Path, *, size: tuple[int, int], env: dict[str, str]) -> None:
        self.tmux = str(tmux)
        self.name = f"zcquest-{uuid.uuid4().hex[:8]}"
        self.folder = folder
        width, height = map(str, size)
        settings = {
            "ZCQUEST_DATA": str(folder / "data"),
            "ZCQUEST_CACHE": str(folder / "cache"),
            "ZCQUEST_LANG": "en",
            "COLORTERM": "truecolor",
            **env,
        }
        environment = [f"{name}={value}" for name, value in settings.items()]
        words = ["env", "-u", "COLUMNS", "-u", "LINES", *environment, sys.executable, "-m", "zcquest"]
        command = f"{shlex.join(words)}; echo exit-status $?; sleep 600"
        self.run("-f", "/dev/null", "new-session", "-d", "-s", self.name, "-x", width, "-y", height, command)
        self.run("set-option", "-t", self.name, "status", "off")

    def run(self, *words: str) -> str:
        return subprocess.run([self.tmux, "-L", self.name, *words], check=True, capture_output=True, text=True).stdout

    def press(self, *keys: str) -> None:
        for key in keys:
            self.run("send-keys", "-t", self.name, key)

    def type(self, text: str) -> None:
        self.run("send-keys", "-t", self.name, "-l", text)

    def screen(self) -> str:
        return self.run("capture-pane", "-p", "-t", self.name)

    def wait(self, *texts: str) -> str:
        """The screen, once all the texts stand on it."""
        return self.until(lambda screen: all(text in screen for text in texts), f"{texts} on the screen")

    def until(self, holds: Callable[[str], bool], what: str) -> str:
        end = time.monotonic() + PATIENCE
        while not holds(screen := self.screen()):
            assert time.monotonic() < end, f"waited for {what}, saw\n{screen}"
            time.sleep(0.05)
        return screen

    def processes(self) -> list[psutil.Process]:
        """Whatever still runs with this game's folders."""
        found = []
        for process in psutil.process_iter():
            try:
                ours = process.environ().get("ZCQUEST_CACHE") == str(self.folder / "cache")
                if ours and process.cmdline()[0] == sys.executable:
                    found.append(process)
            except psutil.Error:
                continue
        return found

    def kill(self) -> None:
        subprocess.run([self.tmux, "-L", self.name, "kill-server"], capture_output=True)


@pytest.fixture
def terminal(tmux: Path, disk_folder: Path) -> Iterator[Callable[..., Terminal]]:
    opened: list[Terminal] = []

    def open_terminal(size: tuple[int, int] = (120, 36), **env: str) -> Terminal:
        opened.append(Terminal(tmux, disk_folder, size=size, env=env))
        return opened[-1]

    yield open_terminal
    for each in opened:
        each.kill()


def left_behind(terminal: Terminal) -> list[str]:
    """Processes and run folders that are still there, once they have had the time to go."""
    end = time.monotonic() + PATIENCE
    while left := [
        *(" ".join(process.cmdline()) for process in terminal.processes()),
        *(str(path) for path in (terminal.folder / "cache" / "runs").glob("*")),
    ]:
        if time.monotonic() > end:
            break
        time.sleep(0.1)
    return left


class Tongue:
    """What the game says in a language, for who reads it off a terminal."""

    def __init__(self, code: str) -> None:
        self.code = code

    def __call__(self, words: str, **values: object) -> str:
        """The sentence; of one with values that are not given, what stands before the first of them."""
        languages.set_language(self.code)
        said = languages.gettext(words)
        assert self.code == "en" or said != words, f"nobody says {words!r} any more"
        return said.format(**values) if values else said.partition("{")[0]


ENGLISH, CHINESE = Tongue("en"), Tongue("zh")


def write(game: Terminal, plan: str, say: Tongue) -> None:
    """Type a plan in place of the one in the editor; the editor indents it."""
    game.press("e")
    game.wait(say("Leave the editor"))
    game.press("F7", "BSpace")
    game.until(lambda screen: "write(sock" not in screen, "an empty editor")
    for line in plan.strip().splitlines():
        game.type(line.strip())
        game.press("Enter")
    game.wait(line.strip())
    game.press("Escape")
    game.until(lambda screen: say("Leave the editor") not in screen, "the level's own keys")


def walk_the_tour(game: Terminal, say: Tongue) -> None:
    """Every stop, and at two of them what it asks for."""
    game.press("Enter")
    for number, title in enumerate(("The machine", "The border", "The plan"), 1):
        game.wait(say(title), say("{number} of {count}", number=number, count=6))
        game.press("Enter")
    game.wait(say("Step by step"))
    game.press("s")
    game.wait("read(3, buf, 4096) = 4096")
    game.press("Enter")
    game.wait(say("Is it true?"))
    game.press("t")
    game.wait("✎ " + say("you overwrote bytes {first}…{last} of the log in the page cache"))
    game.press("Enter")
    game.wait(say("Run it"))
    game.press("Enter")
    game.until(lambda screen: say("Run it") not in screen and say("you left the live session") in screen, "the level")


@pytest.mark.parametrize("size", [(120, 36), (80, 24)], ids=["120x36", "80x24"])
@pytest.mark.parametrize(("first", "then"), [(ENGLISH, CHINESE), (CHINESE, ENGLISH)], ids=["en", "zh"])
def test_an_evening(
    terminal: Callable[..., Terminal], size: tuple[int, int], first: Tongue, then: Tongue, disk_folder: Path
) -> None:
    """First start, the tour, three levels, a replay and a comparison, the other language, quitting in mid-run, back."""
    game = terminal(size, ZCQUEST_LANG=first.code)
    game.wait(first("Your first time here?"))
    walk_the_tour(game, first)

    write(game, ONE_TRIP, first)
    game.press("r")
    game.wait(first("What do you expect?"))
    game.press("Escape")
    won = game.wait(first("Passed, {stars} of {total} stars", stars=3, total=3))
    assert first("{messages} of {total} messages, {checksum} good, in order", **ALL_GOOD) in won

    game.press("x")
    game.wait(first("{calls} of {all} calls", calls=0, all=2))
    game.press("Right")
    game.wait(first("{calls} of {all} calls", calls=1, all=2), "read(3, buf, 65536) = 65536")
    game.press("Escape")
    game.wait(first("Passed, {stars} of {total} stars", stars=3, total=3))
    game.press("m")
    game.wait(first("Compare with which run?"), "kafka")
    game.press("Enter")
    game.wait(first("Figures"), "sendfile(sock, log, 1M)")
    game.press("Escape")
    game.wait(first("Passed, {stars} of {total} stars", stars=3, total=3))

    game.press("Enter")
    game.wait("1-2", first("Edit"))
    write(game, MEBIBYTES, first)
    game.press("r")
    game.wait(first("What do you expect?"))
    game.press("Escape")
    game.wait(first("Passed, {stars} of {total} stars", stars=3, total=3))
    game.press("F2")
    game.wait(then("Passed, {stars} of {total} stars", stars=3, total=3))

    game.press("Enter")
    game.wait("1-3", then("Edit"))
    write(game, MEBIBYTES + "# mine", then)
    game.press("r")
    game.wait(then("What do you expect?"))
    game.press("Escape")
    game.wait(then("Passed, {stars} of {total} stars", stars=3, total=3))
    game.press("Escape")
    game.wait(then("the last run passed with {stars} of 3 stars", stars=3))
    game.press("s")
    game.wait("read(3, buf, 1048576) = 1048576")
    game.press("r", "C-q")
    game.wait("exit-status 0")
    assert left_behind(game) == []
    with contextlib.closing(Progress.open(disk_folder / "data" / "progress.sqlite")) as progress:
        assert {id: best.stars for id, best in progress.all_best().items()} == {"1-1": 3, "1-2": 3, "1-3": 3}

    again = terminal(size, ZCQUEST_LANG="")
    again.wait(then("Continue"), "1-4")  # in the language that was chosen, and without an offer
    again.press("C-p")
    again.wait(then("Search levels, codex, settings"))
    again.type("1-3")
    again.wait(then("Level {id}: {title}", id="1-3", title=""))
    again.press("Enter")
    again.wait(then("the last run passed with {stars} of 3 stars", stars=3))
    again.press("2")
    again.wait("read(log, buf, 1M)", "# mine")
    again.press("C-q")
    again.wait("exit-status 0")
    assert left_behind(again) == []


def test_the_terminal_is_closed_in_mid_run(terminal: Callable[..., Terminal]) -> None:
    game = terminal()
    game.wait("Your first time here?")
    game.press("n")
    game.until(lambda screen: "first time" not in screen, "the first screen")
    game.press("Enter")
    game.wait("PLAN", "TRACE")
    game.press("s")  # a live session: machine, consumer, run folder
    game.wait("read(3, buf")
    assert len(game.processes()) >= 2
    game.kill()
    assert left_behind(game) == []


def test_too_small_and_back(terminal: Callable[..., Terminal]) -> None:
    game = terminal(size=(60, 18))
    game.wait("80x24", "60x18")
    game.run("resize-window", "-t", game.name, "-x", "80", "-y", "24")
    game.wait("Your first time here?")
    game.press("C-q")
    game.wait("exit-status 0")


@pytest.mark.parametrize("env", [{"NO_COLOR": "1"}, {"LANG": "C", "LC_ALL": "C"}], ids=["NO_COLOR", "LANG=C"])
def test_plain_surroundings(terminal: Callable[..., Terminal], env: dict[str, str]) -> None:
    game = terminal(size=(80, 24), **env)
    game.wait("Your first time here?", "Not now")
    game.press("C-q")
    game.wait("exit-status 0")
