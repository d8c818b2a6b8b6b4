"""What the processes of a session are told when they start, by the scene."""

from __future__ import annotations

import os

from msgspec import UNSET

from zcquest.engine.control import ConsumerConfig, Door, MachineConfig
from zcquest.engine.logs import format_of
from zcquest.engine.network.bench import Wire
from zcquest.engine.plan import Plan, format_plan
from zcquest.engine.run_log import RunLog
from zcquest.engine.scene import Scene

_LOOPBACK = "127.0.0.1"


def consumer_config(scene: Scene, token: bytes, wire: Wire | None, *, keep: int, discard: bool) -> ConsumerConfig:
    """For the scene's own consumer, the one at `sock`."""
    return ConsumerConfig(
        token=token,
        log_format=scene.log.format,
        rate=scene.rate,
        window=scene.window,
        subscription=scene.subscription,
        discard=discard,
        keep=keep,
        rejecting=scene.rejecting,
        poison={poison.message: poison.failures for poison in scene.poison},
        strays=scene.strays,
        dies_at=scene.dies_at,
        address=wire.address if wire else _LOOPBACK,
        namespaces=wire.receiver if wire else None,
    )


def machine_config(
    scene: Scene,
    plan: Plan,
    run_log: RunLog,
    door: Door,
    wire: Wire | None,
    *,
    neighbour: Door | None,
    trace: str,
    dlq: str | None,
    settle: bool,
) -> MachineConfig:
    """For a machine that sends its log to the consumer behind `door`. Blocking: it may have to look through the log."""
    return MachineConfig(
        log=str(run_log.path),
        log_format=scene.log.format,
        port=door.port,
        token=door.token,
        plan=format_plan(plan),
        trace=trace,
        nonblocking=scene.nonblocking,
        memory=scene.memory,
        send_buffer=scene.send_buffer,
        rejecting=scene.rejecting,
        retries=scene.retries,
        dlq=dlq,
        file_limit=scene.dlq.limit if scene.dlq else None,
        message=_longest_message(scene, run_log),
        neighbour=neighbour,
        index=str(index) if (index := run_log.index) else None,
        subscription=scene.subscription,
        settle=settle,
        address=wire.address if wire else _LOOPBACK,
        namespaces=wire.sender if wire else None,
    )


def _longest_message(scene: Scene, run_log: RunLog) -> int:
    """Bytes of the longest message that a lane may run for: in a file of somebody else's, whichever it is."""
    if scene.log.file is UNSET or not scene.rejecting:
        return scene.log.message
    with open(run_log.path, "rb") as log:
        spans = format_of(scene.log.format).spans(log.fileno(), os.fstat(log.fileno()).st_size)
        return max((span.end - span.start for span in spans), default=scene.log.message)
