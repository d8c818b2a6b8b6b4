"""What a call costs here: a small plan run on this kernel for the sake of the figures, or what own runs have shown."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from statistics import median
from types import MappingProxyType
from typing import TYPE_CHECKING, Final

import msgspec

from zcquest.engine.calls import CALLS, EVERY
from zcquest.engine.places import Evidence, Mover, Place
from zcquest.engine.plan import Plan, parse, parse_plan
from zcquest.levels.loader import Campaign
from zcquest.levels.progress import Progress

if TYPE_CHECKING:
    from zcquest.engine.experiment import Laboratory, Line
    from zcquest.levels.report import HopReport

LATEST: Final = 5  # runs that are looked at
_SWITCHES = 2  # a call: in and out


@dataclass(frozen=True, slots=True)
class Sample:
    """A plan that makes the call a few times, in the scene called `scene` of a level."""

    plan: str
    level: str
    scene: str


def _sample(lane_steps: str, level: str = "1-3", scene: str = "warm") -> Sample:
    return Sample(lane_steps, level, scene)


_COPIES = "repeat:\n    read(log, buf, 256K)\n    write(sock, buf, 256K)\n"
_SENDS = "repeat:\n    sendfile(sock, log, 256K)\n"
_RECEIVES = "repeat:\n    recv(sock, buf, 64K)\n    write(log, buf, 64K)\n    {flush}(log)\n    send(sock, ack, 8)\n"
_PICKS = "once:\n    mmap(log, populate)\nrepeat:\n    select(map)\n    {send}(sock, map, 64K)\n"
_PIPED = "once:\n    pipe()\nrepeat:\n    splice(log, pipe, 64K)\n    splice(pipe, sock, 64K)\n"
_TWICE = _PIPED.replace("pipe()", "pipe()\n    pipe()").replace("pipe, 64K)", "pipe, 64K)\n    tee(pipe, pipe2, 64K)")
_LENT = "once:\n    pipe()\n    mmap(log)\nrepeat:\n    vmsplice(pipe, map, 64K)\n    splice(pipe, sock, 64K)\n"
_DEAD = _SENDS.replace("256K", "512K") + "on reject:\n    sendfile(sock, log, msg)\non giveup:\n"

SAMPLES: Final[Mapping[str, Sample]] = MappingProxyType(
    {
        "read": _sample(_COPIES),
        "write": _sample(_COPIES),
        "pread": _sample("repeat:\n    pread(log, buf, 256K)\n    send(sock, buf, 256K)\n"),
        "send": _sample("repeat:\n    pread(log, buf, 256K)\n    send(sock, buf, 256K)\n"),
        "sendfile": _sample(_SENDS),
        "mmap": _sample("once:\n    mmap(log)\nrepeat:\n    write(sock, map, 256K)\n"),
        "madvise": _sample("once:\n    mmap(log)\n    madvise(map, willneed)\nrepeat:\n    write(sock, map, 256K)\n"),
        "fadvise": _sample("once:\n    fadvise(log, sequential)\n" + _COPIES),
        "readahead": _sample("once:\n    readahead(log, 1M)\n" + _COPIES, scene="cold"),
        "memcpy": _sample("once:\n    mmap(log)\nrepeat:\n    memcpy(buf, map, 256K)\n    write(sock, buf, 256K)\n"),
        "verify": _sample(
            "repeat:\n    pread(log, buf, 64K)\n    verify(buf)\n    write(sock, buf, 64K)\n", "4-4", "cold"
        ),
        "recv": _sample(_RECEIVES.format(flush="fsync"), "1-4", "steady"),
        "fsync": _sample(_RECEIVES.format(flush="fsync"), "1-4", "steady"),
        "fdatasync": _sample(_RECEIVES.format(flush="fdatasync"), "1-4", "steady"),
        "select": _sample(_PICKS.format(send="write"), "4-3", "warm"),
        "writev": _sample(_PICKS.format(send="writev"), "4-3", "warm"),
        "pipe": _sample(_PIPED),
        "splice": _sample(_PIPED),
        "tee": _sample(_TWICE + "    splice(pipe2, sock, 64K)\n"),
        "vmsplice": _sample(_LENT),
        "copy_file_range": _sample(_SENDS + "on reject:\n    copy_file_range(log, dlq, msg)\n", "4-1", "cold"),
        "rewrite": _sample(
            _DEAD + "    pread(log, buf, msg)\n    rewrite(buf)\n    write(dlq, buf, msg)\n", "4-2", "cold"
        ),
    }
)
"""By call: all that a plan may name."""


@dataclass(frozen=True, slots=True)
class Way:
    """Where a call's bytes went, who carried them, and how that is known."""

    source: Place
    target: Place
    mover: Mover
    evidence: Evidence


@dataclass(frozen=True, slots=True)
class Cost:
    """Of `calls` calls in `runs` runs, 0 for the run made for it. Times in ns, `size` in bytes asked for, the median.

    `switches` are those of one call, faults and sleeps those of all, `disk_bytes` what the block layer counted for all.
    """

    runs: int
    calls: int
    failed: int
    size: int
    median_ns: int
    least_ns: int
    most_ns: int
    switches: int
    faults: int
    waits: int
    disk_bytes: int
    ways: tuple[Way, ...]


def add_up(call: str, runs: Sequence[tuple[Plan, Sequence[Line], Sequence[HopReport]]]) -> Cost | None:
    """What the runs show of the call; None where none of them made it."""
    lines = [line for _plan, all_lines, _hops in runs for line in all_lines if line.call == call]
    if not lines:
        return None
    ways: dict[Way, None] = {}
    for plan, _lines, hops in runs:
        for hop in hops:
            if hop.step is not None and hop.step <= len(plan.steps) and plan.steps[hop.step - 1].call == call:
                way = Way(Place(hop.source), Place(hop.target), Mover(hop.mover), Evidence(hop.evidence))
                ways.setdefault(way)
    took = [line.took_ns for line in lines]
    return Cost(
        runs=len(runs),
        calls=len(lines),
        failed=sum(line.error is not None for line in lines),
        size=int(median(line.size for line in lines)),
        median_ns=int(median(took)),
        least_ns=min(took),
        most_ns=max(took),
        switches=_SWITCHES if EVERY[call].system else 0,
        faults=sum(line.faults for line in lines),
        waits=sum(line.waits for line in lines),
        disk_bytes=sum(line.disk_bytes for line in lines),
        ways=tuple(ways),
    )


async def measure(call: str, campaign: Campaign, laboratory: Laboratory) -> Cost | None:
    """Run the call's sample, probe and all. Raises what `Laboratory.observe` raises, KeyError without a sample."""
    from zcquest.levels.report import hop_report

    sample = SAMPLES[call]
    file = next(scene for scene in campaign.level(sample.level).scenes if scene.name == sample.scene)
    scene = replace(file.engine_scene(), rate=None, window=None)
    plan = parse_plan(sample.plan, CALLS)
    seen = await laboratory.observe(scene, plan)
    cost = add_up(call, [(plan, seen.lines, [hop_report(hop) for hop in seen.tally.hops])])
    return replace(cost, runs=0) if cost else None


def of_own_runs(call: str, progress: Progress) -> Cost | None:
    """What the latest kept runs that made the call show of it; None where there are none."""
    from zcquest.levels.report import RunReport

    found: list[tuple[Plan, Sequence[Line], Sequence[HopReport]]] = []
    for row in progress.runs(reports=False):
        if len(found) == LATEST:
            break
        if f"{call}(" not in row.plan or row.id is None or (kept := progress.run(row.id)) is None:
            continue
        try:
            report = msgspec.json.decode(kept.report, type=RunReport)
        except msgspec.DecodeError:
            continue  # of another version of the game
        plan = parse(report.plan, CALLS).plan
        for scene in report.scenes[:1]:
            if any(line.call == call for line in scene.lines):
                found.append((plan, scene.lines, scene.hops))
    return add_up(call, found)
