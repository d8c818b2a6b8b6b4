"""What moves over the map: packets on the lines that bytes really went, and the border's flash at a crossing."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from zcquest.tui.widgets.map.canvas import Canvas
from zcquest.tui.widgets.map.pens import LINE_CHARACTERS
from zcquest.tui.widgets.map.track import Point, Track

FRAMES = 30  # a second
PACKET = "●"
FLASH = 0.14  # seconds that the border stays lit
BETWEEN_FLASHES = 0.34  # seconds from one to the next at least: more than three a second can do harm
_PACE = 45.0  # cells a second, of one call's bytes
_STREAM_PACE = 30.0  # cells a second, one a frame, while a run is on
_LEAST = 0.25  # seconds that even the shortest line takes
_TRAIN = 3  # packets that one call's bytes are shown as, one behind the other
_APART = 2  # cells between them
_STREAM_APART = 3  # cells between the packets of a stream at least


@dataclass(frozen=True, slots=True)
class Packet:
    """Sets out on the first of `cells` at the time `at`, in seconds, and goes `pace` cells a second."""

    cells: Sequence[Point]
    at: float
    pace: float

    @property
    def arrives(self) -> float:
        return self.at + len(self.cells) / self.pace

    def place(self, now: float) -> Point | None:
        """The cell it is on."""
        done = int((now - self.at) * self.pace) if now >= self.at else -1
        return self.cells[done] if 0 <= done < len(self.cells) else None


def train(tracks: Iterable[Track], at: float) -> list[Packet]:
    """One call's bytes, from `at` on over one line after the other."""
    packets = []
    for track in tracks:
        cells = track.cells[1:]
        way = len(cells) + _TRAIN * _APART
        pace = way / max(_LEAST, way / _PACE)
        packets += [Packet(cells, at + place * _APART / pace, pace) for place in range(_TRAIN)]
        at += way / pace
    return packets


def stream(track: Track, calls: int, at: float, seconds: float) -> list[Packet]:
    """`calls` calls' bytes, spread over the `seconds` from `at` on: a packet a call, or as many as have room."""
    most = int(seconds * _STREAM_PACE / _STREAM_APART)
    count = max(1, min(calls, most))
    cells = track.cells[1:]
    return [Packet(cells, at + place * seconds / count, _STREAM_PACE) for place in range(count)]


def with_packets(picture: Canvas, packets: Iterable[Packet], now: float) -> Canvas:
    """The picture with the packets where they are `now`. Words and rooms hide them."""
    canvas = picture.copy()
    for packet in packets:
        if (place := packet.place(now)) and canvas.at(*place).text in LINE_CHARACTERS:
            canvas.put(*place, PACKET, "packet", "bold")
    return canvas


def light(canvas: Canvas, border: range) -> None:
    """Light the columns of the `border`, whatever stands in them."""
    for y in range(canvas.height):
        for x in border:
            cell = canvas.at(x, y)
            canvas.put(x, y, cell.text, "crossing", "reverse")


def spaced(flashes: Iterable[float]) -> list[float]:
    """The times of the flashes, in order, without those that come too soon after another."""
    kept: list[float] = []
    for at in sorted(flashes):
        if not kept or at - kept[-1] >= BETWEEN_FLASHES:
            kept.append(at)
    return kept
