"""The game in a real terminal (tmux): first start, a level, the other language, a terminal closed in mid-run."""

from __future__ import annotations

import shlex
import subprocess
import sys
import time
import uuid
from collections.abc import Callable, Iterator
from pathlib import Path

import psutil
import pytest

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


def test_an_evening(terminal: Callable[..., Terminal]) -> None:
    game = terminal()
    game.wait("Begin", "1-1", "Quit")
    game.press("Enter")
    game.wait("PLAN", "TRACE", "The long way")
    game.press("r")
    game.wait("copies")  # the prediction
    game.press("Enter")
    won = game.wait("Passed", "2 of 3")
    assert "64 of 64 messages, CRC-32C good, in order" in won
    assert "2 × 32 syscalls" in won
    game.press("Escape")
    game.wait("PLAN", "TRACE")
    game.press("F2")
    game.wait("绕远路")
    game.press("F2")
    game.wait("The long way")
    game.press("C-q")
    game.wait("exit-status 0")
    assert left_behind(game) == []

    again = terminal()
    again.wait("Continue", "1 of ", " levels passed")
    again.press("C-q")
    again.wait("exit-status 0")


def test_the_terminal_is_closed_in_mid_run(terminal: Callable[..., Terminal]) -> None:
    game = terminal()
    game.wait("Begin")
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
    game.wait("Begin", "1-1")
    game.press("C-q")
    game.wait("exit-status 0")


@pytest.mark.parametrize("env", [{"NO_COLOR": "1"}, {"LANG": "C", "LC_ALL": "C"}], ids=["NO_COLOR", "LANG=C"])
def test_plain_surroundings(terminal: Callable[..., Terminal], env: dict[str, str]) -> None:
    game = terminal(size=(80, 24), **env)
    game.wait("Begin", "1-1", "Quit")
    game.press("C-q")
    game.wait("exit-status 0")
