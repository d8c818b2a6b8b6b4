"""Plans as files of their own: what a player may read in, and what is written out."""

from __future__ import annotations

import os
from pathlib import Path
from typing import BinaryIO

from zcquest.engine.message import Message, message
from zcquest.engine.plan import MAX_BYTES


class NoPlanFile(ValueError):
    """What was read is no plan's text, or it could not be read or written; `message` says why."""

    def __init__(self, reason: Message) -> None:
        super().__init__(str(reason))
        self.message = reason


def read_plan_file(path: Path) -> str:
    """The text of the plan in the file. Whether it is understood is for the parser to say. Raises NoPlanFile."""
    try:
        with open(path, "rb") as file:
            return plan_text_of(file, str(path))
    except (OSError, ValueError) as error:  # ValueError: a NUL in the name
        if isinstance(error, NoPlanFile):
            raise
        reason = (error.strerror if isinstance(error, OSError) else None) or str(error)
        raise NoPlanFile(message("The plan {name} cannot be read: {reason}", name=str(path), reason=reason)) from error


def plan_text_of(file: BinaryIO, name: str) -> str:
    """What an open file, called `name`, holds. Raises NoPlanFile and OSError."""
    content = _read(file)
    if len(content) > MAX_BYTES:
        raise NoPlanFile(message("{name} is no plan: it has more than {most} bytes", name=name, most=MAX_BYTES))
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        told = message("{name} is no plan: it is not UTF-8 text from byte {offset} on", name=name, offset=error.start)
        raise NoPlanFile(told) from None
    if "\0" in text:
        raise NoPlanFile(message("{name} is no plan: it is a binary file", name=name))
    return text


def write_plan_file(path: Path, text: str) -> None:
    """Write the text to a file that is not there yet. Raises NoPlanFile."""
    try:
        write_new(path, (text if text.endswith("\n") else text + "\n").encode())
    except (OSError, ValueError) as error:
        reason = (error.strerror if isinstance(error, OSError) else None) or str(error)
        raise NoPlanFile(message("{name} cannot be written: {reason}", name=str(path), reason=reason)) from error


def write_new(path: Path, content: bytes) -> None:
    """Write a file that is not there yet, whole or not at all. Raises OSError, and ValueError for a NUL in the name."""
    with open(path, "xb") as file:
        try:
            file.write(content)
            file.flush()
        except OSError:
            path.unlink(missing_ok=True)
            raise


def _read(file: BinaryIO) -> bytes:
    """No more than is needed to see that it is too much: it may be /dev/zero."""
    content = b""
    while len(content) <= MAX_BYTES and (part := os.read(file.fileno(), MAX_BYTES + 1 - len(content))):
        content += part
    return content
