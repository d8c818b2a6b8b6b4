"""A run's own log on disk: how it gets there, and how it is tampered with."""

from __future__ import annotations

import contextlib
import os
import shutil
from collections.abc import Iterator
from pathlib import Path

from msgspec import UNSET

from zcquest.engine.consumer.comparison import compare, count_differences
from zcquest.engine.logs import ensure, ensure_index, format_of
from zcquest.engine.pagecache import Eviction, evict, warm
from zcquest.engine.scene import Scene

SHARED_FROM = 64 << 20  # logs above this many bytes are linked, not copied: they cannot be tampered with or cut
SEGMENT = "00000000000000000000.log"  # a segment is named by its base offset
_INDEX = ".index"


def place_log(scene: Scene, cache: Path, folder: Path) -> Path:
    """This run's own log, as a broker would lay it out, and its index if it has one. Raises LogUnavailable, OSError.

    A copy, so that it can be tampered with and cut; a large log is a link to the cached one, for the disk's sake.
    Where the machine receives, its own log is an empty file, and the copy is what the producer has.
    Blocks for as long as it takes to make the log and to write it.
    """
    source = ensure(scene.log, cache)
    target = folder / "orders-0" / SEGMENT
    target.parent.mkdir()
    if scene.receive:
        shutil.copyfile(source, produced(target))
        target.touch()
        return target
    if index := _index(scene, cache):
        shutil.copyfile(index, target.with_suffix(_INDEX))
        _settle_on_disk(target.with_suffix(_INDEX))
    if scene.log.size > SHARED_FROM and not scene.truncate:
        if scene.log.file is not UNSET:
            target.symlink_to(source)
            return target
        with contextlib.suppress(OSError):  # another filesystem, or one without links
            os.link(source, target)
            return target
    shutil.copyfile(source, target)
    _settle_on_disk(target)
    return target


def produced(log: Path) -> Path:
    """The producer's log, where the machine receives its own."""
    return log.with_suffix(".produced")


def _index(scene: Scene, cache: Path) -> Path | None:
    rules = format_of(scene.log.format).index
    topic = rules.topic(scene.log, scene.subscription) if rules else None
    return ensure_index(scene.log, topic, cache) if topic else None


def _settle_on_disk(path: Path) -> None:
    """A broker's old segment is clean in the page cache; a dirty page would ignore any advice to drop it."""
    fd = os.open(path, os.O_RDWR)
    try:
        os.fsync(fd)
    finally:
        os.close(fd)


class RunLog:
    """The log of one run and, beside it, its tampered sibling: same layout, other bodies. Ranges are [start, stop)."""

    def __init__(self, path: Path, log_format: str) -> None:
        self.path = path
        self.size = path.stat().st_size
        self.sibling = path.with_suffix(".sibling")
        self.dead_letters = path.with_name("dlq")
        self._format = format_of(log_format)

    @property
    def index(self) -> Path | None:
        """The log's index beside it: a ConsumeQueue; None where there is none."""
        path = self.path.with_suffix(_INDEX)
        return path if path.exists() else None

    def open(self) -> int:
        """A descriptor of it, to look at its pages: an owner's answer needs the right to write."""
        return os.open(self.path, (os.O_RDONLY if self.shared else os.O_RDWR) | os.O_CLOEXEC)

    def evict(self) -> Eviction:
        """Drop it and its index from the page cache. Blocks; raises OSError as `pagecache.evict` does."""
        if index := self.index:
            with open(index, "rb", buffering=0) as file:
                evict(file.fileno(), index.stat().st_size)
        with self._opened() as fd:
            return evict(fd, self.size)

    def warm(self) -> None:
        """Bring it and its index into the page cache. Blocks; raises OSError as `pagecache.warm` does."""
        if index := self.index:
            with open(index, "rb", buffering=0) as file:
                warm(file.fileno(), index.stat().st_size)
        with self._opened() as fd:
            warm(fd, self.size)

    @contextlib.contextmanager
    def _opened(self) -> Iterator[int]:
        fd = self.open()
        try:
            yield fd
        finally:
            os.close(fd)

    @property
    def shared(self) -> bool:
        """Whether the cache has the very same file: then it must not be written to."""
        return self.size > SHARED_FROM

    @property
    def original(self) -> Path:
        """The log as it was before anyone tampered with it."""
        kept = self.path.with_suffix(".original")
        if not kept.exists():
            shutil.copyfile(self.path, kept)
        return kept

    def write_sibling(self, start: int, stop: int) -> tuple[int, int]:
        """Put the tampered form of the batches around the range into the sibling; the range that those batches take."""
        first, last, _, fresh = self._tampered(start, stop)
        fd = os.open(self.sibling, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        try:
            os.pwrite(fd, fresh, first)
        finally:
            os.close(fd)
        return first, last

    def overwrite(self, start: int, stop: int) -> None:
        """Write the sibling's bytes over the log: into the page cache."""
        with open(self.sibling, "rb") as other, open(self.path, "r+b", buffering=0) as log:
            os.pwrite(log.fileno(), os.pread(other.fileno(), stop - start, start), start)

    def compare(self, path: Path, start: int, stop: int) -> tuple[int, int]:
        """How many bytes of the range stand in another file as the log had them, and how many as the sibling has."""
        return compare(path.read_bytes(), self._format.name, str(self.original), str(self.sibling), start, stop)

    def changes(self, start: int, stop: int) -> int:
        """How many bytes of the range are other ones in the sibling: batches keep their first."""
        first, _, whole, fresh = self._tampered(start, stop)
        return count_differences(whole[start - first : stop - first], fresh[start - first : stop - first])

    def _tampered(self, start: int, stop: int) -> tuple[int, int, bytes, bytes]:
        """Where the batches around the range lie, their bytes as they were, and the tampered form of these."""
        with open(self.original, "rb") as log:
            first, last = self._format.bounds(log.fileno(), start, stop - start, self.size)
            whole = os.pread(log.fileno(), last - first, first)
        return first, last, whole, self._format.tampered(whole)
