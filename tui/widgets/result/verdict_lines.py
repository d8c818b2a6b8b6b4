"""The verdict in words: what the stars are for, or why the level is not passed."""

from __future__ import annotations

from collections.abc import Iterator

from textual.content import Content

from zcquest.levels.language import gettext as _
from zcquest.levels.language import say
from zcquest.levels.loader import Level
from zcquest.levels.progress import Prediction
from zcquest.levels.recording import Recorded
from zcquest.levels.report import RunReport, SceneReport
from zcquest.levels.schema import STARS, Feature, Metric
from zcquest.levels.verdict import COPIES_TOLERANCE, Comparison, Verdict
from zcquest.levels.words import feature_word, race_outcome
from zcquest.tui.widgets.stars import EARNED, MISSED
from zcquest.tui.widgets.wording import bound_figure, metric_figure, metric_word

FORESEEN = "◎"
_ABREAST = "   "


def verdict_lines(
    report: RunReport,
    verdict: Verdict,
    level: Level,
    new_best: frozenset[str],
    *,
    handed: int | None = None,
    foreseen: bool = False,
    cells: int = 0,
) -> Content:
    """What to read first: passed with which stars, or each reason why not.

    `handed`: so many of the stars have been handed over by now, all of them if None. `foreseen`: the player had
    predicted both figures. What the stars are for stands in one line if that takes no more than `cells`.
    """
    if not level.scored:
        return Content("\n").join([_measured(verdict), *_reasons(report, verdict)])
    if not verdict.passed:
        return Content("\n").join([Content.styled(_("✗ Not passed"), "bold $error"), *_reasons(report, verdict)])
    if handed is not None and handed < verdict.stars:
        lines = [_headline(verdict, frozenset(), handed), *_earned(verdict, level, handed, cells)]
        return Content("\n").join([*lines, Content("")] if foreseen else lines)
    lines = [_headline(verdict, new_best, verdict.stars), *_earned(verdict, level, verdict.stars, cells)]
    if foreseen:
        words = _("copies and switches as you foresaw them")
        lines.append(Content.styled(f"{FORESEEN} {words}", "bold $accent"))
    return Content("\n").join(lines)


def foresaw(prediction: Prediction | None, verdict: Verdict) -> bool:
    """Whether both figures that the player predicted are what the run came to."""
    if prediction is None or verdict.copies is None:
        return False
    return abs(verdict.copies - prediction.copies) <= COPIES_TOLERANCE and verdict.switches == prediction.switches


def recorded_lines(recorded: Recorded) -> Content:
    """In the verdict's place, over a run that was recorded elsewhere."""
    told = _("Recorded on {system} on {date}: not run here, and it earns nothing")
    lines = [Content.styled(told.format(system=recorded.system, date=recorded.date), "bold $warning")]
    if not recorded.same_plan:
        words = _("Your plan was not recorded. This is the reference plan {name}.")
        lines.append(Content(words.format(name=recorded.reference)))
    return Content("\n").join(lines)


def _measured(verdict: Verdict) -> Content:
    figures = ((Metric.COPIES, verdict.copies), (Metric.SWITCHES, verdict.switches))
    said = (
        _("{figure} {metric}").format(figure=metric_figure(metric, value), metric=metric_word(metric))
        for metric, value in figures
    )
    return Content.styled(_("Measured: {figures}").format(figures=_(", ").join(said)), "bold $primary")


def _headline(verdict: Verdict, new_best: frozenset[str], handed: int) -> Content:
    drawn = (EARNED * handed + MISSED * (STARS - handed), "bold $star")
    words = _("Passed, {stars} of {total} stars").format(stars=verdict.stars, total=STARS)
    records = _(", ").join(metric_word(metric) for metric in Metric if metric.value in new_best)
    news = _("your new best: {metrics}").format(metrics=records) if records else ""
    return Content.assemble(drawn, "  ", (words, "bold $success"), "   ", (news, "$star"))


def _earned(verdict: Verdict, level: Level, handed: int, cells: int) -> list[Content]:
    """What each star is for, abreast or one below the other; nothing moves when the next one is handed over."""
    stars = [(_star(True, _("every message as asked, nothing lost")), handed >= 1)]
    earned = 1
    for metric in level.stars:
        rows = [row for row in verdict.pars if row.metric is metric]
        worst = next((row for row in rows if not row.met), rows[0] if rows else None)
        if worst:
            earned += metric in verdict.at_par
            seen = handed >= (earned if metric in verdict.at_par else verdict.stars)
            stars.append((_star(metric in verdict.at_par, _against_par(worst)), seen))
    contest = Content(f"  {race_outcome(verdict.contest)}" if handed >= 1 else "") if verdict.contest else None
    if Content(_ABREAST).join([star for star, _seen in stars]).cell_length <= cells:
        lines = [Content(_ABREAST).join([star for star, seen in stars if seen])]
    else:
        lines = [star if seen else Content("") for star, seen in stars]
    return lines if contest is None else [lines[0], contest, *lines[1:]]


def _star(earned: bool, words: str) -> Content:
    return Content.assemble((EARNED if earned else MISSED, "$star" if earned else "$quiet"), " ", words)


def _against_par(row: Comparison) -> str:
    word, par = metric_word(row.metric), bound_figure(row.metric, row.bound)
    if row.value is None:
        return _("{metric}: nothing on this host could witness them, par {par}").format(metric=word, par=par)
    figure = metric_figure(row.metric, row.value)
    return _("{metric} {figure}, par {par}").format(metric=word, figure=figure, par=par)


def _reasons(report: RunReport, verdict: Verdict) -> list[Content]:
    several = len(report.scenes) > 1
    return [Content.styled(f"✗ {reason}", "$error") for reason in dict.fromkeys(_why_not(report, verdict, several))]


def _why_not(report: RunReport, verdict: Verdict, several: bool) -> Iterator[str]:
    scenes = {scene.name: scene for scene in report.scenes}
    for scene in report.scenes:
        if scene.error:
            yield _in(scene.name, say(scene.error), several)
    for lost in verdict.lost:
        yield _in(lost.scene, _lost(lost.feature, scenes[lost.scene]), several)
    for row in verdict.limits:
        if not row.met and row.value is not None:
            yield _in(row.scene, _over(row), several)
    if verdict.contest and verdict.contest.won is False:
        yield _("race lost: {outcome}").format(outcome=race_outcome(verdict.contest))
    elif verdict.unraced and not verdict.lost:
        yield _("the race was not run")
    for name in verdict.missing:
        yield _("scene {scene} was not run").format(scene=_(name))


def _in(scene: str, words: str, several: bool) -> str:
    return _("{scene}: {words}").format(scene=_(scene), words=words) if several else words


def _lost(feature: Feature, scene: SceneReport) -> str:
    name = feature_word(feature.value)
    judged = scene.features.get(feature.value)
    return _("{feature} lost: {detail}").format(feature=name, detail=say(judged.detail)) if judged else name


def _over(row: Comparison) -> str:
    return _("{metric} {figure}, the limit is {limit}").format(
        metric=metric_word(row.metric),
        figure=metric_figure(row.metric, row.value),
        limit=bound_figure(row.metric, row.bound),
    )
