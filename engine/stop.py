"""How a run ended."""

from __future__ import annotations

from dataclasses import dataclass

from zcquest.engine.machine.executor import Ending
from zcquest.engine.message import Message
from zcquest.engine.trace import InFlight


@dataclass(frozen=True, slots=True)
class Stop:
    """How and where a run ended: an errno where a call failed, a signal where one killed the machine.

    `reason` is why a log or an index was refused.
    """

    ending: Ending
    errno: int = 0
    signal: int = 0
    memory: str = ""
    reason: Message | None = None
    in_flight: InFlight | None = None
