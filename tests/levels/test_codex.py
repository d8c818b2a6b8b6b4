"""Codex pages are found by name, in the player's language, and a wrong name gets the nearest."""

from __future__ import annotations

from pathlib import Path

import pytest

from zcquest.levels.codex import UnknownPage, page, pages, parse_page
from zcquest.levels.language import set_language

READ = """\
# read

Copies bytes out of
the [[page-cache]].

## What it costs

One copy. See [[write]], [[page-cache]].
"""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "read.en.md").write_text(READ, "utf-8")
    (tmp_path / "read.zh.md").write_text("# read\n\n抄出字节。\n", "utf-8")
    (tmp_path / "write.en.md").write_text("# write\n\nThe other way.\n", "utf-8")
    (tmp_path / "readahead.zh.md").write_text("# readahead\n\n预读。\n", "utf-8")
    (tmp_path / "README.md").write_text("# not a page\n", "utf-8")
    return tmp_path


def test_a_page_is_title_summary_and_body(folder: Path) -> None:
    read = page("read", folder=folder)
    assert (read.name, read.title) == ("read", "read")
    assert read.summary == "Copies bytes out of\nthe [[page-cache]]."
    assert read.body == "## What it costs\n\nOne copy. See [[write]], [[page-cache]]."
    assert read.links == ("page-cache", "write")


def test_pages_are_those_with_a_language(folder: Path) -> None:
    assert pages(folder) == ("read", "readahead", "write")


def test_a_page_follows_the_language(folder: Path) -> None:
    set_language("zh")
    assert page("read", folder=folder).summary == "抄出字节。"
    assert page("read", "en", folder).summary.startswith("Copies")


def test_a_page_without_this_language_is_better_than_none(folder: Path) -> None:
    assert page("write", "zh", folder).summary == "The other way."
    assert page("readahead", "en", folder).summary == "预读。"


def test_an_unknown_page_is_told_with_the_nearest(folder: Path) -> None:
    with pytest.raises(UnknownPage) as caught:
        page("Raed", folder=folder)
    assert caught.value.nearest[0] == "read"
    assert str(caught.value).startswith("The codex has no page Raed. Did you mean read")
    with pytest.raises(UnknownPage) as caught:
        page("../../../etc/passwd", folder=folder)
    assert caught.value.nearest == ()


@pytest.mark.parametrize("source", ["", "read\n\nCopies.", "# read\n", "# read\n\n## What it costs\n\nMuch."])
def test_a_page_without_title_or_summary_is_refused(source: str) -> None:
    with pytest.raises(ValueError, match="read: a page starts with"):
        parse_page("read", source)
