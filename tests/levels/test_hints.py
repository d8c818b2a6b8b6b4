"""A hint speaks to what was just tried."""

from __future__ import annotations

from collections.abc import Sequence

import pytest

from zcquest.levels.hints import Situation, choose
from zcquest.levels.text import LevelText, parse_text

from .conftest import TEXT


def _text(*conditions: str) -> LevelText:
    variants = "".join(f"## Hint 1 when {condition}\n\nOn {condition}.\n\n" for condition in conditions)
    return parse_text(TEXT.replace("## Hint 1\n", f"{variants}## Hint 1\n"), [])


def _run(
    errnos: Sequence[str] = (),
    signal: str = "",
    uses: Sequence[str] = ("read",),
    lost: Sequence[str] = (),
    over: Sequence[str] = (),
    ending: str = "finished",
) -> Situation:
    return Situation(
        frozenset(errnos), signal, frozenset(uses), frozenset(lost), frozenset(over), ending, syntax=False, ran=True
    )


@pytest.mark.parametrize(
    ("condition", "fits", "fits_not"),
    [
        ("errno EFAULT", _run(errnos=["EAGAIN", "EFAULT"]), _run(errnos=["EAGAIN"])),
        ("signal SIGBUS", _run(signal="SIGBUS"), _run(signal="SIGKILL")),
        ("uses mmap", _run(uses=["mmap"]), _run(uses=["read"])),
        ("lacks mmap", _run(uses=["read"]), _run(uses=["mmap"])),
        ("lost delivery", _run(lost=["delivery"]), _run(lost=["checksum"])),
        ("over switches", _run(over=["switches"]), _run(over=["copies"])),
        ("ending deadline", _run(ending="deadline"), _run()),
        ("syntax", Situation(syntax=True), _run()),
    ],
)
def test_a_variant_is_shown_when_its_condition_holds(condition: str, fits: Situation, fits_not: Situation) -> None:
    text = _text(condition)
    assert choose(text, 1, fits) == f"On {condition}."
    assert choose(text, 1, fits_not) == "First."


def test_the_first_variant_in_the_file_wins() -> None:
    run = _run(errnos=["EFAULT"], uses=["mmap"])
    assert choose(_text("uses mmap", "errno EFAULT"), 1, run) == "On uses mmap."
    assert choose(_text("errno EFAULT", "uses mmap"), 1, run) == "On errno EFAULT."


def test_a_variant_belongs_to_its_step() -> None:
    assert [choose(_text("uses read"), step, _run()) for step in (2, 3)] == ["Second.", "Third."]


def test_before_a_run_nothing_is_held_against_the_player() -> None:
    assert choose(_text("lacks mmap"), 1, Situation()) == "First."


def test_a_plan_that_did_not_parse_lacks_nothing() -> None:
    assert choose(_text("lacks mmap", "syntax"), 1, Situation(syntax=True)) == "On syntax."


def test_there_is_no_fourth_hint() -> None:
    with pytest.raises(ValueError, match="4"):
        choose(_text(), 4, Situation())
