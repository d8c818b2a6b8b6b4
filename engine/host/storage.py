"""What the filesystem of the run folder lets one do and see, tried on a file there."""

from __future__ import annotations

import mmap
import os
import tempfile
from collections.abc import Callable
from pathlib import Path

from zcquest.engine import pagecache
from zcquest.engine.host.loopback import delivers
from zcquest.engine.host.report import Finding, attempted, reason
from zcquest.engine.message import Message, message

SAMPLE = 256 << 10
"""Bytes of the file that is tried."""

_TRIP = 64 << 10
_MADV_POPULATE_READ = 22


def probe(folder: Path) -> list[Finding]:
    """Try everything on a temporary file of `SAMPLE` bytes in `folder`. Raises OSError when it cannot be written."""
    with tempfile.TemporaryFile(dir=folder) as sample:
        content = os.urandom(SAMPLE)
        sample.write(content)
        sample.flush()
        fd = sample.fileno()
        eviction = _eviction(fd)
        return [
            eviction,
            _disk_reads(fd, evicted=bool(eviction.ok)),
            _cachestat(fd),
            _populate_read(fd),
            _sends("sendfile", message("sendfile"), content, lambda out: os.sendfile(out, fd, 0, _TRIP)),
            _sends("splice", message("splice"), content, lambda out: _splice(out, fd)),
        ]


def _sends(name: str, title: Message, content: bytes, send: Callable[[int], int]) -> Finding:
    return attempted(name, title, lambda: delivers(content, send))


def _eviction(fd: int) -> Finding:
    title = message("eviction from the page cache")
    advice = message(
        "Cold starts cannot be shown here, and the disk hop is marked so. Set XDG_CACHE_HOME to a folder "
        "on a local disk (ext4, xfs, btrfs)."
    )
    try:
        before = pagecache.warm(fd, SAMPLE)
        if not before.pages:
            detail = message("files just read are not in the page cache: this filesystem keeps its own, or none")
            return Finding("eviction", title, False, detail, advice)
        eviction = pagecache.evict(fd, SAMPLE)
    except OSError as error:
        return Finding("eviction", title, False, message("refused: {error}", error=reason(error)), advice)
    detail = message(
        "{left} of {total} pages left afterwards, seen by {witness}",
        left=eviction.left.pages,
        total=eviction.left.total,
        witness=str(eviction.left.witness),
    )
    return Finding("eviction", title, bool(eviction), detail, None if eviction else advice)


def _disk_reads(fd: int, *, evicted: bool) -> Finding:
    title = message("counter of disk reads")
    if not evicted:
        return Finding("disk_reads", title, None, message("not tried: the file could not be evicted"))
    try:
        before = _read_bytes()
        os.pread(fd, SAMPLE, 0)
        moved = _read_bytes() - before
    except (OSError, StopIteration):
        detail = message("/proc/self/io cannot be read")
        moved = 0
    else:
        detail = message("read_bytes +{moved} for a cold read of {size} bytes", moved=moved, size=SAMPLE)
    if moved >= SAMPLE:
        return Finding("disk_reads", title, True, detail)
    return Finding(
        "disk_reads",
        title,
        False,
        detail,
        message("Disk reads are modelled here. A local disk and a kernel with CONFIG_TASK_IO_ACCOUNTING count them."),
    )


def _read_bytes() -> int:
    # this thread's: other threads of a game may read files meanwhile
    with open("/proc/thread-self/io") as counters:
        return next(int(line.split()[1]) for line in counters if line.startswith("read_bytes"))


def _cachestat(fd: int) -> Finding:
    title = message("cachestat")
    try:
        os.pread(fd, SAMPLE, 0)
        counted = pagecache.cachestat(fd, SAMPLE)
    except OSError as error:
        return Finding(
            "cachestat",
            title,
            False,
            message("refused: {error}", error=reason(error)),
            message("mincore does the work. Linux 6.5 has cachestat; an old container runtime may hide it."),
        )
    if counted:
        return Finding("cachestat", title, True, message("counts resident pages"))
    return Finding(
        "cachestat",
        title,
        False,
        message("sees no page of a file just read, as on overlayfs"),
        message("mincore does the work. Nothing to do."),
    )


def _populate_read(fd: int) -> Finding:
    title = message("madvise with MADV_POPULATE_READ")
    advice = message("Linux 5.14 has it. mmap(log, populate) does the same.")

    def populate() -> None:
        with mmap.mmap(fd, SAMPLE, mmap.MAP_SHARED, mmap.PROT_READ) as mapping:
            mapping.madvise(_MADV_POPULATE_READ)

    return attempted("populate_read", title, populate, advice)


def _splice(out: int, fd: int) -> int:
    outlet, inlet = os.pipe()
    try:
        held = os.splice(fd, inlet, _TRIP, offset_src=0)
        return os.splice(outlet, out, held) if held else 0
    finally:
        os.close(outlet)
        os.close(inlet)
