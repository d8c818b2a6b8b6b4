"""Survival: the machine is still there when the plan is over, and no call of it failed."""

from __future__ import annotations

from zcquest.engine.ending import signal_name
from zcquest.engine.features.base import Judgement, Outcome
from zcquest.engine.machine.executor import Ending
from zcquest.engine.message import message
from zcquest.engine.trace import errno_name

_ALIVE = {Ending.SENT, Ending.END_OF_FILE, Ending.STALLED}


def survival(outcome: Outcome) -> Judgement | None:
    """A process that a signal killed, or whose plan broke off at an errno, serves nobody else.

    Where the scene kills the machine there is nothing to survive: see durability.
    """
    if outcome.crash:
        return None
    stop = outcome.stop
    if stop.ending in _ALIVE:
        return Judgement(True, message("the machine lived to the plan's end"))
    if stop.signal and stop.ending is Ending.KILLED:
        return Judgement(False, message("{signal} killed the machine", signal=signal_name(stop.signal)))
    if stop.errno:
        return Judgement(False, message("the plan broke off at {errno}", errno=errno_name(stop.errno)))
    return Judgement(False, message("the plan did not end by itself"))
