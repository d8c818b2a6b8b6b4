"""Ctrl-C, SIGTERM and a closed terminal: a run is cancelled, so that it cleans up, and the command ends."""

from __future__ import annotations

import asyncio
import signal
from collections.abc import Callable, Coroutine
from types import FrameType
from typing import Any, TypeVar

T = TypeVar("T")

SIGNALS = ("SIGINT", "SIGTERM", "SIGHUP")  # by name: Windows has no SIGHUP


class Stopped(BaseException):
    """A signal asked the command to end."""

    def __init__(self, number: int) -> None:
        super().__init__(number)
        self.number = number


def obey_signals() -> None:
    """From now on a signal raises Stopped wherever the program is."""
    _handle(_raise)


def run_until_stopped(work: Coroutine[Any, Any, T]) -> T:
    """Run `work` to its end; a signal cancels it first. Raises Stopped when one did."""
    try:
        return asyncio.run(_cancelled_by_signals(work))
    finally:
        obey_signals()


async def _cancelled_by_signals(work: Coroutine[Any, Any, T]) -> T:
    loop = asyncio.get_running_loop()
    task = loop.create_task(work)
    caught: list[int] = []

    def stop(number: int, _frame: FrameType | None) -> None:
        caught.append(number)
        # Making a log of 2 GiB keeps the loop busy for seconds: only an exception gets through to that. And whoever
        # asks a second time will not wait for the clean-up; the forkserver does it on its own.
        if len(caught) > 1 or asyncio.current_task(loop) is task:
            raise Stopped(number)
        loop.call_soon_threadsafe(task.cancel)

    _handle(stop)
    try:
        result = await task
    except asyncio.CancelledError:
        if not caught:
            raise
    if caught:
        raise Stopped(caught[0])
    return result


def _handle(handler: Callable[[int, FrameType | None], None]) -> None:
    for name in SIGNALS:
        number = getattr(signal, name, None)
        if number is not None and signal.getsignal(number) is not signal.SIG_IGN:  # nohup asks not to be stopped
            signal.signal(number, handler)


def _raise(number: int, _frame: FrameType | None) -> None:
    raise Stopped(number)
