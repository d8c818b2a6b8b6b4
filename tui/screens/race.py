"""The race: two plans take turns over one warm log; their rates, pair by pair, and what may be said of them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any, Final

from textual import on
from textual.app import ComposeResult
from textual.binding import Binding
from textual.containers import Horizontal, Vertical, VerticalScroll
from textual.content import Content
from textual.events import Click, Resize
from textual.widgets import OptionList, Static
from textual.widgets.option_list import Option
from textual.worker import Worker

from zcquest.engine.race import RaceFormat, Side
from zcquest.engine.ratio import Answer
from zcquest.engine.sizes import format_size
from zcquest.levels.language import gettext as _
from zcquest.levels.language import say
from zcquest.levels.plans import plan_without_remarks
from zcquest.levels.race_words import race_answer
from zcquest.levels.racers import Racer, racers, shipped
from zcquest.tui.language import N_
from zcquest.tui.screens.base import ZcScreen
from zcquest.tui.screens.race_choice import RacerChoice
from zcquest.tui.screens.race_run import RaceLook, RaceMade, RaceOver, RaceRefused, RaceRun, RaceTurn
from zcquest.tui.widgets.choices import Choices, offered
from zcquest.tui.widgets.columns import left
from zcquest.tui.widgets.heading import Heading
from zcquest.tui.widgets.key_bar import KeyBar
from zcquest.tui.widgets.race.lanes import INKS, LANE_LINES, lane_lines
from zcquest.tui.widgets.race.pairs import pair_lines
from zcquest.tui.widgets.race.view import SIDES, RaceView
from zcquest.tui.widgets.race.words import racer_name

SIZES: Final = tuple(mebibytes << 20 for mebibytes in (16, 64, 256, 1024, 2048))
MESSAGES: Final = (512, 1024, 4096, 16384)
FORMATS: Final[Mapping[RaceFormat, str]] = {"kafka": "Kafka", "rocketmq": "RocketMQ"}
PAIRS: Final = (5, 7, 11, 21)
_CHOICES: Final[Mapping[str, tuple[Any, ...]]] = {
    "format": tuple(FORMATS),
    "size": SIZES,
    "message": MESSAGES,
    "pairs": PAIRS,
}


class Setup(Choices):
    """The choices. Left and right are its own keys, and so wait for the ups and downs before them."""

    BINDINGS = [
        Binding("left", "screen.choose(-1)", N_("Choose"), key_display="←→", tooltip=N_("The choice before")),
        Binding("right", "screen.choose(1)", show=False, tooltip=N_("The next choice")),
        Binding("enter", "select", N_("Choose"), show=False, tooltip=N_("On a plan: all plans that can race, to read")),
    ]


class RaceScreen(ZcScreen[None]):
    """Choose two plans and a log, then race them. Given `own`, that plan starts as A, and against `rival` if given."""

    CSS_PATH = "race.tcss"
    HORIZONTAL_BREAKPOINTS = [(0, "-narrow"), (110, "-wide")]
    BINDINGS = [
        Binding("r,f5", "race", N_("Race"), key_display="r", tooltip=N_("Run the two plans in turns")),
        Binding("x,escape", "stop", N_("Stop"), key_display="x", tooltip=N_("End the race; nothing of it is kept")),
        Binding("escape", "back", N_("Back"), tooltip=N_("Back to the screen before")),
        Binding("w", "swap", N_("Swap"), tooltip=N_("Let A and B change places")),
    ]

    def __init__(self, own: Racer | None = None, rival: str = "", format: RaceFormat = "kafka") -> None:
        super().__init__()
        a, b = ("kafka", rival or "rocketmq-mapped") if own is None else ("", rival or "kafka")
        self._state = RaceView(own or shipped(a), shipped(b), format=format)
        self._work: Worker[None] | None = None

    def compose(self) -> ComposeResult:
        yield Heading()
        with Horizontal(id="choice"):
            yield Setup(id="setup")
            with Vertical(classes="plan"):
                yield Static(id="plan-a")
            with Vertical(classes="plan"):
                yield Static(id="plan-b")
        yield Static(id="lanes")
        yield Static(id="told")
        with VerticalScroll(id="found"):
            yield Static(id="pairs")
        yield KeyBar()

    def on_mount(self) -> None:
        self.retranslate()
        self.query_one("#setup", OptionList).highlighted = 0

    def on_resize(self, event: Resize) -> None:
        self.call_after_refresh(self._draw)

    def on_unmount(self) -> None:
        if self._work:
            self._work.cancel()

    def retranslate(self) -> None:
        self.query_one(Heading).title = _("Race")
        self._draw_setup()
        self._draw()

    @property
    def state(self) -> RaceView:
        return self._state

    @property
    def racing(self) -> bool:
        return self._work is not None

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        match action:
            case "stop":
                return self.racing
            case "back":
                return not self.racing and super().check_action(action, parameters)
            case "race" | "choose" | "swap":
                return not self.racing or None
        return super().check_action(action, parameters)

    # Choosing

    def action_choose(self, by: int) -> None:
        option = self.query_one("#setup", OptionList).highlighted_option
        name = (option.id or "") if option else ""
        if name in _CHOICES:
            values = _CHOICES[name]
            self._choose(**{name: values[(values.index(getattr(self._state, name)) + by) % len(values)]})
        elif name in SIDES:
            plans = list(racers(self.game.campaign, self.game.progress))
            ids = [racer.id for racer in plans]
            chosen = getattr(self._state, name).id
            at = ids.index(chosen) if chosen in ids else -1
            self._choose(**{name: plans[(at + by) % len(plans)]})

    @on(Choices.Picked, "#setup")
    def _picked(self, event: Choices.Picked) -> None:
        if not self.racing:
            self.action_choose(event.offer)

    def action_swap(self) -> None:
        self._choose(a=self._state.b, b=self._state.a)

    @on(OptionList.OptionSelected, "#setup")
    def _selected(self, event: OptionList.OptionSelected) -> None:
        if self.racing:
            return
        if event.option_id not in SIDES:
            self.action_choose(1)
            return
        self._choose_racer(str(event.option_id))

    @on(Click, "#plan-a, #plan-b, #lanes")
    def _lane_clicked(self, event: Click) -> None:
        """On a plan, or on its lane of two lines."""
        if event.widget and not self.racing:
            low = event.widget.id == "lanes" and event.y >= LANE_LINES
            self._choose_racer("b" if low or event.widget.id == "plan-b" else "a")

    def _choose_racer(self, side: str) -> None:
        def take(racer: Racer | None) -> None:
            if racer and not self.racing:
                self._choose(**{side: racer})

        plans = list(racers(self.game.campaign, self.game.progress))
        self.app.push_screen(RacerChoice(plans, getattr(self._state, side)), take)

    def _choose(self, **choice: Any) -> None:
        """Another choice: what was found belongs to the one before."""
        self._change(**choice, done=(), report=None)
        self._draw_setup()

    # Racing

    def action_race(self) -> None:
        self._change(stage="log", side=None, pair=0, now=None, done=(), report=None)
        run = RaceRun(self._state, self.post_message, lambda: self.is_active)
        self._work = self.run_worker(run.go(self.game.laboratory), group="kernel", exclusive=True)
        self.refresh_bindings()
        self._draw_setup()

    def action_stop(self) -> None:
        if self._work:
            self._work.cancel()
        self._settle(done=(), report=None)

    @on(RaceMade)
    def _made(self) -> None:
        if self.racing:
            self._change(stage="racing")

    @on(RaceTurn)
    def _turn(self, event: RaceTurn) -> None:
        if self.racing:
            self._change(stage="racing", side=event.side, pair=event.pair, now=None, done=event.done)

    @on(RaceLook)
    def _look(self, event: RaceLook) -> None:
        if self.racing and (event.side, event.pair) == (self._state.side, self._state.pair):
            self._change(now=event.now)

    @on(RaceOver)
    def _over(self, event: RaceOver) -> None:
        if self.racing:
            self._settle(done=event.report.pairs, report=event.report)

    @on(RaceRefused)
    def _refused(self, event: RaceRefused) -> None:
        if self.racing:
            self._settle(done=(), report=None)
            self.notify(say(event.reason), title=_("This could not be run"), severity="error", markup=False)

    def _settle(self, **changes: Any) -> None:
        self._work = None
        self._change(stage="ready", side=None, now=None, **changes)
        self.refresh_bindings()
        self._draw_setup()

    def _change(self, **changes: Any) -> None:
        self._state = replace(self._state, **changes)
        self._draw()

    # Drawing

    def _draw_setup(self) -> None:
        state, setup = self._state, self.query_one("#setup", OptionList)
        rows = {
            "a": (_("Plan A"), racer_name(state.a)),
            "b": (_("Plan B"), racer_name(state.b)),
            "format": (_("Log"), FORMATS[state.format]),
            "size": (_("Size"), format_size(state.size)),
            "message": (_("Messages"), format_size(state.message)),
            "pairs": (_("Pairs"), str(state.pairs)),
        }
        marked = setup.highlighted
        width = max(Content(title).cell_length for title, _chosen in rows.values()) + 2
        setup.set_options(
            Option(Content.assemble(left(title, width), _turned(chosen, INKS.get(id, "$accent"))), id=id)
            for id, (title, chosen) in rows.items()
        )
        setup.highlighted = marked if marked is not None else 0
        if setup.disabled and not self.racing:
            setup.disabled = False
            setup.focus()
        setup.disabled = self.racing
        for side in SIDES:
            text = plan_without_remarks(state.racer(side).text)
            self.query_one(f"#plan-{side}", Static).update(
                Content.assemble((f"{side.upper()} {racer_name(state.racer(side))}", f"bold {INKS[side]}"), "\n", text)
            )

    def _draw(self) -> None:
        state, lanes = self._state, self.query_one("#lanes", Static)
        lanes.update(lane_lines(state, max(40, lanes.content_size.width)))
        self.query_one("#told", Static).update(_told(state))
        found = self.query_one("#found")
        self.query_one("#pairs", Static).update(pair_lines(state, max(40, found.content_size.width)))


def _turned(chosen: str, ink: str) -> Content:
    """What is chosen, between two signs to click: the choice before and the next one."""
    before, after = (offered(Content.styled(sign, f"bold {ink}"), by) for sign, by in (("‹ ", -1), (" ›", 1)))
    return Content.assemble(before, (chosen, f"bold {ink}"), after)


def _told(state: RaceView) -> Content:
    """One sentence on how things stand."""
    if state.report:
        return _verdict(state)
    if state.stage == "log":
        return Content.styled(_("Preparing the log ..."), "$accent")
    if state.stage == "racing":
        if state.side is None:
            return Content.styled(_("Starting ..."), "$accent")
        return Content.styled(_doing(state, state.side), "$accent")
    how = _(
        "Bare execution over loopback on a log warm in the page cache: the plans take turns, once to warm up, and "
        "each pair gives one ratio. The screen looks seldom while they run: looking costs them time."
    )
    return Content.styled(how, "$quiet")


def _doing(state: RaceView, side: Side) -> str:
    name = racer_name(state.racer(side))
    if not state.pair:
        return _("Warm-up: {plan} ...").format(plan=name)
    return _("Pair {number} of {pairs}: {plan} ...").format(number=state.pair, pairs=state.pairs, plan=name)


def _verdict(state: RaceView) -> Content:
    report = state.report
    assert report
    if invalid := report.invalid:
        name, reason = racer_name(state.racer(invalid.side)), say(invalid.reason)
        told = _("This race is not valid. {plan} did not send the log: {reason}")
        return Content.styled(told.format(plan=name, reason=reason), "bold $error")
    assert report.ratio
    noisy = report.ratio.answer is Answer.NOISY
    told = race_answer(report.ratio, racer_name(state.a), racer_name(state.b))
    parts = [Content.styled(told, f"bold {'$warning' if noisy else '$success'}")]
    for side in report.uncompiled:
        loop = _("{plan} has a call without a compact loop: zcquest's own Python time weighs on its figures.")
        parts.append(Content.styled(loop.format(plan=racer_name(state.racer(side))), "$quiet"))
    return Content("\n").join(parts)
