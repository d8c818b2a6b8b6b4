"""The run's metrics beside par, best and the brokers', each with what stands behind it; the features kept and lost."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

from textual.content import Content

from zcquest.engine.places import Evidence
from zcquest.levels.brokers import BROKERS, BrokerRun
from zcquest.levels.language import gettext as _
from zcquest.levels.language import say
from zcquest.levels.progress import Best, Prediction
from zcquest.levels.report import RunReport, SceneReport
from zcquest.levels.schema import Metric
from zcquest.levels.verdict import COPIES_TOLERANCE, Verdict
from zcquest.levels.words import evidence_word, feature_word
from zcquest.tui.widgets.columns import left, right
from zcquest.tui.widgets.wording import bound_figure, grouped, mark, metric_figure, metric_word

_LABEL, _YOURS, _PAR, _BEST, _PREDICTED, _BROKER = 9, 11, 6, 8, 11, 10  # cells
_COLOURS = {True: "$success", False: "$error", None: "$foreground"}
_EXPLAINED = (Metric.COPIES, Metric.SWITCHES)  # figures that are sums, with a line of their own
_STRONGEST_FIRST = (Evidence.COUNTED, Evidence.METERED, Evidence.REPORTED, Evidence.PROVED, Evidence.MODELLED)


@dataclass(frozen=True, slots=True)
class Scores:
    """What the table is made of: `best`, `prediction` and `brokers` stand beside the worst scene, as they were made.

    `running` is the broker whose plan is run now; its column waits.
    """

    report: RunReport
    verdict: Verdict
    prediction: Prediction | None
    best: Best
    brokers: Mapping[str, BrokerRun] = field(default_factory=dict)
    running: str = ""


def score_lines(scores: Scores) -> Content:
    """The table, scene by scene."""
    return Content("\n").join([_header(scores), *_scenes(scores), *_remarks(scores.report)])


def _header(scores: Scores) -> Content:
    predicted = _("predicted") if scores.prediction else ""
    best = _("best") if scores.best.runs else ""
    cells = [left("", _LABEL), right(_("yours"), _YOURS), right(_("par"), _PAR), right(best, _BEST)]
    brokers = [right(name, _BROKER) for name in _shown(scores)]
    run_here = "  " + _("run here") if brokers else ""
    return Content.assemble(*cells, right(predicted, _predicted_width(scores)), *brokers, run_here).stylize("$quiet")


def _shown(scores: Scores) -> list[str]:
    """The brokers that have a column."""
    return [name for name in BROKERS if name in scores.brokers or name == scores.running]


def _predicted_width(scores: Scores) -> int:
    return _PREDICTED if scores.prediction else 0


def _scenes(scores: Scores) -> Iterator[Content]:
    told = set[Metric]()  # best and prediction stand once, beside the worst scene
    several = len(scores.report.scenes) > 1
    for scene in scores.report.scenes:
        if several:
            yield Content.styled(f"▸ {_(scene.name)}", "bold $primary")
        for metric in Metric:
            worst = metric not in told and _value(scene, metric) == getattr(scores.verdict, metric.value)
            yield _row(scores, scene, metric, worst)
            if worst:
                told.add(metric)
            yield from _sum(scene, metric)


def _value(scene: SceneReport, metric: Metric) -> float | int | None:
    return {Metric.COPIES: scene.copies, Metric.SWITCHES: scene.switches, Metric.BUFFER: scene.buffer}[metric]


def _row(scores: Scores, scene: SceneReport, metric: Metric, worst: bool) -> Content:
    value, par = _value(scene, metric), scene.par.get(metric.value)
    met = _met(metric, value, par)
    best = getattr(scores.best, metric.value) if worst else None
    colour = _COLOURS[met] if scores.verdict.passed else "$quiet"  # a par earns nothing in a run that failed
    return Content.assemble(
        left(metric_word(metric), _LABEL),
        right(Content.styled(metric_figure(metric, value), "bold"), _YOURS - 2),
        (f" {mark(met)}" if par is not None else "  ", colour),
        right(bound_figure(metric, par) if par is not None else "", _PAR),
        right(metric_figure(metric, best) if best is not None else "", _BEST),
        right(_predicted(scores, metric) if worst else "", _predicted_width(scores)),
        *(right(_brokers(scores, name, metric) if worst else "", _BROKER) for name in _shown(scores)),
        "" if metric in _EXPLAINED else Content.styled(f"  {_evidence(scene, metric)}", "$quiet"),
    )


def _brokers(scores: Scores, name: str, metric: Metric) -> Content | str:
    """The figure of the broker's plan, run in this very level."""
    run = scores.brokers.get(name)
    if run is None:
        return Content.styled("…", "$accent")
    return metric_figure(metric, getattr(run.verdict, metric.value))


def _met(metric: Metric, value: float | int | None, bound: float | int | None) -> bool | None:
    if value is None or bound is None:
        return None
    return value <= bound + (COPIES_TOLERANCE if metric is Metric.COPIES else 0)


def _predicted(scores: Scores, metric: Metric) -> Content | str:
    guess = getattr(scores.prediction, metric.value, None)
    if guess is None:
        return ""
    was = getattr(scores.verdict, metric.value)
    right_guess = None if was is None else abs(was - guess) <= COPIES_TOLERANCE
    return Content.styled(f"{bound_figure(metric, guess)} {mark(right_guess)}", _COLOURS[right_guess])


def _evidence(scene: SceneReport, metric: Metric) -> str:
    if metric is Metric.BUFFER:
        return evidence_word(Evidence.COUNTED)
    if metric is Metric.SWITCHES:
        return _join(Evidence.COUNTED, Evidence.METERED)
    if scene.copies is None:
        return evidence_word(Evidence.NOTHING)
    found = {Evidence(hop.evidence) for hop in scene.hops}
    return _join(*(evidence for evidence in _STRONGEST_FIRST if evidence in found))


def _join(*evidence: Evidence) -> str:
    return _(", ").join(map(evidence_word, evidence))


def _sum(scene: SceneReport, metric: Metric) -> Iterator[Content]:
    """How the figure came about, and who is its witness."""
    if metric not in _EXPLAINED:
        return
    if metric is Metric.SWITCHES:
        said = _("= 2 × ({syscalls} syscalls + {faults} faults in user code)").format(
            syscalls=grouped(sum(scene.syscalls.values())), faults=grouped(scene.user_faults)
        )
    elif scene.copies is None:
        said = ""
    else:
        said = _("= {cpu} by the CPU + {dma} by DMA").format(
            cpu=metric_figure(metric, scene.cpu_copies), dma=metric_figure(metric, scene.dma_copies)
        )
    words = "  ".join(filter(None, (said, _evidence(scene, metric))))
    yield Content.assemble(left("", _LABEL), "  ", (words, "$quiet"))


def _remarks(report: RunReport) -> Iterator[Content]:
    """What must be known before the figures are believed."""
    notes = dict.fromkeys(say(note) for scene in report.scenes for note in scene.notes)
    for note in notes:
        yield Content.styled(f"! {note}", "$warning")


def feature_lines(report: RunReport) -> Content:
    """Each feature of each scene, and what was seen of it; those that this level does not ask for are said to be so."""
    lines = []
    for scene in report.scenes:
        for name, feature in scene.features.items():
            said = feature_word(name)
            if len(report.scenes) > 1:
                said = _("{scene}: {words}").format(scene=_(scene.name), words=said)
            colour = _COLOURS[feature.kept] if feature.required else "$quiet"
            spare = "" if feature.required else " " + _("(not asked for here)")
            lines.append(
                Content.assemble(
                    (f"{mark(feature.kept)} {said}", colour),
                    "  ",
                    (say(feature.detail) + spare, "$foreground" if feature.required else "$quiet"),
                )
            )
    return Content("\n").join(lines)
