"""The prose of a level: strict sections, conditions that exist, code blocks left alone."""

from __future__ import annotations

import pytest

from zcquest.engine.machine.executor import Ending
from zcquest.levels.text import ENDINGS, Ask, Condition, TextError, compare_sections, parse_text

from .conftest import TEXT


def test_every_section_is_read() -> None:
    text = parse_text(
        TEXT.replace("## Hint 1\n", "## Scene cold\n\nNothing is resident.\n\n## Hint 1 when errno EFAULT\n\nOuch.\n\n"
                     "## Hint 1\n"), ["cold", "warm"])  # fmt: skip
    assert (text.title, text.briefing, text.debrief) == ("A title", "Move the log.", "Moved.")
    assert text.scenes == {"cold": "Nothing is resident."}
    assert [(hint.step, hint.condition, hint.text) for hint in text.hints] == [
        (1, Condition(Ask.ERRNO, "EFAULT"), "Ouch."),
        (1, None, "First."),
        (2, None, "Second."),
        (3, None, "Third."),
    ]


def test_a_code_block_may_hold_what_looks_like_a_heading() -> None:
    block = "```\n# a comment\n## Hint 9\nrepeat:\n```"
    text = parse_text(TEXT.replace("Move the log.", f"Look:\n\n{block}\n\n### Smaller\n\nGo."), [])
    assert text.briefing == f"Look:\n\n{block}\n\n### Smaller\n\nGo."


@pytest.mark.parametrize(
    "condition",
    ["errno EFAULT", "errno EAGAIN", "signal SIGBUS", "uses read", "lacks sendfile", "lost checksum", "over buffer",
     "ending stalled", "ending deadline", "ending error", "ending killed", "syntax"],
)  # fmt: skip
def test_every_kind_of_condition_is_known(condition: str) -> None:
    text = parse_text(TEXT.replace("## Hint 2", f"## Hint 2 when {condition}\n\nSo.\n\n## Hint 2"), [])
    assert [str(hint.condition) for hint in text.hints if hint.condition] == [condition]


@pytest.mark.parametrize(
    ("old", "new", "line", "reason"),
    [
        ("# A title\n", "", 2, "the first line must be the title: # Title"),
        ("# A title", "words\n# A title", 1, "the first line must be the title: # Title"),
        ("# A title", "#", 1, "a heading without words"),
        ("# A title\n", "# A title\n\nStray.\n", 1, "nothing may stand between the title and the first section"),
        ("Moved.", "Moved.\n\n# Another", 23, "a text has one title"),
        ("Moved.", "```\nMoved.", 21, "a code block is not closed"),
        ("## Debrief\n\nMoved.\n", "", 0, "the section Debrief is missing"),
        ("## Briefing\n\nMove the log.\n", "", 0, "the section Briefing is missing"),
        ("## Hint 2\n\nSecond.\n", "", 0, "the section Hint 2 is missing"),
        ("## Hint 2\n", "## Hint 2 when syntax\n", 0, "the section Hint 2 is missing"),
        ("Second.\n", "\n", 11, "the section Hint 2 is empty"),
        ("## Hint 2\n", "## Hint 1\n", 11, "the section Hint 1 stands here twice"),
        ("## Hint 2\n", "## Hint 4\n", 11, "there are hints 1 to 3, not 4"),
        ("## Hint 2\n", "## Hints\n", 11, "unknown section Hints; sections are Briefing, Scene, Hint and Debrief"),
        ("## Hint 2\n", "## Scene hot\n", 11, "there is no scene hot; the level has cold, warm"),
        ("## Hint 2\n", "## Hint 2 when raining\n", 11, "unknown condition raining; conditions are errno, signal"),
        ("## Hint 2\n", "## Hint 2 when syntax bad\n", 11, "the condition syntax takes no value"),
        ("## Hint 2\n", "## Hint 2 when errno EFALT\n", 11, "EFALT is not one of the values of errno; the nearest is"),
        ("## Hint 2\n", "## Hint 2 when uses\n", 11, "is not one of the values of uses"),
        ("## Hint 2\n", "## Hint 2 when signal SIGBUSS\n", 11, "the nearest is SIGBUS"),
        ("## Hint 2\n", "## Hint 2 when ending finished\n", 11, "is not one of the values of ending"),
        (TEXT, "\n", 0, "the text is empty"),
    ],
)
def test_what_is_wrong_is_named_with_its_line(old: str, new: str, line: int, reason: str) -> None:
    assert old in TEXT
    with pytest.raises(TextError) as caught:
        parse_text(TEXT.replace(old, new, 1), ["cold", "warm"])
    assert caught.value.line == line
    assert reason in str(caught.value.reason)


def test_a_hint_may_ask_for_every_way_in_which_a_run_fails() -> None:
    assert set(ENDINGS) == set(Ending) - {Ending.SENT, Ending.CANCELLED}


def test_two_languages_must_try_the_same_hints_in_the_same_order() -> None:
    first = "## Hint 1 when uses read\n\nA.\n\n"
    second = "## Hint 1 when uses write\n\nB.\n\n"
    one = parse_text(TEXT.replace("## Hint 1\n", first + second + "## Hint 1\n"), [])
    other = parse_text(TEXT.replace("## Hint 1\n", second + first + "## Hint 1\n"), [])
    plain = parse_text(TEXT, [])
    assert compare_sections(one, one) is None
    assert str(compare_sections(one, other)) == "the hints stand in another order than in the other language"
    assert str(compare_sections(one, plain)) == "the section Hint 1 when uses read is missing in the other language"
    assert str(compare_sections(plain, one)) == "the section Hint 1 when uses read of the other language is missing"


def test_two_languages_must_tell_the_same_scenes() -> None:
    with_scene = parse_text(TEXT.replace("## Hint 1\n", "## Scene cold\n\nBrr.\n\n## Hint 1\n"), ["cold"])
    plain = parse_text(TEXT, ["cold"])
    assert str(compare_sections(plain, with_scene)) == "the section Scene cold of the other language is missing"
