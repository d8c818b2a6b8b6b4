"""Places of the map, opened."""

from __future__ import annotations

from zcquest.engine.places import Place

from .plans import DEAD_LETTERS, FLUSHED, LADLE, MAPPED, SENDFILE
from .stage import Stage, state


@state("place: disk", keys=False)
async def _(stage: Stage) -> None:
    await stage.stepped("1-1", LADLE, 3)
    await stage.room(Place.DISK)


@state("place: page cache")
async def _(stage: Stage) -> None:
    await stage.stepped("1-1", LADLE, 3)
    await stage.room(Place.PAGE_CACHE)
    await stage.press("n")


@state("place: user buffer")
async def _(stage: Stage) -> None:
    await stage.stepped("1-1", LADLE, 3)
    await stage.room(Place.BUFFER)


@state("place: mapping", keys=False)
async def _(stage: Stage) -> None:
    await stage.stepped("2-1", MAPPED, 2)
    await stage.room(Place.MAPPING)


@state("place: socket buffer", keys=False)
async def _(stage: Stage) -> None:
    await stage.stepped("1-1", LADLE, 4)
    await stage.room(Place.SOCKET)


@state("place: NIC", keys=False)
async def _(stage: Stage) -> None:
    await stage.ran("3-4", SENDFILE)
    await stage.level("3-4", SENDFILE)
    await stage.room(Place.NIC)


@state("place: consumer", keys=False)
async def _(stage: Stage) -> None:
    await stage.stepped("4-1", DEAD_LETTERS, 3)
    await stage.room(Place.CONSUMER)


@state("place: producer", keys=False)
async def _(stage: Stage) -> None:
    await stage.stepped("1-4", FLUSHED, 6)
    await stage.room(Place.PRODUCER)


@state("place: DLQ", keys=False)
async def _(stage: Stage) -> None:
    await stage.stepped("4-1", DEAD_LETTERS, 3)
    await stage.room(Place.DLQ)


@state("place: tampered with", keys=False)
async def _(stage: Stage) -> None:
    await stage.stepped("1-1", LADLE, 3)
    await stage.room(Place.BUFFER)
    await stage.press("t")
