"""Bytes as they are: sixteen a row, a cursor on one of them, the field that it belongs to marked."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from dataclasses import dataclass

from rich.segment import Segment
from rich.style import Style
from textual.binding import Binding
from textual.events import Click, MouseScrollDown, MouseScrollUp
from textual.message import Message
from textual.reactive import reactive
from textual.strip import Strip
from textual.widget import Widget

from zcquest.engine.log_bytes import Named, Seen
from zcquest.engine.logs.formats import Field
from zcquest.tui.language import N_

ROW = 16  # bytes
_WHEEL = 3 * ROW
_HEX_AT, _TEXT_AT, _NAMES_AT = 10, 60, 78  # columns of the first byte in hex and as text, and of the fields' names
_HALF = 8  # bytes after which a blank stands
_GAP = "░░"


@dataclass(frozen=True, slots=True)
class Dump:
    """One moment of the bytes: those that were seen, and the names around the cursor."""

    seen: Seen
    named: Named | None = None


class HexView(Widget, can_focus=True):
    """Shows a `Dump`; asks for another with `Wanted` when the cursor goes where this one has nothing."""

    @dataclass
    class Wanted(Message):
        """Bytes [first, end) are to be seen, and the names of those around `cursor`."""

        first: int
        end: int
        cursor: int

    @dataclass
    class Moved(Message):
        """The cursor stands elsewhere, or the field under it has a name now."""

    COMPONENT_CLASSES = {f"hex--{part}" for part in ("offset", "byte", "other", "field", "cursor", "gap")}
    DEFAULT_CSS = """
    HexView {
        height: 1fr;
        min-height: 4;
        .hex--offset { color: $quiet; }
        .hex--byte { color: $foreground; }
        .hex--other { color: $shared; text-style: italic; }
        .hex--field { color: $accent; text-style: bold underline; }
        .hex--cursor { color: $accent; text-style: bold reverse; }
        .hex--gap { color: $quiet; }
    }
    """
    BINDINGS = [
        Binding("left", "move(-1)", show=False),
        Binding("right", "move(1)", N_("Byte"), key_display="←↑↓→", tooltip=N_("From byte to byte")),
        Binding("up", "move(-16)", show=False),
        Binding("down", "move(16)", show=False),
        Binding("pageup", "page(-1)", show=False),
        Binding("pagedown", "page(1)", N_("Page"), show=False, tooltip=N_("A screenful on")),
        Binding("n", "field(1)", N_("Next field"), tooltip=N_("To the next field of the batch or message")),
        Binding("p", "field(-1)", N_("Field before"), show=False, tooltip=N_("To the field before")),
        Binding("b", "unit(1)", N_("Next batch"), tooltip=N_("To the next batch or message")),
        Binding("home", "first", show=False),
        Binding("end", "last", show=False),
    ]

    cursor: reactive[int] = reactive(0, repaint=False)
    dump: reactive[Dump | None] = reactive(None, repaint=False)

    def __init__(self) -> None:
        super().__init__()
        self._top = 0  # offset of the first row
        self._edges: list[int] = []  # where the named fields begin
        self._asked: tuple[int, int, int] | None = None

    @property
    def field(self) -> Field | None:
        """The field under the cursor, if it has a name."""
        index = self._index(self.cursor)
        return None if index is None or self.dump is None or self.dump.named is None else self.dump.named.fields[index]

    def _index(self, offset: int) -> int | None:
        """Which of the named fields the byte belongs to."""
        named = self.dump.named if self.dump else None
        if named is None or not named.start <= offset < named.stop:
            return None
        index = bisect_right(self._edges, offset) - 1
        return index if index >= 0 and offset < self._edges[index] + named.fields[index].length else None

    def watch_cursor(self) -> None:
        rows = max(self.size.height, 1)
        row = self.cursor // ROW * ROW
        self._top = min(max(self._top, row - (rows - 1) * ROW), row)
        self._show()

    def watch_dump(self) -> None:
        self._edges = [field.offset for field in self.dump.named.fields] if self.dump and self.dump.named else []
        if self.dump and self.dump.seen.size and self.cursor >= self.dump.seen.size:
            self.cursor = self.dump.seen.size - 1
        self._show()

    def on_resize(self) -> None:
        self.watch_cursor()

    def look_again(self) -> None:
        """The bytes may be others now: ask for them."""
        self._asked = None
        self._ask(fresh=True)

    def _show(self) -> None:
        self._ask()
        self.post_message(self.Moved())
        self.refresh()

    def _ask(self, *, fresh: bool = False) -> None:
        start, stop = self._top, self._top + max(self.size.height, 1) * ROW
        dump = self.dump
        if dump and not fresh:
            seen = dump.seen
            inside = seen.start <= start and min(stop, seen.size) <= seen.start + len(seen.data)
            known = dump.named is None or dump.named.start <= self.cursor < dump.named.stop
            if inside and known:
                return
        wanted = (start, stop, self.cursor)
        if wanted != self._asked:
            self._asked = wanted
            self.post_message(self.Wanted(*wanted))

    # -- moving --------------------------------------------------------------------------------------------------------

    def _go(self, offset: int) -> None:
        size = self.dump.seen.size if self.dump else 0
        self.cursor = max(0, min(offset, size - 1))

    def action_move(self, by: int) -> None:
        if 0 <= self.cursor + by:
            self._go(self.cursor + by)

    def action_page(self, by: int) -> None:
        self._go(self.cursor + by * max(self.size.height - 1, 1) * ROW)

    def action_first(self) -> None:
        self._go(0)

    def action_last(self) -> None:
        self._go(self.dump.seen.size - 1 if self.dump else 0)

    def action_field(self, by: int) -> None:
        field = self.field
        if field is None:
            self._go(self.cursor + by)
        elif by > 0:
            self._go(field.offset + field.length)
        elif self.cursor > field.offset:
            self._go(field.offset)
        else:
            self._go(self._start_before(field))

    def _start_before(self, field: Field) -> int:
        named = self.dump.named if self.dump else None
        earlier = [each.offset for each in (named.fields if named else ()) if each.offset < field.offset]
        return earlier[-1] if earlier else field.offset - 1

    def action_unit(self, by: int) -> None:
        named = self.dump.named if self.dump else None
        if named:
            self._go(named.stop)

    def on_mouse_scroll_down(self, event: MouseScrollDown) -> None:
        event.stop()
        self.action_move(_WHEEL)

    def on_mouse_scroll_up(self, event: MouseScrollUp) -> None:
        event.stop()
        self.action_move(-_WHEEL)

    def on_click(self, event: Click) -> None:
        if event.button != 1:
            return
        for index in range(ROW):
            column = _column(index)
            if column <= event.x <= column + 1 or event.x == _TEXT_AT + index:
                self._go(self._top + event.y * ROW + index)

    # -- drawing -------------------------------------------------------------------------------------------------------

    def render_line(self, y: int) -> Strip:
        width = self.size.width
        start = self._top + y * ROW
        seen = self.dump.seen if self.dump else Seen(0, b"", 0)
        if start >= seen.size:
            return Strip.blank(width, self.rich_style)
        cells: list[Segment] = [Segment(f"{start:08x}  ", self._style("offset"))]
        text: list[Segment] = []
        for offset in range(start, min(start + ROW, seen.size)):
            style = self._style(self._part(offset))
            byte = _byte(seen, offset)
            gap = " " * (1 + (offset % ROW == _HALF - 1))
            cells.append(Segment(_GAP if byte is None else f"{byte:02x}", style))
            cells.append(Segment(gap, self.rich_style))
            text.append(Segment(_printable(byte), style))
        filler = Segment(" " * max(0, _TEXT_AT - Strip(cells).cell_length), self.rich_style)
        after = Segment(" " * max(0, _NAMES_AT - _TEXT_AT - len(text)), self.rich_style)
        return Strip([*cells, filler, *text, after, *self._names(start, width - _NAMES_AT)]).adjust_cell_length(
            width, self.rich_style
        )

    def _names(self, start: int, width: int) -> list[Segment]:
        """The fields that begin in this row, as many as have room."""
        dump = self.dump
        first, last = bisect_left(self._edges, start), bisect_left(self._edges, start + ROW)
        segments: list[Segment] = []
        for index in range(first, last):
            name = dump.named.fields[index].name if dump and dump.named else ""
            width -= len(name) + 2
            if width < 0:
                break
            part = "field" if index == self._index(self.cursor) else "other" if index % 2 else "byte"
            segments += [Segment(name, self._style(part)), Segment("  ", self.rich_style)]
        return segments

    def _part(self, offset: int) -> str:
        """The look of a byte: the cursor's field stands out, its neighbours take turns."""
        if offset == self.cursor and self.has_focus:
            return "cursor"
        dump = self.dump
        if dump is None or _byte(dump.seen, offset) is None:
            return "gap"
        index = self._index(offset)
        if index is None:
            return "byte"
        return "field" if index == self._index(self.cursor) else "other" if index % 2 else "byte"

    def _style(self, part: str) -> Style:
        return self.get_component_rich_style(f"hex--{part}")


def _column(index: int) -> int:
    return _HEX_AT + 3 * index + (index >= _HALF)


def _byte(seen: Seen, offset: int) -> int | None:
    """None where nothing is there, or nobody has looked yet."""
    if not seen.start <= offset < seen.start + len(seen.data):
        return None
    if any(start <= offset < stop for start, stop in seen.gaps):
        return None
    return seen.data[offset - seen.start]


def _printable(byte: int | None) -> str:
    if byte is None:
        return "░"
    return chr(byte) if 32 <= byte < 127 else "."
