"""The campaign read from its folders: `<chapter>/chapter.toml` and `<chapter>/<level>/{level.toml,text.<language>.md}`.

A level that cannot be used is reported and left out; it takes no other level down.
"""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from difflib import get_close_matches
from functools import cached_property
from pathlib import Path
from typing import TypeVar

import msgspec

from zcquest.engine.message import Message, message
from zcquest.levels.language import LANGUAGES, language
from zcquest.levels.level_error import LevelError, from_decoding
from zcquest.levels.schema import (
    Bilingual,
    ChapterFile,
    Feature,
    LevelFile,
    Metric,
    RaceFile,
    ReferenceFile,
    SceneFile,
    decode_custom,
)
from zcquest.levels.text import LevelText, TextError, compare_sections, parse_text

CAMPAIGN_FOLDER = Path(__file__).parent / "campaign"

T = TypeVar("T", bound=msgspec.Struct)


@dataclass(frozen=True, eq=False)
class Level:
    """One level with its texts, ready to play. `texts` by language code."""

    file: LevelFile
    folder: Path
    texts: Mapping[str, LevelText]

    @property
    def id(self) -> str:
        return self.file.id

    @property
    def number(self) -> tuple[int, int]:
        """The chapter and the place in it: (1, 2) for `1-2`."""
        return _number(self.file.id)

    @property
    def calls(self) -> tuple[str, ...]:
        return self.file.calls

    @property
    def race(self) -> RaceFile | None:
        return self.file.race

    @property
    def draft(self) -> str:
        return self.file.draft

    @property
    def stars(self) -> tuple[Metric, ...]:
        """The metrics that earn a star each when they are at par, besides the star for passing."""
        return self.file.stars

    @property
    def scored(self) -> bool:
        """Whether there are stars to earn: in the lab there are none."""
        return bool(self.file.stars)

    @property
    def features(self) -> tuple[Feature, ...]:
        return self.file.features

    @property
    def scenes(self) -> tuple[SceneFile, ...]:
        return self.file.scenes

    @property
    def references(self) -> tuple[ReferenceFile, ...]:
        return self.file.references

    @property
    def solution(self) -> ReferenceFile:
        """The first of the reference plans that earn most."""
        return max(self.file.references, key=lambda reference: reference.stars)

    def text(self, code: str | None = None) -> LevelText:
        """The level's text in the language `code`; the one in use if None."""
        return self.texts[code or language()]


@dataclass(frozen=True, eq=False)
class Chapter:
    """A chapter and those of its levels that can be played, in order. `titles` and `intros` by language code."""

    number: int
    titles: Mapping[str, str]
    intros: Mapping[str, str]
    levels: tuple[Level, ...]

    def title(self, code: str | None = None) -> str:
        """The chapter's title in the language `code`; the one in use if None."""
        return self.titles[code or language()]

    def intro(self, code: str | None = None) -> str:
        """What the chapter is about, in the language `code` (the one in use if None); empty where it does not say."""
        return self.intros.get(code or language(), "")


class UnknownLevel(LookupError):
    """There is no level `id`; `nearest` are the ids it may have meant, best first, `known` are all."""

    def __init__(self, id: str, nearest: Sequence[str], known: Sequence[str]) -> None:
        super().__init__(id, nearest, known)
        self.id = id
        self.nearest = tuple(nearest)
        self.known = tuple(known)

    @property
    def message(self) -> Message:
        if self.nearest:
            return message(
                "There is no level {id}. Did you mean {nearest}?", id=self.id, nearest=" ".join(self.nearest)
            )
        return message("There is no level {id}. The levels are {known}.", id=self.id, known=" ".join(self.known))

    def __str__(self) -> str:
        return str(self.message)


@dataclass(frozen=True, eq=False)
class Campaign:
    """All chapters in order, and what could not be loaded."""

    chapters: tuple[Chapter, ...]
    broken: tuple[LevelError, ...] = ()

    @cached_property
    def levels(self) -> Mapping[str, Level]:
        """Every level by id, in the order of play."""
        return {level.id: level for chapter in self.chapters for level in chapter.levels}

    def level(self, id: str) -> Level:
        """The level `id`. Raises UnknownLevel."""
        if id in self.levels:
            return self.levels[id]
        raise UnknownLevel(id, get_close_matches(id, self.levels, n=3), tuple(self.levels))


def load_campaign(root: Path | None = None) -> Campaign:
    """The campaign at `root`, else at ZCQUEST_CAMPAIGN, else the one that came with the game.

    Raises nothing: what is wrong with a folder, a chapter or a level stands in `Campaign.broken`.
    """
    root = root or Path(os.environ.get("ZCQUEST_CAMPAIGN") or CAMPAIGN_FOLDER)
    broken: list[LevelError] = []
    chapters: dict[int, Chapter] = {}
    for folder in _subfolders(root, broken):
        file = _chapter_file(folder, broken)
        if file.number in chapters:
            broken.append(LevelError(folder / "chapter.toml", "number", message("another chapter has this number")))
            continue
        levels = sorted(_chapter_levels(folder, file.number, broken), key=lambda level: level.number)
        chapters[file.number] = Chapter(file.number, _by_code(file.title), _by_code(file.intro), tuple(levels))
    return Campaign(tuple(chapters[number] for number in sorted(chapters)), tuple(broken))


def load_level(folder: Path) -> Level:
    """The level in `folder`, with the texts of all languages. Raises LevelError."""
    path = folder / "level.toml"
    file = _decode(path, LevelFile)
    if not folder.name.startswith(f"{file.id}-"):
        raise LevelError(
            path,
            "id",
            message(
                "the folder {folder} must be named after the level: {expected}",
                folder=folder.name,
                expected=file.id + "-...",
            ),
        )
    texts = {code: _read_text(folder / f"text.{code}.md", file) for code in LANGUAGES}
    first = next(iter(texts.values()))
    for code, text in texts.items():
        if difference := compare_sections(text, first):
            raise LevelError(folder / f"text.{code}.md", "", difference)
    return Level(file, folder, texts)


def _chapter_levels(folder: Path, number: int, broken: list[LevelError]) -> Iterator[Level]:
    """The chapter's levels that can be used; the others' errors are added to `broken`."""
    seen: dict[str, Path] = {}
    for level_folder in _subfolders(folder, broken):
        try:
            level = load_level(level_folder)
            path = level_folder / "level.toml"
            if level.number[0] != number:
                raise LevelError(
                    path,
                    "id",
                    message("a level of chapter {number} has an id that starts with {number}-", number=number),
                )
            if level.id in seen:
                raise LevelError(path, "id", message("{folder} has this id already", folder=seen[level.id].name))
        except LevelError as error:
            broken.append(error)
            continue
        seen[level.id] = level_folder
        yield level


def _chapter_file(folder: Path, broken: list[LevelError]) -> ChapterFile:
    """`chapter.toml`; where it is broken, what the folder's name tells, so that the levels can still be played."""
    try:
        return _decode(folder / "chapter.toml", ChapterFile)
    except LevelError as error:
        broken.append(error)
        digits, _, name = folder.name.partition("-")
        number = int(digits) if digits.isdecimal() else 0
        return ChapterFile(number=number, title=Bilingual(en=name or folder.name, zh=name or folder.name))


def _read_text(path: Path, file: LevelFile) -> LevelText:
    try:
        return parse_text(_read(path), [scene.name for scene in file.scenes])
    except TextError as error:
        raise LevelError(path, f"line {error.line}" if error.line else "", error.reason) from error


def _decode(path: Path, table: type[T]) -> T:
    try:
        return msgspec.toml.decode(_read(path), type=table, dec_hook=decode_custom)
    except msgspec.DecodeError as error:
        raise from_decoding(path, error, table) from error


def _read(path: Path) -> str:
    try:
        return path.read_text("utf-8")
    except FileNotFoundError:
        raise LevelError(path, "", message("this file is missing")) from None
    except UnicodeDecodeError as error:
        raise LevelError(path, "", message("not UTF-8 text: byte {offset}", offset=error.start)) from error
    except OSError as error:
        raise LevelError(path, "", message("cannot be read: {reason}", reason=error.strerror)) from error


def _subfolders(folder: Path, broken: list[LevelError]) -> list[Path]:
    try:
        return sorted(path for path in folder.iterdir() if path.is_dir() and path.name[0] not in "._")
    except OSError as error:
        broken.append(LevelError(folder, "", message("cannot be read: {reason}", reason=error.strerror)))
        return []


def _by_code(text: Bilingual | None) -> Mapping[str, str]:
    return {code: getattr(text, code) for code in LANGUAGES} if text else {}


def _number(id: str) -> tuple[int, int]:
    chapter, _, place = id.partition("-")
    return int(chapter), int(place)
