"""What a player reads after a typical mistake, and where it points."""

from __future__ import annotations

import pytest

from zcquest.engine.calls import CALLS
from zcquest.engine.plan import parse

TYPICAL = [  # text, (line, column, length) and nearest word of each problem, and how the first begins
    ("once:\n sendfil(sock, log, 64K)", [(2, 2, 7, "sendfile")], "unknown call 'sendfil'; did you mean 'sendfile'?"),
    ("once:\n READ(log, buf, 64K)", [(2, 2, 4, "read")], "unknown call 'READ'"),
    ("once:\n fread(log, buf, 64K)", [(2, 2, 5, "read")], "unknown call 'fread'"),
    ("once:\n snedfile(sock, log, 1)", [(2, 2, 8, "sendfile")], "unknown call 'snedfile'"),
    ("once:\n xyzzy(log)", [(2, 2, 5, None)], "unknown call 'xyzzy'; expected one of: read, "),
    ("once:\n n = read(log, buf, 64K)", [(2, 2, 1, None)], "unknown call 'n'"),
    ("once:\n read(lgo, bfu, 64K)", [(2, 7, 3, "log"), (2, 12, 3, "buf")], "unknown word 'lgo'"),
    ("once:\n write(socket, buffer, 1)", [(2, 8, 6, "sock"), (2, 16, 6, "buf")], "unknown word 'socket'"),
    (
        "once:\n read(buf, log, 64K)",
        [(2, 7, 3, None), (2, 12, 3, None)],
        "'buf' is memory; expected a descriptor: log,",
    ),
    (
        "once:\n read(log, 64K, buf)",
        [(2, 12, 3, None), (2, 17, 3, None)],
        "'64K' is a size; expected memory: buf, buf2",
    ),
    ("once:\n mmap(populate)", [(2, 7, 8, None)], "'populate' is a flag; expected a descriptor"),
    ("once:\n read(log, buf)", [(2, 15, 1, None)], "'read' lacks count; expected read(fd, mem, count)"),
    ("once:\n mmap()", [(2, 7, 1, None)], "'mmap' lacks fd; expected mmap(fd, [populate] [private])"),
    ("once:\n madvise(map)", [(2, 13, 1, None)], "'madvise' lacks advice; expected madvise(mem, normal|random|"),
    ("once:\n read(log, buf, 4K, 8K, 1)", [(2, 21, 5, None)], "too many arguments for 'read'; expected read(fd,"),
    ("once:\n read(log, buf, 0)", [(2, 17, 1, None)], "a size of 0 moves nothing"),
    ("once:\n read(log, buf, 8589934592G)", [(2, 17, 11, None)], "'8589934592G' is more than the kernel can count"),
    ("once:\n read(log, buf, -1)", [(2, 17, 2, None)], "'-1' is not a size; expected a size such as 512, 64K"),
    ("once:\n read(log, buf, 64KB)", [(2, 17, 4, "64K")], "'64KB' is not a size"),
    ("once:\n read(log, buf, 1.5M)", [(2, 17, 4, None)], "'1.5M' is not a size"),
    ("once:\n read(log, buf, 64 K)", [(2, 17, 4, "64K")], "a size is written without a blank"),
    ("once:\n read(log buf, 64K)", [(2, 11, 3, None)], "',' is missing between 'log' and 'buf'; expected read(fd"),
    ("once:\n read(log, , 64K)", [(2, 12, 1, None)], "an argument is missing before ','"),
    ("once:\n read(log, buf, 64K,)", [(2, 21, 1, None)], "an argument is missing before ')'"),
    ("once:\n read(log, buf, 64K", [(2, 17, 3, None)], "')' is missing after '64K'"),
    ("once:\n read log, buf, 64K", [(2, 2, 4, None)], "'(' is missing after 'read'; expected read(fd, mem, count)"),
    ("once:\n read(log, buf, 64K);", [(2, 21, 1, None)], "';' after the end of the call"),
    ("once:\n mmap(log) mmap(log)", [(2, 12, 4, None)], "'mmap' must stand on a line of its own"),
    ('once:\n mmap("log")', [(2, 7, 1, None)], "unexpected '\"'"),
    ("once:\n 1. mmap(log)", [(2, 2, 2, None)], "a line begins with a lane or a call, not with '1.'"),
    ("once:\n mmap(log, populate|private)", [(2, 20, 1, ",")], "unexpected '|'; did you mean ','?"),
    ("once:\n mmap(log, MAP_POPULATE)", [(2, 12, 12, "populate")], "unknown word 'MAP_POPULATE'"),
    ("once:\n mmap(log, populate, populate)", [(2, 22, 8, None)], "'populate' is there already"),
    ("once:\n fadvise(log, sequental)", [(2, 15, 9, "sequential")], "unknown word 'sequental'"),
    ("repat:\n mmap(log)", [(1, 1, 5, "repeat")], "unknown lane 'repat'; did you mean 'repeat'?"),
    ("once:\n mmap(log)\non-reject:", [(3, 1, 9, "on reject")], "unknown lane 'on-reject'"),
    ("while true:\n mmap(log)", [(1, 1, 10, None)], "unknown lane 'while true'; expected one of: once:, repeat:"),
    ("once\n mmap(log)", [(1, 1, 4, "once:")], "':' is missing after 'once'"),
    ("once:\n mmap(log)\nonec", [(3, 1, 4, "once:")], "unknown call 'onec'; did you mean 'once:'?"),
    ("once:\n mmap(log)\nonce:\n mmap(log)", [(3, 1, 4, None)], "lane 'once:' began in line 1 already"),
    ("once: mmap(log)", [(1, 7, 4, None)], "the calls of a lane stand in the lines after 'once:'"),
    (" mmap(log)\n mmap(log)", [(1, 2, 4, None)], "a step before any lane; expected one of: once:, repeat:, on rej"),
    (
        "repeat:\n write(sock, map, msg)",
        [(2, 19, 3, None)],
        "'msg' is the rejected message: there is none in 'repeat:'; expected a size, or a step in on reject:",
    ),
    ("repeat:\n verify(map)", [(1, 1, 6, None)], "no call of 'repeat:' moves a byte of the log"),
    ("", [(1, 1, 0, None)], "the plan has no step; expected a lane (once:, repeat:, "),
    ("# nothing\n\n", [(1, 1, 0, None)], "the plan has no step"),
    ("once:\n\nrepeat:\n", [(3, 1, 6, None)], "the plan has no step"),
    ("once：\n mmap(log)", [(1, 5, 1, ":")], "full-width '：'; did you mean ':'?"),
    ("once:\n mmap（log，private）", [(2, 6, 1, "("), (2, 10, 1, ","), (2, 18, 1, ")")], "full-width '（'"),
    ("once:\n read(log、buf, ６４k)", [(2, 10, 1, ","), (2, 16, 3, "64k")], "full-width '、'"),
    ("once:\n ｒead(log, buf, 4K) ＃ hi", [(2, 2, 4, "read"), (2, 21, 1, "#")], "full-width 'ｒead'"),
    ("once:\n mmap(log)\u200b", [(2, 11, 1, None)], "'U+200B' after the end of the call"),
    ("once:\n mmap(log\x1b[31m)", [(2, 10, 1, None)], "unexpected 'U+001B'"),
    ("once:\n mmap(" + "x" * 60 + ")", [(2, 7, 60, None)], "unknown word '" + "x" * 37 + "...'"),
]


@pytest.mark.parametrize(("text", "places", "begins"), TYPICAL)
def test_typical_mistakes(text: str, places: list[tuple[int, int, int, str | None]], begins: str) -> None:
    problems = parse(text, CALLS).problems
    spans = [problem.span for problem in problems]
    found = [(span.line, span.column, span.length) for span in spans]
    assert list(zip(found, [problem.nearest for problem in problems], strict=True)) == [
        ((line, column, length), nearest) for line, column, length, nearest in places
    ]
    line, column, *_ = places[0]
    assert str(problems[0]).startswith(f"line {line}, column {column}: {begins}")
    assert len(str(problems[0]).splitlines()) == 1


def test_problems_come_in_the_order_of_the_text() -> None:
    text = "repeat:\n verify(map)\nwhat:\n mmap(，\nonce:\n raed(lgo, 0)\n"
    places = [(problem.span.line, problem.span.column) for problem in parse(text, CALLS).problems]
    assert places == sorted(places)
    assert [line for line, _ in places] == [1, 3, 4, 4, 6]


def test_nearest_call_is_one_that_the_level_grants() -> None:
    text = "once:\n snd(sock, buf, 1)"
    assert parse(text, CALLS).problems[0].nearest == "send"
    assert parse(text, CALLS, {"read", "write"}).problems[0].nearest is None
