"""What the inspection of a host says."""

from __future__ import annotations

from collections.abc import Callable

import msgspec

from zcquest.engine.message import Message, message


class Finding(msgspec.Struct, frozen=True):
    """One line of the report. `ok` is None for what is neither good nor bad; `advice`: what to do when it is bad."""

    name: str
    title: Message
    ok: bool | None
    detail: Message
    advice: Message | None = None


class HostReport(msgspec.Struct, frozen=True):
    """What was found. `supported` is False when no level can be run here, and `why_not` then says why."""

    supported: bool
    why_not: Message | None
    findings: tuple[Finding, ...]

    def finding(self, name: str) -> Finding | None:
        """The finding of that name, if it was made: on an unsupported host most are not."""
        return next((finding for finding in self.findings if finding.name == name), None)


def attempted(name: str, title: Message, attempt: Callable[[], None], advice: Message | None = None) -> Finding:
    """The finding that `attempt` worked, or which OSError it raised."""
    try:
        attempt()
    except OSError as error:
        fallback = message("Plans that use it cannot run here. Try another kernel, or another filesystem.")
        return Finding(name, title, False, message("refused: {error}", error=reason(error)), advice or fallback)
    return Finding(name, title, True, message("works"))


def reason(error: OSError) -> str:
    """The system's own words for an error, without the path."""
    return error.strerror or str(error)
