"""A run that a signal cancels: it cleans up, and the command ends."""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine
from types import FrameType
from typing import Any, TypeVar

from zcquest.commands.stopping import Stopped, handle_signals, obey_signals

T = TypeVar("T")


def run_until_stopped(work: Coroutine[Any, Any, T]) -> T:
    """Run `work` to its end; a signal cancels it first. Raises Stopped when one did."""
    try:
        return asyncio.run(_cancelled_by_signals(work))
    finally:
        obey_signals()


async def _cancelled_by_signals(work: Coroutine[Any, Any, T]) -> T:
    loop = asyncio.get_running_loop()
    loop.set_exception_handler(_no_word_of_stopped)
    task = loop.create_task(work)
    caught: list[int] = []

    def stop(number: int, _frame: FrameType | None) -> None:
        caught.append(number)
        # Making a log of 2 GiB keeps the loop busy for seconds: only an exception gets through to that. And whoever
        # asks a second time will not wait for the clean-up; the forkserver does it on its own.
        busy = asyncio.current_task(loop) is task
        if len(caught) == (1 if busy else 2):
            raise Stopped(number)
        if len(caught) == 1:
            loop.call_soon_threadsafe(task.cancel)

    handle_signals(stop)
    try:
        result = await task
    except asyncio.CancelledError:
        if not caught:
            raise
    if caught:
        raise Stopped(caught[0])
    return result


def _no_word_of_stopped(loop: asyncio.AbstractEventLoop, context: dict[str, Any]) -> None:
    """asyncio would print a task that ended by Stopped while the loop was shut down for the same reason."""
    if not isinstance(context.get("exception"), Stopped):
        loop.default_exception_handler(context)
