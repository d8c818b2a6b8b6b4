"""What the level asks for and how far the last run got: features, pars, limits, and the player's prediction."""

from __future__ import annotations

from collections.abc import Iterator

from textual.content import Content
from textual.widgets import Static

from zcquest.levels.language import gettext as _
from zcquest.levels.language import say
from zcquest.levels.loader import Level
from zcquest.levels.progress import Prediction
from zcquest.levels.report import RunReport
from zcquest.levels.schema import Metric, RaceFile, SceneFile
from zcquest.levels.verdict import COPIES_TOLERANCE, Comparison, Verdict
from zcquest.levels.words import race_goal, race_outcome
from zcquest.tui.widgets.wording import (
    bound_figure,
    feature_goal,
    mark,
    metric_figure,
    metric_word,
    rounded_size,
)

_COLOURS = {True: "$success", False: "$error", None: "$foreground"}


class Goals(Static):
    """Redrawn as a whole from what it is shown."""

    def __init__(self, level: Level, *, id: str | None = None) -> None:
        super().__init__(id=id)
        self._level = level
        self._latest: tuple[RunReport, Verdict] | None = None
        self._prediction: Prediction | None = None

    def on_mount(self) -> None:
        self.retranslate()

    def show(self, latest: tuple[RunReport, Verdict] | None, prediction: Prediction | None) -> None:
        """`latest` is the last whole run; before it the goals stand open."""
        self._latest, self._prediction = latest, prediction
        self.retranslate()

    def retranslate(self) -> None:
        self.update(Content("\n").join(self._lines()))

    def _lines(self) -> Iterator[Content]:
        yield Content.styled(_("GOALS"), "bold $primary")
        yield from self._features()
        for scene in self._level.scenes:
            yield from self._scene(scene)
        if self._level.race:
            yield from self._race(self._level.race)
        if self._prediction:
            yield Content("")
            yield from self._foresight(self._prediction)
        if self._latest:
            yield from self._remarks(self._latest[0])

    def _features(self) -> Iterator[Content]:
        for feature in self._level.features:
            kept, detail = self._outcome(feature.value)
            yield _row(kept, feature_goal(feature))
            if detail:
                yield Content.styled(f"  {detail}", "$quiet")

    def _outcome(self, feature: str) -> tuple[bool | None, str]:
        """Whether every scene kept the feature, and what the first that lost it says; else the first scene."""
        if not self._latest:
            return None, ""
        judged = [scene.features[feature] for scene in self._latest[0].scenes if feature in scene.features]
        lost = next((judgement for judgement in judged if not judgement.kept), None)
        told = lost or (judged[0] if judged else None)
        return lost is None, say(told.detail) if told else ""

    def _scene(self, scene: SceneFile) -> Iterator[Content]:
        if len(self._level.scenes) > 1:
            start = _("cold") if scene.start == "cold" else _("warm")
            yield Content("")
            # a scene may be named by its start
            facts = dict.fromkeys((_(scene.name), start, rounded_size(scene.log.size)))
            yield Content.styled("▸ " + " · ".join(facts), "bold")
            line = self._level.text().scenes.get(scene.name)
            if line:
                yield Content.styled(line.replace("`", ""), "$quiet")
        verdict = self._latest[1] if self._latest else None
        for metric in Metric:
            par, limit = scene.par.of(metric), scene.limit.of(metric)
            if limit is not None:
                yield self._bound(metric, limit, _found(verdict.limits if verdict else (), metric, scene), limit=True)
            if par is not None:
                yield self._bound(metric, par, _found(verdict.pars if verdict else (), metric, scene), limit=False)

    def _bound(self, metric: Metric, bound: float | int, row: Comparison | None, *, limit: bool) -> Content:
        stated = (_("at most {bound}") if limit else _("par {bound}")).format(bound=bound_figure(metric, bound))
        star = "" if limit or metric not in self._level.stars else " ★"
        if row is None:
            return _row(None, f"{metric_word(metric)}  {stated}{star}")
        said = f"{metric_word(metric)}  {metric_figure(metric, row.value)}  ({stated}){star}"
        passed = self._latest is not None and self._latest[1].passed
        open_question = row.value is None or (row.met and not limit and not passed)  # a par counts once one passes
        return _row(None if open_question else row.met, said)

    def _race(self, race: RaceFile) -> Iterator[Content]:
        contest = self._latest[1].contest if self._latest else None
        yield _row(contest.won if contest else None, race_goal(race.rival, race.least))
        if contest:
            yield Content.styled(f"  {race_outcome(contest)}", "$quiet")

    def _foresight(self, predicted: Prediction) -> Iterator[Content]:
        yield Content.styled(_("YOU PREDICTED"), "bold $primary")
        pairs = ((Metric.COPIES, predicted.copies), (Metric.SWITCHES, predicted.switches))
        verdict = self._latest[1] if self._latest else None
        for metric, guess in pairs:
            said = _("{figure} {metric}").format(figure=bound_figure(metric, guess), metric=metric_word(metric))
            was = None
            if verdict:
                was = verdict.copies if metric is Metric.COPIES else verdict.switches
            if was is None:
                yield _row(None, said)
            elif abs(was - guess) <= COPIES_TOLERANCE:
                yield _row(True, said)
            else:
                figure = metric_figure(metric, was)
                yield _row(False, _("{guess}: it was {figure}").format(guess=said, figure=figure))

    def _remarks(self, report: RunReport) -> Iterator[Content]:
        """Why a scene broke off, and what must be known before its figures are believed."""
        said = [say(sentence) for scene in report.scenes for sentence in (scene.error, *scene.notes) if sentence]
        if said:
            yield Content("")
        for sentence in dict.fromkeys(said):
            yield Content.styled(f"! {sentence}", "$warning")


def _found(rows: tuple[Comparison, ...], metric: Metric, scene: SceneFile) -> Comparison | None:
    return next((row for row in rows if row.metric is metric and row.scene == scene.name), None)


def _row(met: bool | None, text: str) -> Content:
    return Content.styled(f"{mark(met)} {text}", _COLOURS[met])
