"""The game in a real terminal (tmux): first start, a level, the other language, a terminal closed in mid-run."""

from __future__ import annotations

import contextlib
import shlex
import subprocess
import sys
import time
import uuid
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path

import psutil
import pytest

from zcquest.levels.progress import Progress

MEBIBYTES = "repeat:\n    read(log, buf, 1M)\n    write(sock, buf, 1M)\n"
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

    def open_terminal(
        size: tuple[int, int] = (120, 36), *, drafts: Mapping[str, str] | None = None, **env: str
    ) -> Terminal:
        if drafts is not None:
            _write(disk_folder / "data", drafts)
        opened.append(Terminal(tmux, disk_folder, size=size, env=env))
        return opened[-1]

    yield open_terminal
    for each in opened:
        each.kill()


def _write(data: Path, drafts: Mapping[str, str]) -> None:
    """Have plans ready in the levels' editors, and say what is expected of them."""
    with contextlib.closing(Progress.open(data / "progress.sqlite")) as progress:
        for level, text in drafts.items():
            progress.set_draft(level, text)
            progress.set_prediction(level, 4.0, 64)


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


def test_an_evening(terminal: Callable[..., Terminal]) -> None:
    """First start, tour, three levels, the other language on the way, quitting in mid-run, and coming back."""
    game = terminal(drafts={"1-2": MEBIBYTES, "1-3": MEBIBYTES})
    game.wait("Your first time here?")
    game.press("Enter")
    game.wait("The machine", "1 of 6")
    game.press("Enter", "Enter", "Enter")
    game.wait("Step by step")
    game.press("s")
    game.wait("read(3, buf, 4096) = 4096")
    game.press("Enter", "Enter", "Enter")
    game.until(lambda screen: "6 of 6" not in screen and "PLAN" in screen and "live session" in screen, "the level")
    game.press("r")
    game.wait("What do you expect?")
    game.press("Enter")
    won = game.wait("Passed", "2 of 3")
    assert "64 of 64 messages, CRC-32C good, in order" in won
    assert "2 × 32 syscalls" in won
    game.press("Enter")
    game.wait("1-2", "Bigger buckets", "PLAN")
    game.press("r")
    game.wait("Passed")
    game.press("F2")
    game.wait("过关")
    game.press("Enter")
    game.wait("1-3", "方案", "轨迹")
    game.press("r")
    game.wait("过关")
    game.press("Escape")
    game.until(lambda screen: "你看到了什么" not in screen and "轨迹" in screen, "the level")
    game.press("s")
    game.wait("read(3, buf, 1048576) = 1048576")
    game.press("r", "C-q")
    game.wait("exit-status 0")
    assert left_behind(game) == []

    again = terminal(ZCQUEST_LANG="")
    again.wait("继续")  # in the language that was chosen, and without an offer
    again.press("C-q")
    again.wait("exit-status 0")


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
