"""Passed or not, and how many stars: outcomes against the level's demands, scene by scene."""

from __future__ import annotations

from collections.abc import Mapping

import pytest

from zcquest.levels.loader import Level, load_level
from zcquest.levels.schema import Feature, Metric
from zcquest.levels.verdict import Comparison, Lost, SceneResult, judge

from .conftest import LEVEL, CampaignFolder

SCENES = """\
[[scene]]
name = "cold"
log = {{ size = "64K" }}
par = {{ copies = 4, switches = 4, buffer = "64K" }}
limit = {{ switches = 100, copies = 5 }}

[[scene]]
name = "warm"
log = {{ size = "64K" }}
par = {{ copies = 3 }}

"""
KEPT = {"delivery": True, "checksum": True}


@pytest.fixture
def level(campaign: CampaignFolder) -> Level:
    scene = LEVEL[LEVEL.index("[[scene]]") : LEVEL.index("[[reference]]")]
    toml = LEVEL.replace(scene, SCENES).replace('["delivery"]', '["delivery", "checksum"]')
    return load_level(campaign.level(toml=toml))


def _cold(
    copies: float | None = 4.0, switches: int = 4, buffer: int = 65536, features: Mapping[str, bool] = KEPT
) -> SceneResult:
    return SceneResult("cold", copies, switches, buffer, features, "finished")


def _warm(copies: float | None = 3.0, switches: int = 4, features: Mapping[str, bool] = KEPT) -> SceneResult:
    return SceneResult("warm", copies, switches, 4096, features, "finished")


def test_at_par_everywhere_earns_three_stars(level: Level) -> None:
    verdict = judge(level, [_cold(), _warm()])
    assert (verdict.passed, verdict.stars, verdict.at_par) == (True, 3, {Metric.COPIES, Metric.SWITCHES})
    assert (verdict.copies, verdict.switches, verdict.buffer) == (4.0, 4, 65536)
    assert verdict.pars == (
        Comparison(Metric.COPIES, "cold", 4.0, 4.0, True),
        Comparison(Metric.SWITCHES, "cold", 4, 4, True),
        Comparison(Metric.BUFFER, "cold", 65536, 65536, True),
        Comparison(Metric.COPIES, "warm", 3.0, 3.0, True),
    )
    assert verdict.over == frozenset()


def test_above_par_in_one_scene_costs_that_star_only(level: Level) -> None:
    verdict = judge(level, [_cold(), _warm(copies=3.01)])
    assert (verdict.stars, verdict.at_par) == (2, {Metric.SWITCHES})
    assert verdict.over == {Metric.COPIES}


def test_the_third_star_can_be_had_without_the_second(level: Level) -> None:
    assert judge(level, [_cold(copies=4.5), _warm()]).at_par == {Metric.SWITCHES}
    assert judge(level, [_cold(switches=6), _warm()]).at_par == {Metric.COPIES}


def test_a_scene_without_a_par_for_a_metric_asks_nothing(level: Level) -> None:
    assert judge(level, [_cold(), _warm(switches=90)]).stars == 3


def test_a_metric_that_is_no_star_costs_none_and_shows(level: Level) -> None:
    verdict = judge(level, [_cold(buffer=65537), _warm()])
    assert (verdict.stars, verdict.over) == (3, {Metric.BUFFER})


@pytest.mark.parametrize(("copies", "stars"), [(4.005, 3), (4.006, 2)])
def test_copies_have_the_tolerance_of_the_screen_and_no_more(level: Level, copies: float, stars: int) -> None:
    assert judge(level, [_cold(copies=copies), _warm()]).stars == stars


def test_switches_have_no_tolerance(level: Level) -> None:
    assert judge(level, [_cold(switches=5), _warm()]).stars == 2


def test_a_lost_feature_in_one_scene_fails_the_level(level: Level) -> None:
    verdict = judge(level, [_cold(), _warm(features={"delivery": True, "checksum": False})])
    assert (verdict.passed, verdict.stars, verdict.at_par) == (False, 0, frozenset())
    assert verdict.lost == (Lost(Feature.CHECKSUM, "warm"),)


def test_a_feature_that_nobody_judged_is_not_kept(level: Level) -> None:
    verdict = judge(level, [_cold(features={"delivery": True}), _warm(features={"delivery": True})])
    assert verdict.lost == (Lost(Feature.CHECKSUM, "cold"), Lost(Feature.CHECKSUM, "warm"))


def test_a_scene_in_which_a_feature_cannot_be_lost_loses_nothing(level: Level) -> None:
    assert judge(level, [_cold(features={"delivery": True}), _warm()]).passed
    assert judge(level, [_cold(), _warm(features={"delivery": True, "checksum": False})]).lost


def test_a_feature_that_the_level_does_not_ask_for_may_be_lost(level: Level) -> None:
    assert judge(level, [_cold(features={**KEPT, "survival": False}), _warm()]).stars == 3


def test_a_limit_fails_the_level(level: Level) -> None:
    verdict = judge(level, [_cold(switches=101), _warm()])
    assert (verdict.passed, verdict.stars) == (False, 0)
    assert [row for row in verdict.limits if not row.met] == [Comparison(Metric.SWITCHES, "cold", 101, 100, False)]
    assert judge(level, [_cold(switches=100), _warm()]).passed


def test_a_scene_that_was_not_run_fails_the_level(level: Level) -> None:
    verdict = judge(level, [_cold()])
    assert (verdict.passed, verdict.stars, verdict.missing) == (False, 0, ("warm",))


def test_copies_without_a_witness_earn_no_star_and_hold_nobody_up(level: Level) -> None:
    verdict = judge(level, [_cold(copies=None), _warm()])
    assert (verdict.passed, verdict.stars, verdict.copies) == (True, 2, None)
    assert verdict.over == frozenset()
    assert verdict.pars[0] == Comparison(Metric.COPIES, "cold", None, 4.0, False)


def test_results_of_another_level_are_refused(level: Level) -> None:
    with pytest.raises(ValueError, match="hot"):
        judge(level, [SceneResult("hot", 1.0, 1, 1, KEPT, "finished")])
    with pytest.raises(ValueError, match="once each"):
        judge(level, [_cold(), _cold()])
