"""What the processes of a session are told when they start, by the scene."""

from __future__ import annotations

import os
import secrets
from collections.abc import Sequence

from msgspec import UNSET

from zcquest.engine.control import ConsumerConfig, Door, MachineConfig
from zcquest.engine.logs import format_of
from zcquest.engine.network.bench import Wire
from zcquest.engine.plan import Plan, format_plan
from zcquest.engine.run_log import RunLog
from zcquest.engine.scene import Scene

_LOOPBACK = "127.0.0.1"


def consumer_configs(scene: Scene, wire: Wire | None, *, keep: int, discard: bool) -> tuple[ConsumerConfig, ...]:
    """For each consumer a token of its own. The first is the one at `sock`: it alone sends messages back."""
    own = ConsumerConfig(
        token=secrets.token_bytes(32),
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
    neighbours = (
        ConsumerConfig(
            token=secrets.token_bytes(32),
            log_format=scene.log.format,
            rate=neighbour.rate,
            window=neighbour.window,
            subscription=scene.subscription,
            discard=discard,
            keep=keep,
            address=own.address,
            namespaces=own.namespaces,
        )
        for neighbour in scene.neighbours
    )
    return own, *neighbours


def machine_config(
    scene: Scene,
    plan: Plan,
    run_log: RunLog,
    doors: Sequence[Door],
    wire: Wire | None,
    *,
    trace: str,
    dlq: str | None,
    settle: bool,
) -> MachineConfig:
    """For a machine that sends its log to the consumers behind `doors`. Blocks: it may have to look through the log."""
    door, *neighbours = doors
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
        neighbours=tuple(neighbours),
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
