"""What is kept of a level's run, and its JSON for scripts (schema 1, DESIGN §8)."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import msgspec

from zcquest.engine.ending import signal_name, why
from zcquest.engine.experiment import Line, Observation
from zcquest.engine.machine.executor import Ending
from zcquest.engine.message import Message
from zcquest.engine.plan import format_plan
from zcquest.engine.tally import Hop
from zcquest.engine.trace import errno_name
from zcquest.levels.contest import Contest
from zcquest.levels.loader import Level
from zcquest.levels.schema import Metric, SceneFile
from zcquest.levels.verdict import SceneResult, Verdict, judge

SCHEMA = 1


class FeatureReport(msgspec.Struct, frozen=True):
    """A feature's judgement; `required` if the level asks for it."""

    required: bool
    kept: bool
    detail: Message


class HopReport(msgspec.Struct, frozen=True):
    """One hop; `step` counts the plan's steps from 1. `copied` of its `bytes` were copied."""

    step: int | None
    source: str
    target: str
    mover: str
    bytes: int
    copied: float
    evidence: str
    note: Message | None


class MetersReport(msgspec.Struct, frozen=True, kw_only=True):
    """Seconds, counts, bytes: rusage's, from within the machine, but `disk_read_bytes`, which psutil read outside."""

    wall_s: float
    user_s: float
    sys_s: float
    minor_faults: int
    major_faults: int
    voluntary_switches: int
    involuntary_switches: int
    disk_read_bytes: int | None
    payload_bytes: int
    private_bytes: int


class NetworkReport(msgspec.Struct, frozen=True):
    """The bench NIC: its scatter-gather, and the bytes (headers included) and packets that its counters saw leave."""

    scatter_gather: bool
    sent_bytes: int
    sent_packets: int


class ConsumerReport(msgspec.Struct, frozen=True):
    """What one consumer of several got: bytes of good messages, and their number."""

    payload_bytes: int
    messages: int


class SceneReport(msgspec.Struct, frozen=True, kw_only=True):
    """One scene's run. Copies are per payload byte, None where they were not witnessed; pars None where none is set."""

    name: str
    start: str
    ending: str
    errno: int
    signal: int
    failed_step: int | None  # counted from 1
    memory: str  # what user-space work found empty
    reason: Message | None = None  # why it refused what it found
    copies: float | None
    cpu_copies: float | None
    dma_copies: float | None
    hops: tuple[HopReport, ...]
    switches: int
    syscalls: dict[str, int]
    user_faults: int
    kernel_faults: int
    errors: dict[str, int]
    buffer: int
    features: dict[str, FeatureReport]
    meters: MetersReport
    par: dict[str, float | int]
    limit: dict[str, float | int]
    lines: tuple[Line, ...]
    calls: int
    notes: tuple[Message, ...]
    messages: int  # good ones that the consumer read
    rejections: int = 0  # messages that it sent back
    trace: str = ""  # the name of the kept trace
    network: NetworkReport | None = None  # None: loopback
    consumers: tuple[ConsumerReport, ...] = ()  # the one at `sock` first; empty where there is no other

    @property
    def error(self) -> Message | None:
        """Why the plan did not run to its end; None when it did."""
        return why(
            Ending(self.ending),
            step=self.failed_step,
            errno=self.errno,
            killed_by=self.signal,
            memory=self.memory,
            buffer=self.buffer,
            reason=self.reason,
        )


class RunReport(msgspec.Struct, frozen=True, kw_only=True):
    """A plan's run in every scene of a level, with its verdict."""

    schema: int = SCHEMA
    level: str
    plan: str
    passed: bool
    stars: int
    at_par: tuple[str, ...]
    scenes: tuple[SceneReport, ...]
    contest: Contest | None = None

    @property
    def first(self) -> SceneReport:
        return self.scenes[0]


def make_report(
    level: Level, observations: list[Observation], contest: Contest | None = None
) -> tuple[RunReport, Verdict]:
    """The report and the verdict of one plan's observations, in the order of the level's scenes, and of its race."""
    verdict = judge(level, [_result(observed) for observed in observations], contest)
    files = {scene.name: scene for scene in level.scenes}
    report = RunReport(
        level=level.id,
        plan=format_plan(observations[0].plan),
        passed=verdict.passed,
        stars=verdict.stars,
        at_par=tuple(sorted(metric.value for metric in verdict.at_par)),
        scenes=tuple(_scene(level, files[observed.scene.name], observed) for observed in observations),
        contest=contest,
    )
    return report, verdict


def _result(observed: Observation) -> SceneResult:
    return SceneResult(
        name=observed.scene.name,
        copies=observed.tally.copies(),
        switches=observed.tally.switches,
        buffer=observed.buffer,
        features={name: judgement.kept for name, judgement in observed.features.items()},
        ending=observed.stop.ending.value,
    )


def _scene(level: Level, file: SceneFile, observed: Observation) -> SceneReport:
    tally, stop = observed.tally, observed.stop
    return SceneReport(
        name=observed.scene.name,
        start=observed.scene.start,
        ending=stop.ending.value,
        errno=stop.errno,
        signal=stop.signal,
        failed_step=_failed_step(observed),
        memory=stop.memory,
        reason=stop.reason,
        copies=tally.copies(),
        cpu_copies=tally.cpu_copies,
        dma_copies=tally.dma_copies,
        hops=tuple(map(hop_report, tally.hops)),
        switches=tally.switches,
        syscalls=dict(tally.syscalls),
        user_faults=tally.user_faults,
        kernel_faults=tally.kernel_faults,
        errors=dict(tally.errors),
        buffer=observed.buffer,
        features={
            name: FeatureReport(name in level.features, judgement.kept, judgement.detail)
            for name, judgement in observed.features.items()
        },
        meters=MetersReport(
            wall_s=observed.wall_s,
            user_s=observed.user_s,
            sys_s=observed.sys_s,
            minor_faults=observed.minor_faults,
            major_faults=observed.major_faults,
            voluntary_switches=observed.voluntary_switches,
            involuntary_switches=observed.involuntary_switches,
            disk_read_bytes=observed.meters.disk_read_bytes,
            payload_bytes=tally.payload,
            private_bytes=observed.meters.private_bytes,
        ),
        par=_bounds(file, "par"),
        limit=_bounds(file, "limit"),
        lines=observed.lines,
        calls=observed.calls,
        notes=observed.notes,
        messages=observed.delivery.messages if observed.delivery else 0,
        rejections=observed.rejections,
        trace=observed.trace,
        network=_network(observed),
        consumers=_consumers(observed),
    )


def _consumers(observed: Observation) -> tuple[ConsumerReport, ...]:
    if not observed.neighbours:
        return ()
    deliveries = (observed.delivery, *(neighbour.delivery for neighbour in observed.neighbours))
    return tuple(ConsumerReport(got.payload, got.messages) if got else ConsumerReport(0, 0) for got in deliveries)


def _network(observed: Observation) -> NetworkReport | None:
    if observed.network is None:
        return None
    sent = observed.network.sent
    return NetworkReport(observed.network.scatter_gather, sent.bytes, sent.packets)


def hop_report(hop: Hop) -> HopReport:
    """The hop as a report holds it."""
    return HopReport(
        step=None if hop.step is None else hop.step + 1,
        source=hop.source.value,
        target=hop.target.value,
        mover=hop.mover.value,
        bytes=hop.bytes,
        copied=hop.copied,
        evidence=hop.evidence.value,
        note=hop.note,
    )


def _bounds(file: SceneFile, kind: str) -> dict[str, float | int]:
    table = file.par if kind == "par" else file.limit
    stated = ((metric.value, table.of(metric)) for metric in Metric)
    return {name: bound if isinstance(bound, float) else int(bound) for name, bound in stated if bound is not None}


def _failed_step(observed: Observation) -> int | None:
    stop = observed.stop
    if stop.in_flight:
        return stop.in_flight.step + 1
    if stop.ending is Ending.ERROR and observed.lines:
        return observed.lines[-1].step + 1
    return None


def to_json(report: RunReport, say: Callable[[Message], str]) -> dict[str, Any]:
    """DESIGN §8: the first scene at the top, every scene under `scenes`. Sentences in the language of `say`."""
    scenes = [_scene_json(scene, say) for scene in report.scenes]
    first = {key: value for key, value in scenes[0].items() if key != "name"}
    return {
        "schema": report.schema,
        "level": report.level,
        "plan": report.plan,
        "passed": report.passed,
        "stars": report.stars,
        **first,
        "scenes": scenes,
        "race": _contest_json(report.contest, say) if report.contest else None,
    }


def _contest_json(contest: Contest, say: Callable[[Message], str]) -> dict[str, Any]:
    return {
        "rival": contest.rival,
        "least": contest.least,
        "pairs": contest.pairs,
        "won": contest.won,
        "ratio": msgspec.to_builtins(contest.throughput),
        "cpu_ratio": msgspec.to_builtins(contest.cpu),
        "message": say(contest.spoilt) if contest.spoilt else None,
    }


def _scene_json(scene: SceneReport, say: Callable[[Message], str]) -> dict[str, Any]:
    error = scene.error
    meters = msgspec.to_builtins(scene.meters)
    network = {"network": msgspec.to_builtins(scene.network)} if scene.network else {}
    consumers = {"consumers": msgspec.to_builtins(scene.consumers)} if scene.consumers else {}
    return {
        "name": scene.name,
        "ending": scene.ending,
        "copies": {
            "total": scene.copies,
            "cpu": scene.cpu_copies,
            "dma": scene.dma_copies,
            "par": scene.par.get(Metric.COPIES.value),
            "hops": [
                {
                    "step": hop.step,
                    "from": hop.source,
                    "to": hop.target,
                    "mover": hop.mover,
                    "bytes": hop.bytes,
                    "evidence": hop.evidence,
                    "note": say(hop.note) if hop.note else None,
                }
                for hop in scene.hops
            ],
        },
        "switches": {
            "total": scene.switches,
            "syscalls": sum(scene.syscalls.values()),
            "user_faults": scene.user_faults,
            "par": scene.par.get(Metric.SWITCHES.value),
        },
        "buffer": {"total": scene.buffer, "par": scene.par.get(Metric.BUFFER.value)},
        "syscalls": scene.syscalls,
        "features": {
            name: {"required": feature.required, "kept": feature.kept, "detail": say(feature.detail)}
            for name, feature in scene.features.items()
        },
        "meters": meters,
        "errors": scene.errors,
        "notes": [say(note) for note in scene.notes],
        "error": None
        if error is None
        else {
            "ending": scene.ending,
            "step": scene.failed_step,
            "errno": errno_name(scene.errno) if scene.errno else None,
            "signal": signal_name(scene.signal) or None,
            "message": say(error),
        },
        **network,
        **consumers,
    }
