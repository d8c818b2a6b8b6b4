"""The pairs, a line each: both rates, their ratio, and the ratio as a dot; below, the medians with their intervals."""

from __future__ import annotations

from collections.abc import Iterator

from textual.content import Content

from zcquest.engine.race import Pair
from zcquest.engine.ratio import CONFIDENCE, Ratio
from zcquest.levels.language import gettext as _
from zcquest.tui.widgets.columns import left, right
from zcquest.tui.widgets.race.lanes import INKS
from zcquest.tui.widgets.race.scale import DOT, MIDDLE, RatioScale
from zcquest.tui.widgets.race.view import RaceView
from zcquest.tui.widgets.wording import grouped

_MB = 10**6
_PAIR, _FIRST, _RATE, _RATIO = 5, 7, 8, 8  # cells
_TABLE = _PAIR + _FIRST + 2 * _RATE + _RATIO + 3


def pair_lines(view: RaceView, width: int) -> Content:
    """All of it, in `width` cells; nothing before the first pair is done."""
    if not view.done:
        return Content("")
    ratio, cpu = (view.report.ratio, view.report.cpu_ratio) if view.report else (None, None)
    found = [*(pair.ratio for pair in view.done), *(pair.cpu_ratio for pair in view.done)]
    scale = RatioScale.over(found, max(20, width - _TABLE - 2))
    lines = [_heads(scale), *(_pair(number, pair, scale) for number, pair in enumerate(view.done, 1))]
    if ratio and cpu:
        lines += [_median(_("throughput"), ratio, scale), _median(_("sender's CPU"), cpu, scale), _remark()]
    return Content("\n").join(lines)


def _heads(scale: RatioScale) -> Content:
    ticks, axis, cell = scale.ticks, "", 0
    for at, said in ticks.items():
        start = min(max(at - len(said) // 2, cell), scale.cells - len(said))
        if start >= cell:
            axis += " " * (start - cell) + said
            cell = start + len(said)
    heads = (left(_("pair"), _PAIR), left(_("first"), _FIRST), right("A MB/s", _RATE), right("B MB/s", _RATE))
    return Content.assemble(*heads, right("A / B", _RATIO), "   ", axis).stylize("$quiet")


def _pair(number: int, pair: Pair, scale: RatioScale) -> Content:
    rates = (pair.a.bytes_per_s, pair.b.bytes_per_s)
    return Content.assemble(
        left(str(number), _PAIR),
        left(Content.styled(pair.first.upper(), INKS[pair.first]), _FIRST),
        *(right(grouped(round(rate / _MB)), _RATE) for rate in rates),
        right(Content.styled(f"{pair.ratio:.2f}", "bold"), _RATIO),
        "   ",
        *_line(scale, {scale.cell(pair.ratio): (DOT, "bold $accent")}),
    )


def _median(name: str, ratio: Ratio, scale: RatioScale) -> Content:
    low, middle, high = (scale.cell(figure) for figure in (ratio.low, ratio.median, ratio.high))
    drawn = dict.fromkeys(range(low, high + 1), ("━", "$primary"))
    drawn |= {low: ("├", "$primary"), high: ("┤", "$primary"), middle: (MIDDLE, "bold $primary")}
    said = f"{ratio.median:.2f}"
    between = f"{ratio.low:.2f}-{ratio.high:.2f}"
    named = left(Content.styled(name, "bold"), _PAIR + _FIRST + _RATE - len(between) + _RATE)
    return Content.assemble(
        named,
        (between, "$quiet"),
        right(Content.styled(said, "bold"), _RATIO),
        "   ",
        *_line(scale, drawn),
    )


def _line(scale: RatioScale, drawn: dict[int, tuple[str, str]]) -> Iterator[tuple[str, str]]:
    one, ticks = scale.cell(1.0), scale.ticks
    for cell in range(scale.cells):
        if cell in drawn:
            yield drawn[cell]
        elif cell == one:
            yield "┃", "$crossing"
        else:
            yield ("┊", "$frame") if cell in ticks else (" ", "")


def _remark() -> Content:
    told = _("A / B: the median of the pairs, and its interval at a confidence of {percent} %")
    return Content.styled(told.format(percent=round(100 * CONFIDENCE)), "$quiet")
