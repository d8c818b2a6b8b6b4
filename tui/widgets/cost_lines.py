"""What a call costs on this kernel, a line a figure, each with what stands behind it."""

from __future__ import annotations

from textual.content import Content

from zcquest.engine.places import Evidence
from zcquest.levels.cost import Cost
from zcquest.levels.language import gettext as _
from zcquest.levels.language import ngettext
from zcquest.levels.words import evidence_word
from zcquest.tui.widgets.columns import left
from zcquest.tui.widgets.map.words import mover_name, place_name
from zcquest.tui.widgets.wording import grouped, rounded_size

_LABEL, _FIGURE = 18, 20  # cells


def cost_lines(cost: Cost) -> Content:
    """The head says where the figures come from; the note at the end what the times include."""
    lines = [Content.styled(_head(cost), "bold"), *_rows(cost)]
    for way in cost.ways:
        ends = f"{place_name(way.source)} ► {place_name(way.target)}"
        lines.append(_line(ends, mover_name(way.mover), way.evidence, label=_LABEL + 10, figure=_FIGURE - 10))
    lines.append(Content.styled(_("Times are between two looks at a clock, which take their share of them."), "$quiet"))
    return Content("\n").join(lines)


def cost_in_one(cost: Cost) -> Content:
    """One call, in one line."""
    calls = ngettext("{count} call", "{count} calls", cost.calls).format(count=grouped(cost.calls))
    said = _("here {time}: the median of {calls} in your latest runs").format(time=_time(cost.median_ns), calls=calls)
    return Content.assemble(said, "  ", (evidence_word(Evidence.METERED), "$shared"))


def no_cost_lines() -> Content:
    """Before there is anything to show."""
    return Content.styled(_("What does it cost here? m runs a small plan on this kernel and measures it."), "$quiet")


def _head(cost: Cost) -> str:
    calls = ngettext("{count} call", "{count} calls", cost.calls).format(count=grouped(cost.calls))
    if cost.ways and cost.size:
        calls = _("{calls} of {size}").format(calls=calls, size=rounded_size(cost.size))
    if not cost.runs:
        return _("Measured here, just now: {calls}").format(calls=calls)
    runs = ngettext("your latest run", "your latest {count} runs", cost.runs).format(count=cost.runs)
    return _("From {runs}: {calls}").format(runs=runs, calls=calls)


def _rows(cost: Cost) -> list[Content]:
    times = _time(cost.median_ns)
    rows = [_line(_("time in the call"), times, Evidence.METERED)]
    if cost.calls > 1:
        spread = _("{least} to {most}").format(least=_time(cost.least_ns), most=_time(cost.most_ns))
        rows = [
            _line(_("time, the median"), times, Evidence.METERED),
            _line(_("from, to"), spread, Evidence.METERED),
        ]
    rows.append(_line(_("mode switches"), _("{count} a call").format(count=cost.switches), Evidence.COUNTED))
    rows.append(_line(_("page faults"), _("{count} in all").format(count=grouped(cost.faults)), Evidence.METERED))
    if cost.waits:
        rows.append(_line(_("slept"), _("{count} times").format(count=grouped(cost.waits)), Evidence.METERED))
    if cost.disk_bytes:
        rows.append(_line(_("from the disk"), rounded_size(cost.disk_bytes), Evidence.METERED))
    if cost.failed:
        rows.append(_line(_("failed"), grouped(cost.failed), Evidence.COUNTED))
    return rows


def _line(said: str, value: str, evidence: Evidence, *, label: int = _LABEL, figure: int = _FIGURE) -> Content:
    return Content.assemble(
        left(said, label).stylize("$quiet"), left(value, figure), Content.styled(evidence_word(evidence), "$shared")
    )


def _time(ns: int) -> str:
    """Three figures, in the unit that fits."""
    if ns < 1000:
        return f"{ns} ns"
    for unit, size in (("µs", 1e3), ("ms", 1e6)):
        if ns < size * 999.5:
            return f"{ns / size:.3g} {unit}"
    return f"{ns / 1e9:.3g} s"
