"""A level file is taken as written, or refused with the file, the key and what was expected there."""

from __future__ import annotations

import msgspec
import pytest

from zcquest.engine.logs import LogSpec
from zcquest.engine.scene import Neighbour, Receive, Scene, Truncate
from zcquest.levels.level_error import LevelError
from zcquest.levels.loader import load_level
from zcquest.levels.schema import Feature, LevelFile, Metric, SceneFile, decode_custom

from .conftest import LEVEL, CampaignFolder


def _scene(toml: str) -> SceneFile:
    return msgspec.toml.decode(toml, type=SceneFile, dec_hook=decode_custom)


def test_a_scene_with_everything_becomes_the_engines_scene() -> None:
    scene = _scene(
        """
        name = "slow"
        start = "warm"
        deadline = 7.5
        log = { size = "64K", message = "512", batch = "8K", seed = 11, rotten = [2] }
        consumer = { rate = "8M", window = "64K" }
        machine = { nonblocking = true, memory = "2M", send_buffer = 32768 }
        truncate = { after_calls = 1, to = "16K" }
        """
    )
    assert scene.engine_scene() == Scene(
        name="slow",
        log=LogSpec(size=65536, message=512, batch=8192, seed=11, rotten=(2,)),
        start="warm",
        deadline=7.5,
        rate=8 << 20,
        window=65536,
        nonblocking=True,
        memory=2 << 20,
        send_buffer=32768,
        truncate=Truncate(after_calls=1, to=16384),
    )


def test_a_scene_with_nothing_has_the_engines_defaults() -> None:
    scene = _scene('name = "cold"\nlog = { size = 65536 }')
    assert scene.engine_scene() == Scene(name="cold", log=LogSpec(size=65536))


def test_a_scene_may_have_a_producer_in_the_consumers_place() -> None:
    steady = _scene('name = "in"\nlog = { size = "64K" }\nproducer = { window = "16K", rate = "1M" }').engine_scene()
    assert (steady.receive, steady.rate) == (Receive(window=16384), 1 << 20)
    killed = _scene('name = "in"\nlog = { size = "64K" }\nproducer = { kill = true }').engine_scene()
    assert killed.receive == Receive(kill=True)


def test_a_scene_may_have_a_commit_log() -> None:
    log = '{ format = "rocketmq", size = "1M", message = "2K", topics = 3, tags = ["Aa", "BB"], rotten = [7] }'
    assert _scene(f'name = "tags"\nlog = {log}').engine_scene().log == LogSpec(
        format="rocketmq", size=1 << 20, message=2048, topics=3, tags=("Aa", "BB"), rotten=(7,)
    )
    plain = _scene('name = "plain"\nlog = { format = "rocketmq", size = "64K" }').engine_scene().log
    assert plain == LogSpec(format="rocketmq", size=65536)


def test_the_engine_gets_plain_integers() -> None:
    scene = _scene('name = "c"\nlog = { size = "64K" }\nmachine = { send_buffer = "1K" }').engine_scene()
    assert {type(scene.memory), type(scene.send_buffer), type(scene.log.size), type(scene.log.batch)} == {int}


def test_neighbours_come_in_their_order() -> None:
    text = 'name = "c"\nlog = { size = "64K" }\nnetwork = {}\nneighbours = [{}, { rate = "1M" }, { window = "64K" }]'
    scene = _scene(text).engine_scene()
    assert scene.neighbours == (Neighbour(), Neighbour(rate=1 << 20), Neighbour(window=64 << 10))
    assert scene.rates == (None, None, 1 << 20, None)
    assert {type(scene.neighbours[1].rate), type(scene.neighbours[2].window)} == {int}


def test_a_par_is_read_by_metric() -> None:
    par = _scene('name = "c"\nlog = { size = "64K" }\npar = { copies = 2, buffer = "64K" }').par
    assert [par.of(metric) for metric in Metric] == [2.0, None, 65536]


def test_a_level_file_is_taken_as_written(campaign: CampaignFolder) -> None:
    level = load_level(campaign.level())
    assert isinstance(level.file, LevelFile)
    assert level.calls == ("read", "write")
    assert level.stars == (Metric.COPIES, Metric.SWITCHES)
    assert level.features == (Feature.DELIVERY,)
    assert [scene.name for scene in level.scenes] == ["cold"]
    assert level.draft == ""


@pytest.mark.parametrize(
    ("old", "new", "key", "reason"),
    [
        ("size =", "siz =", "scene[0].log.siz", "unknown key; did you mean size?"),
        ("features =", "zebra = 1\nfeatures =", "zebra", "unknown key; the keys here are schema, id, calls"),
        ("par = {{ copies", "par = {{ joy", "scene[0].par.joy", "unknown key; the keys here are copies, switches"),
        ('size = "64K"', "", "scene[0].log.size", "this key is missing"),
        ("passed = true\n", "", "reference[0].passed", "this key is missing"),
        ('"64K" }}', '"64KB" }}', "scene[0].log.size", "expected a size such as 512, 64K or 1M, got '64KB'"),
        ('"64K" }}', "-1 }}", "scene[0].log.size", "expected a size such as 512, 64K or 1M, got -1"),
        ('"64K" }}', "true }}", "scene[0].log.size", "expected a size such as 512, 64K or 1M, got True"),
        ('"64K" }}', "64.5 }}", "scene[0].log.size", "expected a size such as 512, 64K or 1M, got 64.5"),
        ('"64K" }}', "0 }}", "scene[0].log.size", "expected a size above zero"),
        ('"64K" }}', '"64K", message = "32K" }}', "scene[0].log.message", "not between 128 and 16384"),
        ('"64K" }}', '"64K", rotten = [4] }}', "scene[0].log.rotten", "there is no batch 4"),
        ('"64K" }}', '"64K", format = "pulsar" }}', "scene[0].log.format", "expected one of kafka, rocketmq"),
        ('"64K" }}', '"64K", topics = 2 }}', "scene[0].log.topics", "a Kafka segment holds one topic"),
        ('"64K" }}', '"64K", format = "rocketmq", tags = ["a b"] }}', "scene[0].log.tags", "cannot be a tag"),
        ('"64K" }}', '"64K", format = "rocketmq", batch = "8K" }}', "scene[0].log.batch", "no batches"),
        ('"64K" }}', '"64K" }}\ndeadline = 0', "scene[0].deadline", "expected `float` > 0.0"),
        ('"64K" }}', '"64K" }}\ndeadline = "20"', "scene[0].deadline", "expected `float`, got `str`"),
        ('"64K" }}', '"64K" }}\ntruncate = {{ after_calls = 1, to = "64K" }}', "scene[0].truncate.to", "65536 bytes"),
        (
            '"64K" }}',
            '"64K" }}\nproducer = {{}}\nconsumer = {{ rate = "1M" }}',
            "scene[0].producer",
            "a scene has a producer, or a consumer",
        ),
        (
            '"64K" }}',
            '"64K" }}\nneighbours = [{{}}, {{}}, {{}}, {{}}]',
            "scene[0].neighbours",
            "there are 4 sockets, one for each consumer",
        ),
        (
            '"64K" }}',
            '"64K" }}\nneighbours = [{{}}, {{ rat = 1 }}]',
            "scene[0].neighbours[1].rat",
            "did you mean rate?",
        ),
        (
            '"64K" }}',
            '"64K" }}\nproducer = {{}}\nneighbours = [{{}}]',
            "scene[0].producer",
            "a scene has a producer, or a consumer",
        ),
        ('"64K" }}', '"64K" }}\nproducer = {{}}\nnetwork = {{}}', "scene[0].network", "consumers, and nobody else"),
        ('start = "cold"', 'start = "tepid"', "scene[0].start", "expected one of cold, warm, got 'tepid'"),
        ('"switches"]', '"speed"]', "stars[1]", "expected one of copies, switches, buffer, got 'speed'"),
        ('"switches"]', '"copies"]', "stars[1]", "copies stands here twice"),
        ('"switches"]', '"buffer"]', "stars[1]", "no scene has a par for buffer"),
        (', "switches"]', "]", "stars", "length >= 2"),
        ('["delivery"]', '["joy"]', "features[0]", "expected one of delivery, checksum, survival, "),
        ('"write"]', '"wriet"]', "calls[1]", "there is no call wriet; the nearest is write"),
        ('"write"]', '"read"]', "calls[1]", "read stands here twice"),
        ('["read", "write"]', "[]", "calls", "length >= 1"),
        ("schema = 1", "schema = 2", "schema", "expected one of 1, got 2"),
        ('id = "{id}"', 'id = "1-01"', "id", "expected `str` matching regex"),
        ("passed = true", "passed = false", "reference[0].stars", "one that does not earns none"),
        ("stars = 3", "stars = 4", "reference[0].stars", "expected `int` <= 3"),
        ("passed = true\nstars = 3", "passed = false\nstars = 0", "reference", "no reference plan passes this level"),
        ("write(sock", "wriet(sock", "reference[0].plan", "line 3, column 5"),
        ("write(sock, buf, 64K)", "sendfile(sock, log, 64K)", "reference[0].plan", "line 3, column 5"),
        ("schema = 1", "schema =", "", "not valid TOML: Invalid value (at line 1, column 9)"),
    ],
)
def test_what_is_wrong_is_named_with_file_key_and_expectation(
    campaign: CampaignFolder, old: str, new: str, key: str, reason: str
) -> None:
    assert LEVEL.count(old) == 1
    folder = campaign.level(toml=LEVEL.replace(old, new))
    with pytest.raises(LevelError) as caught:
        load_level(folder)
    assert caught.value.file == folder / "level.toml"
    assert caught.value.key == key
    assert reason in str(caught.value.reason)
    assert str(caught.value).startswith(f"{folder / 'level.toml'}, {key}: " if key else f"{folder / 'level.toml'}: ")


def test_two_scenes_of_one_name_are_refused(campaign: CampaignFolder) -> None:
    scene = LEVEL[LEVEL.index("[[scene]]") : LEVEL.index("[[reference]]")]
    folder = campaign.level(toml=LEVEL.replace(scene, scene * 2))
    with pytest.raises(LevelError) as caught:
        load_level(folder)
    assert (caught.value.key, str(caught.value.reason)) == ("scene[1].name", "cold stands here twice")
