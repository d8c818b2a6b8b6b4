"""Whom a step works for, read off the plan alone."""

from __future__ import annotations

import pytest

from zcquest.engine.calls import CALLS
from zcquest.engine.machine.takers import buffers_taken, takers_by_step
from zcquest.engine.plan import parse_plan


@pytest.mark.parametrize(
    ("text", "takers"),
    [
        ("repeat:\n read(log, buf, 1K)\n write(sock2, buf, 1K)\n", [(1,), (1,)]),
        ("repeat:\n read(log, buf, 1K)\n write(sock4, buf, 1K)\n write(sock2, buf, 1K)\n", [(1, 3), (3,), (1,)]),
        # the next round's sends count as well as this one's
        ("repeat:\n write(sock3, buf, 1K)\n read(log, buf, 1K)\n sendfile(sock, log, 1K)\n", [(2,), (2,), (0,)]),
        (
            "repeat:\n read(log, buf, 1K)\n memcpy(buf2, buf, 1K)\n verify(buf2)\n write(sock2, buf2, 1K)\n"
            " write(sock, buf, 1K)\n",
            [(0, 1), (1,), (1,), (1,), (0,)],
        ),
        (
            "once:\n mmap(log)\nrepeat:\n verify(map)\n send(sock, map, 1K)\n sendfile(sock3, log, 1K)\n",
            [(0, 2), (0, 2), (0,), (2,)],
        ),
        # nobody gets what is never sent
        ("repeat:\n read(log, buf2, 1K)\n sendfile(sock2, log, 1K)\n", [(), (1,)]),
        # the lanes of a rejected message run over that message, and over nothing else
        (
            "repeat:\n read(log, buf, 1K)\n write(sock2, buf, 1K)\non reject:\n pread(log, buf, msg)\n"
            " write(sock, buf, msg)\non giveup:\n pread(log, buf, msg)\n write(dlq, buf, msg)\n",
            [(1,), (1,), (0,), (0,), (), ()],
        ),
    ],
)
def test_a_step_works_for_those_whose_steps_take_its_bytes(text: str, takers: list[tuple[int, ...]]) -> None:
    assert list(takers_by_step(parse_plan(text, CALLS))) == takers


@pytest.mark.parametrize(
    ("step", "buffers"),
    [
        ("read(log, buf, 1K)", ()),
        ("memcpy(buf2, buf, 1K)", ("buf",)),
        ("memcpy(buf, map, 1K)", ()),
        ("verify(buf3)", ("buf3",)),
        ("write(sock, buf2, 1K)", ("buf2",)),
        ("sendfile(sock, log, 1K)", ()),
    ],
)
def test_the_buffers_whose_bytes_a_step_works_on(step: str, buffers: tuple[str, ...]) -> None:
    (first, *_) = parse_plan(f"repeat:\n {step}\n sendfile(sock, log, 1K)\n", CALLS).steps
    assert buffers_taken(first) == buffers
