"""Durability: what the machine has acknowledged is in its log, whenever it is killed."""

from __future__ import annotations

from zcquest.engine.features.base import Judgement, Outcome
from zcquest.engine.message import message


def durability(outcome: Outcome) -> Judgement | None:
    """The log as the killed machine left it, byte for byte, against what it had told the producer."""
    if not outcome.scene.receive or not outcome.scene.receive.kill:
        return None
    crash = outcome.crash
    if crash is None:
        return Judgement(False, message("the run was over before the machine could be killed and started again"))
    if crash.overstated is not None:
        return Judgement(
            False, message("{count} bytes were acknowledged that had never been sent", count=crash.overstated)
        )
    if crash.lost_offset is not None:
        return Judgement(
            False,
            message(
                "killed when {sent} bytes had been sent and {acked} acknowledged: the last {lost} of these are not in "
                "the log, and the producer has them no longer; the first message lost has offset {offset}",
                sent=crash.sent,
                acked=crash.acked,
                lost=crash.acked - crash.intact,
                offset=crash.lost_offset,
            ),
        )
    return Judgement(
        True,
        message(
            "killed when {sent} bytes had been sent and {acked} acknowledged: all of these are in the log",
            sent=crash.sent,
            acked=crash.acked,
        ),
    )
