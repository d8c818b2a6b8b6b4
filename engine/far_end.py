"""The far end of a connection: the consumer's process (or the producer's), asked and listened to by the session."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Callable
from time import monotonic
from typing import Any

import msgspec

from zcquest.engine.children import Child, ChildLost
from zcquest.engine.control import Aim, Compare, Compared, Hold, Listening, Progress, Report, Settle, Settled
from zcquest.engine.logs import Delivery

_ANSWERS: dict[type, type] = {Report: Progress, Compare: Compared, Settle: Settled}
_LOOK = 0.002  # seconds between two looks at how far it is


class FarEnd:
    """One such process. Whatever it says last of how far it is stays known when it has gone."""

    def __init__(self, child: Child, progressed: Callable[[Progress], None] | None = None) -> None:
        """`progressed` is called with each progress that it tells."""
        self.child = child
        self.port = 0
        self.progress: Progress | None = None
        self.over = asyncio.Event()  # it has read the stream to its end, or is no longer there to
        self._progressed = progressed
        self._answers: asyncio.Queue[Progress | Compared | Settled | None] = asyncio.Queue()  # None: it has gone
        self._asking = asyncio.Lock()
        self._listener: asyncio.Task[None] | None = None

    async def start(self) -> None:
        """Wait until the machine can connect to `port`. Raises ChildLost."""
        listening = await self.child.hear()
        assert isinstance(listening, Listening)
        self.port = listening.port
        self._listener = asyncio.create_task(self._listen())

    async def end(self) -> None:
        """Kill it if it is still there, and reap it."""
        await self.child.end()
        if self._listener:
            await self._listener

    @property
    def lost(self) -> bool:
        """Whether it died, or its connection broke instead of ending."""
        return self.child.exited.done() or bool(self.progress and self.progress.lost)

    @property
    def delivery(self) -> Delivery | None:
        """Its latest report."""
        return msgspec.msgpack.decode(self.progress.delivery, type=Delivery) if self.progress else None

    async def tell(self, told: Hold | Aim) -> None:
        """Say something that needs no answer; nothing when it has gone."""
        with contextlib.suppress(ChildLost):
            await self.child.say(told)

    async def ask(self, question: Report | Compare | Settle) -> Progress | Compared | Settled | None:
        """Its answer; its last progress when it has gone."""
        async with self._asking:
            while not self._answers.empty():
                self._answers.get_nowait()
            try:
                await self.child.say(question)
            except ChildLost:
                return self.progress
            wanted = _ANSWERS[type(question)]
            while True:
                answer = await self._answers.get()
                if answer is None:
                    return self.progress
                if isinstance(answer, wanted):
                    return answer

    async def read_up_to(self, count: int, seconds: float) -> None:
        """Wait until it has read `count` bytes of the stream, for some seconds at most."""
        until = monotonic() + seconds
        while monotonic() < until and not self.over.is_set():
            progress = await self.ask(Report())
            if not isinstance(progress, Progress) or progress.received >= count:
                return
            await asyncio.sleep(_LOOK)

    async def last_reads(self, seconds: float, unless: asyncio.Event) -> None:
        """Wait until it has read the stream to its end, the time is up or `unless` is set; then it has reported."""
        ends = [asyncio.ensure_future(event.wait()) for event in (self.over, unless)]
        try:
            await asyncio.wait(ends, timeout=seconds, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for end in ends:
                end.cancel()
        if not self.over.is_set():
            await self.ask(Report())

    async def _listen(self) -> None:
        with contextlib.suppress(ChildLost):
            while True:
                told: Any = await self.child.hear()
                if isinstance(told, Progress):
                    self.progress = told
                    if told.over:
                        self.over.set()
                    if self._progressed:
                        self._progressed(told)
                self._answers.put_nowait(told)
        self.over.set()
        self._answers.put_nowait(None)
