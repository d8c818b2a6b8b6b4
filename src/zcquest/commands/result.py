"""The result of a run for people: the verdict first, then features, metrics, hops, and what to know about them."""

from __future__ import annotations

from zcquest.commands.plan_file import ChosenPlan
from zcquest.commands.printing import Table, on_terminal, print_line, print_table, stars
from zcquest.engine.places import Evidence, Mover
from zcquest.levels.language import gettext as _
from zcquest.levels.language import say
from zcquest.levels.loader import Level
from zcquest.levels.report import HopReport, RunReport, SceneReport
from zcquest.levels.schema import Metric
from zcquest.levels.verdict import COPIES_TOLERANCE, Verdict
from zcquest.levels.words import evidence_word, feature_word, mover_word, race_goal, race_outcome


def print_result(level: Level, chosen: ChosenPlan, report: RunReport, verdict: Verdict) -> None:
    _print_verdict(level, report)
    if not chosen.own:
        print_line(_("The reference plan {name}, which earns you nothing:").format(name=chosen.name))
        print_line(report.plan.rstrip())
    print_measurements(level, report)


def print_measurements(level: Level, report: RunReport) -> None:
    """All but the verdict."""
    for scene in report.scenes:
        if error := scene.error:
            print_line(_("{scene}: {words}").format(scene=_(scene.name), words=say(error)), "bold red")
    _print_section(_("Features"), _features(report))
    _print_section(_("Metrics"), _metrics(report))
    _print_race(level, report)
    if on_terminal():  # the notes would leave the columns no room
        _print_section(_("Hops"), _without_last_column(_hops(report)))
        for told in dict.fromkeys(_hop_note(hop) for scene in report.scenes for hop in scene.hops if hop.note):
            print_line(told, "dim")
    else:
        _print_section(_("Hops"), _hops(report))
    _print_notes(report)


def _print_section(title: str, table: Table) -> None:
    if table.rows:
        print_line()
        print_line(title, "bold")
        print_table(table)


def _print_verdict(level: Level, report: RunReport) -> None:
    title = f"{level.id} {level.text().title}"
    if report.passed:
        told = _("{stars} passed: {level}").format(stars=stars(report.stars), level=title)
        print_line(told, "bold green")
    else:
        told = _("{stars} not passed: {level}").format(stars=stars(0), level=title)
        print_line(told, "bold red")


def _print_race(level: Level, report: RunReport) -> None:
    if not level.race:
        return
    print_line()
    print_line(_("Race"), "bold")
    print_line(race_goal(level.race.rival, level.race.least))
    if report.contest is None:
        print_line(_("It was not run: the plan has to deliver first."))
        return
    won = report.contest.won
    sign, style = ("✓", "green") if won else ("≈", "") if won is None else ("✗", "bold red")
    print_line(f"{sign} {race_outcome(report.contest)}", style)


def _features(report: RunReport) -> Table:
    table = Table([_("scene"), _("feature"), _("result"), _("required"), _("what was seen")])
    for scene in report.scenes:
        for name, feature in scene.features.items():
            kept = _("✓ kept") if feature.kept else _("✗ lost")
            required = _("required") if feature.required else "-"
            table.add(_(scene.name), feature_word(name), kept, required, say(feature.detail))
    return table


def _metrics(report: RunReport) -> Table:
    headings = [_("scene"), _("metric"), _("value"), _("par"), _("limit"), _("result"), _("made of")]
    table = Table(headings, right=(2, 3, 4))
    for scene in report.scenes:
        for metric in Metric:
            value = _value(scene, metric)
            par, limit = scene.par.get(metric.value), scene.limit.get(metric.value)
            result = _against(metric, value, par, limit)
            shown = (figure(metric, bound) for bound in (value, par, limit))
            table.add(_(scene.name), _(metric.value), *shown, result, _made_of(scene, metric))
    return table


def _value(scene: SceneReport, metric: Metric) -> float | int | None:
    match metric:
        case Metric.COPIES:
            return scene.copies
        case Metric.SWITCHES:
            return scene.switches
        case Metric.BUFFER:
            return scene.buffer


def _against(metric: Metric, value: float | int | None, par: float | int | None, limit: float | int | None) -> str:
    slack = COPIES_TOLERANCE if metric is Metric.COPIES else 0
    if value is None:
        return _("not witnessed")
    if limit is not None and value > limit + slack:
        return _("✗ over the limit")
    if par is not None:
        return _("✓ at par") if value <= par + slack else _("over par")
    return "-"


def figure(metric: Metric, value: float | int | None) -> str:
    """A metric's figure: copies with two decimals, the others whole; `-` for None."""
    if value is None:
        return "-"
    return f"{value:.2f}" if metric is Metric.COPIES else str(value)


def _made_of(scene: SceneReport, metric: Metric) -> str:
    if metric is Metric.COPIES and scene.cpu_copies is not None and scene.dma_copies is not None:
        return _("CPU {cpu} + DMA {dma}").format(cpu=f"{scene.cpu_copies:.2f}", dma=f"{scene.dma_copies:.2f}")
    if metric is Metric.SWITCHES:
        told = _("2 x {calls} syscalls ({names}) + 2 x {faults} page faults in user code")
        names = ", ".join(f"{name} {count}" for name, count in scene.syscalls.items())
        return told.format(calls=sum(scene.syscalls.values()), names=names or "-", faults=scene.user_faults)
    return "-"


def _hops(report: RunReport) -> Table:
    headings = [_("scene"), _("step"), _("from"), _("to"), _("mover"), _("bytes"), _("evidence"), _("note")]
    table = Table(headings, right=(1, 5))
    for scene in report.scenes:
        for hop in scene.hops:
            table.add(
                _(scene.name),
                "-" if hop.step is None else str(hop.step),
                hop.source,
                hop.target,
                mover_word(Mover(hop.mover)),
                str(hop.bytes),
                evidence_word(Evidence(hop.evidence)),
                say(hop.note) if hop.note else "-",
            )
    return table


def _hop_note(hop: HopReport) -> str:
    return f"{hop.source} → {hop.target}: {say(hop.note)}" if hop.note else ""


def _without_last_column(table: Table) -> Table:
    return Table(table.headings[:-1], table.right, [row[:-1] for row in table.rows])


def _print_notes(report: RunReport) -> None:
    told = _("{scene}: {words}")
    notes = [told.format(scene=_(scene.name), words=say(note)) for scene in report.scenes for note in scene.notes]
    for scene in report.scenes:
        failed = ", ".join(f"{name} {count}" for name, count in scene.errors.items())
        if failed:
            notes.append(_("{scene}: calls that failed: {failed}").format(scene=_(scene.name), failed=failed))
    if notes:
        print_line()
        print_line(_("Notes"), "bold")
        for note in notes:
            print_line(note)
