"""Two languages, changed while the game runs: sentences, keys, levels, codex; and lines of Chinese."""

from __future__ import annotations

from itertools import pairwise
from pathlib import Path

import pytest
from babel.messages.catalog import Catalog
from babel.messages.mofile import write_mo
from rich.cells import cell_len

from zcquest.levels import language
from zcquest.levels.loader import load_campaign
from zcquest.tui.line_breaking import NEVER_FIRST, NEVER_LAST, divide_line

from .conftest import Open, footer, shown

WORDS = {
    "Quit": "退出",
    "Open": "打开",
    "Help": "帮助",
    "Keys": "按键",
    "Campaign": "战役",
    "palette": "命令",
    "Open what is marked": "打开选中的一项",
    "Search levels, codex, settings": "搜索关卡、百科、设置",
}


@pytest.fixture(autouse=True)
def catalogue(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A Chinese catalogue of the test's own: these tests are about who asks it, and when."""
    folder = tmp_path / "locale" / "zh_CN" / "LC_MESSAGES"
    folder.mkdir(parents=True)
    words = Catalog("zh_CN", charset="utf-8")
    for english, chinese in WORDS.items():
        words.add(english, chinese)
    with (folder / "zcquest.mo").open("wb") as file:
        write_mo(file, words)
    monkeypatch.setattr(language, "LOCALE_FOLDER", tmp_path / "locale")


async def test_footer_menu_help_and_palette_follow_the_language(open_game: Open) -> None:
    async with open_game() as pilot:
        assert {"Open", "Help", "Quit", "palette", "中文"} <= set(footer(pilot))
        await pilot.press("f2")
        await pilot.pause()
        assert {"打开", "帮助", "退出", "命令", "EN"} <= set(footer(pilot))
        assert "战役" in shown(pilot)
        await pilot.press("question_mark")
        await pilot.pause()
        assert "按键" in shown(pilot)
        assert "打开选中的一项" in shown(pilot)
        await pilot.press("f2")
        await pilot.pause()
        assert "Open what is marked" in shown(pilot)
        await pilot.press("escape")
        await pilot.pause()
        assert "Campaign" in shown(pilot)
        assert {"Open", "Quit"} <= set(footer(pilot))
        await pilot.press("l", "ctrl+p")
        await pilot.pause()
        assert "搜索关卡" in shown(pilot)


async def test_screens_below_the_top_change_too(open_game: Open) -> None:
    async with open_game() as pilot:
        pilot.app.action_campaign()
        await pilot.pause()
        await pilot.press("c", "f2")
        await pilot.pause()
        assert "页缓存" in shown(pilot)
        await pilot.press("escape")
        await pilot.pause()
        assert "绕远路" in shown(pilot)
        await pilot.press("escape")
        await pilot.pause()
        assert "1-1 绕远路" in shown(pilot)


async def test_the_language_is_remembered(open_game: Open, monkeypatch: pytest.MonkeyPatch) -> None:
    async with open_game() as pilot:
        await pilot.press("f2")
    monkeypatch.setattr(language, "_chosen", None)
    async with open_game() as pilot:
        assert "绕远路" in shown(pilot)


@pytest.mark.parametrize(
    ("asked", "environment", "said"),
    [("en", "", "The long way"), (None, "en", "The long way"), (None, "", "绕远路")],
    ids=["--lang", "ZCQUEST_LANG", "remembered"],
)
async def test_what_is_asked_for_goes_before_what_is_remembered(
    asked: str | None, environment: str, said: str, open_game: Open, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with open_game() as pilot:
        pilot.app.set_language("zh")
    monkeypatch.setattr(language, "_chosen", None)
    monkeypatch.setenv("ZCQUEST_LANG", environment)
    async with open_game(language=asked) as pilot:
        assert said in shown(pilot)


async def test_what_was_typed_and_marked_survives_the_change(open_game: Open) -> None:
    async with open_game() as pilot:
        await pilot.press("c", "slash", *"mmap", "f2")
        await pilot.pause()
        assert pilot.app.screen.query_one("#search").value == "mmap"
        assert pilot.app.screen.query_one("#search").has_focus


@pytest.mark.parametrize("width", [20, 33, 47])
def test_chinese_lines_fill_the_width_and_break_where_they_may(width: int) -> None:
    for level in load_campaign().levels.values():
        for text in level.text("zh").briefing.splitlines():
            breaks = divide_line(text, width)
            lines = [text[a:b] for a, b in zip([0, *breaks], [*breaks, len(text)], strict=True)]
            assert "".join(lines) == text
            for line, following in pairwise(lines):
                assert cell_len(line.rstrip()) <= width
                assert following[0] not in NEVER_FIRST or cell_len(line.rstrip()) > width - 2
                assert line.rstrip()[-1] not in NEVER_LAST


def test_chinese_after_a_short_word_starts_on_the_same_line() -> None:
    text = "16 MiB，热的，里面有一个批次坏了，其余批次一个都不能少"
    (first, *_more) = divide_line(text, 20)
    assert first > len("16 MiB，")


@pytest.mark.parametrize("text", ["plain words only", "a " * 40, "", "x" * 50, "é ü ñ words " * 5])
def test_other_text_is_broken_as_before(text: str) -> None:
    from rich import _wrap

    assert divide_line(text, 20) == _wrap.divide_line(text, 20)


async def test_textual_breaks_its_lines_with_ours(open_game: Open) -> None:
    async with open_game((80, 24), language="zh") as pilot:
        pilot.app.open_codex("page-cache")
        await pilot.pause()
        summary = next(line for line in shown(pilot).splitlines() if "页缓存是内核" in line)
        assert cell_len(summary.rstrip()) > 70
