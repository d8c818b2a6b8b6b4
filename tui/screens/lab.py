"""The lab's bench: what is moved, to whom, and from what start; then any plan, on the level screen."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import msgspec
from textual import on
from textual.app import ComposeResult
from textual.binding import Binding
from textual.content import Content
from textual.widgets import Footer, OptionList, Static
from textual.widgets.option_list import Option

from zcquest.engine.logs import UnusableFile, own_log
from zcquest.levels.lab import LAB, LabSettings, keep_lab_settings, lab_level, lab_settings
from zcquest.levels.language import say
from zcquest.tui.language import N_, _
from zcquest.tui.screens.base import ZcScreen
from zcquest.tui.screens.file_prompt import FilePrompt
from zcquest.tui.widgets.columns import left
from zcquest.tui.widgets.heading import Heading
from zcquest.tui.widgets.wording import rounded_size

_SIZES = (64 << 10, 1 << 20, 4 << 20, 64 << 20, 512 << 20)
_MESSAGES = (512, 1 << 10, 4 << 10, 64 << 10)
_RATES = (0, 64 << 20, 8 << 20, 1 << 20)
_CONSUMERS = (1, 2, 3, 4)
_REJECTS = (0, 1000, 100, 10)
_RETRIES = (0, 3, 16)


class LabScreen(ZcScreen[None]):
    """Up and down go from line to line, left and right choose, Enter begins."""

    CSS_PATH = "lab.tcss"
    BINDINGS = [
        Binding("enter", "begin", N_("Begin"), key_display="enter", tooltip=N_("To the plan"), priority=True),
        Binding("left", "choose(-1)", N_("Choose"), key_display="←→", tooltip=N_("The choice before"), priority=True),
        Binding("right", "choose(1)", show=False, tooltip=N_("The next choice"), priority=True),
        Binding("f", "file", N_("Own file"), tooltip=N_("A file of your own as the log")),
        Binding("m", "made", N_("Made log"), tooltip=N_("A log made to measure again")),
    ]

    def __init__(self) -> None:
        super().__init__()
        self.bench = LabSettings()

    def compose(self) -> ComposeResult:
        yield Heading()
        yield Static(id="about", markup=False)
        yield OptionList(id="bench", markup=False)
        yield Static(id="log", markup=False)
        yield Footer()

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
        if action == "made":
            return bool(self.bench.file) or None
        return super().check_action(action, parameters)

    def action_choose(self, direction: int) -> None:
        option = self.query_one("#bench", OptionList).highlighted_option
        if option and option.id:
            values = list(self._lines()[option.id][1])
            at = values.index(getattr(self.bench, option.id)) if getattr(self.bench, option.id) in values else 0
            self._set(**{option.id: values[(at + direction) % len(values)]})

    @on(OptionList.OptionSelected, "#bench")
    def choose_next(self) -> None:
        self.action_choose(1)

    def action_begin(self) -> None:
        try:
            lab_level(self.bench)
        except UnusableFile as refusal:
            self._refuse(refusal)
        else:
            self.game.open_level(LAB)

    def action_file(self) -> None:
        prompt = FilePrompt(self.bench.file, _("Which file is the log?"), _("It is read and sent, never written to."))
        self.app.push_screen(prompt, self._take_file)

    def action_made(self) -> None:
        self._set(file="")

    def _take_file(self, path: str | None) -> None:
        if not path:
            return
        try:
            own_log(Path(path).expanduser())
        except UnusableFile as refusal:
            self._refuse(refusal)
        else:
            self._set(file=path)

    def _refuse(self, refusal: UnusableFile) -> None:
        self.notify(say(refusal.message), title=_("This file cannot be played with"), severity="error", markup=False)

    def _set(self, **changes: Any) -> None:
        self.bench = msgspec.structs.replace(self.bench, **changes)
        keep_lab_settings(self.game.progress, self.bench)
        self.game.tell_notices()
        self.retranslate()

    def _lines(self) -> Mapping[str, tuple[str, Mapping[Any, str]]]:
        """Title and choices (by value) of each line that has a meaning for this bench."""
        made: dict[str, tuple[str, Mapping[Any, str]]] = {
            "format": (_("Log"), {"kafka": "Kafka", "rocketmq": "RocketMQ"}),
            "size": (_("Size"), {size: _exact(size) for size in _SIZES}),
            "message": (_("Message size"), {size: _exact(size) for size in _MESSAGES}),
        }
        rates = {rate: _("{size}/s").format(size=_exact(rate)) for rate in _RATES if rate}
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
            "rate": (_("Consumer reads"), {0: _("at full speed"), **rates}),
        }
        if self.bench.consumers > 1:
            slow = {rate: _("{size}/s, small buffers").format(size=_exact(rate)) for rate in _RATES[2:]}
            shared["rate"] = (_("Consumers read"), shared["rate"][1])
            shared["last_rate"] = (_("The last reads"), {0: _("as the others"), **slow})
        rejecting: dict[str, tuple[str, Mapping[Any, str]]] = {
            "reject": (
                _("Consumer rejects") if self.bench.consumers == 1 else _("Consumer 1 rejects"),
                {every: _("one in {count}").format(count=every) if every else _("nothing") for every in _REJECTS},
            ),
            "retries": (_("Retries"), {count: str(count) if count else _("none") for count in _RETRIES}),
        }
        lines = shared if self.bench.file else {**made, **shared}
        return {**lines, **rejecting} if self._rejectable() else lines

    def _rejectable(self) -> bool:
        """Only a CommitLog's messages can be sent back one by one."""
        if not self.bench.file:
            return self.bench.format == "rocketmq"
        try:
            return own_log(Path(self.bench.file).expanduser()).format == "rocketmq"
        except UnusableFile:
            return False

    def _describe(self) -> None:
        """What the log will be."""
        if not self.bench.file:
            self.query_one("#log", Static).update(_("The log is made for this, with genuine messages. f takes a file."))
            return
        try:
            own = own_log(Path(self.bench.file).expanduser())
        except UnusableFile as refusal:
            self.query_one("#log", Static).update(Content.assemble(("! ", "bold $warning"), say(refusal.message)))
            return
        kind = {"kafka": _("a Kafka segment"), "rocketmq": _("a RocketMQ CommitLog"), "raw": _("raw bytes")}[own.format]
        said = _("{file}: {kind}, {size}").format(file=self.bench.file, kind=kind, size=rounded_size(own.size))
        self.query_one("#log", Static).update(said)


def _exact(size: int) -> str:
    """`4 MiB` for what is a whole number of them."""
    return rounded_size(size).replace(".0 ", " ")


def _line(title: str, width: int, choices: Mapping[Any, str], chosen: Any) -> Content:
    """The title and every choice; the chosen one is marked by brackets, not by colour alone."""
    shown = (
        Content.styled(f"[{name}]", "bold $accent") if value == chosen else Content(f" {name} ")
        for value, name in choices.items()
    )
    return Content.assemble(left(title, width), Content(" ").join(shown))
