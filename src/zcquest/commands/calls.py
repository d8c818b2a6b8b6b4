"""The calls of a run as strace prints them, each with its switches, faults, waits, hops and evidence."""

from __future__ import annotations

from collections.abc import Iterator

from zcquest.commands.plan_file import ChosenPlan
from zcquest.commands.printing import pad, print_line, stars
from zcquest.engine.calls import EVERY
from zcquest.engine.ending import signal_name
from zcquest.engine.experiment import Line
from zcquest.engine.places import Evidence, Mover, Place
from zcquest.engine.tally import SWITCHES_PER_CALL, SWITCHES_PER_USER_FAULT
from zcquest.levels.language import gettext as _
from zcquest.levels.language import say
from zcquest.levels.loader import Level
from zcquest.levels.report import HopReport, RunReport, SceneReport
from zcquest.levels.words import evidence_word, mover_word

_NARROWEST, _WIDEST = 24, 100  # cells of the column of calls
_NS_PER_MS = 1_000_000


def print_calls(level: Level, chosen: ChosenPlan, report: RunReport) -> None:
    """All scenes; lines that are no calls begin with # or +++."""
    plan = chosen.name if chosen.own else _("reference plan {name}").format(name=chosen.name)
    print_line(f"# {level.id} {level.text().title}: {plan}", "bold")
    for scene in report.scenes:
        told = _("{scene}: calls {count}, mode switches {switches}")
        print_line(f"# {told.format(scene=_(scene.name), count=scene.calls, switches=scene.switches)}", "bold")
        for line in _lines(scene):
            print_line(line)
    verdict = _("passed") if report.passed else _("not passed")
    print_line(f"# {stars(report.stars)} {verdict}", "bold")


def _lines(scene: SceneReport) -> Iterator[str]:
    calls = [f"{line.text} = {line.result}" for line in scene.lines]
    width = min(_WIDEST, max(map(len, calls), default=0))
    width = max(width, _NARROWEST)
    headings = (_("ms"), _("call"), "⇅", _("faults"), _("waits"), _("hops"))
    yield _row(headings, width)
    expected = 0
    for line, call in zip(scene.lines, calls, strict=True):
        if line.number > expected:
            told = _("{count} calls left out").format(count=line.number - expected)
            yield f"# ... {told} ..."
        expected = line.number + 1
        cells = (f"{line.at_ns / _NS_PER_MS:.3f}", call, str(switches(line)), str(line.faults), str(line.waits))
        yield _row((*cells, _hops(scene, line)), width)
    if scene.signal:
        yield f"+++ killed by {signal_name(scene.signal)} +++"  # strace's own words
    if scene.error:
        yield f"# {say(scene.error)}"


def switches(line: Line) -> int:
    """The mode switches of one call: a fault inside a syscall adds none, a fault in user code is the way in and out."""
    return SWITCHES_PER_CALL if line.system else SWITCHES_PER_USER_FAULT * line.faults


def _row(cells: tuple[str, ...], width: int) -> str:
    at, call, switched, faults, waits, hops = cells
    columns = (
        pad(at, 10, right=True),
        pad(call, width),
        pad(switched, 4, right=True),
        pad(faults, 6, right=True),
        pad(waits, 5, right=True),
        hops,
    )
    return "  ".join(columns).rstrip()


def _hops(scene: SceneReport, line: Line) -> str:
    return "; ".join(_hop(hop) for hop in scene.hops if _made(hop, line))


def _made(hop: HopReport, line: Line) -> bool:
    """Whether this call made the hop: the disk's where the disk was read; the card's is not the call's own doing."""
    if hop.step != line.step + 1 or line.error or hop.evidence == Evidence.MODELLED or EVERY[line.call].event:
        return False
    if hop.target == Place.DISK:
        return EVERY[line.call].flushes
    return line.disk_bytes > 0 if hop.source == Place.DISK else line.result != "0"


def _hop(hop: HopReport) -> str:
    return f"{hop.source} → {hop.target} {mover_word(Mover(hop.mover))}, {evidence_word(Evidence(hop.evidence))}"
