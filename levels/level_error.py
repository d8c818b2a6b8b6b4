"""What is wrong with a level's files: the file, the key and what was expected, as a sentence for level authors."""

from __future__ import annotations

import re
import types
import typing
from difflib import get_close_matches
from enum import Enum
from pathlib import Path

import msgspec

from zcquest.engine.message import Message, message


class LevelError(Exception):
    """A level or chapter file that cannot be used.

    `file` is the file or folder at fault, `key` the place in it (`scene[0].log.size`, `line 12`; empty for the whole
    file), `reason` what was expected there.
    """

    def __init__(self, file: Path, key: str, reason: Message) -> None:
        super().__init__(file, key, reason)
        self.file = file
        self.key = key
        self.reason = reason

    @property
    def message(self) -> Message:
        if self.key:
            return message("{file}, {key}: {reason}", file=self.file, key=self.key, reason=self.reason)
        return message("{file}: {reason}", file=self.file, reason=self.reason)

    def __str__(self) -> str:
        return str(self.message)


class Rejected(ValueError):
    """A value of the right type that makes no sense; msgspec adds the path when a struct or a hook raises it."""

    def __init__(self, reason: Message, key: str = "") -> None:
        super().__init__(str(reason))
        self.reason = reason
        self.key = key


def from_decoding(file: Path, error: msgspec.DecodeError, table: type[msgspec.Struct]) -> LevelError:
    """`error`, raised while decoding `file` into `table`, with its path as the key and its sentence translatable."""
    text, _, path = str(error).rpartition(" - at `$")
    if not text:
        text, path = str(error), ""
    key = path.rstrip("`").lstrip(".")
    if isinstance(error.__cause__, Rejected):
        return LevelError(file, _joined(key, error.__cause__.key), error.__cause__.reason)
    if not isinstance(error, msgspec.ValidationError):
        return LevelError(file, "", message("not valid TOML: {reason}", reason=text))
    here = _annotation_at(table, key)
    if found := re.fullmatch(r"Object contains unknown field `(.+)`", text):
        return LevelError(file, _joined(key, found[1]), _unknown_key(found[1], _keys_of(here)))
    if found := re.fullmatch(r"Object missing required field `(.+)`", text):
        return LevelError(file, _joined(key, found[1]), message("this key is missing"))
    if found := re.fullmatch(r"Invalid enum value (.+)", text):
        choices = ", ".join(_choices_of(here))
        return LevelError(file, key, message("expected one of {choices}, got {got}", choices=choices, got=found[1]))
    if found := re.fullmatch(r"Expected (.+), got (.+)", text):
        return LevelError(file, key, message("expected {expected}, got {got}", expected=found[1], got=found[2]))
    if found := re.fullmatch(r"Expected (.+)", text):
        return LevelError(file, key, message("expected {expected}", expected=found[1]))
    return LevelError(file, key, message("not understood: {reason}", reason=text))


def _joined(path: str, key: str) -> str:
    return f"{path}.{key}" if path and key else path or key


def _unknown_key(key: str, known: list[str]) -> Message:
    nearest = get_close_matches(key, known, n=1)
    if nearest:
        return message("unknown key; did you mean {nearest}?", nearest=nearest[0])
    return message("unknown key; the keys here are {keys}", keys=", ".join(known))


def _annotation_at(table: type, key: str) -> object:
    """The annotation that stands at `key` below `table`; `object` where there is none."""
    here: object = table
    for name in re.findall(r"[^.\[\]]+", re.sub(r"\[\d+\]", "", key)):
        if not (isinstance(here, type) and issubclass(here, msgspec.Struct)):
            return object
        found = [field for field in msgspec.structs.fields(here) if field.encode_name == name]
        here = _bare(found[0].type) if found else object
    return here


def _bare(annotation: object) -> object:
    """`annotation` without Annotated, `| None` and the tuple around it."""
    origin = typing.get_origin(annotation)
    arguments = typing.get_args(annotation)
    if origin is typing.Annotated or origin is tuple:
        return _bare(arguments[0])
    if origin in (typing.Union, types.UnionType):
        return _bare(next(argument for argument in arguments if argument is not type(None)))
    return annotation


def _keys_of(annotation: object) -> list[str]:
    if isinstance(annotation, type) and issubclass(annotation, msgspec.Struct):
        return [field.encode_name for field in msgspec.structs.fields(annotation)]
    return []


def _choices_of(annotation: object) -> list[str]:
    if isinstance(annotation, type) and issubclass(annotation, Enum):
        return [str(member.value) for member in annotation]
    return [str(choice) for choice in typing.get_args(annotation)]
