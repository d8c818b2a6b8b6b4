"""Waiting until a game has nothing left to do, however busy the machine is.

Textual's own wait guesses it from the processor time that the process gets, which on a busy machine is little anyway.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from typing import Any

import pytest
from textual._context import active_app
from textual.app import App
from textual.message_pump import MessagePump
from textual.screen import Screen
from textual.widget import Widget

PATIENCE = 60.0  # seconds
ENDLESS = ("go", "_measure")  # workers that follow a run, for as long as it takes
_CALM = 3  # rounds of the loop in a row in which nobody had anything to do
_BEHIND = 2  # times that the screens behind a dialogue are drawn
_SPIN = 50  # rounds after which what is waited for is somebody else's: a thread, a timer


async def quiet(app: App[None], *, workers: bool = True) -> None:
    """Until every message was handled, every widget mounted or gone, every text set out; and every worker done."""
    calm = rounds = 0
    behind = _BEHIND
    async with asyncio.timeout(PATIENCE):
        while calm < _CALM and app.is_running:
            await asyncio.sleep(0 if rounds < _SPIN else 0.002)
            rounds += 1
            calm += 1
            if any(map(_has_messages, _pumps(app))) or _set_out() or _resizing(app) or (workers and _at_work(app)):
                calm = 0
            elif _undrawn(app.screen):
                calm = 0
                app.screen._on_timer_update()
            elif unset := [screen for screen in app._background_screens if _not_set_out(screen)]:
                calm = 0
                behind = _BEHIND
                for screen in unset:
                    screen._on_timer_update()
            elif behind:  # what shines through; Textual never calls it drawn
                calm = 0
                behind -= 1
                for screen in app._background_screens:
                    screen._on_timer_update()


def wait_quietly(patch: pytest.MonkeyPatch) -> None:
    """Have Textual's pilot wait like this."""

    async def wait(min_sleep: float = 0.0, max_sleep: float = 1.0) -> None:
        await quiet(active_app.get(), workers=False)

    for module in ("textual.app", "textual.pilot"):
        patch.setattr(f"{module}.wait_for_idle", wait)


def _undrawn(screen: Screen[Any]) -> bool:
    return bool(screen._repaint_required or screen._dirty_widgets or _not_set_out(screen))


def _not_set_out(screen: Screen[Any]) -> bool:
    return bool(screen._layout_required or screen._scroll_required or screen._recompose_required or screen._callbacks)


def _resizing(app: App[None]) -> bool:
    """Whether a new size has not been told to the screens yet."""
    return app._resize_event is not None or app._resize_timer is not None


def _set_out() -> bool:
    """Whether a Markdown is still being taken apart and mounted, paragraph by paragraph."""
    return any("Markdown.update" in getattr(task.get_coro(), "__qualname__", "") for task in asyncio.all_tasks())


def _at_work(app: App[None]) -> bool:
    """Whether a worker has something to do, or to clean up once it was cancelled."""
    going = [worker for worker in app.workers if not worker.is_finished]
    return any(worker.name not in ENDLESS or worker.is_cancelled for worker in going)


def _pumps(app: App[None]) -> Iterator[MessagePump]:
    yield app
    for screen in app.screen_stack:
        yield from screen.walk_children(with_self=True)


def _has_messages(pump: MessagePump) -> bool:
    if isinstance(pump, Widget) and (pump._pruning or not pump.is_mounted):
        return True
    return bool(pump._pending_message or pump._next_callbacks or not pump._message_queue.empty())
