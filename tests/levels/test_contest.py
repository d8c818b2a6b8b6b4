"""A level's race: what its interval decides, what it holds up, and what is said of it."""

from __future__ import annotations

from pathlib import Path

import msgspec
import pytest

from zcquest.engine.message import message
from zcquest.engine.ratio import Ratio
from zcquest.levels.contest import Contest, contend
from zcquest.levels.hints import choose
from zcquest.levels.level_error import LevelError
from zcquest.levels.loader import Level, load_campaign, load_level
from zcquest.levels.par import Trial, misjudged
from zcquest.levels.play import open_laboratory, read_plan, situation
from zcquest.levels.report import RunReport
from zcquest.levels.schema import ReferenceFile
from zcquest.levels.verdict import SceneResult, Verdict, judge
from zcquest.levels.words import race_outcome

from .conftest import LEVEL, CampaignFolder

RACE = """
[race]
rival = "rocketmq-mapped"
least = 1.7
log = { format = "rocketmq", size = "1M", message = "1K" }
pairs = 5
"""


def contest(low: float, high: float) -> Contest:
    return Contest(
        rival="rocketmq-mapped",
        least=1.7,
        pairs=7,
        throughput=Ratio((low + high) / 2, low, high),
        cpu=Ratio(0.5, 0.4, 0.6),
    )


WON, LOST, NOISY = contest(3.0, 4.0), contest(0.9, 1.1), contest(1.5, 5.0)
SPOILT = Contest(rival="kafka", least=1.7, pairs=0, throughput=None, cpu=None, spoilt=message("the consumer went away"))


@pytest.fixture
def level(campaign: CampaignFolder) -> Level:
    return load_level(campaign.level(toml=LEVEL + RACE.replace("{", "{{").replace("}", "}}")))


def verdict_of(level: Level, contest: Contest | None, *, kept: bool = True) -> Verdict:
    features = {feature.value: kept for feature in level.features}
    scenes = [SceneResult(scene.name, 4.0, 4, 0, features, "sent") for scene in level.scenes]
    return judge(level, scenes, contest)


@pytest.mark.parametrize(("raced", "won"), [(WON, True), (LOST, False), (NOISY, None), (SPOILT, False)])
def test_only_an_interval_on_one_side_decides(level: Level, raced: Contest, won: bool | None) -> None:
    assert raced.won is won
    assert verdict_of(level, raced).passed is (won is not False)
    assert not verdict_of(level, raced, kept=False).passed


def test_a_level_with_a_race_is_not_passed_without_one(level: Level) -> None:
    verdict = verdict_of(level, None)
    assert not verdict.passed and verdict.unraced


def test_a_level_without_a_race_asks_for_none(campaign: CampaignFolder) -> None:
    verdict = verdict_of(load_level(campaign.level()), None)
    assert verdict.passed and not verdict.unraced and verdict.contest is None


def test_it_is_told_with_its_figures() -> None:
    assert race_outcome(WON) == (
        "3.50 times the throughput of rocketmq-mapped (3.00 to 4.00, 7 pairs), with 0.50 times its CPU time a byte"
    )
    assert race_outcome(NOISY).endswith(": too noisy to tell, which is held against nobody")
    assert race_outcome(SPOILT) == "the race against kafka is not valid: the consumer went away"


@pytest.mark.parametrize(
    ("wrong", "key"),
    [
        (RACE.replace("rocketmq-mapped", "rocketmq-maped"), "race.rival"),
        (RACE.replace("pairs = 5", "pairs = 4"), "race.pairs"),
        (RACE.replace("1.7", "0"), "race.least"),
        (RACE.replace('"1M"', '"1"'), "race.log"),
    ],
)
def test_what_cannot_be_raced_is_refused(campaign: CampaignFolder, wrong: str, key: str) -> None:
    with pytest.raises(LevelError, match=key):
        load_level(campaign.level(toml=LEVEL + wrong.replace("{", "{{").replace("}", "}}")))


def test_a_reference_whose_race_was_too_noisy_is_not_misjudged(level: Level) -> None:
    reference = ReferenceFile(name="slow", plan="repeat:\n sendfile(sock, log, 1K)\n", passed=False, stars=0)

    def trial(raced: Contest) -> Trial:
        report = RunReport(level="5-1", plan="", passed=True, stars=3, at_par=(), scenes=(), contest=raced)
        return Trial(reference, report)

    assert misjudged([trial(NOISY)]) == []
    assert len(misjudged([trial(WON)])) == 1


@pytest.mark.parametrize(("raced", "begins"), [(LOST, "The clock says no"), (NOISY, "This host is busy")])
def test_hints_know_how_it_went(raced: Contest, begins: str) -> None:
    seventeen = load_campaign().level("5-1")
    verdict = verdict_of(seventeen, raced)
    report = RunReport(level="5-1", plan="", passed=True, stars=1, at_par=(), scenes=(), contest=raced)
    known = situation(report, verdict, uses=frozenset(), syntax=False)
    assert choose(seventeen.text("en"), 1, known).startswith(begins)


@pytest.mark.asyncio
async def test_a_real_one_is_run_and_kept(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, level: Level) -> None:
    """Which of the two is faster is not asked here: the host may be busy."""
    monkeypatch.setenv("ZCQUEST_CACHE", str(tmp_path))
    assert level.race
    turns = []
    async with open_laboratory() as laboratory:
        plan = read_plan(level, "repeat:\n    read(log, buf, 64K)\n    write(sock, buf, 64K)\n")
        found = await contend(laboratory, level.race, plan, lambda turn: turns.append(turn.pair))
        losing = read_plan(level, "once:\n    read(log, buf, 64K)\n    write(sock, buf, 64K)\n")
        spoilt = await contend(laboratory, level.race, losing)
    assert (found.rival, found.least, found.pairs, found.spoilt) == ("rocketmq-mapped", 1.7, 5, None)
    assert found.throughput and found.cpu and found.throughput.low <= found.throughput.median <= found.throughput.high
    assert max(turns) == 5 and len(turns) == 12
    assert spoilt.won is False and spoilt.spoilt is not None
    assert msgspec.json.decode(msgspec.json.encode(found), type=Contest) == found
