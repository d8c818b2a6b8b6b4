"""A level's kept runs in lines: how each metric went from run to run, and every run with its figures."""

from __future__ import annotations

import time
from collections.abc import Sequence

from textual.content import Content

from zcquest.levels.language import gettext as _
from zcquest.levels.loader import Level
from zcquest.levels.progress import Best, RunRow
from zcquest.levels.schema import Metric
from zcquest.tui.widgets.columns import left, right
from zcquest.tui.widgets.stars import EARNED, MISSED
from zcquest.tui.widgets.wording import bound_figure, metric_figure, metric_word

_BARS = "▁▂▃▄▅▆▇█"
_MISSED = "×"  # a run that did not pass
_BEST_SIGN = "◆"
_LABEL, _BEST, _PAR = 10, 16, 14  # cells
WIDTHS = {Metric.COPIES: 8, Metric.SWITCHES: 10, Metric.BUFFER: 7}
_WHEN, _STARS = 17, 5  # cells


def spark_lines(runs: Sequence[RunRow], best: Best, level: Level | None, width: int) -> Content:
    """A line a metric, the oldest run at the left; as many of the latest runs as `width` cells have room for."""
    return Content("\n").join(_spark(metric, runs, best, level, width) for metric in Metric)


def _spark(metric: Metric, runs: Sequence[RunRow], best: Best, level: Level | None, width: int) -> Content:
    figure, par = getattr(best, metric.value), _par(level, metric)
    latest = runs[: max(1, width - _LABEL - _BEST - _PAR - 2)][::-1]
    return Content.assemble(
        left(Content.styled(metric_word(metric), "bold"), _LABEL),
        left(_("best {figure}").format(figure=metric_figure(metric, figure)) if figure is not None else "-", _BEST),
        left(_("par {figure}").format(figure=bound_figure(metric, par)) if par is not None else "", _PAR).stylize(
            "$quiet"
        ),
        *sparkline([(getattr(run, metric.value), run.passed) for run in latest]),
    )


def sparkline(figures: Sequence[tuple[float | int | None, bool]]) -> list[tuple[str, str]]:
    """A bar for each figure of a run that passed, a cross for one that did not, a dot where there is no figure."""
    known = [figure for figure, passed in figures if passed and figure is not None]
    lowest, highest = min(known, default=0.0), max(known, default=0.0)
    drawn = []
    for figure, passed in figures:
        if not passed:
            drawn.append((_MISSED, "$error"))
        elif figure is None:
            drawn.append(("·", "$quiet"))
        else:
            part = (figure - lowest) / (highest - lowest) if highest > lowest else 0.0
            best = figure == lowest
            drawn.append((_BARS[round(part * (len(_BARS) - 1))], "$success" if best else "$primary"))
    return drawn


def _par(level: Level | None, metric: Metric) -> float | int | None:
    """The loosest of the scenes' pars: what the worst scene is held to."""
    pars = [par for scene in level.scenes if (par := scene.par.of(metric)) is not None] if level else []
    return max(pars, default=None)


def run_heads() -> Content:
    """What stands above the runs."""
    figures = [right(metric_word(metric), width) for metric, width in WIDTHS.items()]
    return Content.assemble(left(_("when"), _WHEN), left("", _STARS), *figures).stylize("$quiet")


def run_line(run: RunRow, best: Best) -> Content:
    """When, stars, and each metric; a figure that is the best of its metric is marked."""
    drawn = EARNED * run.stars + MISSED * (3 - run.stars) if run.passed else "✗"
    cells = []
    for metric, width in WIDTHS.items():
        figure = getattr(run, metric.value)
        shown = Content(metric_figure(metric, figure))
        if run.passed and figure is not None and figure == getattr(best, metric.value):
            shown = Content.styled(f"{_BEST_SIGN}{shown.plain}", "bold $success")
        cells.append(right(shown, width))
    return Content.assemble(
        left(time.strftime("%Y-%m-%d %H:%M", time.localtime(run.at)), _WHEN),
        left(Content.styled(drawn, "$star" if run.passed else "$error"), _STARS),
        *cells,
    )
