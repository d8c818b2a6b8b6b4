"""Two runs of one scene in columns: plans, figures, hops with evidence, features, and the first call that differs."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from difflib import SequenceMatcher

from textual.content import Content

from zcquest.engine.experiment import Line
from zcquest.engine.places import Evidence, Mover, Place
from zcquest.levels.comparing import Comparison
from zcquest.levels.language import gettext as _
from zcquest.levels.language import ngettext, say
from zcquest.levels.report import HopReport, SceneReport
from zcquest.levels.schema import Metric
from zcquest.levels.words import evidence_word, feature_word
from zcquest.tui.widgets.columns import left, right
from zcquest.tui.widgets.map.words import about_bytes, mover_name, place_name
from zcquest.tui.widgets.wording import KEPT, LOST, grouped, metric_figure, metric_word

_INKS = {Mover.CPU: "$cpu", Mover.MIXED: "$cpu", Mover.DMA: "$dma", Mover.NONE: "$shared", Mover.UNKNOWN: "$error"}
_LEAST_NAME, _WIDEST_NAME, _FIGURE = 16, 28, 12  # cells


@dataclass(frozen=True, slots=True)
class Columns:
    """Cells of a name's column and of each run's."""

    name: int
    side: int

    @classmethod
    def of(cls, width: int) -> Columns:
        name = max(_LEAST_NAME, min(_WIDEST_NAME, width // 4))
        return cls(name, max(12, (width - name) // 2))


def plan_columns(titles: tuple[str, str], plans: tuple[str, str], width: int) -> Content:
    """Both plans, line by line; a line that the other has not is marked."""
    half = width // 2
    ours, theirs = (plan.strip("\n").splitlines() for plan in plans)
    lines = [Content.assemble(*(left(Content.styled(f"  {title}", "bold $primary"), half) for title in titles))]
    matched = SequenceMatcher(a=ours, b=theirs, autojunk=False)
    for tag, start, stop, other_start, other_stop in matched.get_opcodes():
        same = tag == "equal"
        for row in range(max(stop - start, other_stop - other_start)):
            one = ours[start + row] if start + row < stop else ""
            other = theirs[other_start + row] if other_start + row < other_stop else ""
            lines.append(Content.assemble(_plan_line(one, same, half), _plan_line(other, same, half)))
    return Content("\n").join(lines)


def _plan_line(text: str, same: bool, width: int) -> Content:
    if not text:
        return left("", width)
    mark = "  " if same else "▸ "
    return left(Content.styled(mark + text, "$quiet" if same else "bold $accent"), width)


def figure_lines(titles: tuple[str, str], scenes: tuple[SceneReport, SceneReport], columns: Columns) -> Content:
    """The metrics and meters, the better of two marked."""
    return Content("\n").join([_head(titles, columns), *(_figure(*figure, columns) for figure in _figures(*scenes))])


def _head(titles: tuple[str, str], columns: Columns) -> Content:
    """Whose columns these are, over the figures' right edges."""
    sides = [left(right(Content.styled(title, "$primary"), _FIGURE), columns.side) for title in titles]
    return Content.assemble(left("", columns.name), *sides)


def _figures(one: SceneReport, other: SceneReport) -> Iterator[tuple[str, tuple[str, str], int]]:
    """Name, both values, and which is better: -1 the left one, 1 the right one, 0 neither."""
    both = (one, other)
    for metric in Metric:
        values = [getattr(scene, metric.value) for scene in both]
        told = (metric_figure(metric, values[0]), metric_figure(metric, values[1]))
        yield metric_word(metric), told, _better(*values)
    for name, field in ((_("copied by CPU"), "cpu_copies"), (_("copied by DMA"), "dma_copies")):
        values = [getattr(scene, field) for scene in both]
        yield name, (metric_figure(Metric.COPIES, values[0]), metric_figure(Metric.COPIES, values[1])), _better(*values)
    calls = [sum(scene.syscalls.values()) for scene in both]
    yield _("syscalls"), (grouped(calls[0]), grouped(calls[1])), _better(*calls)
    faults = [scene.user_faults for scene in both]
    yield _("faults, user"), (grouped(faults[0]), grouped(faults[1])), _better(*faults)
    faults = [scene.kernel_faults for scene in both]
    yield _("faults in calls"), (grouped(faults[0]), grouped(faults[1])), _better(*faults)
    times = [scene.meters.wall_s for scene in both]
    yield _("time taken"), (f"{times[0] * 1e3:.3f} ms", f"{times[1] * 1e3:.3f} ms"), 0  # of observed runs: no race
    spent = [scene.meters.user_s + scene.meters.sys_s for scene in both]
    yield _("CPU time"), (f"{spent[0] * 1e3:.3f} ms", f"{spent[1] * 1e3:.3f} ms"), 0


def _better(one: float | int | None, other: float | int | None) -> int:
    if one is None or other is None or one == other:
        return 0
    return -1 if one < other else 1


def _figure(name: str, values: tuple[str, str], better: int, columns: Columns) -> Content:
    sides = []
    for value, place in zip(values, (-1, 1), strict=True):
        mark = Content.styled(f" {KEPT}", "$success") if place == better else Content("  ")
        sides.append(left(right(Content.styled(value, "bold"), _FIGURE) + mark, columns.side))
    return Content.assemble(left(Content.styled(name, "$quiet"), columns.name), *sides)


def hop_columns(scenes: tuple[SceneReport, SceneReport], columns: Columns) -> Content:
    """Every hop that either run made: bytes, mover and evidence in each."""
    ways = dict.fromkeys((hop.source, hop.target) for scene in scenes for hop in scene.hops)
    lines = []
    for source, target in ways:
        name = f"{place_name(Place(source))} ► {place_name(Place(target))}"
        found = [[hop for hop in scene.hops if (hop.source, hop.target) == (source, target)] for scene in scenes]
        sides = [left(_hops(hops), columns.side) for hops in found]
        lines.append(Content.assemble(left(Content.styled(name, "$quiet"), columns.name), *sides))
    return Content("\n").join(lines) if lines else Content.styled(_("No bytes moved."), "$quiet")


def _hops(hops: Sequence[HopReport]) -> Content:
    if not hops:
        return Content.styled("-".rjust(_FIGURE), "$quiet")
    total = sum(hop.bytes for hop in hops)
    movers = list(dict.fromkeys(Mover(hop.mover) for hop in hops))
    evidence = list(dict.fromkeys(Evidence(hop.evidence) for hop in hops))
    said = [Content.styled(mover_name(mover), _INKS[mover]) for mover in movers]
    words = ", ".join(map(evidence_word, evidence))
    return Content.assemble(right(about_bytes(total), _FIGURE), "  ", Content("+").join(said), "  ", (words, "$quiet"))


def feature_columns(scenes: tuple[SceneReport, SceneReport], columns: Columns) -> Content:
    """What each run kept and lost of what the broker must do."""
    names = dict.fromkeys(name for scene in scenes for name in scene.features)
    lines = []
    for name in names:
        sides = []
        for scene in scenes:
            feature = scene.features.get(name)
            if feature is None:
                sides.append(left("", columns.side))
                continue
            mark, colour = (KEPT, "$success") if feature.kept else (LOST, "$error")
            said = Content.assemble((f"{mark} ", colour), (say(feature.detail), "$foreground"))
            sides.append(left(said, columns.side - 1) + Content(" "))
        lines.append(Content.assemble(left(Content.styled(feature_word(name), "$quiet"), columns.name), *sides))
    for scene, side in zip(scenes, (0, 1), strict=True):
        if error := scene.error:
            gap = columns.name + side * columns.side
            lines.append(Content.assemble(" " * gap, (f"{LOST} {say(error)}", "$error")))
    return Content("\n").join(lines)


def parting_lines(found: Comparison, titles: tuple[str, str]) -> Content:
    """How far the calls of both runs are the same, and where they part."""
    parting = found.parting
    if parting is None:
        if found.whole:
            return Content(_("All {count} calls are the same.").format(count=grouped(found.alike)))
        said = _("The first {count} calls are the same; of later ones not all are kept.")
        return Content(said.format(count=grouped(found.alike)))
    alike = ngettext("The first call is the same.", "The first {count} calls are the same.", found.alike)
    same = alike.format(count=grouped(found.alike)) if found.alike else ""
    head = _("Call {number}:").format(number=grouped(parting.number + 1))
    lines = [Content(" ".join(part for part in (same, head) if part))]
    width = max(Content(title).cell_length for title in titles) + 2
    for title, line in zip(titles, (parting.left, parting.right), strict=True):
        lines.append(Content.assemble("  ", left(Content.styled(title, "$primary"), width), _call(line)))
    return Content("\n").join(lines)


def _call(line: Line | None) -> Content:
    if line is None:
        return Content.styled(_("no more calls"), "$quiet")
    return Content.styled(f"{line.text} = {line.result}", "bold $error" if line.error else "bold")
