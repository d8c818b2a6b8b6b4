"""Every hop of the run: between which places, who carried it, how many bytes, and how that is known."""

from __future__ import annotations

from rich.cells import cell_len
from textual.content import Content

from zcquest.engine.places import Evidence, Mover, Place
from zcquest.levels.language import gettext as _
from zcquest.levels.language import say
from zcquest.levels.report import HopReport, RunReport, SceneReport
from zcquest.levels.words import evidence_word
from zcquest.tui.widgets.columns import left, right
from zcquest.tui.widgets.map.words import exact_bytes, mover_name, place_name
from zcquest.tui.widgets.map_state import BENCH, LOOPBACK

_STEP, _BYTES, _MOVER = 3, 18, 9  # cells
_WAY = 28  # cells, at least: a way is never cut, or two sockets would read the same
_INKS = {Mover.CPU: "$cpu", Mover.MIXED: "$cpu", Mover.DMA: "$dma", Mover.NONE: "$shared", Mover.UNKNOWN: "$error"}


def hop_lines(report: RunReport) -> Content:
    """Scene by scene, two lines a hop: its figures, and the reason for them."""
    lines = []
    width = max([_WAY, *(cell_len(_way(hop, scene)) for scene in report.scenes for hop in scene.hops)])
    for scene in report.scenes:
        if len(report.scenes) > 1:
            lines.append(Content.styled(f"▸ {_(scene.name)}", "bold $primary"))
        if not scene.hops:
            lines.append(Content.styled(_("No bytes moved."), "$quiet"))
        for hop in scene.hops:
            lines.append(_figures(hop, _way(hop, scene), width))
            if hop.note:
                lines.append(Content.styled(" " * _STEP + say(hop.note), "$quiet"))
    return Content("\n").join([_header(width), *lines])


def plan_lines(plan: str) -> Content:
    """The plan's text with its steps numbered as the hops name them; lanes stand unindented."""
    lines, number = [], 0
    for line in plan.splitlines():
        step = line[:1].isspace() and line.strip()
        number += bool(step)
        lines.append(left(str(number) if step else "", _STEP).append(line.strip() if step else line))
    return Content("\n").join(lines)


def _header(width: int) -> Content:
    return Content.assemble(
        left("", _STEP), left(_("hop"), width), right(_("bytes"), _BYTES), "  ", left(_("mover"), _MOVER), _("evidence")
    ).stylize("$quiet")


def _way(hop: HopReport, scene: SceneReport) -> str:
    card = BENCH if scene.network else LOOPBACK
    return f"{place_name(Place(hop.source), card)} ► {place_name(Place(hop.target), card)}"


def _figures(hop: HopReport, way: str, width: int) -> Content:
    mover, evidence = Mover(hop.mover), Evidence(hop.evidence)
    model = "≈ " if evidence is Evidence.MODELLED else ""
    return Content.assemble(
        left("" if hop.step is None else str(hop.step), _STEP),
        left(Content.styled(way, "bold"), width),
        right(model + exact_bytes(hop.bytes), _BYTES),
        "  ",
        left(Content.styled(mover_name(mover), _INKS[mover]), _MOVER),
        evidence_word(evidence),
    )
