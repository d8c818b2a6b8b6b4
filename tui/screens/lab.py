"""The lab's bench: what is moved, to whom, and from what start; then any plan, on the level screen."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any, Final

import msgspec
from textual import on
from textual.app import ComposeResult
from textual.binding import Binding
from textual.content import Content
from textual.events import Key
from textual.widgets import OptionList, Static
from textual.widgets.option_list import Option

from zcquest.engine.logs import UnusableFile, own_log
from zcquest.engine.sizes import format_size, parse_size
from zcquest.levels.lab import LAB, LabSettings, UnusableBench, keep_lab_settings, lab_level, lab_settings
from zcquest.levels.language import say
from zcquest.levels.typed_path import typed_path
from zcquest.tui.language import N_, _
from zcquest.tui.screens.base import ZcScreen
from zcquest.tui.screens.prompt import Prompt
from zcquest.tui.widgets.choices import Choices, choice, offered
from zcquest.tui.widgets.columns import left
from zcquest.tui.widgets.heading import Heading
from zcquest.tui.widgets.key_bar import KeyBar
from zcquest.tui.widgets.wording import grouped, rounded_size

_SIZES = (64 << 10, 1 << 20, 4 << 20, 64 << 20, 512 << 20)
_MESSAGES = (512, 1 << 10, 4 << 10, 64 << 10)
_RATES = (0, 1 << 20, 8 << 20, 64 << 20)
_CONSUMERS = (1, 2, 3, 4)
_LAST_RATES = (0, 1 << 20, 8 << 20)
_REJECTS = (0, 10, 100, 1000)
_RETRIES = (0, 3, 16)
_BYTES = ("size", "message", "rate", "last_rate")  # are typed as sizes are
_OWN: Final[Mapping[str, tuple[str, str]]] = {
    "size": (N_("Bytes of log, written as in a plan."), "4M"),
    "message": (N_("Bytes that a message takes, written as in a plan."), "1K"),
    "rate": (N_("Bytes that the consumer reads in a second; 0: as fast as it can."), "8M"),
    "last_rate": (N_("Bytes that the last one reads in a second; 0: as the others do."), "1M"),
    "reject": (N_("Every so manyth message is sent back; 0: none is."), "100"),
    "retries": (N_("How often a rejected message comes again."), "16"),
}
"""The lines that take a value of the player's own: what it means, and an example."""


class LabScreen(ZcScreen[None]):
    """Up and down go from line to line, left and right choose, a digit types a value of one's own, Enter begins."""

    CSS_PATH = "lab.tcss"
    BINDINGS = [
        Binding("enter", "begin", N_("Begin"), key_display="enter", tooltip=N_("To the plan"), priority=True),
        Binding("left", "choose(-1)", N_("Choose"), key_display="←→", tooltip=N_("The choice before"), priority=True),
        Binding("right", "choose(1)", show=False, tooltip=N_("The next choice"), priority=True),
        Binding("t", "type", N_("Own value"), tooltip=N_("A value of your own for the marked line; a digit begins it")),
        Binding("f", "file", N_("Own file"), tooltip=N_("A file of your own as the log")),
        Binding("m", "made", N_("Made log"), tooltip=N_("A log made to measure again")),
    ]

    def __init__(self) -> None:
        super().__init__()
        self.bench = LabSettings()
        self._prompt: Prompt | None = None  # asks for a value of the player's own

    def compose(self) -> ComposeResult:
        yield Heading()
        yield Static(id="about", markup=False)
        yield Choices(id="bench")
        yield Static(id="log", markup=False)
        yield KeyBar()

    def on_mount(self) -> None:
        self.bench = lab_settings(self.game.progress)
        self.retranslate()
        self.query_one("#bench", OptionList).highlighted = 0

    def retranslate(self) -> None:
        heading = self.query_one(Heading)
        heading.title, heading.status = _("Lab"), Content(_("nothing is scored, everything is measured"))
        about = _("Any log, any consumer, any plan. A file of your own is never written to.")
        self.query_one("#about", Static).update(about)
        rows, lines = self.query_one("#bench", OptionList), self._lines()
        width = max(Content(title).cell_length for title, _choices in lines.values()) + 3
        marked = rows.highlighted or 0
        rows.set_options(
            Option(_line(title, width, choices, getattr(self.bench, name)), id=name)
            for name, (title, choices) in lines.items()
        )
        rows.highlighted = min(marked, len(lines) - 1)
        self._describe()
        self.refresh_bindings()

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        match action:
            case "made":
                return bool(self.bench.file) or None
            case "type":
                return self._marked in _OWN or None
            case "begin" | "choose":
                return self._prompt is None
        return super().check_action(action, parameters)

    @property
    def _marked(self) -> str:
        """The name of the marked line's setting."""
        option = self.query_one("#bench", OptionList).highlighted_option if self.is_mounted else None
        return (option.id if option else None) or ""

    @on(OptionList.OptionHighlighted, "#bench")
    def _moved(self) -> None:
        self.refresh_bindings()

    def action_choose(self, direction: int) -> None:
        if name := self._marked:
            values = list(self._lines()[name][1])
            at = values.index(getattr(self.bench, name))
            self._set(**{name: values[(at + direction) % len(values)]})

    def on_key(self, event: Key) -> None:
        """A digit asks for the line's value; what is typed before the question stands there belongs to the answer."""
        if self._prompt and event.is_printable:
            event.stop()
            self._prompt.more(event.character or "")
        elif event.character and event.character.isdecimal() and self._marked in _OWN:
            event.stop()
            self._ask(event.character)

    def action_type(self) -> None:
        value = getattr(self.bench, self._marked)
        self._ask(format_size(value) if self._marked in _BYTES else str(value))

    def _ask(self, begun: str) -> None:
        """A value of the player's own for the marked line, `begun` with what was typed already."""
        name = self._marked
        question = self._lines()[name][0]
        remark, example = _OWN[name]
        self._prompt = Prompt(begun, question, _(remark), example)
        self.app.push_screen(self._prompt, lambda told: self._take(name, told))

    def _take(self, name: str, told: str | None) -> None:
        self._prompt = None
        if told is None:
            return
        try:
            value = parse_size(told)
            bench = msgspec.structs.replace(self.bench, **{name: value})
            lab_level(bench)
        except UnusableFile as refusal:
            self._refuse(refusal)
        except ValueError:
            self.notify(
                _("{told} is no such value: {example}").format(told=told, example=_OWN[name][1]),
                severity="error",
                markup=False,
            )
        else:
            self._set(**{name: value})

    @on(OptionList.OptionSelected, "#bench")
    def choose_next(self) -> None:
        self.action_choose(1)

    @on(Choices.Picked, "#bench")
    def choose_this(self, event: Choices.Picked) -> None:
        self._set(**{event.id: list(self._lines()[event.id][1])[event.offer]})

    def action_begin(self) -> None:
        try:
            lab_level(self.bench)
        except UnusableFile as refusal:
            self._refuse(refusal)
        else:
            self.game.open_level(LAB)

    def action_file(self) -> None:
        prompt = Prompt(self.bench.file, _("Which file is the log?"), _("It is read and sent, never written to."))
        self.app.push_screen(prompt, self._take_file)

    def action_made(self) -> None:
        self._set(file="")

    def _take_file(self, path: str | None) -> None:
        if not path:
            return
        try:
            own_log(typed_path(path))
        except UnusableFile as refusal:
            self._refuse(refusal)
        else:
            self._set(file=path)

    def _refuse(self, refusal: UnusableFile) -> None:
        bench = isinstance(refusal, UnusableBench)
        title = _("This cannot be played with") if bench else _("This file cannot be played with")
        self.notify(say(refusal.message), title=title, severity="error", markup=False)

    def _set(self, **changes: Any) -> None:
        self.bench = msgspec.structs.replace(self.bench, **changes)
        keep_lab_settings(self.game.progress, self.bench)
        self.game.tell_notices()
        self.retranslate()

    def _lines(self) -> Mapping[str, tuple[str, Mapping[Any, str]]]:
        """Title and choices (by value) of each line that has a meaning for this bench."""
        bench = self.bench
        made: dict[str, tuple[str, Mapping[Any, str]]] = {
            "format": (_("Log"), {"kafka": "Kafka", "rocketmq": "RocketMQ"}),
            "size": (_("Size"), _choices(_SIZES, bench.size, _exact)),
            "message": (_("Message size"), _choices(_MESSAGES, bench.message, _exact)),
        }
        shared: dict[str, tuple[str, Mapping[Any, str]]] = {
            "start": (_("Page cache"), {"cold": _("cold"), "warm": _("warm")}),
            "nonblocking": (_("Socket"), {False: _("blocking"), True: _("non-blocking")}),
            "network": (
                _("Network"),
                {
                    "loopback": _("loopback"),
                    "gathering": _("bench NIC"),
                    "linear": _("bench NIC without scatter-gather"),
                },
            ),
            "consumers": (_("Consumers"), {count: str(count) for count in _CONSUMERS}),
            "rate": (_("Consumer reads"), _choices(_RATES, bench.rate, _rate)),
        }
        if bench.consumers > 1:
            shared["rate"] = (_("Consumers read"), shared["rate"][1])
            shared["last_rate"] = (_("The last reads"), _choices(_LAST_RATES, bench.last_rate, _last_rate))
        rejecting: dict[str, tuple[str, Mapping[Any, str]]] = {
            "reject": (
                _("Consumer rejects") if bench.consumers == 1 else _("Consumer 1 rejects"),
                _choices(_REJECTS, bench.reject, _one_in),
            ),
            "retries": (_("Retries"), _choices(_RETRIES, bench.retries, _count)),
        }
        lines = shared if bench.file else {**made, **shared}
        return {**lines, **rejecting} if self._rejectable() else lines

    def _rejectable(self) -> bool:
        """Only a CommitLog's messages can be sent back one by one."""
        if not self.bench.file:
            return self.bench.format == "rocketmq"
        try:
            return own_log(typed_path(self.bench.file)).format == "rocketmq"
        except UnusableFile:
            return False

    def _describe(self) -> None:
        """What the log will be."""
        if not self.bench.file:
            self.query_one("#log", Static).update(_("The log is made for this, with genuine messages. f takes a file."))
            return
        try:
            own = own_log(typed_path(self.bench.file))
        except UnusableFile as refusal:
            self.query_one("#log", Static).update(Content.assemble(("! ", "bold $warning"), say(refusal.message)))
            return
        kind = {"kafka": _("a Kafka segment"), "rocketmq": _("a RocketMQ CommitLog"), "raw": _("raw bytes")}[own.format]
        said = _("{file}: {kind}, {size}").format(file=self.bench.file, kind=kind, size=rounded_size(own.size))
        self.query_one("#log", Static).update(said)


def _choices(usual: Sequence[int], chosen: int, said: Callable[[int], str]) -> Mapping[int, str]:
    """The usual values in words, and the player's own among them."""
    return {value: said(value) for value in (usual if chosen in usual else sorted((*usual, chosen)))}


def _rate(rate: int) -> str:
    return _("{size}/s").format(size=_exact(rate)) if rate else _("at full speed")


def _last_rate(rate: int) -> str:
    return _("{size}/s, small buffers").format(size=_exact(rate)) if rate else _("as the others")


def _one_in(every: int) -> str:
    return _("one in {count}").format(count=grouped(every)) if every else _("nothing")


def _count(count: int) -> str:
    return grouped(count) if count else _("none")


def _exact(size: int) -> str:
    """`4 MiB` for what is a whole number of them, and single bytes for what is not even one of KiB."""
    return f"{grouped(size)} B" if size % 1024 else rounded_size(size).replace(".0 ", " ")


def _line(title: str, width: int, choices: Mapping[Any, str], chosen: Any) -> Content:
    """The title and every choice."""
    shown = (
        offered(choice(name, chosen=value == chosen), number) for number, (value, name) in enumerate(choices.items())
    )
    return Content.assemble(left(title, width), Content(" ").join(shown))
