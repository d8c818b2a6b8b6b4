"""Why a run did not go to its end, in a sentence."""

from __future__ import annotations

import signal

from zcquest.engine.machine.executor import Ending
from zcquest.engine.message import Message, message
from zcquest.engine.trace import errno_name


def why(
    ending: Ending,
    *,
    step: int | None = None,
    errno: int = 0,
    killed_by: int = 0,
    memory: str = "",
    buffer: int = 0,
    reason: Message | None = None,
) -> Message | None:
    """The reason; None for a plan that sent all there was.

    `step` (counted from 1) is where it ended, if that is known; `killed_by` a signal's number; `buffer` bytes;
    `reason` what a call said of the damage it met.
    """
    match ending:
        case Ending.SENT | Ending.END_OF_FILE:
            return None
        case Ending.STALLED:
            return message("the plan stopped before the whole log was sent: its last round moved no byte")
        case Ending.ERROR if step:
            return message("step {step} failed with {errno}", step=step, errno=errno_name(errno))
        case Ending.ERROR:
            return message("a call failed with {errno}", errno=errno_name(errno))
        case Ending.NO_BYTES:
            return message("{memory} holds no bytes yet that user code could work on", memory=memory)
        case Ending.DAMAGED:
            return reason or message("the log or its index is damaged")
        case Ending.NO_MEMORY:
            return message(
                "the kernel refused buffers of {bytes} bytes with {errno}", bytes=buffer, errno=errno_name(errno)
            )
        case Ending.KILLED if step:
            return message("{signal} killed the machine in step {step}", signal=signal_name(killed_by), step=step)
        case Ending.KILLED:
            return message("{signal} killed the machine", signal=signal_name(killed_by))
        case Ending.DEADLINE if step:
            return message("the plan ran longer than it may and was stopped in step {step}", step=step)
        case Ending.DEADLINE:
            return message("the plan ran longer than it may and was stopped")
        case Ending.CANCELLED:
            return message("you stopped the run")


def signal_name(number: int) -> str:
    """`SIGBUS` for 7; an empty string for no signal."""
    return signal.Signals(number).name if number else ""
