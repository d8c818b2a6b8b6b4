"""Runs recorded elsewhere, for levels that some hosts cannot play: `recorded.json` beside `level.toml`.

`python -m zcquest.levels.recording [LEVEL ...]`, for who writes levels, runs the reference plans of the levels that
need the bench NIC (or of those named) on this host, and writes what they did.
"""

from __future__ import annotations

import argparse
import asyncio
import platform
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Literal

import msgspec

from zcquest.engine.plan import Plan, format_plan
from zcquest.levels.keeping import judge_again
from zcquest.levels.loader import Level, UnknownLevel, load_campaign
from zcquest.levels.par import misjudged, try_reference
from zcquest.levels.play import Unplayable, open_laboratory
from zcquest.levels.report import RunReport
from zcquest.levels.verdict import Verdict

FILE = "recorded.json"


class RecordingFile(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """`recorded.json`: the runs by the names of their reference plans, where and when they were recorded."""

    schema: Literal[1]
    system: str
    date: str  # ISO 8601
    runs: dict[str, RunReport]


@dataclass(frozen=True, slots=True)
class Recorded:
    """One run that was recorded. `same_plan` is False where it is the solution's, for want of one of the plan asked."""

    report: RunReport
    verdict: Verdict
    reference: str
    same_plan: bool
    system: str
    date: str


def recorded_run(level: Level, plan: Plan) -> Recorded | None:
    """The recorded run of this plan, else that of the level's solution; None where nothing usable was recorded."""
    try:
        file = msgspec.json.decode((level.folder / FILE).read_bytes(), type=RecordingFile)
        asked = format_plan(plan)
        found = next((name for name, report in file.runs.items() if report.plan == asked), None)
        name = found or level.solution.name
        report = file.runs[name]
        verdict = judge_again(level, report)
    except (OSError, msgspec.DecodeError, KeyError, ValueError):
        return None  # none was made, or it is of another version of the level
    return Recorded(report, verdict, name, found is not None, file.system, file.date)


def needs_bench(level: Level) -> bool:
    """Whether the level has a scene that some hosts cannot play."""
    return any(scene.network for scene in level.scenes)


async def record(levels: Sequence[Level]) -> list[str]:
    """Run and write. What was not as the levels state it, a sentence each. Raises Unplayable, OSError."""
    told = []
    async with open_laboratory() as laboratory:
        for level in levels:
            trials = [await try_reference(laboratory, level, reference) for reference in level.references]
            file = RecordingFile(
                schema=1,
                system=f"{platform.system()} {platform.release().partition('-')[0]}",
                date=datetime.now(UTC).date().isoformat(),
                runs={trial.reference.name: trial.report for trial in trials},
            )
            text = msgspec.json.format(msgspec.json.encode(file), indent=1)
            (level.folder / FILE).write_bytes(text + b"\n")
            told += [f"{level.id}: {fault}" for fault in misjudged(trials)]
    return told


def main() -> int:
    """The exit status: 1 where a plan did not earn what is stated, 2 for wrong arguments, 3 for a host too small."""
    parser = argparse.ArgumentParser(prog="python -m zcquest.levels.recording", description="Record reference plans.")
    parser.add_argument(
        "levels", nargs="*", metavar="LEVEL", help="such as 3-4; all that need the bench NIC by default"
    )
    options = parser.parse_args()
    campaign = load_campaign()
    try:
        every = [level for level in campaign.levels.values() if needs_bench(level)]
        told = asyncio.run(record([campaign.level(id) for id in options.levels] or every))
    except UnknownLevel as error:
        print(error, file=sys.stderr)
        return 2
    except Unplayable as failure:
        print(failure.reason, file=sys.stderr)
        return 3
    print(*told, sep="\n", end="\n" if told else "")
    return 1 if told else 0


if __name__ == "__main__":
    sys.exit(main())
