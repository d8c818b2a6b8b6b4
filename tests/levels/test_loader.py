"""A campaign is what its folders hold; what is broken is reported and takes nothing else down."""

from __future__ import annotations

from pathlib import Path

import pytest

from zcquest.levels.language import set_language
from zcquest.levels.loader import UnknownLevel, load_campaign

from .conftest import CHAPTER, LEVEL, TEXT, CampaignFolder


def test_chapters_and_levels_come_in_the_order_of_their_numbers(campaign: CampaignFolder) -> None:
    for id in ("10-1", "2-10", "2-9", "1-1"):
        campaign.level(id)
    loaded = load_campaign(campaign.root)
    assert [chapter.number for chapter in loaded.chapters] == [1, 2, 10]
    assert list(loaded.levels) == ["1-1", "2-9", "2-10", "10-1"]
    assert loaded.broken == ()


def test_the_environment_names_the_campaign(campaign: CampaignFolder, monkeypatch: pytest.MonkeyPatch) -> None:
    campaign.level("7-7")
    monkeypatch.setenv("ZCQUEST_CAMPAIGN", str(campaign.root))
    assert list(load_campaign().levels) == ["7-7"]


def test_texts_and_titles_follow_the_language(campaign: CampaignFolder) -> None:
    campaign.level(zh=TEXT.replace("# A title", "# 标题"))
    loaded = load_campaign(campaign.root)
    assert (loaded.chapters[0].title(), loaded.level("1-1").text().title) == ("Chapter", "A title")
    set_language("zh")
    assert (loaded.chapters[0].title(), loaded.level("1-1").text().title) == ("章", "标题")
    assert loaded.level("1-1").text("en").title == "A title"


def test_a_chapter_may_say_what_it_is_about(campaign: CampaignFolder) -> None:
    campaign.chapter(1)
    campaign.chapter(2, toml=CHAPTER + '[intro]\nen = "About."\nzh = "介绍。"\n')
    one, two = load_campaign(campaign.root).chapters
    assert (one.intro(), two.intro(), two.intro("zh")) == ("", "About.", "介绍。")


def test_the_solution_is_the_reference_that_earns_most(campaign: CampaignFolder) -> None:
    reference = LEVEL[LEVEL.index("[[reference]]") :]
    poor = reference.replace("read-write", "poor").replace("stars = 3", "stars = 1")
    campaign.level(toml=LEVEL.replace(reference, poor + reference))
    assert load_campaign(campaign.root).level("1-1").solution.name == "read-write"


def test_one_broken_level_leaves_the_others(campaign: CampaignFolder) -> None:
    campaign.level("1-1")
    campaign.level("1-2", toml=LEVEL.replace("size", "siz"))
    campaign.level("1-3")
    loaded = load_campaign(campaign.root)
    assert list(loaded.levels) == ["1-1", "1-3"]
    (error,) = loaded.broken
    assert error.file.parent.name == "1-2-slug"
    assert error.key == "scene[0].log.siz"


@pytest.mark.parametrize("name", ["level.toml", "text.en.md", "text.zh.md"])
def test_a_missing_file_is_named(campaign: CampaignFolder, name: str) -> None:
    campaign.level("1-1")
    (campaign.level("1-2") / name).unlink()
    loaded = load_campaign(campaign.root)
    assert list(loaded.levels) == ["1-1"]
    assert [(error.file.name, str(error.reason)) for error in loaded.broken] == [(name, "this file is missing")]


@pytest.mark.parametrize("name", ["level.toml", "text.zh.md"])
def test_a_file_that_is_not_text_is_named(campaign: CampaignFolder, name: str) -> None:
    path = campaign.level("1-1") / name
    path.write_bytes(b"# \xff\xfe")
    (error,) = load_campaign(campaign.root).broken
    assert (error.file, str(error.reason)) == (path, "not UTF-8 text: byte 2")


def test_a_folder_where_a_file_should_be_is_named(campaign: CampaignFolder) -> None:
    path = campaign.level("1-1") / "level.toml"
    path.unlink()
    path.mkdir()
    (error,) = load_campaign(campaign.root).broken
    assert str(error.reason) == "cannot be read: Is a directory"


def test_a_level_in_a_folder_of_another_name_is_refused(campaign: CampaignFolder) -> None:
    campaign.level("1-1", folder="1-2-slug")
    loaded = load_campaign(campaign.root)
    assert not loaded.levels
    assert (loaded.broken[0].key, "1-2-slug" in str(loaded.broken[0].reason)) == ("id", True)


def test_a_level_of_another_chapter_is_refused(campaign: CampaignFolder) -> None:
    campaign.chapter(1)
    campaign.level("2-1").rename(campaign.root / "1-chapter" / "2-1-slug")
    loaded = load_campaign(campaign.root)
    assert not loaded.levels
    assert str(loaded.broken[0].reason) == "a level of chapter 1 has an id that starts with 1-"


def test_the_second_of_two_levels_with_one_id_is_refused(campaign: CampaignFolder) -> None:
    campaign.level("1-1", folder="1-1-first")
    campaign.level("1-1", folder="1-1-second")
    loaded = load_campaign(campaign.root)
    assert loaded.level("1-1").folder.name == "1-1-first"
    (error,) = loaded.broken
    assert (error.file.parent.name, str(error.reason)) == ("1-1-second", "1-1-first has this id already")


def test_levels_of_a_chapter_without_its_file_can_be_played(campaign: CampaignFolder) -> None:
    chapter = campaign.level("1-1").parent
    (chapter / "chapter.toml").write_text("nunber = 1\n", "utf-8")
    loaded = load_campaign(campaign.root)
    assert list(loaded.levels) == ["1-1"]
    assert loaded.chapters[0].title() == "chapter"
    assert [error.key for error in loaded.broken] == ["nunber"]


def test_a_chapter_with_a_number_already_taken_is_refused(campaign: CampaignFolder) -> None:
    campaign.level("1-1")
    campaign.chapter(1, name="zebra")
    loaded = load_campaign(campaign.root)
    assert list(loaded.levels) == ["1-1"]
    assert [(error.file.parent.name, error.key) for error in loaded.broken] == [("1-zebra", "number")]


def test_texts_with_different_sections_are_refused(campaign: CampaignFolder) -> None:
    more = TEXT.replace("## Hint 2", "## Hint 1 when syntax\n\nSpell it.\n\n## Hint 2")
    campaign.level("1-1", zh=more)
    (error,) = load_campaign(campaign.root).broken
    assert error.file.name == "text.zh.md"
    assert str(error.reason) == "the section Hint 1 when syntax is missing in the other language"


def test_a_wrong_text_is_named_with_its_line(campaign: CampaignFolder) -> None:
    campaign.level("1-1", en=TEXT.replace("## Hint 2", "## Hint two"))
    (error,) = load_campaign(campaign.root).broken
    assert (error.file.name, error.key) == ("text.en.md", "line 11")


def test_no_campaign_is_no_crash(tmp_path: Path) -> None:
    loaded = load_campaign(tmp_path / "nowhere")
    assert not loaded.levels
    assert [error.file for error in loaded.broken] == [tmp_path / "nowhere"]


def test_an_unknown_level_is_told_with_the_nearest(campaign: CampaignFolder) -> None:
    campaign.level("1-1")
    campaign.level("1-2")
    loaded = load_campaign(campaign.root)
    with pytest.raises(UnknownLevel) as caught:
        loaded.level("1-l")
    assert "1-1" in caught.value.nearest
    assert str(caught.value).startswith("There is no level 1-l. Did you mean ")
    with pytest.raises(UnknownLevel) as caught:
        loaded.level("zebra")
    assert str(caught.value) == "There is no level zebra. The levels are 1-1 1-2."
