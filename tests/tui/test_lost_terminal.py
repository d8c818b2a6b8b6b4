"""A terminal that has gone does not keep the game from ending."""

from __future__ import annotations

import io
import threading

import pytest

from zcquest.tui.lost_terminal import PatientWriter


class Gone(io.StringIO):
    """A terminal that can be written to no more."""

    def write(self, _text: str) -> int:
        raise OSError(5, "Input/output error")


@pytest.mark.parametrize("writes", [1, 100])
def test_what_is_written_after_the_end_of_a_terminal_holds_nobody_up(writes: int) -> None:
    writer = PatientWriter(Gone())
    writer.start()

    def go_on() -> None:
        for _write in range(writes):
            writer.write("x")
        writer.stop()

    game = threading.Thread(target=go_on, daemon=True)
    game.start()
    game.join(20)
    assert not game.is_alive()
