"""A level's prose: `text.<language>.md`, one file a language, with the same English section markers in each.

`# Title`, then sections: `## Briefing`; `## Scene NAME`, one line for the player where a level has several scenes;
`## Hint 1` to `## Hint 3`, and variants such as `## Hint 1 when errno EFAULT`, chosen by what the player just tried;
`## Debrief`.
"""

from __future__ import annotations

import errno
import re
import signal
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from difflib import get_close_matches
from enum import StrEnum

from zcquest.engine.calls import CALLS
from zcquest.engine.message import Message, message
from zcquest.levels.schema import Feature, Metric

HINT_STEPS = (1, 2, 3)

_HINT = re.compile(r"Hint (\d+)(?: when (.+))?")
_SCENE = re.compile(r"Scene (.+)")
_FENCE = re.compile(r" {0,3}(`{3,}|~{3,})")


class Ask(StrEnum):
    """What a hint's condition looks at."""

    ERRNO = "errno"  # a call of the run failed with it
    SIGNAL = "signal"  # the machine died of it
    USES = "uses"  # the plan has the call
    LACKS = "lacks"  # the plan has it not
    LOST = "lost"  # the feature was not kept
    OVER = "over"  # the metric came out above par
    ENDING = "ending"  # how the run ended
    RACE = "race"  # how the level's race went
    SYNTAX = "syntax"  # the plan did not parse


# The engine's names for the ways a run fails; spelled out so that texts can be read where the machine cannot be loaded.
ENDINGS = ("end_of_file", "stalled", "error", "no_bytes", "damaged", "no_memory", "killed", "deadline")

_VALUES: Mapping[Ask, Collection[str]] = {
    Ask.ERRNO: tuple(errno.errorcode.values()),
    Ask.SIGNAL: tuple(signal.Signals.__members__),
    Ask.USES: tuple(CALLS),
    Ask.LACKS: tuple(CALLS),
    Ask.LOST: tuple(feature.value for feature in Feature),
    Ask.OVER: tuple(metric.value for metric in Metric),
    Ask.ENDING: ENDINGS,
    Ask.RACE: ("lost", "noisy"),
    Ask.SYNTAX: (),
}


@dataclass(frozen=True, slots=True)
class Condition:
    """When a hint's variant is shown; `value` is empty for `syntax`."""

    ask: Ask
    value: str = ""

    def __str__(self) -> str:
        return f"{self.ask} {self.value}".rstrip()


@dataclass(frozen=True, slots=True)
class Hint:
    """One text of a hint step; without a condition it is the step's default."""

    step: int
    condition: Condition | None
    text: str


@dataclass(frozen=True, slots=True)
class LevelText:
    """The prose of a level in one language; `scenes` by name, `hints` in file order. All but the title is Markdown."""

    title: str
    briefing: str
    scenes: Mapping[str, str]
    hints: tuple[Hint, ...]
    debrief: str

    def headings(self) -> list[str]:
        """The sections that every language must have: scenes sorted, hints in the order in which they are tried."""
        return [f"Scene {name}" for name in sorted(self.scenes)] + [_heading(hint) for hint in self.hints]


class TextError(Exception):
    """A text that breaks the rules above: the 1-based line (0: the text as a whole) and the reason."""

    def __init__(self, line: int, reason: Message) -> None:
        super().__init__(line, reason)
        self.line = line
        self.reason = reason

    def __str__(self) -> str:
        return f"line {self.line}: {self.reason}" if self.line else str(self.reason)


def parse_text(source: str, scenes: Collection[str]) -> LevelText:
    """The text of a level whose scenes are named `scenes`. Raises TextError."""
    title = ""
    single: dict[str, str] = {}
    lines: dict[str, str] = {}
    hints: list[Hint] = []
    seen: set[str] = set()
    for line, heading, body in _sections(source):
        if not title:
            title = heading
            if body:
                raise TextError(line, message("nothing may stand between the title and the first section"))
            continue
        if heading in seen:
            raise TextError(line, message("the section {heading} stands here twice", heading=heading))
        seen.add(heading)
        if not body:
            raise TextError(line, message("the section {heading} is empty", heading=heading))
        if heading in ("Briefing", "Debrief"):
            single[heading] = body
        elif found := _SCENE.fullmatch(heading):
            lines[_scene(found[1], scenes, line)] = body
        elif found := _HINT.fullmatch(heading):
            hints.append(Hint(_step(found[1], line), _condition(found[2], line) if found[2] else None, body))
        else:
            raise TextError(
                line,
                message("unknown section {heading}; sections are Briefing, Scene, Hint and Debrief", heading=heading),
            )
    for needed in ("Briefing", *(f"Hint {step}" for step in HINT_STEPS), "Debrief"):
        if needed not in seen:
            raise TextError(0, message("the section {heading} is missing", heading=needed))
    return LevelText(title, single["Briefing"], lines, tuple(hints), single["Debrief"])


def compare_sections(text: LevelText, other: LevelText) -> Message | None:
    """What keeps two languages' texts from having the same sections; None when they have."""
    ours, theirs = text.headings(), other.headings()
    missing = [heading for heading in theirs if heading not in ours]
    extra = [heading for heading in ours if heading not in theirs]
    if missing:
        return message("the section {heading} of the other language is missing", heading=missing[0])
    if extra:
        return message("the section {heading} is missing in the other language", heading=extra[0])
    if ours != theirs:
        return message("the hints stand in another order than in the other language")
    return None


def _sections(source: str) -> Iterator[tuple[int, str, str]]:
    """Line, heading and body of the title and of each section; `#` inside a code block is a plan's comment."""
    start, heading, body = 0, "", list[str]()
    fence, opened = "", 0
    for number, line in enumerate(source.splitlines(), 1):
        if found := _FENCE.match(line):
            if not fence:
                fence, opened = found[1], number
            elif found[1].startswith(fence) and not line.strip(" " + fence[0]):
                fence = ""
        mark = "" if fence else line.partition(" ")[0]
        if mark == "#" and start:
            raise TextError(number, message("a text has one title"))
        if mark in ("#", "##"):
            if start:
                yield start, heading, "\n".join(body).strip()
            elif mark == "##":
                raise TextError(number, message("the first line must be the title: {example}", example="# Title"))
            start, heading, body = number, line[len(mark) :].strip(), []
            if not heading:
                raise TextError(number, message("a heading without words"))
        elif start:
            body.append(line)
        elif line.strip():
            raise TextError(number, message("the first line must be the title: {example}", example="# Title"))
    if not start:
        raise TextError(0, message("the text is empty"))
    if fence:
        raise TextError(opened, message("a code block is not closed"))
    yield start, heading, "\n".join(body).strip()


def _scene(name: str, scenes: Collection[str], line: int) -> str:
    if name not in scenes:
        raise TextError(
            line, message("there is no scene {name}; the level has {scenes}", name=name, scenes=", ".join(scenes))
        )
    return name


def _step(digits: str, line: int) -> int:
    if int(digits) not in HINT_STEPS:
        raise TextError(line, message("there are hints 1 to {last}, not {step}", last=HINT_STEPS[-1], step=digits))
    return int(digits)


def _condition(written: str, line: int) -> Condition:
    word, _, value = written.partition(" ")
    try:
        ask = Ask(word)
    except ValueError:
        raise TextError(
            line, message("unknown condition {word}; conditions are {known}", word=word, known=", ".join(Ask))
        ) from None
    known = _VALUES[ask]
    if value in known or (not known and not value):
        return Condition(ask, value)
    if not known:
        raise TextError(line, message("the condition {word} takes no value", word=word))
    raise TextError(
        line,
        message(
            "{value} is not one of the values of {word}; the nearest is {nearest}",
            value=value,
            word=word,
            nearest=get_close_matches(value, known, n=1, cutoff=0.0)[0],
        ),
    )


def _heading(hint: Hint) -> str:
    return f"Hint {hint.step} when {hint.condition}" if hint.condition else f"Hint {hint.step}"
