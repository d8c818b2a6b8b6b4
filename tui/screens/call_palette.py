"""The calls that a level grants, each with its cost and its needs, and the lanes of rejected messages."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from textual import on
from textual.app import ComposeResult
from textual.binding import Binding
from textual.containers import Vertical
from textual.content import Content
from textual.widgets import OptionList, Static
from textual.widgets.option_list import Option

from zcquest.engine.calls import CALLS, Call, Kind
from zcquest.engine.calls.base import REJECTED
from zcquest.engine.places import Place, Route
from zcquest.engine.plan import Lane, Plan, parse, signature
from zcquest.levels.codex import UnknownPage, page
from zcquest.levels.cost import of_own_runs
from zcquest.levels.language import gettext as _
from zcquest.tui.language import N_
from zcquest.tui.screens.base import ZcModal
from zcquest.tui.screens.level_words import LANGUAGE_PAGE
from zcquest.tui.widgets.choices import Choices
from zcquest.tui.widgets.cost_lines import cost_in_one
from zcquest.tui.widgets.insertion import ready_step
from zcquest.tui.widgets.key_bar import KeyBar
from zcquest.tui.widgets.map.words import place_name

_SHARE, _AROUND = 0.9, 10  # of the screen's lines, for the dialogue; and of these, around its list
_USER = (Place.BUFFER, Place.BUFFER2, Place.BUFFER3, Place.MAPPING)


class CallPalette(ZcModal[str | Lane | None]):
    """Returns the name of the chosen call, the chosen lane, or None."""

    CSS_PATH = "call_palette.tcss"
    BINDINGS = [
        Binding("enter", "choose", N_("Add"), key_display="enter", tooltip=N_("Write it into the plan"), priority=True),
        Binding("c,f3", "codex", N_("Codex"), key_display="c", tooltip=N_("Read about the call under the cursor")),
    ]

    def __init__(self, calls: Sequence[str], lanes: Sequence[Lane] = ()) -> None:
        super().__init__()
        self._calls = calls
        self._lanes = lanes

    def compose(self) -> ComposeResult:
        with Vertical(id="call-palette"):
            yield Static(id="call-palette-title")
            yield Choices(first_marks=True)
            yield Static(id="call-palette-cost")
            yield KeyBar(palette=False)

    def on_resize(self) -> None:
        """The list gives way, so that the line below it stays in sight."""
        self.query_one(OptionList).styles.max_height = max(4, int(self.size.height * _SHARE) - _AROUND)

    def on_mount(self) -> None:
        self.retranslate()
        self.query_one(OptionList).focus()

    def retranslate(self) -> None:
        self.query_one("#call-palette-title", Static).update(Content(_("The calls of this level")))
        options = self.query_one(OptionList)
        highlighted = options.highlighted or 0
        options.clear_options()
        options.add_options(self._options())
        options.highlighted = highlighted

    def action_choose(self) -> None:
        self.query_one(OptionList).action_select()

    def action_codex(self) -> None:
        highlighted = self.query_one(OptionList).highlighted
        if highlighted is not None:
            self.game.open_codex(self._calls[highlighted] if highlighted < len(self._calls) else LANGUAGE_PAGE)

    @on(OptionList.OptionHighlighted)
    def _show_cost(self) -> None:
        """What the marked call cost in the player's latest runs that made it."""
        highlighted = self.query_one(OptionList).highlighted
        shown = self.query_one("#call-palette-cost", Static)
        call = self._calls[highlighted] if highlighted is not None and highlighted < len(self._calls) else ""
        cost = of_own_runs(call, self.game.progress) if call else None
        shown.update(cost_in_one(cost) if cost else Content.styled(_("no run of yours has made it yet"), "$quiet"))
        shown.display = bool(call)

    @on(OptionList.OptionSelected)
    def _choose(self, event: OptionList.OptionSelected) -> None:
        chosen = event.option.id
        self.dismiss(next((lane for lane in self._lanes if lane.value == chosen), chosen))

    def _options(self) -> Iterator[Option]:
        for name in self._calls:
            call = CALLS[name]
            room = _("⇅ syscall: 2 switches") if call.system else _("· user space: no switch of its own")
            head = Content.assemble((signature(call), "bold"), "  ", (room, "$quiet"))
            needs = Content.styled(_(" · ").join((_moves(call), *_needs(call))), "$shared")
            yield Option(Content("\n").join((head, needs, Content(_summary(name)))), id=name)
        for lane in self._lanes:
            yield Option(Content.assemble((f"{lane}:", "bold"), "\n", _purpose(lane)), id=lane.value)


def _purpose(lane: Lane) -> str:
    match lane:
        case Lane.ON_REJECT:
            return _("runs for each message that the consumer sends back; msg is that message")
        case Lane.ON_GIVEUP:
            return _("runs for a message after its last attempt; msg is that message")
        case _:
            return ""


def _ways(call: Call) -> list[Route]:
    """The hops of the call as the palette writes it."""
    lane = Lane.REPEAT if Lane.REPEAT in call.lanes else call.lanes[0]
    written = f"{lane}:\n    {ready_step(call.name, Plan(()), lane)}\n"
    return [way for step in parse(written, CALLS).plan.steps for way in call.routes(step)]


def _moves(call: Call) -> str:
    """The way that the bytes take."""
    ways = _ways(call)
    if not ways:
        return _("moves no byte")
    said = _("{source} ► {target}").format(source=place_name(ways[0].source), target=place_name(ways[-1].target))
    return _("moves {way}").format(way=said)


def _needs(call: Call) -> Iterator[str]:
    """What has to be there before."""
    fills = any(way.target in _USER and way.source not in _USER for way in _ways(call))
    if not fills and any(parameter.kind is Kind.MEMORY for parameter in call.parameters):
        yield _("needs a filled buffer, or map after mmap")
    if call.flushes:
        yield _("needs something written before it")
    if set(call.lanes) <= set(REJECTED):
        yield _("needs a rejected message")


def _summary(name: str) -> str:
    try:
        return page(name).summary.replace("`", "").replace("**", "").replace("\n", " ")
    except UnknownPage:
        return CALLS[name].prototype
