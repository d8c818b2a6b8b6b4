"""Keys are dealt with one after the other, in the order in which they were pressed.

Textual 8.2 hands a key to whatever has the focus, and hands over the next one before that has come to anything: of
keys that are read together, because the game was busy for a moment, the second goes to a dialogue that the first one
closes, or is taken for another screen's.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Awaitable, Callable, Iterator
from typing import Any, Final

from textual.app import App
from textual.events import Key
from textual.message import Message
from textual.message_pump import MessagePump

PATIENCE: Final = 1.0  # seconds that a key waits before it is asked again what has become of the one before


class Passed(Message):
    """Goes the way of a key, behind it. `lap` counts from 0: how often it has gone already."""

    def __init__(self, number: int, lap: int) -> None:
        super().__init__()
        self.number = number
        self.lap = lap


class KeyOrder:
    """`hand_over` gives a key to whoever has the focus. The app tells of each `Passed` that has come up to it."""

    def __init__(self, app: App[Any], hand_over: Callable[[Key], Awaitable[None]]) -> None:
        self._app = app
        self._hand_over = hand_over
        self._waiting: deque[Key] = deque()
        self._number = 0  # of the latest key handed over
        self._target: MessagePump = app
        self._screen: MessagePump = app  # that the target is on
        self._busy = False

    async def press(self, key: Key) -> None:
        """Hand it over now, or once the keys before it have been dealt with."""
        self._waiting.append(key)
        if not self._busy:
            await self._next()
        elif len(self._waiting) == 1:
            self._wait()

    async def passed(self, event: Passed) -> None:
        """The key's action may have left something in the queues below: a second lap comes behind that. Another one
        begins where the action has led, for a new screen first finds its focus; what was closed delivers nothing more.
        """
        if event.number != self._number or not self._busy:
            return
        if event.lap == 2:
            await self._next()
        else:
            self._follow_on(event.lap + 1)

    async def _next(self) -> None:
        self._busy = bool(self._waiting)
        if self._waiting:
            self._number += 1
            key, self._screen = self._waiting.popleft(), self._app.screen
            self._target = self._app.focused or self._screen
            await self._hand_over(key)
            self._follow_on(0)

    def _follow_on(self, lap: int) -> None:
        screen = self._app.screen
        if lap < 2 and screen is self._screen:
            self._follow(self._target, lap)
        else:
            self._follow(screen, 2)

    def _follow(self, target: MessagePump, lap: int) -> None:
        """From the target, or the lowest above it that is still there, up to the app."""
        nodes = [*_upwards(target), self._app]  # a screen that was closed has no app above it
        any(node.post_message(Passed(self._number, lap)) for node in nodes)

    def _wait(self) -> None:
        """What follows the key before may have gone with a screen that was closed: then another one is sent."""
        number = self._number

        def follow_again() -> None:
            if self._busy and number == self._number:
                self._follow(self._app.screen, 2)
            if self._waiting:
                self._wait()

        self._app.set_timer(PATIENCE, follow_again)


def _upwards(node: MessagePump | None) -> Iterator[MessagePump]:
    while node:
        yield node
        node = node._parent
