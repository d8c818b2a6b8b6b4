"""A place of the map, opened: its gauges, the bytes that are there with their names, and the calls that reach it."""

from __future__ import annotations

from collections.abc import Callable

from textual import on, work
from textual.app import ComposeResult
from textual.binding import Binding
from textual.containers import Vertical
from textual.content import Content
from textual.widgets import Static

from zcquest.engine.logs.formats import Field
from zcquest.engine.message import Message
from zcquest.engine.places import Place
from zcquest.levels.language import gettext as _
from zcquest.levels.language import ngettext, say
from zcquest.tui.language import N_
from zcquest.tui.screens.base import ZcModal
from zcquest.tui.screens.place_bytes import PlaceBytes
from zcquest.tui.widgets.hex_view import HexView
from zcquest.tui.widgets.key_bar import KeyBar
from zcquest.tui.widgets.map.words import place_name
from zcquest.tui.widgets.map_state import MapState
from zcquest.tui.widgets.place_lines import advising, has_bytes, place_lines, reaching, unseen
from zcquest.tui.widgets.wording import grouped

_LOOKS = {"reading": "", "bar": "$primary", "quiet": "$quiet"}
_LONGEST = 48  # characters of a field's value


class PlaceScreen(ZcModal[None]):
    """Shows one `MapState` after the other with `show`. `act` carries out `step` and `tamper` on the level behind."""

    CSS_PATH = "place.tcss"
    BINDINGS = [
        Binding("escape,enter", "close", N_("Close"), key_display="esc", tooltip=N_("Back to the map")),
        Binding("s,f10", "act('step')", N_("Step"), key_display="s", tooltip=N_("Make one call on a live kernel")),
        Binding("t", "act('tamper')", N_("Tamper"), tooltip=N_("Overwrite the source of the latest call's bytes")),
        Binding("question_mark", "app.help", N_("Help"), key_display="?", tooltip=N_("The keys of this screen")),
    ]

    def __init__(self, place: Place, state: MapState, source: PlaceBytes, act: Callable[[str], None]) -> None:
        super().__init__()
        self.place = place
        self._state = state
        self._source = source
        self._act = act

    def compose(self) -> ComposeResult:
        with Vertical(id="place", classes="-bytes" if has_bytes(self.place) else ""):
            yield Static(id="gauges", markup=False)
            if has_bytes(self.place):
                yield HexView()
                yield Static(id="field", markup=False)
            yield Static(id="reached", markup=False)
            yield Static(id="told", markup=False)
            yield KeyBar(palette=False)

    def on_mount(self) -> None:
        self.retranslate()
        for view in self.query(HexView):
            view.focus()
            view.look_again()

    def show(self, state: MapState) -> None:
        """The machine stands so now; the bytes are looked at again."""
        if state == self._state:
            return
        self._state = state
        self._say_gauges()
        for view in self.query(HexView):
            view.look_again()

    def tell(self, sentence: Message) -> None:
        """What just happened on the level behind."""
        told = self.query_one("#told", Static)
        told.update(Content("▸ " + say(sentence)))
        told.display = True

    def retranslate(self) -> None:
        self.query_one("#place").border_title = Content(place_name(self.place, self._state.card))
        self.query_one("#reached", Static).update(Content(self._reached()))
        self._say_gauges()
        self._say_field()

    def action_act(self, what: str) -> None:
        self._act(what)

    # -- what is read --------------------------------------------------------------------------------------------------

    def on_resize(self) -> None:
        self._say_gauges()

    def _say_gauges(self) -> None:
        lines = place_lines(self.place, self._state, max(self.query_one("#place").size.width - 2, 16))
        said = [Content.styled(text, _LOOKS[look]) for text, look in lines]
        if why := unseen(self.place):
            said.append(Content.styled(why, "$quiet"))
        self.query_one("#gauges", Static).update(Content("\n").join(said))

    def _reached(self) -> str:
        into, out = reaching(self.place)
        parts = [
            _("filled by {calls}").format(calls=" · ".join(into)) if into else "",
            _("emptied by {calls}").format(calls=" · ".join(out)) if out else "",
        ]
        if self.place is Place.PAGE_CACHE:
            parts.append(_("fetched or dropped on the advice of {calls}").format(calls=" · ".join(advising())))
        return "\n".join(part for part in parts if part)

    # -- bytes ---------------------------------------------------------------------------------------------------------

    @on(HexView.Wanted)
    def _fetch(self, event: HexView.Wanted) -> None:
        self._look(event)

    @work(group="bytes", exclusive=True)
    async def _look(self, wanted: HexView.Wanted) -> None:
        view = self.query_one(HexView)
        view.dump = await self._source.dump(self.place, wanted.first, wanted.end, wanted.cursor)
        self._say_field()

    @on(HexView.Moved)
    def _say_field(self) -> None:
        for line in self.query("#field").results(Static):
            line.update(Content(self._field_words()))

    def _field_words(self) -> str:
        view = self.query_one(HexView)
        if view.dump is None or not view.dump.seen.size:
            return _("There is nothing here yet.")
        at = _("byte {offset} of {size}").format(offset=grouped(view.cursor), size=grouped(view.dump.seen.size))
        if any(start <= view.cursor < stop for start, stop in view.dump.seen.gaps):
            return at + "\n" + _("Not in the page cache: looking would fetch it, so nobody looks.")
        field, named = view.field, view.dump.named
        if field is None or named is None:
            return at
        length = ngettext("{count} byte", "{count} bytes", field.length).format(count=grouped(field.length))
        number = named.fields.index(field) + 1
        where = _("{length}, field {number} of {count}, {at}")
        told = where.format(length=length, number=number, count=len(named.fields), at=at)
        return f"{field.name} = {_value(field)}\n{told}"


def _value(field: Field) -> str:
    """A number, in hex too where it is a sum or a code; text where it is text."""
    value = field.value
    if isinstance(value, int):
        return f"{value} ({value:#x})" if field.name.lower().endswith(("crc", "code", "flag")) else str(value)
    text = value.decode("utf-8", "replace")
    shown = text if text.isprintable() else value.hex(" ")
    return shown if len(shown) <= _LONGEST else shown[: _LONGEST - 1] + "…"
