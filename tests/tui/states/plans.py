"""The plans that are played in the states, and what each of them does in a scene."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from tests.tui.frozen import Course

from zcquest.engine.calls.base import SOCKETS
from zcquest.engine.message import message
from zcquest.levels.play import Unplayable

from . import courses

POISONOUS: Final = (42, 43, 404, 777, 1000)  # of level 4-1

LADLE = "repeat:\n    read(log, buf, 4K)\n    write(sock, buf, 4K)"
BUCKETS = "repeat:\n    read(log, buf, 16K)\n    write(sock, buf, 16K)"
ONE_TRIP = "repeat:\n    read(log, buf, 64K)\n    write(sock, buf, 64K)"
FORGETFUL = "repeat:\n    read(log, buf, 16K)\n    write(sock, buf, 4K)"
DROPS = "repeat:\n    read(log, buf, 16)\n    write(sock, buf, 16)"
PAGES = "repeat:\n    sendfile(sock, log, 4K)"
RATIONED = "once:\n    mmap(log)\nrepeat:\n    write(sock, map, 1K)"  # as RocketMQ, a message a call
MAPPED = "once:\n    mmap(log)\nrepeat:\n    write(sock, map, 64K)"
SENDFILE = "repeat:\n    sendfile(sock, log, 64K)"
KAFKAS = "repeat:\n    sendfile(sock, log, 1M)"
MISSPELT = "repeat:\n    raed(log, buf, 64K)\n    write(sock, buf)"
DEAD_LETTERS = "repeat:\n    sendfile(sock, log, 1M)\non reject:\n    copy_file_range(log, dlq, msg)"
FLUSHED = (
    "repeat:\n    recv(sock, buf, 256K, waitall)\n    write(log, buf, 256K)\n    fsync(log)\n    send(sock, ack, 8)"
)
PIPED = "once:\n    pipe()\nrepeat:\n    splice(log, pipe, 16K)\n    splice(pipe, sock, 16K)"
LENT = "once:\n    mmap(log)\n    pipe()\nrepeat:\n    vmsplice(pipe, map, 16K)\n    splice(pipe, sock, 16K)"
TEED = (
    "once:\n    pipe()\n    pipe()\nrepeat:\n    splice(log, pipe, 16K)\n    tee(pipe, pipe2, 16K)\n"
    "    splice(pipe, sock, 16K)\n    splice(pipe2, sock2, 16K)"
)
SENT_TO_FOUR = "repeat:\n" + "\n".join(f"    sendfile({socket}, log, 16K)" for socket in SOCKETS)
WRITTEN_TO_THREE = "repeat:\n    read(log, buf, 16K)\n" + "\n".join(
    f"    write({socket}, buf, 16K)" for socket in SOCKETS[:3]
)


def course(plan: str, scene: str) -> Course:
    """What the plan does in the scene."""
    match plan.strip():
        case text if text in (SENDFILE, PAGES) and scene.startswith("scatter-gather"):
            return courses.over_the_bench(text, gathers=scene.endswith("on"))
        case text if text in _COURSES:
            return _COURSES[text]()
        case text:
            raise Unplayable(
                message("nobody has written down what this does in {scene}: {text}", scene=scene, text=text)
            )


_COURSES: Final[dict[str, Callable[[], Course]]] = {
    LADLE: lambda: courses.read_and_write(4096),
    BUCKETS: lambda: courses.read_and_write(16384),
    ONE_TRIP: lambda: courses.read_and_write(65536),
    FORGETFUL: courses.forgetful,
    DROPS: lambda: courses.read_and_write(16),
    MAPPED: lambda: courses.mapped(65536),
    RATIONED: lambda: courses.mapped(1024),
    SENDFILE: lambda: courses.sent_by_the_kernel(SENDFILE),
    KAFKAS: lambda: courses.sent_by_the_kernel(KAFKAS),
    DEAD_LETTERS: lambda: courses.with_dead_letters(POISONOUS),
    FLUSHED: courses.received_and_flushed,
    PIPED: lambda: courses.piped(PIPED),
    LENT: lambda: courses.piped(LENT),
    TEED: lambda: courses.teed(TEED),
    SENT_TO_FOUR: lambda: courses.sent_to_each(SENT_TO_FOUR, 4),
    WRITTEN_TO_THREE: lambda: courses.written_to_each(WRITTEN_TO_THREE, 3),
}
