"""A laboratory for the tests of a module: one forkserver, and logs made once for all, on a disk that can be cold."""

from __future__ import annotations

import os
import tempfile
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import pytest_asyncio

from zcquest.engine import pagecache
from zcquest.engine.calls import CALLS
from zcquest.engine.children import Children
from zcquest.engine.experiment import Laboratory, Observation
from zcquest.engine.logs import LogSpec
from zcquest.engine.plan import parse_plan
from zcquest.engine.scene import Scene

ROOT = Path(__file__).resolve().parents[2]

_OF_THE_LOG = ("format", "message", "batch", "seed", "rotten", "topics", "tags")

Observe = Callable[..., Awaitable[Observation]]
MakeScene = Callable[..., Scene]


@pytest.fixture(scope="session")
def engine_folder(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """A folder on a real disk where there is one: many systems keep /tmp in memory."""
    folder = tmp_path_factory.mktemp("engine")
    if _evictable(folder):
        yield folder
        return
    with tempfile.TemporaryDirectory(dir=ROOT, prefix=".pytest_cache-") as other:
        yield Path(other)


@pytest.fixture(scope="session")
def cold_disk(engine_folder: Path) -> None:
    """For tests that need a cold start to be one."""
    if not _evictable(engine_folder):
        pytest.skip("no folder on a real disk: nothing can be evicted from the page cache")


@pytest.fixture(scope="session")
def two_gibibytes(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A log of a page more than that, all holes: they are read like anything else, and need no disk."""
    path = tmp_path_factory.mktemp("sparse") / "log"
    path.touch()
    os.truncate(path, (2 << 30) + 4096)
    return path


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def laboratory(engine_folder: Path) -> AsyncIterator[Laboratory]:
    logs, runs = engine_folder / "logs", engine_folder / "runs"
    logs.mkdir(exist_ok=True)
    runs.mkdir(exist_ok=True)
    async with Children(runs) as children:
        yield Laboratory(children, logs)
    assert not list(runs.iterdir())


@pytest.fixture(scope="session")
def scene() -> MakeScene:
    """A scene on a log of `size` bytes; the log's and the scene's own fields by name."""

    def make(size: int = 64 << 10, **fields: Any) -> Scene:
        spec = {name: fields.pop(name) for name in _OF_THE_LOG if name in fields}
        return Scene(name="test", log=LogSpec(size=size, **spec), **{"start": "warm", **fields})

    return make


@pytest.fixture(scope="module")
def observe(laboratory: Laboratory, scene: MakeScene) -> Observe:
    """Run plan text in a scene, without probing unless it is asked for."""

    async def run(text: str, size: int = 64 << 10, *, probing: bool = False, **fields: Any) -> Observation:
        return await laboratory.observe(scene(size, **fields), parse_plan(text, CALLS), probing=probing)

    return run


def _evictable(folder: Path) -> bool:
    with tempfile.TemporaryFile(dir=folder, buffering=0) as trial:
        trial.write(bytes(pagecache.PAGE))
        return bool(pagecache.evict(trial.fileno(), pagecache.PAGE))
