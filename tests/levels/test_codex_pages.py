"""The codex as the reader meets it: every page in both languages, in the form the program reads, linked and clean."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path

import pytest
from rich.cells import cell_len

CODEX = Path(__file__).resolve().parents[2] / "levels" / "codex"
LANGUAGES = ("en", "zh")
CALLS = (
    "read",
    "pread",
    "write",
    "send",
    "mmap",
    "madvise",
    "fadvise",
    "readahead",
    "sendfile",
    "memcpy",
    "verify",
    "recv",
    "fsync",
    "fdatasync",
    "select",
    "writev",
    "copy_file_range",
    "rewrite",
    "pipe",
    "splice",
    "tee",
    "vmsplice",
    "lseek",
    "poll",
    "fcntl",
)
IDEAS = (
    "page-cache",
    "pipe-buffer",
    "dma",
    "copies",
    "mode-switch",
    "context-switch",
    "page-fault",
    "fault-around",
    "zero-copy",
    "scatter-gather",
    "tamper-probe",
    "evidence",
    "kafka-batch",
    "consume-queue",
    "dead-letter-queue",
    "retries",
    "crc-32c",
    "short-counts",
    "cold-start",
    "plan-language",
    "durability",
    "bench-nic",
    "user-space",
    "socket-buffer",
    "network-card",
    "commit-log",
    "kafka-segment",
    "tags",
    "signals",
    "errno",
    "isolation",
    "heap-transfer",
    "race",
)
NAMES = (*CALLS, *IDEAS)
# For each language the sections of a call page; the fourth may be missing where no user of the call is known.
SECTIONS = {
    "en": ("What it does", "What it costs", "Traps", "Who calls it", "See also"),
    "zh": ("它做什么", "代价", "坑", "谁在用", "另见"),
}
FENCE = re.compile(r"^```[a-z]*\n.*?^```$", re.MULTILINE | re.DOTALL)
CODE = re.compile(r"`[^`\n]+`")
LINK = re.compile(r"\[\[([^\]\n]*)\]\]")
NUMBER = re.compile(r"(?<![\w.])\d[\w.]*\w")
HAN = r"[\u3400-\u4dbf\u4e00-\u9fff]"
FULL_WIDTH = r"[\u3001-\u303f\uff00-\uffef]"
FULL_STOPS = r"\u3002\uff01\uff1f"
# Least and most; English is counted in words, Chinese in characters.
WORDS = {"call": (120, 250), "idea": (100, 220)}
CHARACTERS = {"call": (200, 480), "idea": (170, 420)}

ROOM = 48  # cells that a page has beside the list, in a terminal of 80

every_page = pytest.mark.parametrize(
    ("name", "language"), [(name, language) for name in NAMES for language in LANGUAGES]
)
every_name = pytest.mark.parametrize("name", NAMES)


@dataclass(frozen=True)
class Page:
    title: str
    summary: str
    sections: dict[str, str]  # heading to body, in the page's order


def text_of(name: str, language: str) -> str:
    return (CODEX / f"{name}.{language}.md").read_text(encoding="utf-8")


def page_of(name: str, language: str) -> Page:
    """Reads the strict form: title, blank line, a one-line summary, then sections, each with a body."""
    # A fence may hold lines that start with "#"; its newlines are hidden so that only real headings are seen.
    text = FENCE.sub(lambda fence: fence[0].replace("\n", "\0"), text_of(name, language))
    form = re.fullmatch(r"# (?P<title>[^\n]+)\n\n(?P<summary>[^\n#]+)\n\n(?P<rest>## .+)\n", text, re.DOTALL)
    assert form is not None, "title, summary and sections, each after one blank line, with one newline at the end"
    assert "\n\n\n" not in text
    assert not re.search(r"^(#|###+) ", form["rest"], re.MULTILINE), "below the title there are only ## headings"
    sections: dict[str, str] = {}
    for part in re.split(r"^## ", form["rest"], flags=re.MULTILINE)[1:]:
        heading, blank, body = part.partition("\n\n")
        assert blank and "\n" not in heading, f"a blank line belongs under {heading!r}"
        assert heading not in sections, f"{heading!r} stands twice"
        sections[heading] = body.strip().replace("\0", "\n")
    return Page(form["title"], form["summary"], sections)


def prose(text: str) -> str:
    """The text without fenced code, links and list marks; code spans become one letter, as they read."""
    return re.sub(r"^- ", "", LINK.sub("", CODE.sub("x", FENCE.sub("", text))), flags=re.MULTILINE)


def test_the_folder_holds_exactly_these_pages() -> None:
    expected = {f"{name}.{language}.md" for name in NAMES for language in LANGUAGES}
    assert {path.name for path in CODEX.glob("*.md")} == expected


@every_page
def test_a_page_has_the_form_the_program_reads(name: str, language: str) -> None:
    page = page_of(name, language)
    assert len(page.sections) >= 2
    for heading, body in page.sections.items():
        assert heading == heading.strip()
        assert body, f"nothing stands under {heading!r}"
    assert list(page.sections)[-1] == SECTIONS[language][-1]


@every_page
def test_the_summary_is_one_sentence(name: str, language: str) -> None:
    summary = prose(page_of(name, language).summary)
    stop = "。" if language == "zh" else "."
    assert summary.endswith(stop)
    assert not re.search(rf"[.!?] |[{FULL_STOPS}].", summary)


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("name", CALLS)
def test_a_call_page_is_named_and_built_as_a_call(name: str, language: str) -> None:
    page = page_of(name, language)
    assert page.title == name
    *needed, known_users, links = SECTIONS[language]
    assert list(page.sections) in ([*needed, links], [*needed, known_users, links])


@pytest.mark.parametrize("name", IDEAS)
def test_an_idea_is_titled_in_the_language_of_its_page(name: str) -> None:
    english, chinese = page_of(name, "en").title, page_of(name, "zh").title
    assert english.isascii() and english != name
    assert re.search(HAN, chinese)


@every_name
def test_both_languages_tell_of_the_same_things(name: str) -> None:
    english, chinese = text_of(name, "en"), text_of(name, "zh")
    assert LINK.findall(english) == LINK.findall(chinese)
    assert len(page_of(name, "en").sections) == len(page_of(name, "zh").sections)
    assert len(FENCE.findall(english)) == len(FENCE.findall(chinese))
    assert set(NUMBER.findall(prose(english))) == set(NUMBER.findall(prose(chinese))), "a figure differs"
    assert english.count("\n- ") == chinese.count("\n- "), "a trap or a step is missing in one of them"


@every_page
def test_links_stand_in_see_also_and_lead_somewhere_else(name: str, language: str) -> None:
    page = page_of(name, language)
    links = LINK.findall(page.sections[SECTIONS[language][-1]])
    assert links == LINK.findall(text_of(name, language)), "links belong under the last heading"
    assert 2 <= len(links) <= 5 and len(set(links)) == len(links)
    assert set(links) <= set(NAMES) - {name}


def test_every_page_is_linked_from_another() -> None:
    assert {link for name in NAMES for link in LINK.findall(text_of(name, "en"))} == set(NAMES)


@every_page
def test_a_page_has_its_length(name: str, language: str) -> None:
    kind = "call" if name in CALLS else "idea"
    text = prose(text_of(name, language))
    if language == "en":
        length, (least, most) = len(re.findall(r"[\w'%.-]*\w[\w'%.-]*", text)), WORDS[kind]
    else:
        length, (least, most) = len(re.findall(HAN, text)), CHARACTERS[kind]
    assert least <= length <= most


@every_name
def test_chinese_is_set_as_chinese(name: str) -> None:
    text = prose(text_of(name, "zh"))
    assert re.findall(rf".?{HAN}[,.;:?!()].?", text) == [], "full-width punctuation follows a Chinese character"
    assert re.findall(r".?x[,.;:?!].?", text) == [], "and code in a Chinese sentence"
    assert re.findall(rf"{HAN}[A-Za-z0-9]|[A-Za-z0-9]{HAN}", text) == [], "a space parts Chinese from Latin"


@every_name
def test_english_has_no_chinese_in_it(name: str) -> None:
    assert re.findall(rf"{HAN}|{FULL_WIDTH}", text_of(name, "en")) == []


@every_page
def test_a_drawing_fits_a_narrow_screen(name: str, language: str) -> None:
    for fence in FENCE.findall(text_of(name, language)):
        assert max(map(cell_len, fence.splitlines())) <= ROOM


@every_name
def test_a_drawing_is_the_same_in_both_languages_but_for_its_words(name: str) -> None:
    """Its lines stand in the same cells, though a Chinese character takes two."""
    drawn = [[_strokes(fence) for fence in FENCE.findall(text_of(name, language))] for language in LANGUAGES]
    assert drawn[0] == drawn[1]


def _strokes(fence: str) -> set[tuple[int, int, str]]:
    """Where which stroke stands: row, cell, sign."""
    return {
        (row, cell_len(line[:column]), sign)
        for row, line in enumerate(fence.splitlines())
        for column, sign in enumerate(line)
        if "\u2500" <= sign <= "\u25ff"
    }


def test_what_is_easier_seen_than_said_is_drawn() -> None:
    drawn = {name for name in NAMES if FENCE.search(text_of(name, "en"))}
    assert drawn >= {"copies", "zero-copy", "page-cache", "mode-switch", "context-switch", "page-fault", "fault-around"}
    assert drawn >= {"dma", "scatter-gather", "kafka-batch", "consume-queue", "dead-letter-queue", "tamper-probe"}
