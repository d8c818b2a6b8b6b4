"""The lab as a level: whatever is on the bench, it can be played, and nothing in it earns a star."""

from __future__ import annotations

from pathlib import Path

import pytest

from zcquest.engine.calls import CALLS
from zcquest.engine.logs import LogSpec, UnusableFile, ensure
from zcquest.levels.lab import LAB, MOST_POISON, LabSettings, keep_lab_settings, lab_level, lab_settings
from zcquest.levels.language import LANGUAGES
from zcquest.levels.play import Unplayable, open_laboratory, play, read_plan
from zcquest.levels.progress import Progress
from zcquest.levels.report import to_json


@pytest.fixture(autouse=True)
def own_folders(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ZCQUEST_DATA", str(tmp_path / "data"))
    monkeypatch.setenv("ZCQUEST_CACHE", str(tmp_path / "cache"))


def test_every_bench_makes_a_level() -> None:
    for form in ("kafka", "rocketmq"):
        for size in (64 << 10, 64 << 20):
            for message in (512, 64 << 10 if size > 64 << 10 else 4096):
                level = lab_level(LabSettings(format=form, size=size, message=message, reject=10, retries=3))  # type: ignore[arg-type]
                assert level.calls == tuple(CALLS)
                assert not level.scored
                scene = level.scenes[0].engine_scene()
                assert len(scene.poison) == (0 if form == "kafka" else min(MOST_POISON, (size - 8) // message // 10))
                for code in LANGUAGES:
                    assert level.text(code).briefing


def test_the_bench_is_kept_and_a_damaged_one_forgotten() -> None:
    progress = Progress.open()
    bench = LabSettings(format="rocketmq", reject=100)
    keep_lab_settings(progress, bench)
    assert lab_settings(progress) == bench
    progress.set_setting("lab", '{"format": "betamax"}')
    assert lab_settings(progress) == LabSettings()
    progress.close()


def test_a_file_that_is_gone_says_so(tmp_path: Path) -> None:
    with pytest.raises(UnusableFile, match="cannot be read"):
        lab_level(LabSettings(file=str(tmp_path / "gone")))


async def test_a_file_of_ones_own_is_played(tmp_path: Path) -> None:
    path = tmp_path / "novel.txt"
    path.write_text("Call me Ishmael. " * 10_000)
    level = lab_level(LabSettings(file=str(path), start="warm"))
    async with open_laboratory() as laboratory:
        report, verdict = await play(laboratory, level, read_plan(level, "repeat:\n sendfile(sock, log, 64K)\n"))
    assert report.level == LAB
    assert verdict.passed
    assert report.first.features["delivery"].kept
    assert report.first.copies == pytest.approx(1.0)  # warm: the card's copy alone
    assert path.read_text().startswith("Call me Ishmael. ")


async def test_poison_in_a_commitlog_of_ones_own_comes_back(tmp_path: Path) -> None:
    path = tmp_path / "00000000000000000000"
    path.write_bytes(ensure(LogSpec(size=256 << 10, format="rocketmq"), tmp_path).read_bytes())
    level = lab_level(LabSettings(file=str(path), reject=100, start="warm"))
    text = "repeat:\n sendfile(sock, log, 64K)\non reject:\n pread(log, buf, msg)\n write(dlq, buf, msg)\n"
    async with open_laboratory() as laboratory:
        report, _ = await play(laboratory, level, read_plan(level, text))
    assert report.first.features["delivery"].kept
    assert report.first.features["dlq"].kept
    assert report.first.syscalls["pread"] == 2


async def test_poison_on_the_bench_comes_back(tmp_path: Path) -> None:
    level = lab_level(LabSettings(format="rocketmq", size=256 << 10, reject=100, start="warm"))
    text = "repeat:\n sendfile(sock, log, 64K)\non reject:\n copy_file_range(log, dlq, msg)\n"
    async with open_laboratory() as laboratory:
        report, _ = await play(laboratory, level, read_plan(level, text))
    assert report.first.syscalls["copy_file_range"] == 2
    assert report.first.features["dlq"].kept


@pytest.mark.parametrize("consumers", [1, 2, 3, 4])
@pytest.mark.parametrize("network", ["loopback", "gathering"])
async def test_the_draft_serves_as_many_consumers_as_there_are(consumers: int, network: str) -> None:
    bench = LabSettings(size=64 << 10, start="warm", consumers=consumers, network=network)  # type: ignore[arg-type]
    level = lab_level(bench)
    async with open_laboratory() as laboratory:
        try:
            report, verdict = await play(laboratory, level, read_plan(level, level.draft))
        except Unplayable as refusal:
            pytest.skip(str(refusal.reason))
    assert verdict.passed
    got = [consumer.payload_bytes for consumer in report.first.consumers]
    assert got == ([] if consumers == 1 else [64 << 10] * consumers)
    assert report.first.meters.payload_bytes == consumers * (64 << 10)
    into = [hop["to"] for hop in to_json(report, str)["copies"]["hops"] if hop["from"] == "page_cache"]
    assert into == ["socket_buffer", "socket_buffer_2", "socket_buffer_3", "socket_buffer_4"][:consumers]


async def test_the_last_consumer_may_be_slow() -> None:
    level = lab_level(LabSettings(size=1 << 20, start="warm", consumers=3, last_rate=1 << 20))
    assert level.scenes[0].engine_scene().rates == (None, None, 1 << 20)
    alone = lab_level(LabSettings(last_rate=1 << 20))
    assert alone.scenes[0].engine_scene().rates == (None,)
    async with open_laboratory() as laboratory:
        report, verdict = await play(laboratory, level, read_plan(level, level.draft))
    assert verdict.passed  # in the lab nothing is asked but that all of it arrives
    assert not report.first.features["isolation"].kept


@pytest.mark.parametrize(("network", "copies"), [("gathering", 1.0), ("linear", 2.0)])
async def test_the_bench_nic_is_one_of_the_networks(network: str, copies: float) -> None:
    level = lab_level(LabSettings(size=64 << 10, start="warm", network=network))  # type: ignore[arg-type]
    async with open_laboratory() as laboratory:
        try:
            report, _ = await play(laboratory, level, read_plan(level, "repeat:\n sendfile(sock, log, 64K)\n"))
        except Unplayable as refusal:
            pytest.skip(str(refusal.reason))
    assert report.first.copies == pytest.approx(copies)  # warm: the card's copy, and the one that gathers for it
