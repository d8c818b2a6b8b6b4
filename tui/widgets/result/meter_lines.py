"""What the operating system metered while the plan ran."""

from __future__ import annotations

from collections.abc import Iterator

from textual.content import Content

from zcquest.engine.places import Evidence
from zcquest.levels.language import gettext as _
from zcquest.levels.report import RunReport, SceneReport
from zcquest.levels.words import evidence_word
from zcquest.tui.widgets.columns import left, right
from zcquest.tui.widgets.map.words import exact_bytes
from zcquest.tui.widgets.wording import grouped

_NAME, _VALUE, _EVIDENCE = 29, 15, 9  # cells


def meter_lines(report: RunReport) -> Content:
    """Scene by scene, a line a meter; and why mode switches and context switches are two things."""
    lines = []
    for scene in report.scenes:
        if len(report.scenes) > 1:
            lines.append(Content.styled(f"▸ {_(scene.name)}", "bold $primary"))
        lines += [_line(*meter) for meter in _meters(scene)]
        lines.append(Content(""))
    return Content("\n").join([*lines, Content.styled(_two_kinds(), "$quiet")])


def _line(name: str, value: str, evidence: Evidence, remark: str) -> Content:
    return Content.assemble(
        left(name, _NAME),
        right(Content.styled(value, "bold"), _VALUE),
        "  ",
        left(evidence_word(evidence), _EVIDENCE),
        (remark, "$quiet"),
    )


def _meters(scene: SceneReport) -> Iterator[tuple[str, str, Evidence, str]]:
    meters, metered = scene.meters, Evidence.METERED
    yield _("time from start to end"), _milliseconds(meters.wall_s), metered, ""
    yield _("CPU time in user code"), _milliseconds(meters.user_s), metered, "rusage"
    yield _("CPU time in the kernel"), _milliseconds(meters.sys_s), metered, "rusage"
    yield _("syscalls"), grouped(sum(scene.syscalls.values())), Evidence.COUNTED, _("two mode switches each")
    for name, count in scene.syscalls.items():
        yield f"  {name}", grouped(count), Evidence.COUNTED, ""
    yield _("page faults in user code"), grouped(scene.user_faults), metered, _("two mode switches each")
    yield _("page faults inside syscalls"), grouped(scene.kernel_faults), metered, _("no switch of their own")
    yield _("page faults that read the disk"), grouped(meters.major_faults), metered, _("major")
    yield _("context switches, voluntary"), grouped(meters.voluntary_switches), metered, _("it had to wait")
    yield _("context switches, involuntary"), grouped(meters.involuntary_switches), metered, _("it was interrupted")
    if meters.disk_read_bytes is not None:
        yield _("read from disk"), exact_bytes(meters.disk_read_bytes), metered, "psutil, read_bytes"
    yield _("reached the consumer"), exact_bytes(meters.payload_bytes), Evidence.COUNTED, ""
    yield _("private memory of the machine"), exact_bytes(meters.private_bytes), metered, "psutil"


def _milliseconds(seconds: float) -> str:
    return f"{seconds * 1000:.2f} ms"


def _two_kinds() -> str:
    return _(
        "A mode switch takes one process into the kernel or out of it. "
        "A context switch gives the CPU to another process: it is another thing, and costs more."
    )
