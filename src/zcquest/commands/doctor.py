"""`zcquest doctor`: what this host can do, and what to do about the rest."""

from __future__ import annotations

from pathlib import Path

from zcquest.commands.host import on_linux
from zcquest.commands.printing import Table, print_json, print_line, print_table
from zcquest.commands.refusal import NO_HOST, PASSED
from zcquest.engine.host import Finding, HostReport, inspect_host
from zcquest.levels.language import gettext as _
from zcquest.levels.language import say


def show_doctor(as_json: bool) -> int:
    """The exit status: whether the game can be played here."""
    report = inspect_host(_run_folder())
    if as_json:
        print_json(_document(report))
    else:
        _print(report)
    return PASSED if report.supported else NO_HOST


def _run_folder() -> Path:
    if not on_linux():
        return Path()
    from zcquest.levels.play import cache_folder

    return cache_folder() / "runs"


def _print(report: HostReport) -> None:
    table = Table([_("state"), _("what"), _("found")])
    for finding in report.findings:
        table.add(_state(finding), say(finding.title), say(finding.detail))
    print_table(table)
    advice = [finding for finding in report.findings if finding.advice and finding.ok is False]
    for finding in advice:
        told = _("{title}: {words}")
        print_line(told.format(title=say(finding.title), words=say(finding.advice)) if finding.advice else "")
    if report.why_not:
        print_line(_("zcquest cannot be played here: {reason}").format(reason=say(report.why_not)), "bold red")
    else:
        print_line(_("zcquest can be played here."), "bold green")


def _state(finding: Finding) -> str:
    if finding.ok is None:
        return "-"
    return _("✓ good") if finding.ok else _("✗ missing")


def _document(report: HostReport) -> object:
    return {
        "schema": 1,
        "supported": report.supported,
        "why_not": say(report.why_not) if report.why_not else None,
        "findings": [
            {
                "name": finding.name,
                "title": say(finding.title),
                "ok": finding.ok,
                "detail": say(finding.detail),
                "advice": say(finding.advice) if finding.advice else None,
            }
            for finding in report.findings
        ],
    }
