"""What had been counted, moved and met at a moment of a replay."""

from __future__ import annotations

from collections.abc import Iterator

from textual.content import Content

from zcquest.engine.places import Evidence, Mover
from zcquest.levels.language import gettext as _
from zcquest.levels.language import say
from zcquest.levels.replay import Moment
from zcquest.levels.words import evidence_word, feature_word
from zcquest.tui.widgets.columns import left, right
from zcquest.tui.widgets.map.words import about_bytes, exact_bytes
from zcquest.tui.widgets.wording import KEPT, LOST, grouped

_NAME, _VALUE = 15, 14  # cells


def counter_lines(moment: Moment) -> Content:
    """The counters one below the other, each with what stands behind it; at the end, what only the end can tell."""
    lines = [_line(*counter) for counter in _counters(moment)]
    lines.append(Content(""))
    lines += _end(moment) if moment.over else [Content.styled(_not_yet(), "$quiet")]
    return Content("\n").join(lines)


def counters_in_one(moment: Moment) -> Content:
    """The same in one line."""
    parts: list[tuple[str, str]] = [
        (f"⇅ {grouped(moment.switches)}", "bold $crossing"),
        (_("CPU {bytes}").format(bytes=about_bytes(int(moment.copied(Mover.CPU, Mover.MIXED)))), "$cpu"),
        (_("DMA {bytes}").format(bytes=about_bytes(int(moment.copied(Mover.DMA)))), "$dma"),
        (_through(moment).format(bytes=about_bytes(moment.through_socket)), "$foreground"),
        (
            _("faults {user}+{kernel}").format(user=moment.scene.user_faults, kernel=moment.scene.kernel_faults),
            "$quiet",
        ),
    ]
    if moment.sums and moment.sums.failed:
        parts.append((_("{count} failed").format(count=grouped(moment.sums.failed)), "$error"))
    return Content("   ").join([Content.styled(text, style) for text, style in parts])


def _through(moment: Moment) -> str:
    return _("received {bytes}") if moment.receiving else _("sent {bytes}")


def _counters(moment: Moment) -> Iterator[tuple[str, str, Evidence | None, str]]:
    scene, sums = moment.scene, moment.sums
    if line := moment.line:
        yield _("time"), f"{line.at_ns / 1e6:.3f} ms", Evidence.METERED, ""
        yield _("the call took"), f"{line.took_ns / 1e3:.1f} µs", Evidence.METERED, ""
    yield _("mode switches"), grouped(moment.switches), Evidence.COUNTED, "bold $crossing"
    yield _("copied by CPU"), exact_bytes(int(moment.copied(Mover.CPU, Mover.MIXED))), _of(moment, Mover.CPU), "$cpu"
    yield _("copied by DMA"), exact_bytes(int(moment.copied(Mover.DMA))), _of(moment, Mover.DMA), "$dma"
    way = _("from the socket") if moment.receiving else _("into the socket")
    yield way, exact_bytes(moment.through_socket), Evidence.COUNTED, ""
    yield _("faults, user"), grouped(scene.user_faults), Evidence.METERED, ""
    yield _("faults in calls"), grouped(scene.kernel_faults), Evidence.METERED, ""
    if sums:
        yield _("calls failed"), grouped(sums.failed), Evidence.COUNTED, "bold $error" if sums.failed else ""
        yield _("slept"), grouped(sums.waits), Evidence.METERED, ""


def _of(moment: Moment, mover: Mover) -> Evidence | None:
    """The weakest that stands behind this mover's hops: a sum is no better known than its parts."""
    order = (Evidence.NOTHING, Evidence.MODELLED, Evidence.PROVED, Evidence.REPORTED, Evidence.METERED)
    found = {Evidence(hop.evidence) for hop in moment.scene.hops if Mover(hop.mover) is mover}
    return next((evidence for evidence in order if evidence in found), None)


def _line(name: str, value: str, evidence: Evidence | None, style: str) -> Content:
    return Content.assemble(
        left(Content.styled(name, "$quiet"), _NAME),
        right(Content.styled(value, style or "bold"), _VALUE),
        "  ",
        (evidence_word(evidence) if evidence else "", "$quiet"),
    )


def _not_yet() -> str:
    return _("What arrived, the copies per byte and the features are known at the end.")


def _end(moment: Moment) -> Iterator[Content]:
    scene = moment.scene
    copies = "?" if scene.copies is None else f"{scene.copies:.2f}"
    yield Content.styled(_("at the end: {copies} copies per byte").format(copies=copies), "bold")
    for name, feature in scene.features.items():
        colour = "$success" if feature.kept else "$error"
        yield Content.assemble(
            (f"{KEPT if feature.kept else LOST} {feature_word(name)}", colour), "  ", (say(feature.detail), "$quiet")
        )
    if error := scene.error:
        yield Content.styled(f"{LOST} {say(error)}", "$error")
