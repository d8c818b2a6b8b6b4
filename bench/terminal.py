"""The screens in a real pseudo-terminal: when the first frame is complete, and how soon a key shows."""

from __future__ import annotations

import contextlib
import fcntl
import os
import pty
import re
import select
import signal
import struct
import sys
import tempfile
import termios
import time
from collections.abc import Iterator, Sequence
from pathlib import Path

import psutil

from bench.timing import row
from zcquest.levels.progress import Progress
from zcquest.tui.screens.tour_offer import SETTING

ROUNDS = 7
LETTERS = "¢£¤¥¦§¨©ª«¬®¯°±²³´µ¶¸¹º»¼½¾¿ÀÁÂÃÄÅÆÇÈÉÊË"
STREAMING = "# \nrepeat:\n    read(log, buf, 1K)\n    write(sock, buf, 1K)\n"
_ESCAPES = re.compile(rb"\x1b\[[0-9;:?<>=]*[a-zA-Z]|\x1b[()][A-Z0-9]|\x1b[=>]")


class Terminal:
    """A program in a pseudo-terminal, and everything it has printed, escapes removed."""

    def __init__(self, command: Sequence[str], env: dict[str, str], size: tuple[int, int] = (120, 36)) -> None:
        self.started = time.perf_counter()
        self.pid, self.fd = pty.fork()
        if self.pid == 0:
            os.execvpe(command[0], list(command), env)
        fcntl.ioctl(self.fd, termios.TIOCSWINSZ, struct.pack("HHHH", size[1], size[0], 0, 0))
        self._raw = self.seen = b""

    def wait_for(self, *texts: str, seconds: float = 20.0) -> float:
        """Seconds until all the texts have been printed. Raises TimeoutError."""
        begun = time.perf_counter()
        while not all(text.encode() in self.seen for text in texts):
            left = begun + seconds - time.perf_counter()
            if left <= 0 or not select.select([self.fd], [], [], left)[0]:
                raise TimeoutError(f"{texts} did not appear")
            self._raw += os.read(self.fd, 1 << 16)
            self.seen = _ESCAPES.sub(b"", self._raw)  # of all of it: a read may end within an escape
        return time.perf_counter() - begun

    def forget(self) -> None:
        """What is printed from now on counts."""
        while select.select([self.fd], [], [], 0)[0]:
            os.read(self.fd, 1 << 16)
        self._raw = self.seen = b""

    def press(self, keys: str) -> None:
        os.write(self.fd, keys.encode())

    def bring(self, keys: str, *texts: str) -> float:
        """Press the keys; seconds until all the texts have been printed. Raises TimeoutError."""
        self.forget()
        self.press(keys)
        return self.wait_for(*texts)

    def choose(self, words: str, found: str, *texts: str) -> None:
        """Find a command in the palette, and go where it leads."""
        self.bring("\x10", "Search levels")
        self.bring(words, found)
        time.sleep(0.3)  # the best of what was found is marked
        self.bring("\r", *texts)

    def open_level(self, level: str) -> None:
        self.choose(f"level {level}", f"Level {level}", "page cache", "HARDWARE")
        time.sleep(1.0)

    def end(self) -> None:
        os.kill(self.pid, signal.SIGTERM)
        with contextlib.suppress(OSError):
            while os.read(self.fd, 1 << 16):
                pass
        os.waitpid(self.pid, 0)
        os.close(self.fd)


@contextlib.contextmanager
def environment(size: tuple[int, int] = (120, 36)) -> Iterator[dict[str, str]]:
    """A player who has never played, and was offered the tour, in a true-colour terminal."""
    with tempfile.TemporaryDirectory() as folder:
        with contextlib.closing(Progress.open(Path(folder) / "progress.sqlite")) as progress:
            progress.set_setting(SETTING, "1")
        yield {
            **os.environ,
            "TERM": "xterm-256color",
            "COLORTERM": "truecolor",
            "ZCQUEST_DATA": folder,
            "ZCQUEST_LANG": "en",
            "COLUMNS": str(size[0]),
            "LINES": str(size[1]),
        }


def first_frame() -> None:
    """Until the whole first screen is there, against a Textual app of a header and a footer."""
    empty = [sys.executable, str(Path(__file__).with_name("empty_app.py"))]
    game = [sys.executable, "-m", "zcquest"]
    base, ours = [], []
    with environment() as env:
        for _ in range(ROUNDS):  # in turn: whatever else the machine does meets both
            base.append(_until(empty, env, "Leave", "empty"))
            ours.append(_until(game, env, "Campaign", "Settings", "Help"))
    wall, cpu = (min(each[unit] for each in ours) / min(each[unit] for each in base) for unit in (0, 1))
    said = f"{wall:.2f} x, {cpu:.2f} of CPU"
    row("first full frame against an empty Textual app", said, "within 2 x", wall <= 2)


def keys_while_streaming() -> None:
    """From a key's press to its echo in the command palette, while a run of 2 GiB streams."""
    with environment() as env:
        with contextlib.closing(Progress.open(Path(env["ZCQUEST_DATA"]) / "progress.sqlite")) as progress:
            progress.set_draft("3-2", STREAMING)
            progress.set_prediction("3-2", 2.0, 4)
        terminal = Terminal([sys.executable, "-m", "zcquest"], env)
        try:
            terminal.wait_for("Campaign", "Settings")
            waits = _echoes(terminal)
        finally:
            terminal.end()
    late = sorted(waits)[int(len(waits) * 0.95)]
    row("a key is on screen while a run streams, p95", f"{late * 1000:.0f} ms", "within 50 ms", late < 0.05)


def _echoes(terminal: Terminal) -> list[float]:
    """Seconds from each key to its echo: letters that stand nowhere else on the screen, typed into the palette."""
    terminal.open_level("3-2")
    terminal.press("\x1b[15~")  # F5
    terminal.wait_for("running")
    terminal.forget()
    terminal.press("\x10")
    terminal.wait_for("Search")
    terminal.press("x")  # the palette gathers its commands at the first letter; that is not the run's doing
    time.sleep(0.5)
    waits = []
    for letters in (LETTERS, LETTERS):
        terminal.press("\x15")  # an empty line
        time.sleep(0.2)
        for letter in letters:
            terminal.forget()
            terminal.press(letter)
            waits.append(terminal.wait_for(letter))
            time.sleep(0.03)
    return waits


def _until(command: Sequence[str], env: dict[str, str], *texts: str) -> tuple[float, float]:
    """Seconds by the clock, and of the program's processor."""
    terminal = Terminal(command, env)
    try:
        terminal.wait_for(*texts)
        took = time.perf_counter() - terminal.started
        used = psutil.Process(terminal.pid).cpu_times()
        return took, used.user + used.system
    finally:
        terminal.end()
