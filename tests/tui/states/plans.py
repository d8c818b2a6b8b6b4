"""The plans that are played in the states, and what each of them does in a scene."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from tests.tui import frozen

from zcquest.engine.message import message
from zcquest.levels.play import Unplayable

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


def course(plan: str, scene: str) -> frozen.Course:
    """What the plan does in the scene."""
    match plan.strip():
        case text if text in (SENDFILE, PAGES) and scene.startswith("scatter-gather"):
            return frozen.over_the_bench(text, gathers=scene.endswith("on"))
        case text if text in _COURSES:
            return _COURSES[text]()
        case text:
            raise Unplayable(
                message("nobody has written down what this does in {scene}: {text}", scene=scene, text=text)
            )


_COURSES: Final[dict[str, Callable[[], frozen.Course]]] = {
    LADLE: lambda: frozen.read_and_write(4096),
    BUCKETS: lambda: frozen.read_and_write(16384),
    ONE_TRIP: lambda: frozen.read_and_write(65536),
    FORGETFUL: frozen.forgetful,
    DROPS: lambda: frozen.read_and_write(16),
    MAPPED: lambda: frozen.mapped(65536),
    RATIONED: lambda: frozen.mapped(1024),
    SENDFILE: lambda: frozen.sent_by_the_kernel(SENDFILE),
    KAFKAS: lambda: frozen.sent_by_the_kernel(KAFKAS),
    DEAD_LETTERS: lambda: frozen.with_dead_letters(POISONOUS),
    FLUSHED: frozen.received_and_flushed,
}
