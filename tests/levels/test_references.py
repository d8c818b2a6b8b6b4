"""Every reference plan of every level, run for real: it earns what its level states, and every par is reached."""

from __future__ import annotations

import asyncio
import shutil
import tempfile
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest
import pytest_asyncio

from zcquest.engine import pagecache
from zcquest.engine.calls import CALLS
from zcquest.engine.experiment import Laboratory
from zcquest.engine.plan import parse
from zcquest.levels import par
from zcquest.levels.hints import Situation, choose
from zcquest.levels.keeping import judge_again
from zcquest.levels.language import LANGUAGES
from zcquest.levels.loader import Level, load_campaign, load_level
from zcquest.levels.par import Trial, beaten, misjudged, try_reference, unreached, write_pars
from zcquest.levels.play import NoBench, open_laboratory, situation
from zcquest.levels.schema import STARS
from zcquest.levels.text import HINT_STEPS

from .conftest import CampaignFolder

ROOT = Path(__file__).resolve().parents[2]
LARGE = 1 << 30  # bytes of a log that not every disk has room for
ROOM = 3 << 30

LEVELS = load_campaign().levels
REFERENCES = [(level.id, reference.name) for level in LEVELS.values() for reference in level.references]

pytestmark = pytest.mark.asyncio(loop_scope="module")


@pytest.fixture(scope="module")
def cache(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """On a real disk, where a start can be cold: many systems keep /tmp in memory."""
    for parent in (tmp_path_factory.mktemp("references"), ROOT):
        with tempfile.TemporaryDirectory(dir=parent, prefix=".pytest_cache-") as folder:
            if _evictable(Path(folder)):
                yield Path(folder)
                return
    pytest.skip("no folder on a real disk: neither the temporary folder nor the source tree can be evicted")


def _evictable(folder: Path) -> bool:
    with tempfile.TemporaryFile(dir=folder, buffering=0) as trial:
        trial.write(bytes(pagecache.PAGE))
        return bool(pagecache.evict(trial.fileno(), pagecache.PAGE))


class Trials:
    """Runs each reference once, however many tests ask for it."""

    def __init__(self, laboratory: Laboratory) -> None:
        self.laboratory = laboratory
        self.done: dict[tuple[str, str], Trial] = {}

    async def of(self, level: Level, name: str) -> Trial:
        key = (level.id, name)
        if key not in self.done:
            self._make_sure_of_room(level)
            reference = next(reference for reference in level.references if reference.name == name)
            try:
                self.done[key] = await try_reference(self.laboratory, level, reference)
            except NoBench as refusal:
                pytest.skip(str(refusal.reason))
        return self.done[key]

    def _make_sure_of_room(self, level: Level) -> None:
        large = [scene for scene in level.scenes if scene.log.size > LARGE]
        made = any(self.laboratory.cache.glob("*-2049M-*.log"))
        if large and not made and shutil.disk_usage(self.laboratory.cache).free < ROOM:
            pytest.skip(f"less than 3 GiB are free for the log of '{large[0].name}'")


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def trials(cache: Path) -> AsyncIterator[Trials]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("ZCQUEST_CACHE", str(cache))
        async with open_laboratory() as laboratory:
            yield Trials(laboratory)


@pytest.mark.parametrize(("level", "name"), REFERENCES, ids=["/".join(key) for key in REFERENCES])
async def test_a_reference_earns_what_its_level_states(trials: Trials, level: str, name: str) -> None:
    trial = await trials.of(LEVELS[level], name)
    seen = [(scene.ending, scene.copies, scene.switches, scene.features) for scene in trial.report.scenes]
    assert misjudged([trial]) == [], seen


@pytest.mark.parametrize(("level", "name"), REFERENCES, ids=["/".join(key) for key in REFERENCES])
async def test_the_hints_know_what_a_plan_that_falls_short_ran_into(trials: Trials, level: str, name: str) -> None:
    """Some step of the hints speaks of this attempt, and not of any."""
    trial = await trials.of(LEVELS[level], name)
    if trial.report.stars == STARS:
        return
    uses = frozenset(step.call for step in parse(trial.report.plan, CALLS).plan.steps)
    verdict = judge_again(LEVELS[level], trial.report)
    now = situation(trial.report, verdict, uses=uses, syntax=False)
    for code in LANGUAGES:
        text = LEVELS[level].text(code)
        said = [choose(text, step, now) for step in HINT_STEPS]
        assert said != [choose(text, step, Situation()) for step in HINT_STEPS], now


@pytest.mark.parametrize("id", LEVELS)
async def test_every_par_is_reached_by_a_plan_that_earns_all_stars(trials: Trials, id: str) -> None:
    level = LEVELS[id]
    done = [await trials.of(level, reference.name) for reference in level.references]
    assert unreached(level, done) == []


# The tool for who writes levels. Its level takes one millisecond to run: 4 copies and 4 switches when it starts cold.

STATED = "par = {{ copies = 4, switches = 4 }}"


async def tried(trials: Trials, folder: Path) -> tuple[Level, list[Trial]]:
    level = load_level(folder)
    return level, [await try_reference(trials.laboratory, level, reference) for reference in level.references]


@pytest.mark.parametrize(
    ("stated", "not_reached", "is_beaten"),
    [
        ("copies = 4, switches = 4", 0, 0),
        ("copies = 4, switches = 6", 1, 1),
        ("copies = 5.0, switches = 9", 2, 2),
        ("copies = 3.5, switches = 2", 2, 0),
    ],
)
async def test_a_par_that_is_not_the_best_is_found(
    trials: Trials, campaign: CampaignFolder, stated: str, not_reached: int, is_beaten: int
) -> None:
    from .conftest import LEVEL

    folder = campaign.level(toml=LEVEL.replace(STATED, f"par = {{{{ {stated} }}}}"))
    level, done = await tried(trials, folder)
    assert (len(unreached(level, done)), len(beaten(level, done))) == (not_reached, is_beaten)


async def test_a_reference_that_earns_something_else_is_found(trials: Trials, campaign: CampaignFolder) -> None:
    from .conftest import LEVEL

    _, done = await tried(trials, campaign.level(toml=LEVEL.replace("stars = 3", "stars = 2")))
    assert misjudged(done) == ["read-write: passed=True stars=3, stated passed=True stars=2"]


async def test_pars_are_rewritten_and_nothing_else(trials: Trials, campaign: CampaignFolder) -> None:
    from .conftest import LEVEL

    wrong = LEVEL.replace(STATED, "# our best\npar = {{ copies = 5, switches = 9 }}  # kept")
    folder = campaign.level(toml=wrong)
    before = (folder / "level.toml").read_text("utf-8")
    level, done = await tried(trials, folder)
    assert write_pars(level, done)
    after = (folder / "level.toml").read_text("utf-8")
    assert after == before.replace("copies = 5, switches = 9", "copies = 4.0, switches = 4")
    level, done = await tried(trials, folder)
    assert (unreached(level, done), beaten(level, done), write_pars(level, done)) == ([], [], False)
    assert sorted(path.name for path in folder.iterdir()) == ["level.toml", "text.en.md", "text.zh.md"]


async def test_pars_that_are_written_in_another_way_are_left_alone(trials: Trials, campaign: CampaignFolder) -> None:
    from .conftest import LEVEL

    folder = campaign.level(toml=LEVEL.replace(STATED, "[scene.par]\ncopies = 5\nswitches = 9"))
    before = (folder / "level.toml").read_bytes()
    level, done = await tried(trials, folder)
    with pytest.raises(ValueError, match=r"1 lines of the form"):
        write_pars(level, done)
    assert (folder / "level.toml").read_bytes() == before


@pytest.mark.parametrize(
    ("stated", "arguments", "status"),
    [("4, switches = 4", ["--check"], 0), ("4, switches = 6", ["--check"], 1), ("4, switches = 6", [], 0)],
)
async def test_the_tool_ends_with_a_status_for_scripts(
    cache: Path,
    campaign: CampaignFolder,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    stated: str,
    arguments: list[str],
    status: int,
) -> None:
    from .conftest import LEVEL

    campaign.level(toml=LEVEL.replace("copies = 4, switches = 4", f"copies = {stated}"))
    monkeypatch.setenv("ZCQUEST_CAMPAIGN", str(campaign.root))
    monkeypatch.setenv("ZCQUEST_CACHE", str(cache))
    monkeypatch.setattr("sys.argv", ["par", "1-1", *arguments])
    assert await asyncio.to_thread(par.main) == status  # it has a loop of its own
    assert "1-1  read-write" in capsys.readouterr().out
