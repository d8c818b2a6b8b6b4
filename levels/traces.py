"""The traces of runs, kept whole beside the progress file so that runs can be replayed."""

from __future__ import annotations

import mmap
import os
import time
from contextlib import suppress
from pathlib import Path

from zcquest.engine.kept_trace import KeptTrace, TraceDamaged
from zcquest.engine.plan import Plan
from zcquest.levels.progress import data_folder

FOLDER = "traces"
MOST_TRACES = 400  # the oldest go first
MOST_BYTES = 128 << 20
_SUFFIX = ".trace"


class TraceStore:
    """A folder of packed traces, by default in the data folder; none is larger than `kept_trace.MOST_BYTES`."""

    def __init__(self, folder: Path | None = None) -> None:
        self.folder = folder or data_folder() / FOLDER

    def keep(self, document: bytes) -> str:
        """Keep a packed trace; its name from now on, empty where nothing can be written. The oldest ones make room."""
        name = f"{time.time_ns():020d}"
        unfinished = self.folder / f"{name}.part"
        try:
            self.folder.mkdir(parents=True, exist_ok=True)
            try:
                unfinished.write_bytes(document)
                os.replace(unfinished, self._path(name))
            except OSError:
                unfinished.unlink(missing_ok=True)
                raise
            self._make_room()
        except OSError:
            return ""
        return name

    def open(self, name: str, plan: Plan) -> KeptTrace | None:
        """The trace of a run of `plan`; None where it has gone. Raises TraceDamaged."""
        try:
            with open(self._path(name), "rb") as file:
                if not os.fstat(file.fileno()).st_size:
                    raise TraceDamaged("nothing was kept")
                # Mapped: it stays readable when the oldest traces go while it is looked at.
                return KeptTrace(memoryview(mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ)), plan)
        except OSError:
            return None

    def _path(self, name: str) -> Path:
        return self.folder / f"{name}{_SUFFIX}"

    def _make_room(self) -> None:
        total = 0
        for number, path in enumerate(sorted(self.folder.glob(f"*{_SUFFIX}"), reverse=True), 1):
            with suppress(OSError):  # another game made room at the same time
                total += path.stat().st_size
                if number > MOST_TRACES or total > MOST_BYTES:
                    path.unlink()
