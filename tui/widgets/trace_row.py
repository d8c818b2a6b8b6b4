"""A call of a trace in parts: time, mode switch, step, the call as strace prints it, what came of it."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from zcquest.engine.calls import EVERY
from zcquest.engine.experiment import Line
from zcquest.engine.places import Evidence, Mover, Place, Route
from zcquest.engine.plan import Plan
from zcquest.levels.language import gettext as _
from zcquest.levels.language import ngettext
from zcquest.levels.report import HopReport
from zcquest.levels.words import evidence_word, mover_word
from zcquest.tui.widgets.wording import place_word, rounded_size

BETWEEN = "  "  # what stands between the parts of an outcome


@dataclass(frozen=True, slots=True)
class TraceRow:
    """`kind` is `call`, `failed`, `user`, `note` or `gap`; a note or gap has only `text`. `step` counts from 0."""

    kind: str
    text: str
    head: str = ""
    outcome: str = ""
    step: int | None = None


def call_rows(lines: Sequence[Line], plan: Plan, hops: Sequence[HopReport] = (), calls: int = 0) -> list[TraceRow]:
    """The rows of a scene's trace: of `calls` calls those that were kept, with a gap where some were not."""
    rows: list[TraceRow] = []
    previous = lines[0].number - 1 if lines else calls - 1
    for line in lines:
        if line.number > previous + 1:
            rows.append(_gap(line.number - previous - 1))
        previous = line.number
        rows.append(_call_row(line, plan, hops))
    if calls > previous + 1:
        rows.append(_gap(calls - previous - 1))
    return rows


def _gap(count: int) -> TraceRow:
    said = f"{count:,}".replace(",", "\N{NO-BREAK SPACE}")
    return TraceRow("gap", _("… {count} calls not shown …").format(count=said))


def _call_row(line: Line, plan: Plan, hops: Sequence[HopReport]) -> TraceRow:
    crossing = "⇅" if line.system else " "
    failed = "✗" if line.error else " "
    head = f"{line.at_ns / 1e6:.3f} {failed}{crossing} {line.step + 1:>2}"
    kind = "failed" if line.error else "call" if line.system else "user"
    return TraceRow(kind, f"{line.text} = {line.result}", head, BETWEEN.join(_outcome(line, plan, hops)), line.step)


def _outcome(line: Line, plan: Plan, hops: Sequence[HopReport]) -> Iterable[str]:
    if not line.error and (line.result != "0" or EVERY[line.call].flushes):
        yield from _hops(line, plan, hops)
    if line.disk_bytes:
        yield _("disk {bytes}").format(bytes=rounded_size(line.disk_bytes))
    if line.faults:
        yield _faults(line)
    if line.waits:
        yield _("slept {count}×").format(count=line.waits)


def _faults(line: Line) -> str:
    inside = ngettext("{count} fault inside", "{count} faults inside", line.faults)
    outside = ngettext("{count} fault ⇅", "{count} faults ⇅", line.faults)
    return (inside if line.system else outside).format(count=line.faults)


def _hops(line: Line, plan: Plan, hops: Sequence[HopReport]) -> Iterable[str]:
    if line.step >= len(plan.steps) or plan.steps[line.step].call != line.call:
        return  # made on the step's behalf, like an lseek: it carries nothing
    call, step = EVERY[line.call], plan.steps[line.step]
    flushed = (Route(Place.PAGE_CACHE, Place.DISK),) if call.flushes and "log" in step.values else ()
    for ends in call.routes(step) or flushed:
        way = f"→ {place_word(ends.target)}"
        found = next((hop for hop in hops if _is(hop, line.step, ends)), None)
        if found is None:
            yield way
        else:
            mover, evidence = mover_word(Mover(found.mover)), evidence_word(Evidence(found.evidence))
            if found.evidence == Evidence.NOTHING:  # so nobody knows who carried it
                yield _("{way}: {told}").format(way=way, told=evidence)
            else:
                yield _("{way}: {mover}, {evidence}").format(way=way, mover=mover, evidence=evidence)


def _is(hop: HopReport, step: int, ends: Route) -> bool:
    return (hop.step, hop.source, hop.target) == (step + 1, ends.source.value, ends.target.value)
