"""The line at the top of the level screen: which level, and its goals at a glance."""

from __future__ import annotations

from rich.cells import cell_len, set_cell_size
from textual.app import RenderResult
from textual.content import Content
from textual.message import Message
from textual.widget import Widget

from zcquest.levels.loader import Level
from zcquest.levels.report import RunReport
from zcquest.levels.schema import STARS, Metric
from zcquest.levels.verdict import Verdict
from zcquest.levels.words import feature_word
from zcquest.tui.widgets.map.canvas import fit
from zcquest.tui.widgets.wording import bound_figure, mark, metric_figure, metric_word


class LevelHeader(Widget):
    """`show` it the last run and the best stars so far."""

    class Clicked(Message):
        """The player points at the goals."""

    def __init__(self, level: Level) -> None:
        super().__init__()
        self._level = level
        self._latest: tuple[RunReport, Verdict] | None = None
        self._stars = 0

    def show(self, latest: tuple[RunReport, Verdict] | None, stars: int) -> None:
        """`stars` are the most that any run of the level has earned."""
        self._latest, self._stars = latest, stars
        self.refresh()

    def on_click(self) -> None:
        self.post_message(self.Clicked())

    def render(self) -> RenderResult:
        stars = ["★" * self._stars + "☆" * (STARS - self._stars)] if self._level.scored else []
        parts = [*self._features(), *self._metrics(), *stars]
        name = f"{self._level.id}  " if self._level.scored else ""
        title = f"{name}{self._level.text().title}"
        wide = [gap.join(parts) for gap in ("   ", "  ")]
        right = next((said for said in wide if cell_len(title + said) + 4 <= self.size.width), wide[-1])
        room = max(0, self.size.width - cell_len(right) - 4)
        title = set_cell_size(fit(title, room), room)
        return Content.assemble((f" {title} ", "bold"), f" {right} ")

    def _features(self) -> list[str]:
        lost = {row.feature for row in self._latest[1].lost} if self._latest else set()
        known = self._latest is not None
        return [
            f"{mark(feature not in lost if known else None)} {feature_word(feature.value)}"
            for feature in self._level.features
        ]

    def _metrics(self) -> list[str]:
        return [said for metric in self._level.stars if (said := self._metric(metric))]

    def _metric(self, metric: Metric) -> str:
        """The scene that is furthest from its par speaks for all."""
        pars = [bound for scene in self._level.scenes if (bound := scene.par.of(metric)) is not None]
        if not self._latest:
            return f"{metric_word(metric)} –/{bound_figure(metric, min(pars))}"
        rows = [row for row in self._latest[1].pars if row.metric is metric]
        rows.sort(key=lambda row: row.met)
        if not rows:
            return ""
        row = rows[0]
        earned = row.met if self._latest[1].passed or not row.met else None  # a par counts once one passes
        figure = metric_figure(metric, row.value)
        return f"{metric_word(metric)} {figure}/{bound_figure(metric, row.bound)} {mark(earned)}"
