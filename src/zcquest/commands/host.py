"""Whether this host has a kernel to play on. Imports nothing that only Linux has."""

from __future__ import annotations

import platform
from pathlib import Path

from zcquest.commands.refusal import NO_HOST, Refused


def on_linux() -> bool:
    return platform.system() == "Linux"


def refuse_other_hosts() -> None:
    """Raises Refused where there is no Linux kernel to play on."""
    if on_linux():
        return
    from zcquest.engine.host import inspect_host
    from zcquest.levels.language import say

    why_not = inspect_host(Path()).why_not
    raise Refused(NO_HOST, *([say(why_not)] if why_not else []))


def cannot_run(reason: str) -> Refused:
    """What to raise where a run could not be had at all; `reason` in the player's language."""
    from zcquest.levels.language import gettext as _

    return Refused(
        NO_HOST,
        _("This host cannot run it: {reason}").format(reason=reason),
        _("zcquest doctor tells what this host can do."),
    )
