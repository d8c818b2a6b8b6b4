"""Steps and lanes written by the palette: where they go, and with which arguments."""

from __future__ import annotations

import pytest

from zcquest.engine.calls import CALLS
from zcquest.engine.plan import Lane, parse
from zcquest.tui.widgets.insertion import Insertion, lane_for, place_lane, place_step, ready_step

SEND = "repeat:\n    sendfile(sock, log, 64K)\n"
REJECT = SEND + "on reject:\n    "
GIVEUP = SEND + "on reject:\n    sendfile(sock, log, msg)\non giveup:\n    "
MAPPED = "once:\n    mmap(log)\nrepeat:\n    write(sock, map, 64K)\non reject:\n    "


def inserted(text: str, insertion: Insertion) -> str:
    lines = text.split("\n")
    lines[insertion.row : insertion.row + insertion.replaced] = insertion.lines
    return "\n".join(lines)


@pytest.mark.parametrize(
    ("text", "call", "step"),
    [
        (REJECT, "copy_file_range", "copy_file_range(log, dlq, msg)"),
        (REJECT, "sendfile", "sendfile(dlq, log, msg)"),
        (MAPPED, "write", "write(dlq, map, msg)"),
        (GIVEUP, "sendfile", "sendfile(dlq, log, msg)"),
    ],
)
def test_in_a_lane_of_rejected_messages_one_message_goes_to_the_queue(text: str, call: str, step: str) -> None:
    plan = parse(text, CALLS).plan
    cursor = text.count("\n")
    lane = lane_for(call, text, cursor, writing=False)
    assert lane is (Lane.ON_GIVEUP if text is GIVEUP else Lane.ON_REJECT)
    assert ready_step(call, plan, lane) == step
    written = inserted(text, place_step(text, step, cursor, lane))
    assert not parse(written, CALLS).problems
    assert written.split("\n")[cursor] == f"    {step}"


def test_where_giving_up_has_a_lane_of_its_own_a_rejected_message_is_sent_again() -> None:
    plan = parse(SEND + "on giveup:\n    sendfile(dlq, log, msg)\n", CALLS).plan
    assert ready_step("sendfile", plan, Lane.ON_REJECT) == "sendfile(sock, log, msg)"


def test_a_call_that_cannot_run_for_a_message_goes_to_its_own_lane() -> None:
    assert lane_for("mmap", REJECT, REJECT.count("\n"), writing=False) is Lane.ONCE
    assert lane_for("sendfile", SEND, 1, writing=False) is Lane.REPEAT


def test_a_lane_begins_at_the_end_and_is_found_again_where_it_is() -> None:
    begun = inserted(SEND, place_lane(SEND, Lane.ON_REJECT))
    assert begun == SEND + "on reject:\n    "
    both = inserted(GIVEUP, place_lane(GIVEUP, Lane.ON_REJECT))
    assert both.split("\n")[4] == "    " and both.startswith(SEND + "on reject:\n    sendfile(sock, log, msg)\n")


@pytest.mark.parametrize(
    ("plan", "call", "step"),
    [
        ("", "write", "write(sock, buf, 64K)"),
        ("", "send", "send(sock, buf, 64K)"),
        ("", "read", "read(log, buf, 64K)"),
        ("", "sendfile", "sendfile(sock, log, 64K)"),
        ("", "recv", "recv(sock, buf, 64K)"),
        ("", "pipe", "pipe()"),
        ("", "splice", "splice(log, pipe, 64K)"),
        ("once:\n    pipe()\nrepeat:\n    splice(log, pipe, 8K)\n", "splice", "splice(pipe, sock, 8K)"),
        ("once:\n    pipe()\nrepeat:\n    splice(log, pipe, 8K)\n", "tee", "tee(pipe, pipe2, 8K)"),
        ("", "vmsplice", "vmsplice(pipe, buf, 64K)"),
        ("once:\n    mmap(log)\n", "vmsplice", "vmsplice(pipe, map, 64K)"),
        ("repeat:\n    recv(sock, buf, 4K)\n", "write", "write(log, buf, 4K)"),
        ("repeat:\n    recv(sock, buf, 4K)\n", "send", "send(sock, ack, 8)"),
        ("repeat:\n    recv(sock, buf, 4K)\n", "fsync", "fsync(log)"),
    ],
)
def test_a_ready_step_is_the_one_that_a_reader_would_expect(plan: str, call: str, step: str) -> None:
    assert ready_step(call, parse(plan, CALLS).plan) == step
