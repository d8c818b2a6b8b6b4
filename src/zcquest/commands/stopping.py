"""Ctrl-C, SIGTERM and a closed terminal end a command."""

from __future__ import annotations

import signal
from collections.abc import Callable
from types import FrameType

SIGNALS = ("SIGINT", "SIGTERM", "SIGHUP")  # by name: Windows has no SIGHUP


class Stopped(BaseException):
    """A signal asked the command to end."""

    def __init__(self, number: int) -> None:
        super().__init__(number)
        self.number = number


def obey_signals() -> None:
    """From now on a signal raises Stopped wherever the program is."""
    handle_signals(_raise)


def handle_signals(handler: Callable[[int, FrameType | None], None]) -> None:
    """Have `handler` called for each of the signals that this process was not told to ignore."""
    for name in SIGNALS:
        number = getattr(signal, name, None)
        if number is not None and signal.getsignal(number) is not signal.SIG_IGN:  # nohup asks not to be stopped
            signal.signal(number, handler)


def _raise(number: int, _frame: FrameType | None) -> None:
    raise Stopped(number)
