"""One log for several consumers, in the lab: levels have one each."""

from __future__ import annotations

from zcquest.engine.places import Place
from zcquest.levels.lab import LAB

from .plans import SENT_TO_FOUR, WRITTEN_TO_THREE
from .stage import Stage, state


@state("lab: several consumers", keys=False)
async def _(stage: Stage) -> None:
    stage.bench(consumers=3, last_rate=1 << 20)
    stage.game.action_lab()


@state("level: four consumers, planned", keys=False)
async def _(stage: Stage) -> None:
    stage.bench(consumers=4)
    await stage.level(LAB, SENT_TO_FOUR)


@state("level: four consumers, half way", keys=False)
async def _(stage: Stage) -> None:
    stage.bench(consumers=4)
    await stage.stepped(LAB, SENT_TO_FOUR, 10)


@state("level: four consumers, after a run", keys=False)
async def _(stage: Stage) -> None:
    stage.bench(consumers=4)
    await stage.ran(LAB, SENT_TO_FOUR)
    await stage.level(LAB, SENT_TO_FOUR)


@state("level: three consumers, planned", keys=False)
async def _(stage: Stage) -> None:
    stage.bench(consumers=3)
    await stage.level(LAB, WRITTEN_TO_THREE)


@state("level: three consumers, half way", keys=False)
async def _(stage: Stage) -> None:
    stage.bench(consumers=3)
    await stage.stepped(LAB, WRITTEN_TO_THREE, 7)


@state("level: three consumers, tampered", keys=False)
async def _(stage: Stage) -> None:
    stage.bench(consumers=3)
    await stage.stepped(LAB, WRITTEN_TO_THREE, 7)
    await stage.press("t", "s", "s")


@state("level: three consumers, after a run", keys=False)
async def _(stage: Stage) -> None:
    stage.bench(consumers=3)
    await stage.ran(LAB, WRITTEN_TO_THREE)
    await stage.level(LAB, WRITTEN_TO_THREE)


@state("place: second socket buffer", keys=False)
async def _(stage: Stage) -> None:
    stage.bench(consumers=4)
    await stage.stepped(LAB, SENT_TO_FOUR, 10)
    await stage.room(Place.SOCKET2)


@state("place: third consumer", keys=False)
async def _(stage: Stage) -> None:
    stage.bench(consumers=4)
    await stage.stepped(LAB, SENT_TO_FOUR, 10)
    await stage.room(Place.CONSUMER3)


@state("result: four consumers", keys=False)
async def _(stage: Stage) -> None:
    stage.bench(consumers=4)
    await stage.result(LAB, SENT_TO_FOUR)


@state("result: three consumers, hops", keys=False)
async def _(stage: Stage) -> None:
    stage.bench(consumers=3)
    await stage.result(LAB, WRITTEN_TO_THREE, "2")
