"""What calls cost: every call can be measured on this kernel, and kept runs are added up."""

from __future__ import annotations

from pathlib import Path

import pytest

from zcquest.engine.calls import CALLS
from zcquest.engine.children import Children
from zcquest.engine.experiment import Laboratory
from zcquest.engine.places import Evidence, Mover, Place
from zcquest.levels.cost import SAMPLES, Way, measure, of_own_runs
from zcquest.levels.loader import load_campaign
from zcquest.levels.progress import Progress, RunRow


def test_every_call_has_a_sample() -> None:
    assert set(SAMPLES) == set(CALLS)


@pytest.mark.parametrize("call", sorted(SAMPLES))
async def test_every_call_is_really_made(call: str, disk_folder: Path) -> None:
    async with Children(disk_folder) as children:
        laboratory = Laboratory(children, disk_folder / "logs")
        cost = await measure(call, load_campaign(), laboratory)
        await laboratory.close()
    assert cost is not None
    assert cost.calls >= 1
    assert cost.failed == 0
    assert 0 < cost.least_ns <= cost.median_ns <= cost.most_ns
    assert cost.switches == (2 if CALLS[call].system else 0)


async def test_sendfile_is_proved_to_share(disk_folder: Path) -> None:
    async with Children(disk_folder) as children:
        laboratory = Laboratory(children, disk_folder / "logs")
        cost = await measure("sendfile", load_campaign(), laboratory)
        await laboratory.close()
    assert cost is not None
    assert Way(Place.PAGE_CACHE, Place.SOCKET, Mover.NONE, Evidence.PROVED) in cost.ways


def test_runs_that_cannot_be_read_any_more_are_passed_over(tmp_path: Path) -> None:
    progress = Progress.open(tmp_path / "progress.sqlite")
    plan = "repeat:\n    read(log, buf, 4K)\n"
    progress.record_run(
        RunRow(level="1-1", at=1.0, plan=plan, passed=True, stars=1, copies=4.0, switches=4, buffer=4096)
    )
    assert of_own_runs("read", progress) is None
    progress.close()
