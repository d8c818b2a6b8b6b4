"""The shipped plans: each names its source, can be run, and is found by its name."""

from __future__ import annotations

import re

import pytest

from zcquest.engine.calls import CALLS
from zcquest.engine.machine.bare import compile_repeat
from zcquest.engine.plan import format_plan, parse_plan
from zcquest.levels.language import set_language
from zcquest.levels.plans import PLANS_FOLDER, UnknownPlan, plan_names, plan_remarks, plan_text

SOURCE = re.compile(r"# (apache/(kafka|rocketmq) \S+\.java|Linux man-pages \S+\.\d), \S.*")


def test_the_names_are_those_of_the_files() -> None:
    assert plan_names() == ("kafka", "kafka-tls", "mmap-write", "read-write", "rocketmq-heap", "rocketmq-mapped")
    expected = {f"{name}{ending}" for name in plan_names() for ending in (".plan", ".zh.txt")}
    assert {path.name for path in PLANS_FOLDER.iterdir()} == expected


@pytest.mark.parametrize("name", plan_names())
def test_what_is_said_of_a_plan_is_said_in_both_languages(name: str) -> None:
    set_language("en")
    source, english = plan_remarks(name)
    set_language("zh")
    same, chinese = plan_remarks(name)
    assert source == same == plan_text(name).splitlines()[0].lstrip("# ")
    assert re.search("[\u4e00-\u9fff]", chinese) and not re.search("[\u4e00-\u9fff]", english)
    assert set(re.findall(r"\d+", chinese)) == set(re.findall(r"\d+", english))


@pytest.mark.parametrize("name", plan_names())
def test_a_plan_names_its_source_first_and_races_in_the_compact_loop(name: str) -> None:
    text = plan_text(name)
    assert SOURCE.fullmatch(text.splitlines()[0])
    assert compile_repeat(parse_plan(text, CALLS))


def test_the_plans_do_what_their_names_say() -> None:
    def told(name: str) -> str:
        return format_plan(parse_plan(plan_text(name), CALLS))

    assert told("kafka") == "repeat:\n    sendfile(sock, log, 1M)\n"
    assert told("mmap-write") == "once:\n    mmap(log)\nrepeat:\n    write(sock, map, 32K)\n"
    assert told("rocketmq-mapped") == "once:\n    mmap(log)\nrepeat:\n    write(sock, map, 1K)\n"
    assert told("read-write") == "repeat:\n    read(log, buf, 64K)\n    write(sock, buf, 64K)\n"


def test_an_unknown_name_gets_the_nearest_or_the_list() -> None:
    with pytest.raises(UnknownPlan, match=r"no plan kafak\. Did you mean kafka\?"):
        plan_text("kafak")
    with pytest.raises(UnknownPlan, match=r"The plans are kafka, kafka-tls, .*, rocketmq-mapped\."):
        plan_text("pulsar")
    for outside in ("../codex/mmap.en", "", "kafka.plan"):
        with pytest.raises(UnknownPlan):
            plan_text(outside)
