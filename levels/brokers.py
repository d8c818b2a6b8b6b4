"""Kafka's plan and RocketMQ's in a level: run there, on this machine, to be set beside the player's."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from types import MappingProxyType
from typing import TYPE_CHECKING, Final

import msgspec

from zcquest.engine.calls import CALLS
from zcquest.engine.plan import parse_plan
from zcquest.levels.loader import Level
from zcquest.levels.plans import plan_text
from zcquest.levels.report import RunReport
from zcquest.levels.verdict import Verdict

if TYPE_CHECKING:
    from zcquest.engine.experiment import Laboratory

BROKERS: Final[Mapping[str, str]] = MappingProxyType({"Kafka": "kafka", "RocketMQ": "rocketmq-mapped"})
"""The shipped plan of each."""

SMALL: Final = 64 << 20  # bytes of log up to which their runs take so little that nobody need ask for them


@dataclass(frozen=True, slots=True)
class BrokerRun:
    """What a broker's plan came to in a level. `lost` are the required features that it did not keep, by name."""

    report: RunReport
    verdict: Verdict

    @property
    def lost(self) -> tuple[str, ...]:
        return tuple(dict.fromkeys(lost.feature.value for lost in self.verdict.lost))


def comparable(level: Level) -> bool:
    """Whether these plans do what the level is about: they send a log, and take none in."""
    return all(scene.producer is None for scene in level.scenes)


def quick(level: Level) -> bool:
    """Whether running them here is a matter of a second or two."""
    return sum(int(scene.log.size) for scene in level.scenes) <= SMALL


def scenes_key(level: Level) -> str:
    """Equal for levels whose scenes are: what a broker's run holds for."""
    return msgspec.json.encode((level.id, level.scenes), enc_hook=str).decode()


async def run_broker(laboratory: Laboratory, level: Level, name: str) -> BrokerRun:
    """Run the plan of the broker `name` in every scene of the level; no race. Raises Unplayable."""
    from zcquest.levels.play import play

    plan = parse_plan(plan_text(BROKERS[name]), CALLS)
    unraced = replace(level, file=msgspec.structs.replace(level.file, race=None))
    return BrokerRun(*await play(laboratory, unraced, plan))
