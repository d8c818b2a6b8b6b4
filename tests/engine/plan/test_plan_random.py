"""Thousands of plans, right and wrong, the same in every run."""

from __future__ import annotations

from random import Random

import pytest

from zcquest.engine.calls import CALLS, Call, Kind
from zcquest.engine.calls.base import REJECTED
from zcquest.engine.plan import Lane, PlanError, Span, format_plan, parse, parse_plan, same, tokens
from zcquest.engine.sizes import format_size

ALPHABET = "abklmrs KMG0159(),:#\n\t _.-|;'\"\\{}%（），：＃６Ｋ　中\x00\x1b\x0b\u2028\u200b\ufeff\udc80😀"
PIECES = [
    *CALLS,
    "log",
    "sock",
    "buf",
    "map",
    "once:",
    "repeat:",
    "on reject:",
    "64K",
    "0",
    "9" * 30,
    "(",
    ")",
    ", ",
    "\n",
]


def size(random: Random) -> str:
    number = random.choice((random.randrange(1, 5000), random.randrange(1, 2**63), 1 << random.randrange(63)))
    return random.choice((str(number), format_size(number), format_size(number).lower(), f"00{number}"))


def arguments(random: Random, call: Call, lane: Lane) -> list[str]:
    written: list[str] = []
    for parameter in call.parameters:
        if parameter.optional and random.random() < 0.5:
            break
        match parameter.kind:
            case Kind.FD:
                written.append(random.choice(("log", "sock")))
            case Kind.MEMORY:
                written.append(random.choice(parameter.words or ("buf", "map")))
            case Kind.SIZE:
                written.append("msg" if lane in REJECTED and random.random() < 0.5 else size(random))
            case Kind.FLAGS:
                written += random.sample(parameter.words, random.randint(1, len(parameter.words)))
    return written


def blank(random: Random) -> str:
    return random.choice(("", "", " ", "\t", "   "))


def step(random: Random, lane: Lane) -> str:
    call = random.choice([call for call in CALLS.values() if lane in call.lanes])
    comma = f"{blank(random)},{blank(random)}"
    end = random.choice(("", "  # 64K（", "#", " "))
    return f"{blank(random)}{call.name}{blank(random)}({comma.join(arguments(random, call, lane))}{blank(random)}){end}"


def plan_text(random: Random) -> str:
    """The text of a plan without a mistake."""
    lanes = {lane: [step(random, lane) for _ in range(3)] for lane in Lane}
    lanes[Lane.REPEAT].insert(random.randrange(4), "sendfile(sock, log, 1M)")
    blocks = [[f"{lane}{blank(random)}:", *steps] for lane, steps in lanes.items()]
    random.shuffle(blocks)
    lines = [line for block in blocks for line in block]
    for _ in range(random.randrange(3)):
        lines.insert(random.randrange(len(lines)), random.choice(("", "# repeat:", "   ")))
    return random.choice(("\n", "\r\n")).join(lines)


def mutate(random: Random, text: str) -> str:
    for _ in range(random.randint(1, 4)):
        at = random.randrange(len(text) + 1)
        piece = random.choice((random.choice(ALPHABET), random.choice(PIECES), ""))
        text = text[:at] + piece + text[at + random.randrange(4) :]
    return text


def assert_inside(span: Span, lines: list[str]) -> None:
    assert 1 <= span.line <= len(lines)
    assert span.column >= 1
    assert span.length >= 0
    assert span.column - 1 + span.length <= len(lines[span.line - 1])


def assert_well_read(text: str) -> None:
    """Whatever `text` is: the parser tells plan from problems, and points into the text."""
    lines = text.splitlines() or [""]
    parsed = parse(text, CALLS)
    for problem in parsed.problems:
        assert_inside(problem.span, lines)
        assert str(problem).isprintable()
    for written in parsed.plan.steps:
        assert_inside(written.span, lines)
    try:
        whole = parse_plan(text, CALLS)
    except PlanError as error:
        assert error.problems == parsed.problems != ()
    else:
        assert whole == parsed.plan
        assert same(parse_plan(format_plan(whole), CALLS), whole)
    for number, line in enumerate(lines, 1):
        end = 0
        for token in tokens(line, number):
            assert_inside(token.span, lines)
            assert token.span.column > end
            assert token.span.length > 0
            end = token.span.column + token.span.length - 1


@pytest.mark.parametrize("seed", range(5))
def test_round_trip(seed: int) -> None:
    random = Random(seed)
    for _ in range(400):
        text = plan_text(random)
        plan = parse_plan(text, CALLS)
        assert len(plan.steps) == 3 * len(Lane) + 1
        canonical = format_plan(plan)
        again = parse_plan(canonical, CALLS)
        assert same(again, plan)
        assert format_plan(again) == canonical


@pytest.mark.parametrize("seed", range(5))
def test_mutated_plans(seed: int) -> None:
    random = Random(seed)
    wrong = 0
    for _ in range(400):
        text = mutate(random, plan_text(random))
        assert_well_read(text)
        wrong += bool(parse(text, CALLS).problems)
    assert wrong > 200


@pytest.mark.parametrize("seed", range(5))
def test_garbage(seed: int) -> None:
    random = Random(seed)
    for _ in range(300):
        assert_well_read("".join(random.choices(ALPHABET, k=random.randrange(80))))
        assert_well_read("".join(random.choices(PIECES, k=random.randrange(20))))


@pytest.mark.parametrize(
    "filling", ["(", ",", "，", "a ", "9", "once:\n", "once:\nmadvise(map,cold,", "x\n", "#", "\ud800"]
)
def test_text_as_long_as_allowed(filling: str) -> None:
    assert_well_read("once:\n" + filling * (60_000 // len(filling.encode("utf-8", "surrogatepass"))))
