"""All own runs of a level as points, copies against switches, with what each lost; and which nothing beats in both."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from math import ceil, floor, log10
from string import ascii_lowercase

import msgspec
from rich.cells import cell_len
from textual.app import RenderResult
from textual.content import Content
from textual.events import Click
from textual.message import Message
from textual.style import Style
from textual.widget import Widget

from zcquest.levels.language import gettext as _
from zcquest.levels.language import ngettext
from zcquest.levels.loader import Level
from zcquest.levels.progress import RunRow
from zcquest.levels.schema import Feature, Metric
from zcquest.levels.words import feature_word
from zcquest.tui.widgets.wording import grouped, metric_figure, metric_word

LATEST, FRONT, PASSED, FAILED, PAR = "◆", "●", "•", "○", "+"
_STYLES = {LATEST: "bold $accent", FRONT: "bold $success", PASSED: "$success", FAILED: "$error", PAR: "$primary"}
_ORDER = (PAR, FAILED, PASSED, FRONT, LATEST)  # later ones are drawn over earlier ones
_LETTERS = _ORDER.index(FAILED)  # letters are drawn over no more than that
_MARGIN = 7  # cells for the figures beside the vertical axis


@dataclass(frozen=True, slots=True)
class Point:
    """One run: copies per byte, switches, whether it passed, and the features that it lost, asked for or not.

    `run` is the number that it is kept under.
    """

    copies: float
    switches: int
    passed: bool
    lost: tuple[str, ...] = ()
    run: int | None = None


@dataclass(frozen=True, slots=True)
class Runs:
    """What is plotted. The last of `points` is the run that is looked at; `par` its level's, where both are stated."""

    points: tuple[Point, ...]
    par: tuple[float, int] | None


def runs_of(level: Level, rows: Sequence[RunRow]) -> Runs:
    """The kept runs, oldest first, without those whose copies nothing could witness."""
    points = tuple(
        Point(row.copies, row.switches, row.passed, lost_in(row.report), row.id)
        for row in rows
        if row.copies is not None
    )
    pars = [(scene.par.of(Metric.COPIES), scene.par.of(Metric.SWITCHES)) for scene in level.scenes]
    both = [(float(copies), int(switches)) for copies, switches in pars if copies is not None and switches is not None]
    return Runs(points, max(both, default=None))


class _Judged(msgspec.Struct):
    kept: bool


class _Scene(msgspec.Struct):
    features: dict[str, _Judged] = {}


class _Report(msgspec.Struct):
    """Of a kept report, what is looked at here."""

    scenes: tuple[_Scene, ...] = ()


def lost_in(report: msgspec.Raw) -> tuple[str, ...]:
    """The features that were lost in any scene of a kept run; none where its report cannot be read any more."""
    try:
        scenes = msgspec.json.decode(report, type=_Report).scenes
    except msgspec.DecodeError:
        return ()
    lost = {name for scene in scenes for name, judged in scene.features.items() if not judged.kept}
    return tuple(feature.value for feature in Feature if feature.value in lost)


def front(points: Sequence[Point]) -> list[Point]:
    """The passed runs that no other one beats in one metric without losing in the other; each pair of figures once."""
    found: dict[tuple[float, int], Point] = {}
    for point in sorted(points, key=lambda point: (round(point.copies, 2), point.switches)):
        fewest = min((other.switches for other in found.values()), default=None)
        if point.passed and (fewest is None or point.switches < fewest):
            found[round(point.copies, 2), point.switches] = point
    return list(found.values())


def pareto_lines(runs: Runs, width: int, height: int) -> Content:
    """The plot in `width` cells and, if there is room, `height` lines, and what is to be read off it."""
    if not runs.points:
        return Content.styled(_("No run with figures is kept yet."), "$quiet")
    best, letters = front(runs.points), letters_of(runs.points)
    room = height - 9 - 2 * bool(letters)
    return Content("\n").join([*_plot(runs, best, width, max(4, room)), Content(""), *_said(runs, best, letters)])


def letters_of(points: Sequence[Point]) -> dict[tuple[str, ...], str]:
    """A letter for each set of features that a run lost; a run that passed is drawn with the capital."""
    losses = dict.fromkeys(point.lost for point in points if point.lost)
    return dict(zip(losses, ascii_lowercase, strict=False))


class ParetoPlot(Widget):
    """The plot, as large as its room."""

    can_focus = True

    @dataclass
    class Pointed(Message):
        """The player points at the latest run with these figures, by its number."""

        run: int

    def __init__(self, *, id: str | None = None) -> None:
        super().__init__(id=id)
        self._runs = Runs((), None)

    def show(self, runs: Runs) -> None:
        self._runs = runs
        self.refresh()

    def on_click(self, event: Click) -> None:
        run = event.style.meta.get("run")
        if run is not None:
            self.post_message(self.Pointed(run))

    def render(self) -> RenderResult:
        return pareto_lines(self._runs, self.size.width, self.size.height)


def _plot(runs: Runs, best: Sequence[Point], width: int, height: int) -> list[Content]:
    marks = _marks(runs, best)
    low, high = floor(min(copies for copies, _s, _m in marks)), ceil(max(copies for copies, _s, _m in marks))
    low, high = (low, high) if high > low else (max(0, low - 1), high + 1)
    logs = [log10(max(1, switches)) for _c, switches, _m in marks]
    left, right = floor(min(logs)), ceil(max(logs))
    right = max(right, left + 1)
    room = max(10, width - _MARGIN - cell_len(metric_word(Metric.SWITCHES)) - 3)

    def place(copies: float, switches: int) -> tuple[int, int]:
        x = round((log10(max(1, switches)) - left) / (right - left) * (room - 1))
        return x, round((high - copies) / (high - low) * (height - 1))

    cells = {place(copies, switches): mark for copies, switches, mark in marks}
    numbers = {place(point.copies, point.switches): point.run for point in runs.points}
    lines = [Content.styled(f"{metric_word(Metric.COPIES)}", "$quiet")]
    ticks = {round((high - value) / (high - low) * (height - 1)): value for value in range(low, high + 1)}
    for y in range(height):
        label = f"{ticks[y]:>{_MARGIN - 2}} ┤" if y in ticks else " " * (_MARGIN - 1) + "│"
        row = [Content.styled(label, "$quiet")]
        row += [_point(cells[x, y], numbers.get((x, y))) if (x, y) in cells else Content(" ") for x in range(room)]
        lines.append(Content.assemble(*row))
    lines.append(_axis(left, right, room))
    return lines


def _point(mark: str, run: int | None) -> Content:
    """The mark, and the run that a click on it means."""
    shown = Content.styled(mark, _style(mark))
    return shown if run is None else shown.stylize(Style.from_meta({"run": run}))


def _axis(left: int, right: int, room: int) -> Content:
    rule, figures = list("─" * room), [" "] * (room + 8)
    for power in range(left, right + 1):
        x = round((power - left) / (right - left) * (room - 1))
        rule[x] = "┴"
        said = grouped(10**power)
        start = min(max(0, x - len(said) // 2), room - len(said))
        figures[start : start + len(said)] = list(said)
    blank = " " * (_MARGIN - 1)
    words = f"{blank}└{''.join(rule)}\n{blank} {''.join(figures).rstrip()}  {metric_word(Metric.SWITCHES)}"
    return Content.styled(words, "$quiet")


def _marks(runs: Runs, best: Sequence[Point]) -> list[tuple[float, int, str]]:
    letters = letters_of(runs.points)
    found = [(point.copies, point.switches, _mark(point, letters)) for point in runs.points]
    found += [(point.copies, point.switches, FRONT) for point in best]
    if runs.par:
        found.append((*runs.par, PAR))
    last = runs.points[-1]
    found.append((last.copies, last.switches, LATEST))
    return sorted(found, key=lambda mark: _ORDER.index(mark[2]) if mark[2] in _ORDER else _LETTERS)


def _mark(point: Point, letters: Mapping[tuple[str, ...], str]) -> str:
    letter = letters.get(point.lost)
    if letter is None:
        return PASSED if point.passed else FAILED
    return letter.upper() if point.passed else letter


def _style(mark: str) -> str:
    return _STYLES.get(mark) or _STYLES[PASSED if mark.isupper() else FAILED]


def _said(runs: Runs, best: Sequence[Point], letters: Mapping[tuple[str, ...], str]) -> list[Content]:
    legend = [(LATEST, _("this run")), (FRONT, _("unbeaten")), (PASSED, _("passed")), (FAILED, _("not passed"))]
    if runs.par:
        legend.append((PAR, _("par")))
    lines = [Content("   ").join(Content.assemble((mark, _style(mark)), f" {words}") for mark, words in legend)]
    if letters:
        lines.append(Content("   ").join(_loss(runs.points, *found) for found in letters.items()))
    if best:
        figures = _("; ").join(map(_figures, best))
        lines.append(Content(_("Unbeaten so far: {figures}").format(figures=figures)))
    count = len(runs.points)
    lines.append(Content.styled(ngettext("{count} run", "{count} runs", count).format(count=count), "$quiet"))
    return lines


def _loss(points: Sequence[Point], lost: tuple[str, ...], letter: str) -> Content:
    """`A passed, a did not: without checksum`, as far as there are such runs."""
    marks = dict.fromkeys(_mark(point, {lost: letter}) for point in points if point.lost == lost)
    parts = [part for mark in marks for part in ((mark, _style(mark)), (" ", ""))]
    return Content.assemble(*parts, _without(lost))


def _figures(point: Point) -> str:
    said = _("{copies} copies with {switches} switches").format(
        copies=metric_figure(Metric.COPIES, point.copies), switches=grouped(point.switches)
    )
    return _("{run} ({remark})").format(run=said, remark=_without(point.lost)) if point.lost else said


def _without(lost: Sequence[str]) -> str:
    return _("without {features}").format(features=_(", ").join(map(feature_word, lost)))
