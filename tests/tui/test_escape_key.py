"""An Escape is never lost to the key after it."""

from __future__ import annotations

import time

import pytest
from textual.constants import ESCAPE_DELAY

from zcquest.tui.escape_key import TwoKeys

READ_AT_ONCE = {
    "\x1b?": ["escape", "question_mark"],
    "\x1bx": ["escape", "x"],
    "\x1b5": ["escape", "5"],
    "\x1b\r": ["escape", "enter"],
    "\x1b\x1b[15~": ["escape", "f5"],
    "\x1b": ["escape"],
    "x\x1b": ["x", "escape"],
    "\x1b[D": ["left"],
    "\x1bOR": ["f3"],
    "\x1b[1;3D": ["alt+left"],
    "\x1b[120;3u": ["alt+x"],  # Kitty's protocol tells the two apart
}


@pytest.mark.parametrize("sent", READ_AT_ONCE)
def test_what_was_read_together_is_told_apart(sent: str) -> None:
    parser = TwoKeys()
    events = list(parser.feed(sent))
    time.sleep(ESCAPE_DELAY)  # whether more belongs to an Escape
    assert [getattr(event, "key", None) for event in [*events, *parser.tick()]] == READ_AT_ONCE[sent]
