"""The run card as an SVG picture, in the colours of a theme and without a font or image from elsewhere."""

from __future__ import annotations

import io
import re
from collections.abc import Iterator, Mapping
from itertools import groupby
from math import ceil

from rich.cells import cell_len
from rich.color import Color
from rich.console import Console
from rich.style import Style
from rich.terminal_theme import TerminalTheme
from rich.text import Span, Text
from textual.content import Content
from textual.theme import Theme

from zcquest.tui.card.card import WIDTH, Card
from zcquest.tui.widgets.map.canvas import Canvas
from zcquest.tui.widgets.result.hop_lines import plan_lines

_FONTS = "'DejaVu Sans Mono', Menlo, Consolas, 'Noto Sans Mono CJK SC', 'PingFang SC', 'Microsoft YaHei', monospace"
# Rich's cell is 12.2 units wide: at this size a font with glyphs of 0.602 em, as most of these are, fills it exactly.
_FORMAT = """<svg xmlns="http://www.w3.org/2000/svg" xml:space="preserve" viewBox="0 0 {width} {height}"><style>
.{unique_id}-matrix {{ font-family: FONTS; font-size: 20.27px; line-height: {line_height}px; }}
{styles}
</style><defs><clipPath id="{unique_id}-clip-terminal"><rect width="{terminal_width}" height="{terminal_height}"/>\
</clipPath>{lines}</defs>
<rect x="1" y="1" width="{terminal_width}" height="{terminal_height}" rx="14" fill="BACK" stroke="FRAME" \
stroke-width="2"/>
<g transform="translate(1, 1)" clip-path="url(#{unique_id}-clip-terminal)">{backgrounds}
<g class="{unique_id}-matrix">{matrix}</g></g></svg>
"""
_VIEW_BOX = re.compile(r'viewBox="[^"]*"')
_FRAME = re.compile(r'<rect x="1" y="1" width="([\d.]+)" height="([\d.]+)"')
_MARGIN = 2  # cells
_VARIABLE = re.compile(r"\$([\w-]+)")


def card_svg(card: Card, drawn: Canvas, theme: Theme, inks: Mapping[str, Style]) -> str:
    """The picture. `drawn` is the card's map, `inks` the styles that it is drawn in."""
    colours = palette(theme)
    room = WIDTH + 2 * _MARGIN
    console = Console(
        record=True, width=room, file=io.StringIO(), force_terminal=True, color_system="truecolor", legacy_windows=False
    )
    for line in _lines(card, drawn, colours, inks):
        console.print(_in_pieces(Text(" " * _MARGIN) + line), no_wrap=True, crop=True, overflow="crop")
    back, front = (Color.parse(colours[name]).get_truecolor() for name in ("background", "foreground"))
    ansi = TerminalTheme(back, front, [(0, 0, 0)] * 8)
    shape = _FORMAT.replace("FONTS", _FONTS).replace("BACK", colours["background"]).replace("FRAME", colours["frame"])
    svg = console.export_svg(title="", theme=ansi, code_format=shape, unique_id="card").replace("&#160;", " ")
    return _VIEW_BOX.sub(_fitted(svg), svg, count=1)


def _fitted(svg: str) -> str:
    """Rich leaves room for a window's frame, which a card does not have."""
    found = _FRAME.search(svg)
    assert found
    width, height = (ceil(float(length)) + 2 for length in found.groups())
    return f'viewBox="0 0 {width} {height}" width="{width}" height="{height}"'


def _in_pieces(line: Text) -> Text:
    """Each word a piece of its own, wide characters apart from narrow ones: the picture places each piece exactly,
    where a viewer's own font would let columns drift. Rich joins pieces of one style: these differ in their meta."""
    start = 0
    for number, (_kind, characters) in enumerate(groupby(line.plain, key=lambda one: (one == " ", cell_len(one)))):
        end = start + len(list(characters))
        line.stylize(Style.from_meta({"piece": number}), start, end)
        start = end
    return line


def palette(theme: Theme) -> Mapping[str, str]:
    """The theme's colours by the names that style sheets give them."""
    named = ("primary", "accent", "warning", "error", "success", "foreground", "background")
    return {**theme.variables, **{name: colour for name in named if (colour := getattr(theme, name))}}


def _lines(card: Card, drawn: Canvas, colours: Mapping[str, str], inks: Mapping[str, Style]) -> Iterator[Text]:
    rule = Text("─" * WIDTH, style=colours["frame"])
    yield Text()
    yield _across(Text("zcquest", f"bold {colours['primary']}"), card.title, f"{card.date}", colours)
    yield rule
    yield from _rich(card.verdict_lines, colours)
    yield Text()
    yield from (_row(drawn, y, inks) for y in range(drawn.height))
    yield Text()
    yield from _rich(card.score_lines, colours)
    yield Text()
    yield from _rich(card.feature_lines, colours)
    yield rule
    yield from _rich(plan_lines(card.report.plan), colours)
    yield rule
    yield _across(Text(card.replay, colours["accent"]), "", f"zcquest {card.zcquest}", colours)
    yield Text()


def _across(start: Text, middle: str, end: str, colours: Mapping[str, str]) -> Text:
    """One line: `start` and `middle` at the left, `end` at the right."""
    left = Text.assemble(start, "  ", (middle, "bold")) if middle else start
    room = WIDTH - left.cell_len - Text(end).cell_len
    return Text.assemble(left, " " * max(1, room), (end, colours["quiet"]))


def _row(drawn: Canvas, y: int, inks: Mapping[str, Style]) -> Text:
    plain = Style()
    runs = ((text, inks.get(ink, plain) + Style.parse(stress)) for text, ink, stress in drawn.runs(y))
    return Text.assemble(*runs)


def _rich(content: Content, colours: Mapping[str, str]) -> Iterator[Text]:
    """The lines, in Rich's terms; what is longer than the card is folded."""
    folded = Console(width=WIDTH, file=io.StringIO())
    for line in content.split("\n", allow_blank=True):
        text = Text(line.plain, spans=[Span(at, to, _style(str(style), colours)) for at, to, style in line.spans])
        yield from text.wrap(folded, WIDTH)


def _style(style: str, colours: Mapping[str, str]) -> str:
    return _VARIABLE.sub(lambda found: colours.get(found[1], colours["foreground"]), style)
