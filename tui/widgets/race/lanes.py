"""The two lanes: who is running, how fast, with how much CPU time, and a dot for each run on one scale."""

from __future__ import annotations

from textual.content import Content

from zcquest.engine.race import Run, Side
from zcquest.engine.ratio import median
from zcquest.levels.language import gettext as _
from zcquest.tui.widgets.columns import left, right
from zcquest.tui.widgets.race.scale import DOT, Scale
from zcquest.tui.widgets.race.view import SIDES, Now, RaceView
from zcquest.tui.widgets.race.words import racer_name
from zcquest.tui.widgets.wording import grouped

_MB = 10**6
INKS = {"a": "$cpu", "b": "$dma"}
LANE_LINES = 2
_HEAD = 3  # cells before everything: the lane's letter
_BAR = 20  # cells
_SCALE = 14  # cells beside the scale
_WIDE = 100  # cells from which there is room for messages a second


def lane_lines(view: RaceView, width: int) -> Content:
    """Two lines a lane, in `width` cells."""
    figures = [run.bytes_per_s / _MB for side in SIDES for run in view.runs(side)]
    scale = Scale.over(figures, max(10, width - _HEAD - _SCALE))
    lines = []
    for side in SIDES:
        lines += [_standing(view, side, width), _dots(view, side, scale)]
    return Content("\n").join(lines)


def _standing(view: RaceView, side: Side, width: int) -> Content:
    running = view.stage == "racing" and view.side == side
    said = _running(view) if running else _summary(view.runs(side), width >= _WIDE)
    name = left(racer_name(view.racer(side)), max(8, width - _HEAD - said.cell_length - 2))
    marked = Content.styled(name.plain, "bold" if running or view.stage != "racing" else "$quiet")
    return Content.assemble((f" {side.upper()} ", f"bold {INKS[side]}"), marked, "  ", said)


def _running(view: RaceView) -> Content:
    if view.now is None:
        return Content.styled(_("running ..."), "$accent")
    now: Now = view.now
    full = round(now.fraction * _BAR)
    return Content.assemble(
        ("━" * full, "$accent"),
        ("─" * (_BAR - full), "$frame"),
        right(f"{now.fraction:.0%}", 5),
        right(_("{rate} MB/s").format(rate=grouped(round(now.bytes_per_s / _MB))), 12),
        right(_("CPU {percent}").format(percent=f"{now.cpu:.0%}"), 10),
    )


def _summary(runs: list[Run], messages: bool) -> Content:
    """The medians of the runs so far, `messages` a second among them if wanted."""
    if not runs:
        return Content("")
    rate = median([run.bytes_per_s for run in runs]) / _MB
    of = median([run.messages_per_s for run in runs])
    cpu = median([run.cpu_s_per_gb for run in runs])
    calls = _("{count} syscalls").format(count=grouped(round(median([run.syscalls for run in runs]))))
    return Content.assemble(
        (_("{rate} MB/s").format(rate=grouped(round(rate))), "bold"),
        "  ",
        _("{rate} messages/s").format(rate=grouped(round(of))) + "  " if messages else "",
        _("{cpu} CPU s/GB").format(cpu=f"{cpu:.3f}"),
        "  ",
        (calls, "$quiet"),
    )


def _dots(view: RaceView, side: Side, scale: Scale) -> Content:
    taken = {scale.cell(run.bytes_per_s / _MB) for run in view.runs(side)}
    cells = [(DOT, f"bold {INKS[side]}") if cell in taken else ("─", "$frame") for cell in range(scale.cells)]
    end = _("{rate} MB/s").format(rate=grouped(round(scale.top))) if taken else ""
    return Content.assemble(" " * (_HEAD - 1), ("├", "$quiet"), *cells, (f"┤ {end}", "$quiet"))
