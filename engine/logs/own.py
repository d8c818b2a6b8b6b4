"""A file of the player's own as a log: what it holds is found out by reading it, never by its name."""

from __future__ import annotations

import stat
from pathlib import Path

from zcquest.engine.logs.formats import format_of
from zcquest.engine.logs.spec import LogSpec
from zcquest.engine.message import Message, message

_LOOKED_AT = 1 << 20  # bytes at the start of the file that must be what they seem to be


class UnusableFile(Exception):
    """The file cannot be played with; `message` says why."""

    def __init__(self, message: Message) -> None:
        super().__init__(message)
        self.message = message


def own_log(path: Path) -> LogSpec:
    """The log that is in the file: a Kafka segment, a RocketMQ CommitLog, or raw bytes. Raises UnusableFile.

    The file is read, never written to. A segment or a CommitLog counts as such when all of its first MiB parses, with
    good checksums; compressed batches, older formats and everything else are raw bytes.
    """
    try:
        status = path.stat()
        if not stat.S_ISREG(status.st_mode):
            raise UnusableFile(message("{file} is no regular file", file=str(path)))
        if not status.st_size:
            raise UnusableFile(message("{file} is empty: there is nothing to move", file=str(path)))
        with path.open("rb") as file:
            head = file.read(_LOOKED_AT)
            longest = {name: _longest(name, file.fileno(), status.st_size) for name in ("kafka", "rocketmq")}
    except OSError as error:
        raise UnusableFile(
            message("{file} cannot be read: {reason}", file=str(path), reason=error.strerror or str(error))
        ) from error
    for name in ("kafka", "rocketmq"):
        if longest[name] and _parses(name, head):
            return LogSpec(
                file=str(path.resolve()),
                format=name,
                size=status.st_size,
                message=longest[name],
            )
    return LogSpec(file=str(path.resolve()), format="raw", size=status.st_size)


def _longest(name: str, fd: int, size: int) -> int:
    """Bytes of the longest batch among those at the file's start; 0 where there is none."""
    longest = 0
    for span in format_of(name).spans(fd, size):
        longest = max(longest, span.end - span.start)
        if span.end >= _LOOKED_AT:
            break
    return longest


def _parses(name: str, head: bytes) -> bool:
    reader = format_of(name).reader()
    reader.feed(head)
    found = reader.report()
    return found.garbage_at is None and found.batches > found.rotten and not found.rotten
