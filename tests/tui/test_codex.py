"""The codex on the screen: pages, search, links by keyboard and mouse."""

from __future__ import annotations

import pytest
from textual.pilot import Pilot
from textual.widgets import OptionList

from zcquest.engine.calls import CALLS
from zcquest.engine.plan import signature
from zcquest.levels import codex, language
from zcquest.tui.book import book
from zcquest.tui.screens.codex import CodexScreen, link_lines, linked
from zcquest.tui.screens.home import HomeScreen
from zcquest.tui.screens.result import ResultScreen

from .conftest import Open, shown
from .playing import open_level, until


def _listed(pilot: Pilot[None]) -> list[str]:
    pages = pilot.app.screen.query_one("#pages", OptionList)
    return [option.id or "" for option in pages.options]


async def test_every_page_can_be_opened(open_game: Open) -> None:
    async with open_game((80, 24)) as pilot:
        pilot.app.open_codex()
        await pilot.pause()
        assert _listed(pilot) == list(codex.pages())
        for name in codex.pages():
            pilot.app.open_codex(name)
            await pilot.pause()
            assert codex.page(name).title in shown(pilot)
        assert [type(screen) for screen in pilot.app.screen_stack] == [HomeScreen, CodexScreen]


async def test_a_call_shows_how_c_declares_it_and_a_plan_writes_it(open_game: Open) -> None:
    async with open_game((160, 36)) as pilot:
        for name, call in CALLS.items():
            pilot.app.open_codex(name)
            await pilot.pause()
            assert call.prototype in shown(pilot)
            assert signature(call) in shown(pilot)


async def test_searching_lists_what_is_named_so_before_what_mentions_it(open_game: Open) -> None:
    async with open_game() as pilot:
        await pilot.press("c")
        await pilot.pause()
        await pilot.press("slash", *"sendfile")
        await pilot.pause()
        listed = _listed(pilot)
        assert listed[0] == "sendfile"
        assert "zero-copy" in listed
        assert set(listed) < set(codex.pages())
        await pilot.press("enter")
        await pilot.pause()
        assert CALLS["sendfile"].prototype in shown(pilot)
        await pilot.press("escape")  # first out of the search, then out of the codex
        await pilot.pause()
        assert _listed(pilot) == list(codex.pages())
        await pilot.press("escape")
        await pilot.pause()
        assert isinstance(pilot.app.screen, HomeScreen)


async def test_a_search_that_finds_nothing_keeps_the_page(open_game: Open) -> None:
    async with open_game() as pilot:
        await pilot.press("c", "slash", *"cqz")
        await pilot.pause()
        assert _listed(pilot) == []
        assert codex.page(codex.pages()[0]).title in shown(pilot)
        await pilot.press("enter", "down", "enter")
        assert isinstance(pilot.app.screen, CodexScreen)


async def test_digits_follow_links_and_backspace_comes_back(open_game: Open) -> None:
    async with open_game() as pilot:
        pilot.app.open_codex("sendfile")
        await pilot.pause()
        third = codex.page("sendfile").links[2]
        assert f"3 {codex.page(third).title}" in shown(pilot)
        await pilot.press("3")
        await pilot.pause()
        pages = pilot.app.screen.query_one("#pages", OptionList)
        assert pages.highlighted_option.id == third
        assert codex.page(third).summary.split()[0] in shown(pilot)
        await pilot.press("9")  # no such link
        await pilot.press("backspace")
        await pilot.pause()
        assert pages.highlighted_option.id == "sendfile"


def test_every_link_of_every_page_leads_to_a_page() -> None:
    for name in codex.pages():
        for code in ("en", "zh"):
            page = codex.page(name, code)
            text = linked(page.body, page.links)
            assert "[[" not in text
            for link in page.links:
                assert f"(codex:{link})" in linked(f"[[{link}]]", page.links)


async def test_links_can_be_clicked(open_game: Open) -> None:
    from textual.widgets import Markdown

    async with open_game() as pilot:
        pilot.app.open_codex("sendfile")
        await pilot.pause()
        text = pilot.app.screen.query_one(Markdown)
        text.post_message(Markdown.LinkClicked(text, "codex:mmap"))
        await pilot.pause()
        assert CALLS["mmap"].prototype in shown(pilot)


async def test_an_unknown_page_opens_the_first(open_game: Open) -> None:
    async with open_game() as pilot:
        pilot.app.open_codex("no such page")
        await pilot.pause()
        assert codex.page(codex.pages()[0]).title in shown(pilot)


async def test_a_call_is_measured_on_request(open_game: Open) -> None:
    async with open_game((80, 24)) as pilot:
        pilot.app.open_codex("sendfile")
        await pilot.pause()
        assert "m runs a small plan" in " ".join(shown(pilot).split())
        await pilot.press("m")
        await until(pilot, lambda: "Measured here, just now" in shown(pilot))
        page = shown(pilot)
        assert "64 calls" in page
        assert any("shared" in line and "proved" in line for line in page.splitlines())
        pilot.app.open_codex("page-cache")
        await pilot.pause()
        assert "Measured here" not in shown(pilot)


async def test_own_runs_tell_what_a_call_costs(open_game: Open) -> None:
    async with open_game() as pilot:
        await open_level(pilot, "1-1")
        await pilot.press("f5", "enter")
        await until(pilot, lambda: isinstance(pilot.app.screen, ResultScreen))
        pilot.app.open_codex("write")
        await pilot.pause()
        assert "From your latest run: 16 calls" in shown(pilot)


@pytest.mark.parametrize("code", ["en", "zh"])
def test_the_title_of_a_link_is_never_broken(code: str) -> None:
    language.set_language(code)
    for page in book().values():
        lines = link_lines(page.links, 52).split("\n")
        assert all(line.cell_length <= 52 for line in lines) and len(lines) <= 3
        assert sum(line.plain.count("   ") + 1 for line in lines) == len(page.links)
