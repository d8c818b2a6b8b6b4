"""Power cut: what the machine has acknowledged would be there, had the whole host stopped. A killed process proves
nothing of the kind: the page cache outlives it. So the kernel is asked what it had not written yet."""

from __future__ import annotations

from zcquest.engine.features.base import Judgement, Outcome
from zcquest.engine.message import message


def power_cut(outcome: Outcome) -> Judgement | None:
    """Dirty pages, and pages under writeback, at the moment of the kill (cachestat)."""
    crash = outcome.crash
    if crash is None:
        return None
    if crash.unsafe is None:
        return Judgement(False, message("nothing on this host can tell which pages the disk had (no cachestat)"))
    if crash.unsafe:
        return Judgement(
            False,
            message(
                "of {acked} acknowledged bytes {unsafe} were not on disk when the machine was killed",
                acked=crash.acked,
                unsafe=crash.unsafe,
            ),
        )
    return Judgement(True, message("the kernel had written all {acked} acknowledged bytes", acked=crash.acked))
