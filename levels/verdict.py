"""Passed or not, and how many stars: what a plan did in every scene of a level, against the level's demands."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from zcquest.levels.contest import Contest
from zcquest.levels.loader import Level
from zcquest.levels.schema import Feature, Metric, MetricsFile, SceneFile

COPIES_TOLERANCE = 0.005  # copies per byte: what two decimals on the screen cannot tell apart


@dataclass(frozen=True, slots=True)
class SceneResult:
    """What a plan did in one scene.

    `copies` per payload byte (None where nothing on this host could witness them), `switches` mode switches, `buffer`
    the bytes of its user buffers, `features` by name whether each was kept, `ending` how the run ended.
    """

    name: str
    copies: float | None
    switches: int
    buffer: int
    features: Mapping[str, bool]
    ending: str

    def of(self, metric: Metric) -> float | int | None:
        match metric:
            case Metric.COPIES:
                return self.copies
            case Metric.SWITCHES:
                return self.switches
            case Metric.BUFFER:
                return self.buffer


@dataclass(frozen=True, slots=True)
class Comparison:
    """One metric of one scene against a bound. `value` is None where it was not witnessed; then it is not `met`."""

    metric: Metric
    scene: str
    value: float | int | None
    bound: float | int
    met: bool


@dataclass(frozen=True, slots=True)
class Lost:
    """A feature that the level requires and that was not kept in a scene."""

    feature: Feature
    scene: str


@dataclass(frozen=True, slots=True)
class Verdict:
    """What the result screen shows.

    `stars` is 0 when the level is not passed. `pars` holds a row for each par that a scene states, `limits` for each
    limit; `at_par` are the level's star metrics that earned one; `missing` are the scenes that were not run.
    `copies`, `switches` and `buffer` are those of the worst scene; `copies` is None where one scene's are not known.
    `contest` is the level's race; `unraced`: it has one that was not run, for there was nothing to race with.
    """

    passed: bool
    stars: int
    lost: tuple[Lost, ...]
    missing: tuple[str, ...]
    limits: tuple[Comparison, ...]
    pars: tuple[Comparison, ...]
    at_par: frozenset[Metric]
    copies: float | None
    switches: int
    buffer: int
    contest: Contest | None = None
    unraced: bool = False

    @property
    def over(self) -> frozenset[Metric]:
        """The metrics above par in some scene, star metrics or not; those not witnessed are not among them."""
        return frozenset(row.metric for row in self.pars if row.value is not None and not row.met)

    @property
    def broken(self) -> frozenset[Metric]:
        """The metrics above a limit in some scene: they hold the level up."""
        return frozenset(row.metric for row in self.limits if row.value is not None and not row.met)


def judge(level: Level, scenes: Sequence[SceneResult], contest: Contest | None = None) -> Verdict:
    """The verdict on one plan's `scenes`, and on its race where the level has one.

    Passed: every scene was run, kept every required feature and exceeded no limit, and the race was not lost. A limit
    on copies that this host cannot witness, and a race too noisy to tell, hold nobody up; a par that it cannot witness
    earns no star. Raises ValueError when `scenes` names
    a scene that the level does not have, or one twice.
    """
    results = {result.name: result for result in scenes}
    known = [scene.name for scene in level.scenes]
    if len(results) != len(scenes) or not set(results) <= set(known):
        raise ValueError(f"{[result.name for result in scenes]} are not scenes of {level.id}, once each: {known}")
    played = [(scene, results[scene.name]) for scene in level.scenes if scene.name in results]
    missing = tuple(name for name in known if name not in results)
    judged = {name for result in scenes for name in result.features}
    lost = tuple(
        Lost(feature, scene.name)
        for scene, result in played
        for feature in level.features
        if not result.features.get(feature, feature in judged)  # some scenes have nothing to lose it by
    )
    limits = tuple(row for scene, result in played for row in _compare(scene, scene.limit, result))
    pars = tuple(row for scene, result in played for row in _compare(scene, scene.par, result))
    passed = not missing and not lost and all(row.met or row.value is None for row in limits)
    if level.race:
        passed = passed and contest is not None and contest.won is not False
    at_par = frozenset(
        metric for metric in level.stars if passed and all(row.met for row in pars if row.metric is metric)
    )
    return Verdict(
        passed=passed,
        stars=1 + len(at_par) if passed else 0,
        lost=lost,
        missing=missing,
        limits=limits,
        pars=pars,
        at_par=at_par,
        copies=_worst_copies(scenes),
        switches=max((result.switches for result in scenes), default=0),
        buffer=max((result.buffer for result in scenes), default=0),
        contest=contest if level.race else None,
        unraced=level.race is not None and contest is None,
    )


def _compare(scene: SceneFile, bounds: MetricsFile, result: SceneResult) -> list[Comparison]:
    rows = []
    for metric in Metric:
        bound, value = bounds.of(metric), result.of(metric)
        if bound is None:
            continue
        slack = COPIES_TOLERANCE if metric is Metric.COPIES else 0
        rows.append(Comparison(metric, scene.name, value, bound, value is not None and value <= bound + slack))
    return rows


def _worst_copies(scenes: Sequence[SceneResult]) -> float | None:
    copies = [result.copies for result in scenes if result.copies is not None]
    return max(copies) if copies and len(copies) == len(scenes) else None
