"""Before anything is played."""

from __future__ import annotations

from zcquest.engine.host import Finding, HostReport
from zcquest.engine.message import message

from .plans import LADLE
from .stage import SMALL, Stage, state


@state("home")
async def _(stage: Stage) -> None:
    stage.game.host = _host()


@state("home: level by level", keys=False)
async def _(stage: Stage) -> None:
    await stage.ran("1-1", LADLE)
    stage.game.host = _host(limited=True)
    stage.screen.retranslate()


@state("offer of the tour")
async def _(stage: Stage) -> None:
    from zcquest.tui.screens.tour_offer import TourOffer

    stage.game.push_screen(TourOffer())


@state("nothing can be played here")
async def _(stage: Stage) -> None:
    stage.game.host = _host(supported=False)
    stage.game.cannot_play(stage.game.host.why_not)


@state("too small a terminal", sizes=SMALL, keys=False)
async def _(stage: Stage) -> None:
    await stage.pilot.resize_terminal(70, 20)


@state("campaign")
async def _(stage: Stage) -> None:
    await stage.ran("1-1", LADLE)
    stage.game.action_campaign()


@state("campaign: a chapter", keys=False)
async def _(stage: Stage) -> None:
    stage.game.action_campaign()
    await stage.press("home")


@state("settings")
async def _(stage: Stage) -> None:
    stage.game.action_settings()


@state("question")
async def _(stage: Stage) -> None:
    stage.game.action_campaign()
    await stage.press("r")


@state("file prompt")
async def _(stage: Stage) -> None:
    stage.game.action_lab()
    await stage.press("f")


@state("command palette", keys=False)
async def _(stage: Stage) -> None:
    stage.game.action_command_palette()


@state("command palette: a search", keys=False)
async def _(stage: Stage) -> None:
    stage.game.action_command_palette()
    await stage.press(*"mmap")


def _host(*, supported: bool = True, limited: bool = False) -> HostReport:
    """A host that nobody has."""
    kernel = message("Linux {release}, {machine}", release="6.12.0", machine="x86_64")
    storage = message("{type}, {free} free", type="ext4", free="100 GiB")
    why = message("nothing can be written to {folder}: {reason}", folder="/home/player/.cache", reason="Read-only")
    findings = [
        Finding("system", message("System"), True, kernel),
        Finding("filesystem", message("Cache folder"), supported, storage if supported else why),
    ]
    if limited:
        advice = message("Allow it with sysctl kernel.unprivileged_userns_clone=1.")
        findings.append(
            Finding("network", message("Bench NIC"), False, message("refused: {error}", error="EPERM"), advice)
        )
    return HostReport(supported, None if supported else why, tuple(findings))
