"""`zcquest race`: two plans race over one warm log, and what can be said of the faster one is printed.

The JSON, schema 1; sizes in bytes, times in seconds, a GB is 10^9 bytes:

    {"schema": 1, "evidence": "metered", "execution": "bare",
     "size": 1073741824, "message_size": 1024, "format": "kafka", "topics": 1, "messages": 983040,
     "plans": {"a": {"name": "kafka", "plan": "repeat:\\n ...", "compiled": true}, "b": {...}},
     "pairs": [{"first": "a", "ratio": 1.9,
                "a": {"bytes": 0, "messages": 0, "seconds": 0.0, "cpu_s": 0.0, "syscalls": 0,
                      "bytes_per_s": 0.0, "messages_per_s": 0.0, "cpu_s_per_gb": 0.0}, "b": {...}}],
     "median": {"a": {"bytes_per_s": 0.0, "messages_per_s": 0.0, "cpu_s_per_gb": 0.0, "syscalls": 0}, "b": {...}},
     "ratio": {"median": 1.9, "low": 1.8, "high": 2.0, "confidence": 0.95},
     "cpu_ratio": {"median": 0.5, "low": 0.4, "high": 0.6, "confidence": 0.95},
     "verdict": "faster",
     "invalid": null}

`ratio` is that of throughput, a to b, and `cpu_ratio` that of the sender's CPU time per byte; `verdict` is of a's
throughput: "faster", "slower" or "too noisy to tell". `messages` are those to be sent: of several `topics`, of the
first. Work in user space is none of the `syscalls`, and `compiled` is false where a call of the loop cannot be
compiled. When a run did not send what it had to, `ratio`, `cpu_ratio`, `median` and `verdict` are null, and `invalid`
says whose run it was and in which pair, 0 being the warm-up:

    {"plan": "a", "pair": 0, "ending": "error", "errno": "EBADF", "signal": null, "message": "..."}
"""

from __future__ import annotations

import os
import re
from dataclasses import dataclass
from typing import Any

from msgspec import UNSET

from zcquest.commands.cancelling import run_until_stopped
from zcquest.commands.host import cannot_run, refuse_other_hosts
from zcquest.commands.plan_file import STDIN, ChosenPlan, load_plan
from zcquest.commands.printing import Table, print_json, print_line, print_table
from zcquest.commands.refusal import NOT_PASSED, PASSED, WRONG, Refused
from zcquest.commands.status_line import StatusLine
from zcquest.engine.calls import CALLS
from zcquest.engine.children import ChildLost
from zcquest.engine.ending import signal_name
from zcquest.engine.logs import LogSpec, LogUnavailable, Subscription, ensure
from zcquest.engine.logs.rocketmq_layout import BLANK_SIZE
from zcquest.engine.logs.rocketmq_orders import least_message, topic_names
from zcquest.engine.logs.spec import MAX_BATCH, MAX_SIZE, MAX_TOPICS, MIN_MESSAGE
from zcquest.engine.plan import Plan, format_plan, parse_plan
from zcquest.engine.race import LEAST, Pair, RaceReport, Run, Side, Turn, race, race_log
from zcquest.engine.ratio import CONFIDENCE, FEWEST, Ratio, median
from zcquest.engine.sizes import format_size, parse_size
from zcquest.engine.trace import errno_name
from zcquest.levels.language import gettext as _
from zcquest.levels.language import say
from zcquest.levels.plans import UnknownPlan, plan_text
from zcquest.levels.play import Unplayable, explain, open_laboratory
from zcquest.levels.race_words import race_answer

_MB = 10**6
_NAME = re.compile(r"[\w-]+")
_SIDES: tuple[Side, Side] = ("a", "b")


@dataclass(frozen=True, kw_only=True)
class LogOptions:
    """What was written of the log to race on."""

    size: str
    message_size: str
    format: str
    topics: str


def show_race(source_a: str, source_b: str, *, log: LogOptions, pairs: str, as_json: bool) -> int:
    """The exit status: NOT_PASSED when a plan did not send the log. Raises Refused and Stopped."""
    refuse_other_hosts()
    spec = _spec(log)
    count = _pairs(pairs)
    if source_a == source_b == STDIN:
        raise Refused(WRONG, _("Only one of the two plans can come from standard input."))
    chosen: dict[Side, ChosenPlan] = {"a": _choose(source_a), "b": _choose(source_b)}
    try:
        report = run_until_stopped(_race(chosen, spec, count))
    except Unplayable as failure:
        raise cannot_run(say(failure.reason)) from None
    except OSError as failure:  # not even a process could be started
        raise cannot_run(failure.strerror or str(failure)) from None
    if as_json:
        print_json(_document(chosen, report))
    else:
        _print(chosen, report)
    return NOT_PASSED if report.invalid else PASSED


def _spec(log: LogOptions) -> LogSpec:
    if log.format not in ("kafka", "rocketmq"):
        raise Refused(WRONG, _("--format takes kafka or rocketmq, not {got}.").format(got=log.format))
    whole = _size("--size", log.size, LEAST, MAX_SIZE)
    topics = _topics(log)
    if log.format == "kafka":
        one = _size("--message-size", log.message_size, MIN_MESSAGE, min(MAX_BATCH, whole))
        return race_log(whole, one)
    one = _size("--message-size", log.message_size, least_message(topics, ()), min(MAX_BATCH, whole - BLANK_SIZE))
    return LogSpec(format="rocketmq", size=whole, message=one, topics=topics if topics > 1 else UNSET)


def _topics(log: LogOptions) -> int:
    try:
        count = int(log.topics)
    except ValueError:
        count = 0
    if not 1 <= count <= MAX_TOPICS:
        told = _("--topics takes a whole number from 1 to {most}, not {got}.")
        raise Refused(WRONG, told.format(most=MAX_TOPICS, got=log.topics))
    if count > 1 and log.format == "kafka":
        raise Refused(WRONG, _("A Kafka segment holds one topic alone: --topics needs --format rocketmq."))
    return count


def _subscription(spec: LogSpec) -> Subscription | None:
    """Of several topics the first; all of a log that has but one."""
    return Subscription(topic=topic_names(spec.topics)[0].decode()) if spec.topics else None


def _size(option: str, text: str, least: int, most: int) -> int:
    try:
        size = parse_size(text)
    except ValueError:
        size = -1
    if least <= size <= most:
        return size
    told = _("{option} takes a size from {least} to {most}, not {got}.")
    raise Refused(WRONG, told.format(option=option, least=format_size(least), most=format_size(most), got=text))


def _pairs(text: str) -> int:
    try:
        count = int(text)
    except ValueError:
        count = 0
    if count < FEWEST:
        told = _("--pairs takes a whole number, {least} or more, not {got}.")
        raise Refused(WRONG, told.format(least=FEWEST, got=text))
    return count


def _choose(source: str) -> ChosenPlan:
    """The shipped plan of that name, else the file; `./kafka` is always a file. Raises Refused."""
    try:
        return ChosenPlan(_parse(plan_text(source)), source, own=False)
    except UnknownPlan as unknown:
        if source != STDIN and _NAME.fullmatch(source) and not os.path.exists(source):
            raise Refused(WRONG, say(unknown.message)) from None
    return load_plan(source, _parse)


def _parse(text: str) -> Plan:
    return parse_plan(text, CALLS)


async def _race(chosen: dict[Side, ChosenPlan], spec: LogSpec, pairs: int) -> RaceReport:
    wanted = _subscription(spec)
    with StatusLine(_("Preparing the log ...")) as status:

        def show(turn: Turn) -> None:
            status.show(_progress(turn, chosen[turn.side].name, pairs))

        async with open_laboratory() as laboratory:
            try:
                ensure(spec, laboratory.cache)  # in this thread, where a signal gets through at once
                return await race(
                    laboratory, chosen["a"].plan, chosen["b"].plan, spec, pairs, watch=show, subscription=wanted
                )
            except (ChildLost, LogUnavailable, OSError) as failure:
                raise Unplayable(explain(laboratory, failure)) from failure


def _progress(turn: Turn, name: str, pairs: int) -> str:
    if not turn.pair:
        return _("Warm-up: {plan} ...").format(plan=name)
    told = _("Pair {number} of {pairs}: {plan} ...").format(number=turn.pair, pairs=pairs, plan=name)
    return told + "".join(f" {pair.ratio:.2f}" for pair in turn.done[-5:])


# -- for people --------------------------------------------------------------------------------------------------------


def _print(chosen: dict[Side, ChosenPlan], report: RaceReport) -> None:
    for side in _SIDES:
        print_line(_("{side}: {plan}").format(side=side.upper(), plan=chosen[side].name), "bold")
        for line in format_plan(chosen[side].plan).splitlines():
            print_line(f"    {line}")
    print_line()
    told = _("A log of {size} in {messages} messages, warm in the page cache, over loopback. Metered, bare execution.")
    if report.topics > 1:
        told = _(
            "{messages} messages of one topic among {topics} in a log of {size}, warm in the page cache, over "
            "loopback. Metered, bare execution."
        )
    print_line(told.format(size=format_size(report.size), messages=report.messages, topics=report.topics))
    for side in report.uncompiled:
        told = _("{plan} has a call without a compact loop: zcquest's own Python time weighs on its figures.")
        print_line(told.format(plan=chosen[side].name))
    if report.pairs:
        print_line()
        print_table(_pair_rows(report.pairs))
    if report.invalid:
        name, reason = chosen[report.invalid.side].name, say(report.invalid.reason)
        told = _("This race is not valid. {plan} did not send the log: {reason}")
        print_line(told.format(plan=name, reason=reason), "bold red")
    elif report.ratio and report.cpu_ratio:
        print_line()
        print_table(_medians(report.pairs))
        print_line()
        percent, pairs = round(100 * CONFIDENCE), len(report.pairs)
        told = _("A / B: the median of {pairs} pairs, and its interval at a confidence of {percent} %")
        print_line(told.format(pairs=pairs, percent=percent))
        print_table(_ratios(report.ratio, report.cpu_ratio))
        print_line()
        print_line(race_answer(report.ratio, chosen["a"].name, chosen["b"].name), "bold")


def _pair_rows(pairs: tuple[Pair, ...]) -> Table:
    headings = [_("pair"), _("first"), "A MB/s", "B MB/s", "A CPU s/GB", "B CPU s/GB", "A / B"]
    table = Table(headings, right=(0, 2, 3, 4, 5, 6))
    for number, pair in enumerate(pairs, 1):
        rates = [f"{run.bytes_per_s / _MB:.0f}" for run in (pair.a, pair.b)]
        times = [f"{run.cpu_s_per_gb:.3f}" for run in (pair.a, pair.b)]
        table.add(str(number), pair.first.upper(), *rates, *times, f"{pair.ratio:.2f}")
    return table


def _medians(pairs: tuple[Pair, ...]) -> Table:
    table = Table([_("median"), "A", "B"], right=(1, 2))
    a, b = (_median_of(pairs, side) for side in _SIDES)
    table.add(_("throughput, MB/s"), *(f"{of['bytes_per_s'] / _MB:.0f}" for of in (a, b)))
    table.add(_("messages/s"), *(f"{of['messages_per_s']:.0f}" for of in (a, b)))
    table.add(_("sender's CPU, s/GB"), *(f"{of['cpu_s_per_gb']:.3f}" for of in (a, b)))
    table.add(_("syscalls"), *(f"{of['syscalls']:.0f}" for of in (a, b)))
    return table


def _ratios(throughput: Ratio, cpu: Ratio) -> Table:
    table = Table(["A / B", _("median"), _("from"), _("to")], right=(1, 2, 3))
    for name, ratio in ((_("throughput"), throughput), (_("sender's CPU"), cpu)):
        table.add(name, *(f"{figure:.3f}" for figure in (ratio.median, ratio.low, ratio.high)))
    return table


# -- for scripts -------------------------------------------------------------------------------------------------------


def _document(chosen: dict[Side, ChosenPlan], report: RaceReport) -> object:
    ratio, invalid = report.ratio, report.invalid
    return {
        "schema": 1,
        "evidence": "metered",
        "execution": "bare",
        "size": report.size,
        "message_size": report.message,
        "format": report.format,
        "topics": report.topics,
        "messages": report.messages,
        "plans": {
            side: {
                "name": chosen[side].name,
                "plan": format_plan(chosen[side].plan),
                "compiled": side not in report.uncompiled,
            }
            for side in _SIDES
        },
        "pairs": [
            {"first": pair.first, "ratio": pair.ratio, "a": _run(pair.a), "b": _run(pair.b)} for pair in report.pairs
        ],
        "median": {side: _median_of(report.pairs, side) for side in _SIDES} if ratio else None,
        "ratio": ratio and _ratio(ratio),
        "cpu_ratio": report.cpu_ratio and _ratio(report.cpu_ratio),
        "verdict": ratio and ratio.answer.value,
        "invalid": invalid
        and {
            "plan": invalid.side,
            "pair": invalid.pair,
            "ending": invalid.ending.value,
            "errno": errno_name(invalid.errno) if invalid.errno else None,
            "signal": signal_name(invalid.signal) or None,
            "message": say(invalid.reason),
        },
    }


def _ratio(ratio: Ratio) -> dict[str, float]:
    return {"median": ratio.median, "low": ratio.low, "high": ratio.high, "confidence": CONFIDENCE}


def _run(run: Run) -> dict[str, Any]:
    return {
        "bytes": run.bytes,
        "messages": run.messages,
        "seconds": run.seconds,
        "cpu_s": run.cpu_s,
        "syscalls": run.syscalls,
        "bytes_per_s": run.bytes_per_s,
        "messages_per_s": run.messages_per_s,
        "cpu_s_per_gb": run.cpu_s_per_gb,
    }


def _median_of(pairs: tuple[Pair, ...], side: Side) -> dict[str, Any]:
    runs = [pair.a if side == "a" else pair.b for pair in pairs]
    return {
        "bytes_per_s": median([run.bytes_per_s for run in runs]),
        "messages_per_s": median([run.messages_per_s for run in runs]),
        "cpu_s_per_gb": median([run.cpu_s_per_gb for run in runs]),
        "syscalls": median([run.syscalls for run in runs]),
    }
