"""The lab: a bench without a task. Any log, any consumer, any plan; nothing is scored, everything is measured."""

from __future__ import annotations

from pathlib import Path
from typing import Literal

import msgspec

from zcquest.engine.calls import CALLS
from zcquest.engine.calls.base import SOCKETS
from zcquest.engine.logs import LogSpec, UnusableFile, format_of, own_log
from zcquest.engine.logs.spec import OutOfRange
from zcquest.engine.message import message
from zcquest.levels.language import LANGUAGES
from zcquest.levels.level_error import Rejected
from zcquest.levels.loader import Level
from zcquest.levels.progress import Progress
from zcquest.levels.schema import (
    ConsumerFile,
    Feature,
    LevelFile,
    LogFile,
    MachineFile,
    NetworkFile,
    PoisonFile,
    PositiveSize,
    QueueFile,
    SceneFile,
)
from zcquest.levels.text import parse_text
from zcquest.levels.typed_path import typed_path

LAB = "lab"  # its id, where a level has one
SCENE = "lab"
MOST_POISON = 1000  # messages that are rejected, at most: their references have to fit a socket
_SETTING = "lab"
_HERE = Path(__file__).parent
_SMALL = PositiveSize(64 << 10)  # bytes of a socket's buffer: the kernel's own would hide megabytes of a slow reading


class LabSettings(msgspec.Struct, frozen=True, kw_only=True):
    """What is on the bench. Sizes in bytes; `file` is a path, empty for a log made to measure."""

    file: str = ""
    format: Literal["kafka", "rocketmq"] = "kafka"
    size: int = 4 << 20
    message: int = 1024
    start: Literal["cold", "warm"] = "cold"
    rate: int = 0  # bytes per second that each consumer reads; 0: as fast as it can
    consumers: Literal[1, 2, 3, 4] = 1
    last_rate: int = 0  # bytes per second that the last of several reads, through small buffers; 0: as the others do
    reject: int = 0  # every so manyth message is rejected, always; 0: none
    retries: int = 0  # deliveries after the first; 0: each rejection is the last
    nonblocking: bool = False
    network: Literal["loopback", "gathering", "linear"] = "loopback"  # the two others: the bench NIC, its card


class UnusableBench(UnusableFile):
    """What is on the bench does not go together; `message` says why."""


class OwnFile(LogFile, frozen=True, kw_only=True):
    """A log that is a file of the player's own."""

    own: LogSpec

    def spec(self) -> LogSpec:
        return self.own


def lab_settings(progress: Progress) -> LabSettings:
    """What the bench was left with; as it comes where nothing is known, or nothing that can be read."""
    kept = progress.setting(_SETTING)
    try:
        return msgspec.json.decode(kept, type=LabSettings) if kept else LabSettings()
    except msgspec.DecodeError:
        return LabSettings()


def keep_lab_settings(progress: Progress, settings: LabSettings) -> None:
    progress.set_setting(_SETTING, msgspec.json.encode(settings).decode())


def lab_level(settings: LabSettings) -> Level:
    """The lab as a level without stars. Raises UnusableFile for a file that cannot be played with, UnusableBench."""
    try:
        return _level(settings)
    except Rejected as refusal:
        if not isinstance(bounds := refusal.__cause__, OutOfRange):
            raise UnusableBench(refusal.reason) from refusal
        told = message(
            "no log can be made with {value} bytes there: it takes {least} to {most}",
            value=bounds.value,
            least=bounds.least,
            most=bounds.most,
        )
        raise UnusableBench(told) from refusal


def _level(settings: LabSettings) -> Level:
    log = _log(settings)
    spec = log.spec()
    poison = _poison(settings, spec)
    scene = SceneFile(
        name=SCENE,
        log=log,
        start=settings.start,
        deadline=60.0,
        consumer=_consumer(settings),
        neighbours=_neighbours(settings),
        machine=MachineFile(nonblocking=settings.nonblocking, send_buffer=_SMALL if _last_is_slow(settings) else None),
        network=None if settings.network == "loopback" else NetworkFile(scatter_gather=settings.network == "gathering"),
        poison=poison,
        retries=settings.retries if poison and settings.retries else None,
        dlq=QueueFile() if spec.format == "rocketmq" else None,
    )
    file = LevelFile(
        schema=1,
        id=LAB,
        calls=tuple(CALLS),
        stars=(),
        features=(Feature.DELIVERY,),
        scenes=(scene,),
        references=(),
        draft=_draft(settings.consumers),
    )
    texts = {code: parse_text((_HERE / f"text.{code}.md").read_text("utf-8"), [SCENE]) for code in LANGUAGES}
    return Level(file, _HERE, texts)


def _log(settings: LabSettings) -> LogFile:
    if settings.file:
        own = own_log(typed_path(settings.file))
        form: Literal["kafka", "rocketmq"] = "rocketmq" if own.format == "rocketmq" else "kafka"
        return OwnFile(own=own, format=form, size=PositiveSize(own.size), message=PositiveSize(own.message))
    size, message = PositiveSize(settings.size), PositiveSize(settings.message)
    if settings.format == "rocketmq":
        return LogFile(format="rocketmq", size=size, message=message, topics=4, tags=("paid", "shipped"))
    return LogFile(size=size, message=message, batch=PositiveSize(max(16 << 10, 4 * message)))


def _consumer(settings: LabSettings) -> ConsumerFile:
    return ConsumerFile(rate=PositiveSize(settings.rate) if settings.rate else None)


def _last_is_slow(settings: LabSettings) -> bool:
    return settings.consumers > 1 and settings.last_rate > 0


def _neighbours(settings: LabSettings) -> tuple[ConsumerFile, ...]:
    neighbours = [_consumer(settings)] * (settings.consumers - 1)
    if _last_is_slow(settings):
        neighbours[-1] = ConsumerFile(rate=PositiveSize(settings.last_rate), window=_SMALL)
    return tuple(neighbours)


def _draft(consumers: int) -> str:
    return "repeat:\n" + "".join(f"    sendfile({word}, log, 64K)\n" for word in SOCKETS[:consumers])


def _poison(settings: LabSettings, spec: LogSpec) -> tuple[PoisonFile, ...]:
    if not settings.reject or spec.format != "rocketmq":
        return ()
    messages = format_of(spec.format).messages(spec)  # of a file's, as many as there would be of its longest one
    numbers = range(settings.reject - 1, messages, settings.reject)[:MOST_POISON]
    return tuple(PoisonFile(message=number) for number in numbers)
