"""A campaign of the test's own, on disk, for tests that break it in one place."""

from __future__ import annotations

from pathlib import Path

import pytest

from zcquest.levels import language

LEVEL = """\
schema = 1
id = "{id}"
calls = ["read", "write"]
stars = ["copies", "switches"]
features = ["delivery"]

[[scene]]
name = "cold"
start = "cold"
log = {{ size = "64K" }}
par = {{ copies = 4, switches = 4 }}

[[reference]]
name = "read-write"
plan = '''
repeat:
    read(log, buf, 64K)
    write(sock, buf, 64K)
'''
passed = true
stars = 3
"""

TEXT = """\
# A title

## Briefing

Move the log.

## Hint 1

First.

## Hint 2

Second.

## Hint 3

Third.

## Debrief

Moved.
"""

CHAPTER = """\
number = {number}

[title]
en = "Chapter"
zh = "章"
"""


class CampaignFolder:
    """Writes chapters and levels; what is not given is valid."""

    def __init__(self, root: Path) -> None:
        self.root = root

    def chapter(self, number: int = 1, toml: str = CHAPTER, name: str = "chapter") -> Path:
        folder = self.root / f"{number}-{name}"
        folder.mkdir(parents=True, exist_ok=True)
        (folder / "chapter.toml").write_text(toml.format(number=number), "utf-8")
        return folder

    def level(self, id: str = "1-1", toml: str = LEVEL, en: str = TEXT, zh: str = TEXT, folder: str = "") -> Path:
        chapter = self.root / f"{id.partition('-')[0]}-chapter"
        if not chapter.exists():
            self.chapter(int(id.partition("-")[0]))
        path = chapter / (folder or f"{id}-slug")
        path.mkdir()
        (path / "level.toml").write_text(toml.format(id=id), "utf-8")
        (path / "text.en.md").write_text(en, "utf-8")
        (path / "text.zh.md").write_text(zh, "utf-8")
        return path


@pytest.fixture
def campaign(tmp_path: Path) -> CampaignFolder:
    return CampaignFolder(tmp_path / "campaign")


@pytest.fixture(autouse=True)
def in_english(monkeypatch: pytest.MonkeyPatch) -> None:
    """No test depends on the language of the terminal that it was started from, or on the one another test chose."""
    for name in ("ZCQUEST_LANG", "LC_ALL", "LC_MESSAGES", "LANG"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setattr(language, "_chosen", None)
