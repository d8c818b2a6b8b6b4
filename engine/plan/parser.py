"""Plan text to `Plan`: read line by line, by hand, never evaluated."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass

from zcquest.engine.calls.base import Call
from zcquest.engine.message import Message, message
from zcquest.engine.plan.checker import Checker
from zcquest.engine.plan.model import Lane, Plan, Span, Step
from zcquest.engine.plan.nearest import nearest_word
from zcquest.engine.plan.problem import PlanError, Problem, shown
from zcquest.engine.plan.scanner import Form, Lexeme, scan
from zcquest.engine.plan.syntax import Header, read_call, read_header

MAX_BYTES = 64 * 1024  # of plan text, as UTF-8
MAX_STEPS = 500

_LANES = ", ".join(f"{lane}:" for lane in Lane)


@dataclass(frozen=True, slots=True)
class Parsed:
    """What a text says: the plan of the lines that are right, and every problem in the order of the text."""

    plan: Plan
    problems: tuple[Problem, ...]


def parse(text: str, vocabulary: Mapping[str, Call], grants: Collection[str] | None = None) -> Parsed:
    """Read plan `text` in terms of `vocabulary` (call name -> call); `grants` are the calls allowed, None: all.

    Never raises for any text. Lines are those of `str.splitlines`.
    """
    excess = _excess(text)
    if excess:
        return Parsed(Plan(()), (excess,))
    reader = _Reader(vocabulary, grants)
    for number, line in enumerate(text.splitlines(), 1):
        if reader.steps_seen > MAX_STEPS:
            break
        reader.read(scan(line, number))
    return reader.finish()


def parse_plan(text: str, vocabulary: Mapping[str, Call], grants: Collection[str] | None = None) -> Plan:
    """As `parse`, for who needs the whole plan. Raises PlanError with every problem if there is any."""
    parsed = parse(text, vocabulary, grants)
    if parsed.problems:
        raise PlanError(parsed.problems)
    return parsed.plan


class _Reader:
    """The state between lines: the lane that steps now go to, and what each lane holds so far."""

    def __init__(self, vocabulary: Mapping[str, Call], grants: Collection[str] | None) -> None:
        self.vocabulary = vocabulary
        self.checker = Checker(vocabulary, grants)
        self.problems: list[Problem] = []
        self.steps: dict[Lane, list[Step]] = {lane: [] for lane in Lane}
        self.headers: dict[Lane, Span] = {}
        self.spoilt: set[Lane] = set()  # lanes with a step that is wrong
        self.lane: Lane | None = None
        self.homeless = True  # no lane has begun, right or wrong
        self.steps_seen = 0

    def read(self, lexemes: Sequence[Lexeme]) -> None:
        """Take one line."""
        before = len(self.problems)
        self.problems += [_narrow(lexeme) for lexeme in lexemes if lexeme.full_width and lexeme.form is not Form.STRAY]
        code = [lexeme for lexeme in lexemes if lexeme.form is not Form.COMMENT]
        header = read_header(code)
        if header:
            self._begin(header)
            code = code[header.length + 1 :]
            if code and code[0].form is Form.WORD:
                aside = message("the calls of a lane stand in the lines after '{lane}:'", lane=shown(header.name))
                self._blame(code[0].span, aside)
        step = self._step(code) if code else None
        if step:
            self._count(step)
        if step and len(self.problems) == before:
            self.steps[step.lane].append(step)
        elif code and self.lane:
            self.spoilt.add(self.lane)

    def finish(self) -> Parsed:
        """Judge the plan as a whole."""
        repeat = self.steps[Lane.REPEAT]
        if repeat and Lane.REPEAT not in self.spoilt and not any(map(self._moves, repeat)):
            stuck = message("no call of '{lane}:' moves a byte of the log: it would never end", lane=Lane.REPEAT)
            self.problems.append(Problem(self.headers[Lane.REPEAT], stuck, message("a call that moves bytes")))
        steps = tuple(step for lane in Lane for step in self.steps[lane])
        if not steps and not self.problems:
            where = list(self.headers.values())[-1] if self.headers else Span(1, 1, 0)
            wanted = message("a lane ({lanes}) with a call in the line below it", lanes=_LANES)
            self.problems.append(Problem(where, message("the plan has no step"), wanted))
        self.problems.sort(key=lambda problem: (problem.span.line, problem.span.column))
        return Parsed(Plan(steps), tuple(self.problems))

    def _begin(self, header: Header) -> None:
        self.homeless = False
        known = [lane for lane in Lane if lane == header.name]
        self.lane = known[0] if known else None
        if self.lane is None:
            unknown = message("unknown lane '{word}'", word=shown(header.name))
            self._blame(header.span, unknown, _one_of_lanes(), nearest_word(header.name, map(str, Lane)))
        elif not header.colon:
            self._blame(header.span, message("':' is missing after '{word}'", word=self.lane), nearest=f"{self.lane}:")
        elif self.lane in self.headers:
            line = self.headers[self.lane].line
            again = message("lane '{lane}:' began in line {line} already", lane=self.lane, line=line)
            self._blame(header.span, again, message("all its calls in one place"))
        if self.lane is not None:
            self.headers.setdefault(self.lane, header.span)

    def _step(self, code: Sequence[Lexeme]) -> Step | None:
        self.steps_seen += 1
        if self.steps_seen > MAX_STEPS:
            surplus = message("a plan has {most} steps at most", most=MAX_STEPS)
            self._blame(code[0].span.through(code[-1].span), surplus)
            return None
        if self.homeless:
            self.homeless = False
            self._blame(code[0].span, message("a step before any lane"), _one_of_lanes())
        written = read_call(code)
        if isinstance(written, Problem):
            self.problems.append(written)
            return None
        return self.checker.step(written, self.lane, self.problems)

    def _count(self, step: Step) -> None:
        most = self.vocabulary[step.call].most
        there = sum(other.call == step.call for other in self.steps[step.lane])
        if most is not None and there >= most:
            surplus = message("'{call}' stands in a plan {most} times at most", call=step.call, most=most)
            self._blame(step.span, surplus)

    def _moves(self, step: Step) -> bool:
        return self.vocabulary[step.call].moves

    def _blame(self, span: Span, what: Message, expected: Message | None = None, nearest: str | None = None) -> None:
        self.problems.append(Problem(span, what, expected, nearest))


def _excess(text: str) -> Problem | None:
    """The problem of a text over `MAX_BYTES`; looks at no more of it than it has to."""
    if len(text[: MAX_BYTES + 1].encode("utf-8", "surrogatepass")) <= MAX_BYTES:
        return None
    return Problem(Span(1, 1, 0), message("a plan has {most} bytes of text at most", most=MAX_BYTES))


def _narrow(lexeme: Lexeme) -> Problem:
    """The problem of a lexeme in full-width characters; of a comment only its # counts."""
    span, written, text = lexeme.span, lexeme.written, lexeme.text
    if lexeme.form is Form.COMMENT:
        span, written, text = Span(span.line, span.column, 1), written[0], "#"
    return Problem(span, message("full-width '{written}'", written=shown(written)), nearest=shown(text))


def _one_of_lanes() -> Message:
    return message("one of: {words}", words=_LANES)
