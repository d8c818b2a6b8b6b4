"""When the terminal goes away in the middle of a game: what is still written then must hold nobody up.

Textual writes from a thread of its own, through a queue of limited length. A terminal that has gone (EIO) ends that
thread, the queue fills, and the next write waits for ever: the game, told by SIGHUP to end, would not.
"""

from __future__ import annotations

from textual.drivers import linux_driver
from textual.drivers._writer_thread import WriterThread


class PatientWriter(WriterThread):
    """Throws away what can be written no more."""

    def run(self) -> None:
        try:
            super().run()
        except OSError:
            while self._queue.get() is not None:
                pass


def install() -> None:
    """Let Textual's drivers write with it."""
    vars(linux_driver)["WriterThread"] = PatientWriter
