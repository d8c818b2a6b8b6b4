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
from textual.message_pump import MessagePump

PATIENCE: Final = 1.0  # seconds after which a key no longer waits for the one before: what had that may be gone


class KeyOrder:
    """`hand_over` gives a key to whoever has the focus."""

    def __init__(self, app: App[Any], hand_over: Callable[[Key], Awaitable[None]]) -> None:
        self._app = app
        self._hand_over = hand_over
        self._waiting: deque[Key] = deque()
        self._number = 0  # of the latest key handed over
        self._busy = False

    async def press(self, key: Key) -> None:
        """Hand it over now, or once the keys before it have been dealt with."""
        self._waiting.append(key)
        if not self._busy:
            await self._next()
        elif len(self._waiting) == 1:
            self._app.set_timer(PATIENCE, lambda number=self._number: self._give_up(number))

    async def _next(self) -> None:
        self._busy = bool(self._waiting)
        if not self._waiting:
            return
        self._number += 1
        key, focused = self._waiting.popleft(), self._app.focused or self._app.screen
        await self._hand_over(key)
        self._follow([*_upwards(focused), *_upwards(focused)], self._number)

    def _follow(self, way: list[MessagePump], number: int) -> None:
        """Go through the queues that the key goes through, and again: its action may have left something in them."""
        while way:
            if way.pop(0).call_later(self._follow, way, number):
                return
        self._app.screen.call_later(self._app.call_later, self._done, number)  # a new screen first finds its focus

    async def _done(self, number: int) -> None:
        if self._busy and number == self._number:
            await self._next()

    async def _give_up(self, number: int) -> None:
        await self._done(number)
        if self._waiting:
            self._app.set_timer(PATIENCE, lambda number=self._number: self._give_up(number))


def _upwards(node: MessagePump | None) -> Iterator[MessagePump]:
    while node:
        yield node
        node = node._parent
