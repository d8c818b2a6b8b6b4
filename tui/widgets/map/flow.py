"""Packets on their way, drawn over the picture along the lines of the hops whose bytes have just moved."""

from __future__ import annotations

from collections.abc import Sequence

from zcquest.tui.widgets.map.canvas import Canvas
from zcquest.tui.widgets.map.pens import LINE_CHARACTERS
from zcquest.tui.widgets.map.routes import Point, Track

FRAMES = 20  # a second
PACE = 45.0  # cells a second
_LEAST = 0.25  # seconds that even the shortest line takes
_TRAIN = 3  # packets one behind the other
_APART = 2  # cells between them
PACKET = "●"


def duration(tracks: Sequence[Track]) -> float:
    """Seconds that the bytes take over all lines, one after the other."""
    return sum(map(_time, tracks))


def with_packets(picture: Canvas, tracks: Sequence[Track], seconds: float) -> Canvas:
    """The picture `seconds` after the bytes set out on the first of the lines. Words and rooms hide the packets."""
    canvas = picture.copy()
    for track in tracks:
        if seconds < _time(track):
            _draw(canvas, track.cells[1:], seconds / _time(track))
            break
        seconds -= _time(track)
    return canvas


def _time(track: Track) -> float:
    return max(_LEAST, len(track.cells) / PACE)


def _draw(canvas: Canvas, cells: Sequence[Point], progress: float) -> None:
    head = int(progress * (len(cells) + _TRAIN * _APART))
    for place in range(head, head - _TRAIN * _APART, -_APART):
        if 0 <= place < len(cells):
            x, y = cells[place]
            under = canvas.at(x, y)
            if under.text in LINE_CHARACTERS:
                canvas.put(x, y, PACKET, "packet", "bold")
