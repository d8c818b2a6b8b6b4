"""The plans that zcquest ships under a name, `plans/<name>.plan`: what known programs do, each with its source.

The first line of a plan is a comment that names the source; the next ones say what the plan leaves out. In another
language these are a file of their own, `plans/<name>.<language>.txt`.
"""

from __future__ import annotations

from pathlib import Path

from zcquest.engine.message import Message, message
from zcquest.engine.plan import nearest_word
from zcquest.levels.language import language

PLANS_FOLDER = Path(__file__).parent / "plans"


class UnknownPlan(LookupError):
    """There is no shipped plan `name`; `nearest` is the one it may have meant, None if none is near."""

    def __init__(self, name: str, nearest: str | None) -> None:
        super().__init__(name, nearest)
        self.name = name
        self.nearest = nearest

    @property
    def message(self) -> Message:
        if self.nearest:
            return message("There is no plan {name}. Did you mean {nearest}?", name=self.name, nearest=self.nearest)
        return message("There is no plan {name}. The plans are {known}.", name=self.name, known=", ".join(plan_names()))

    def __str__(self) -> str:
        return str(self.message)


def plan_names() -> tuple[str, ...]:
    """The names of all shipped plans, sorted."""
    return tuple(sorted(path.stem for path in PLANS_FOLDER.glob("*.plan")))


def plan_text(name: str) -> str:
    """The shipped plan `name` as it was written, comments included. Raises UnknownPlan."""
    known = plan_names()
    if name not in known:
        raise UnknownPlan(name, nearest_word(name, known))
    return (PLANS_FOLDER / f"{name}.plan").read_text("utf-8")


def plan_without_remarks(text: str) -> str:
    """The plan's lines without those that are comments or blank."""
    return "\n".join(line for line in text.splitlines() if line.strip() and not line.lstrip().startswith("#"))


def plan_remarks(name: str) -> tuple[str, str]:
    """The source of the shipped plan `name`, and what is said of it in the language in use. Raises UnknownPlan."""
    comments = [line.lstrip("# ") for line in plan_text(name).splitlines() if line.startswith("#")]
    translated = PLANS_FOLDER / f"{name}.{language()}.txt"
    if translated.is_file():
        return comments[0], "".join(translated.read_text("utf-8").splitlines())
    return comments[0], " ".join(comments[1:])
