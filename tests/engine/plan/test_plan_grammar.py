"""What a plan may look like, and what it then says."""

from __future__ import annotations

from collections.abc import Iterator
from typing import ClassVar

import pytest

from zcquest.engine.calls import CALLS, Call, Kind, Parameter
from zcquest.engine.machine.machine import Machine
from zcquest.engine.plan import (
    Lane,
    Plan,
    PlanError,
    Span,
    Step,
    bind,
    format_plan,
    parse,
    parse_plan,
    same,
    signature,
)
from zcquest.engine.trace import Record

LONG_WAY = "repeat:\n    read(log, buf, 64K)\n    write(sock, buf, 64K)\n"


def calls(plan: Plan, lane: Lane) -> list[tuple[str, list[int | str]]]:
    return [(step.call, [argument.value for argument in step.arguments]) for step in plan.lane(lane)]


def test_lanes_calls_words_and_sizes() -> None:
    plan = parse_plan("once:\n\tmmap(log, populate, private)\nrepeat:\n\twrite(sock, map, 1M)\n", CALLS)
    assert calls(plan, Lane.ONCE) == [("mmap", ["log", "populate", "private"])]
    assert calls(plan, Lane.REPEAT) == [("write", ["sock", "map", 1 << 20])]


@pytest.mark.parametrize(
    "text",
    [
        "repeat:\nread(log, buf, 64K)\nwrite(sock, buf, 64K)",
        "  repeat :\r\n\tread ( log,buf , 65536 )\r\n        write(sock,buf,64k)\r\n\r\n",
        "# to the kernel\n\nrepeat: # for ever\n read(log, buf, 064K) # in\n# then\n write(sock, buf, 64K)# out",
        "repeat:\n　read(log,　buf, 64K)\n\ufeff write(sock, buf, 64K)  # 注释（全角，随便写）：６４Ｋ",
    ],
)
def test_blanks_comments_and_line_ends_say_nothing(text: str) -> None:
    assert format_plan(parse_plan(text, CALLS)) == LONG_WAY


def test_lanes_stand_in_any_order_and_are_kept_in_theirs() -> None:
    plan = parse_plan("repeat:\n write(sock, map, 4K)\nonce:\n mmap(log)\n madvise(map, willneed, cold)", CALLS)
    assert [step.call for step in plan.steps] == ["mmap", "madvise", "write"]
    assert format_plan(plan) == (
        "once:\n    mmap(log)\n    madvise(map, willneed, cold)\nrepeat:\n    write(sock, map, 4K)\n"
    )


def test_spans_of_steps_and_arguments() -> None:
    (step,) = parse_plan("repeat:\n  sendfile( sock, log, 64K ) # go\n", CALLS).steps
    assert step.span == Span(2, 3, 26)
    assert [argument.span for argument in step.arguments] == [Span(2, 13, 4), Span(2, 19, 3), Span(2, 24, 3)]


def test_senseless_descriptors_are_for_the_kernel_to_refuse() -> None:
    text = "once:\n sendfile(log, sock, 64K)\n read(sock, buf, 4K)\n mmap(sock)\n write(log, buf, 8589934591G)\n"
    assert len(parse_plan(text, CALLS).steps) == 4


def test_msg_stands_for_a_size_in_the_lanes_that_have_one() -> None:
    text = "on reject:\n    write(dlq, map, msg)\non giveup:\n    sendfile(dlq, log, msg)\n"
    plan = parse_plan(text, CALLS)
    assert [step.values[2] for step in plan.steps] == ["msg", "msg"]
    assert format_plan(plan) == text
    (problem,) = parse("on reject:\n write(dlq, msg, msg)\n", CALLS).problems
    assert str(problem).startswith(
        "line 2, column 13: 'msg' is a message: it stands where a size does; expected memory"
    )


def test_500_steps_are_a_plan_and_501_are_not() -> None:
    text = "once:\n" + "mmap(log)\n" * 500
    assert len(parse_plan(text, CALLS).steps) == 500
    (problem,) = parse(text + "mmap(log)\nmmap(sokc)\n" * 9, CALLS).problems
    assert problem.span == Span(502, 1, 9)


def test_64_kib_of_text_are_a_plan_and_a_byte_more_is_not() -> None:
    comment = "#" * (64 * 1024 - len(LONG_WAY))
    assert len(parse_plan(LONG_WAY + comment, CALLS).steps) == 2
    for more in (comment + "#", comment[:-2] + "中", "#" * 10_000_000):
        with pytest.raises(PlanError, match="65536 bytes"):
            parse_plan(LONG_WAY + more, CALLS)


def test_grants_take_calls_away() -> None:
    assert parse_plan(LONG_WAY, CALLS, {"read", "write"}).steps
    (problem,) = parse(LONG_WAY, CALLS, ["read", "pread"]).problems
    assert str(problem) == "line 3, column 5: this level does not grant 'write'; expected one of: read, pread"


def test_right_lines_are_kept_beside_wrong_ones() -> None:
    parsed = parse("once:\n mmap(lgo)\n mmap(log)\nrepet:\n write(sock, map, 1)\nrepeat:\n send(sock, map, 2)", CALLS)
    assert format_plan(parsed.plan) == "once:\n    mmap(log)\nrepeat:\n    send(sock, map, 2)\n"
    assert [problem.nearest for problem in parsed.problems] == ["log", "repeat"]


def test_a_line_with_a_problem_of_any_kind_is_not_in_the_plan() -> None:
    text = "mmap(log)\nonce: mmap(log)\n mmap（log)\n mmap(log\n send(sock, buf, 2)\n"
    parsed = parse(text, CALLS)
    assert format_plan(parsed.plan) == "once:\n    send(sock, buf, 2)\n"
    assert [problem.span.line for problem in parsed.problems] == [1, 2, 3, 4]


def test_plan_error_carries_every_problem_a_line_each() -> None:
    with pytest.raises(PlanError) as caught:
        parse_plan("repeat:\n raed(log, buf, 1K)\n read(log, buf, 0)\n", CALLS)
    assert str(caught.value).splitlines() == [str(problem) for problem in caught.value.problems]
    assert [problem.span.line for problem in caught.value.problems] == [2, 3]


def test_a_loop_has_to_move_bytes_but_once_does_not() -> None:
    assert parse_plan("once:\n mmap(log)\n verify(map)\n", CALLS).steps
    (problem,) = parse("once:\n mmap(log)\nrepeat:\n verify(map)\n readahead(log, 1M)\n", CALLS).problems
    assert problem.span == Span(3, 1, 6)
    assert "never end" in str(problem)


@pytest.mark.parametrize("step", ["sendfile(log, sock, 64K)", "read(sock, buf, 4K)", "write(log, map, 1)"])
def test_a_loop_that_moves_bytes_the_wrong_way_is_for_the_kernel_to_refuse(step: str) -> None:
    assert len(parse_plan(f"repeat:\n {step}\n", CALLS).steps) == 1


def test_a_loop_is_not_called_stuck_while_a_line_of_it_is_wrong() -> None:
    (problem,) = parse("repeat:\n verify(map)\n wriet(sock, map, 64K)\n", CALLS).problems
    assert problem.nearest == "write"


def test_bind_names_the_arguments() -> None:
    text = "once:\n mmap(log)\n mmap(log, private, populate)\n verify(map)\n verify(map, 4K)\n"
    bound = [bind(step, CALLS[step.call]) for step in parse_plan(text, CALLS).steps]
    assert bound == [
        {"fd": "log", "flags": ()},
        {"fd": "log", "flags": ("private", "populate")},
        {"mem": "map"},
        {"mem": "map", "n": 4096},
    ]


def test_same_ignores_where_the_text_stands_and_nothing_else() -> None:
    plan = parse_plan(LONG_WAY, CALLS)
    assert same(plan, parse_plan(LONG_WAY.replace("    ", "\n"), CALLS))
    assert not same(plan, parse_plan(LONG_WAY.replace("repeat", "once"), CALLS))
    assert not same(plan, parse_plan(LONG_WAY.replace("(sock, buf, 64K)", "(sock, buf, 64)"), CALLS))
    assert not same(plan, parse_plan(LONG_WAY + "send(sock, buf, 1)", CALLS))


class Splice(Call):
    """A call that the language has never heard of."""

    name: ClassVar[str] = "splice"
    prototype: ClassVar[str] = "ssize_t splice(...);"
    parameters: ClassVar[tuple[Parameter, ...]] = (
        Parameter("fd_in", Kind.FD),
        Parameter("len", Kind.SIZE),
        Parameter("flags", Kind.FLAGS, ("move", "more"), optional=True),
    )
    lanes: ClassVar[tuple[Lane, ...]] = (Lane.REPEAT, Lane.ON_REJECT)
    moves: ClassVar[bool] = True

    def execute(self, machine: Machine, step: Step) -> Iterator[None]:
        raise NotImplementedError

    def show(self, step: Step, record: Record) -> str:
        raise NotImplementedError


def test_a_new_call_is_only_declared() -> None:
    vocabulary = {"splice": Splice()}
    assert signature(vocabulary["splice"]) == "splice(fd_in, len, [move] [more])"
    text = "repeat:\n    splice(log, 4K, more, move)\non reject:\n    splice(sock, 1)\n"
    plan = parse_plan(text, vocabulary)
    assert format_plan(plan) == text
    assert bind(plan.steps[0], vocabulary["splice"]) == {"fd_in": "log", "len": 4096, "flags": ("more", "move")}
    (problem,) = parse("once:\n splice(log, 4K)\n", vocabulary).problems
    assert str(problem) == "line 2, column 2: 'splice' cannot stand in 'once:'; expected one of: repeat:, on reject:"
