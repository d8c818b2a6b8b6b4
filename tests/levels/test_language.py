"""The language follows the player: environment first, a choice over it, at run time; a bad catalogue breaks nothing."""

from __future__ import annotations

from pathlib import Path

import pytest
from babel.messages.catalog import Catalog
from babel.messages.mofile import write_mo

from zcquest.engine.message import Message, message
from zcquest.levels import language as module
from zcquest.levels.language import detect, gettext, language, ngettext, say, set_language

TRANSLATIONS = {
    "Level {id}": "第 {id} 关",
    "line {line}: {what}": "第 {line} 行：{what}",
    "lost {count}": "丢了 {cuont}",
    "broken {count}": "坏了 {count",
    "attribute {count}": "属性 {count.real.nothing}",
    "position {count}": "位置 {}",
}


@pytest.fixture
def catalogue(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    catalog = Catalog(locale="zh_CN")
    for english, chinese in TRANSLATIONS.items():
        catalog.add(english, chinese)
    catalog.add(("{n} copy", "{n} copies"), ("{n} 份",))
    path = tmp_path / "zh_CN" / "LC_MESSAGES" / "zcquest.mo"
    path.parent.mkdir(parents=True)
    with path.open("wb") as file:
        write_mo(file, catalog)
    monkeypatch.setattr(module, "LOCALE_FOLDER", tmp_path)
    return path


@pytest.mark.parametrize(
    ("environment", "code"),
    [
        ({}, "en"),
        ({"LANG": "C"}, "en"),
        ({"LANG": "C.UTF-8"}, "en"),
        ({"LANG": "fr_FR.UTF-8"}, "en"),
        ({"LANG": "zh_CN.UTF-8"}, "zh"),
        ({"LANG": "zh_TW"}, "zh"),
        ({"LANG": "zh_CN.UTF-8", "LC_MESSAGES": "en_GB.UTF-8"}, "en"),
        ({"LANG": "en_US.UTF-8", "LC_MESSAGES": "zh_CN"}, "zh"),
        ({"LC_MESSAGES": "zh_CN", "LC_ALL": "C"}, "en"),
        ({"LC_ALL": "", "LANG": "zh_CN"}, "zh"),
        ({"LC_ALL": "C", "ZCQUEST_LANG": "zh"}, "zh"),
        ({"LC_ALL": "zh_CN", "ZCQUEST_LANG": "en"}, "en"),
    ],
)
def test_the_environment_asks_for_a_language(environment: dict[str, str], code: str) -> None:
    assert detect(environment) == code


def test_a_choice_wins_over_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LANG", "zh_CN.UTF-8")
    assert language() == "zh"
    set_language("en")
    assert language() == "en"


def test_an_unknown_language_is_refused() -> None:
    with pytest.raises(ValueError, match="'fr'"):
        set_language("fr")
    assert language() == "en"


def test_the_language_switches_at_run_time(catalogue: Path) -> None:
    said = []
    for code in ("en", "zh", "en"):
        set_language(code)
        said.append((say(message("Level {id}", id="1-1")), ngettext("{n} copy", "{n} copies", 2)))
    assert said == [("Level 1-1", "{n} copies"), ("第 1-1 关", "{n} 份"), ("Level 1-1", "{n} copies")]


def test_messages_inside_a_message_are_said_too(catalogue: Path) -> None:
    set_language("zh")
    assert say(message("line {line}: {what}", line=3, what=message("Level {id}", id="1-1"))) == "第 3 行：第 1-1 关"


@pytest.mark.parametrize("english", ["lost {count}", "broken {count}", "attribute {count}", "position {count}"])
def test_a_bad_translation_falls_back_to_english(catalogue: Path, english: str) -> None:
    set_language("zh")
    assert gettext(english) == TRANSLATIONS[english]
    assert say(Message(english, {"count": 2})) == english.format(count=2)


def test_a_bad_template_is_said_as_it_stands() -> None:
    assert say(Message("{x} of {y}", {"x": 1})) == "{x} of {y}"


def test_what_is_not_in_the_catalogue_stays_english(catalogue: Path) -> None:
    set_language("zh")
    assert gettext("Nowhere") == "Nowhere"


def test_the_empty_text_is_not_the_catalogues_header(catalogue: Path) -> None:
    set_language("zh")
    assert gettext("") == ""


@pytest.mark.parametrize("content", [None, b"", b"not a catalogue", b"\xde\x12\x04\x95"])
def test_a_missing_or_damaged_catalogue_means_english(catalogue: Path, content: bytes | None) -> None:
    if content is None:
        catalogue.unlink()
    else:
        catalogue.write_bytes(content)
    set_language("zh")
    assert say(message("Level {id}", id="1-1")) == "Level 1-1"
