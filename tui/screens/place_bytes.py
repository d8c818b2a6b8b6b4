"""Where the bytes of an opened place come from: the live session while there is one, else the log as it was made."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import replace
from pathlib import Path

from zcquest.engine.control import Peeked
from zcquest.engine.experiment import Laboratory
from zcquest.engine.log_bytes import Named, Seen, look_at, name
from zcquest.engine.logs import LogUnavailable, ensure
from zcquest.engine.places import Place
from zcquest.engine.session import Session
from zcquest.levels.play import Unplayable
from zcquest.levels.schema import SceneFile
from zcquest.tui.screens.level_log import LARGE
from zcquest.tui.widgets.hex_view import Dump
from zcquest.tui.widgets.map.cast import BUFFER_WORDS


class PlaceBytes:
    """Reads in threads, and never what a run could notice: of a log that is watched, only what is in the page cache."""

    def __init__(
        self,
        scene: SceneFile,
        laboratory: Callable[[], Awaitable[Laboratory]],
        session: Callable[[], Session | None],
        buffers: Callable[[], tuple[Peeked, ...]],
    ) -> None:
        self._scene = scene
        self._laboratory = laboratory
        self._session = session
        self._buffers = buffers
        self._pristine: Path | None = None

    async def dump(self, place: Place, start: int, stop: int, cursor: int) -> Dump | None:
        """Bytes [start, stop) of the place, and the names of those around `cursor`; None: nothing to be seen."""
        try:
            if place in BUFFER_WORDS:
                return await self._buffer(BUFFER_WORDS[place], cursor)
            if place is Place.DLQ:
                return await self._queue(start, stop, cursor)
            return await self._log(start, stop, cursor)
        except (OSError, LogUnavailable, Unplayable):
            return None

    async def _log(self, start: int, stop: int, cursor: int) -> Dump | None:
        session = self._session()
        path = session.log if session else await self._made()
        if path is None:
            return None
        seen = await asyncio.to_thread(look_at if session else _read, path, start, stop)
        return Dump(seen, await self._named(cursor))

    async def _queue(self, start: int, stop: int, cursor: int) -> Dump | None:
        session = self._session()
        if session is None or session.dlq is None or not session.dlq.is_file():
            return None
        seen = await asyncio.to_thread(look_at, session.dlq, start, stop)
        return Dump(seen, await asyncio.to_thread(name, session.dlq, self._scene.log.format, cursor))

    async def _buffer(self, word: str, cursor: int) -> Dump | None:
        found = next((buffer for buffer in self._buffers() if buffer.name == word), None)
        if found is None:
            return None
        named = await self._named_as_made(found.log + cursor)
        return Dump(Seen(0, found.data, len(found.data)), _moved(named, -found.log) if named else None)

    async def _named(self, at: int) -> Named | None:
        """Named after the log as it was made: reading the run's own would fetch pages into its page cache."""
        session = self._session()
        if session and session.scene.receive:
            return await asyncio.to_thread(name, session.log, self._scene.log.format, at)
        return await self._named_as_made(at)

    async def _named_as_made(self, at: int) -> Named | None:
        path = await self._made()
        return await asyncio.to_thread(name, path, self._scene.log.format, at) if path else None

    async def _made(self) -> Path | None:
        """The log that every run starts from; None for one that is as large as to be shared with the run."""
        if self._pristine is None and self._scene.log.size <= LARGE:
            laboratory = await self._laboratory()
            self._pristine = await asyncio.to_thread(ensure, self._scene.log.spec(), laboratory.cache)
        return self._pristine


def _read(path: Path, start: int, stop: int) -> Seen:
    with path.open("rb") as file:
        file.seek(start)
        return Seen(start, file.read(stop - start), path.stat().st_size)


def _moved(named: Named, by: int) -> Named:
    fields = tuple(type(field)(field.offset + by, field.length, field.name, field.value) for field in named.fields)
    return replace(named, start=named.start + by, stop=named.stop + by, fields=fields)
