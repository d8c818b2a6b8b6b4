"""The run card: its text is a plan that runs again, its picture is a whole SVG, both in the player's language."""

from __future__ import annotations

import asyncio
import xml.etree.ElementTree as ElementTree
from collections.abc import Iterator
from pathlib import Path

import pytest

from zcquest.engine.calls import CALLS
from zcquest.engine.plan import format_plan, parse
from zcquest.levels.language import set_language
from zcquest.levels.loader import load_campaign
from zcquest.levels.play import open_laboratory, play, read_plan
from zcquest.levels.progress import Best
from zcquest.tui.card.card import Card, card_text
from zcquest.tui.card.picture import card_svg
from zcquest.tui.screens.card import CardScreen
from zcquest.tui.screens.result import ResultScreen
from zcquest.tui.themes import THEMES

from .conftest import Open, shown
from .playing import until

PLAYED = (("1-1", "one-trip"), ("1-3", "forgets-first"), ("2-3", "memcpy-in-time"), ("4-4", None))
AT = 1_700_000_000.0


@pytest.fixture(scope="module")
def cards(tmp_path_factory: pytest.TempPathFactory) -> Iterator[list[Card]]:
    """Of plans that really ran: passed, in two scenes, killed by a signal, rotten."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("ZCQUEST_CACHE", str(tmp_path_factory.mktemp("cache")))
        yield asyncio.run(_play())


async def _play() -> list[Card]:
    campaign, found = load_campaign(), []
    async with open_laboratory() as laboratory:
        for id, name in PLAYED:
            level = campaign.level(id)
            text = next((file.plan for file in level.references if file.name == name), level.solution.plan)
            report, verdict = await play(laboratory, level, read_plan(level, text))
            found.append(Card(level, report, verdict, AT))
    return found


@pytest.mark.parametrize("code", ["en", "zh"])
@pytest.mark.parametrize("number", range(len(PLAYED)))
def test_the_text_is_the_plan_that_ran(cards: list[Card], number: int, code: str) -> None:
    set_language(code)
    card = cards[number]
    text = card_text(card)
    again = parse(text, CALLS, card.level.calls)
    assert not again.problems
    assert format_plan(again.plan) == card.report.plan
    assert f"zcquest run {card.level.id} {card.stem}.txt" in text and card.zcquest in text
    for scene in card.report.scenes:
        assert scene.copies is None or f"{scene.copies:.2f}" in text


@pytest.mark.parametrize("theme", THEMES)
@pytest.mark.parametrize("number", range(len(PLAYED)))
def test_the_picture_is_whole_and_asks_for_nothing_from_elsewhere(cards: list[Card], number: int, theme: str) -> None:
    set_language("zh" if number % 2 else "en")
    card = cards[number]
    svg = card_svg(card, card.map(), THEMES[theme], {})
    root = ElementTree.fromstring(svg)
    words = "".join("".join(text.itertext()) for text in root.iter("{http://www.w3.org/2000/svg}text"))
    for line in (card.title, *card.report.plan.split()):
        assert line.replace(" ", "") in words.replace(" ", "")
    assert "url(http" not in svg and "@font-face" not in svg and THEMES[theme].background in svg


async def test_one_key_saves_both_and_says_where(open_game: Open, cards: list[Card], tmp_path: Path) -> None:
    async with open_game((80, 24), language="zh") as pilot:
        pilot.app.push_screen(ResultScreen(cards[0].report, cards[0].verdict, None, Best()))
        await pilot.pause()
        await pilot.press("k")
        folder = tmp_path / "data" / "cards"
        await until(pilot, lambda: list(folder.glob("*.txt")))
        await pilot.pause()
        assert isinstance(pilot.app.screen, CardScreen)
        assert {file.suffix for file in folder.iterdir()} == {".svg", ".txt"}
        said = shown(pilot)
        assert all(file.name in said for file in folder.iterdir()) and "运行卡片" in said
        await pilot.press("escape")
        await pilot.pause()
        assert isinstance(pilot.app.screen, ResultScreen)


async def test_what_cannot_be_saved_is_said_so(open_game: Open, cards: list[Card], tmp_path: Path) -> None:
    async with open_game((80, 24)) as pilot:
        (tmp_path / "data" / "cards").write_text("a file where the folder should be")
        pilot.app.push_screen(CardScreen(cards[0]))
        await until(pilot, lambda: "It could not be saved: File exists" in shown(pilot))
        assert "repeat:" in card_text(cards[0])
