"""What all screens share: bindings in the player's language, the way back, the game behind them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar, cast

from textual.await_complete import AwaitComplete
from textual.binding import ActiveBinding, Binding
from textual.events import Click, Event, Resize, ScreenResume
from textual.message_pump import Callback
from textual.screen import ModalScreen, Screen, ScreenResultType
from textual.widgets import Input, TextArea

from zcquest.tui.language import N_, translated

if TYPE_CHECKING:
    from zcquest.tui.app import ZcquestApp

EVERYWHERE = (
    "back",
    "close",
    "app.help",
    "app.codex",
    "app.words",
    "app.toggle_language",
    "toggle_language",
    "app.quit",
)

HELP = Binding("question_mark", "app.help", N_("Help"), key_display="?", tooltip=N_("The keys of this screen"))
WORDS = Binding(
    "f3", "app.words", N_("Words"), show=False, tooltip=N_("Read about a word in sight; so does a right click")
)


RIGHT = 3  # the number of the mouse's button


def steady_cursors(screen: Screen[Any], *, blinking: bool) -> None:
    """Text cursors move by themselves too."""
    for text in (*screen.query(Input), *screen.query(TextArea)):
        text.cursor_blink = blinking


class _InTheLanguage(Screen[ScreenResultType]):
    """Bindings hold English message ids (`N_("Run")`); footer, help and palette see them translated."""

    @property
    def game(self) -> ZcquestApp:
        """The app, by its own type."""
        return cast("ZcquestApp", self.app)

    @property
    def active_bindings(self) -> dict[str, ActiveBinding]:
        """In the order of the key bar: a screen's own keys first, then those that every screen has."""
        active = super().active_bindings
        keys = sorted(active, key=lambda key: active[key].binding.action in (*EVERYWHERE, "word"))
        return {key: translated(active[key]) for key in keys}

    def on_screen_resume(self) -> None:
        self.game.check_size()
        steady_cursors(self, blinking=self.game.motion == "full")

    def dismiss(self, result: ScreenResultType | None = None) -> AwaitComplete:
        """Only while it is in sight: a second key, pressed as it went, would take away the screen below it."""
        return super().dismiss(result) if self.app.screen is self else AwaitComplete()

    async def on_event(self, event: Event) -> None:
        """A screen's widgets go before it does: for what is left of it a new size comes too late."""
        if not (self._pruning and isinstance(event, (Resize, ScreenResume))):
            await super().on_event(event)

    def call_after_refresh(self, callback: Callback, *args: Any, **kwargs: Any) -> bool:
        """As Textual's, unless this screen has been closed by then: another one's refresh is as good to Textual."""

        def while_it_lasts() -> Any:
            return None if self._pruning else callback(*args, **kwargs)

        return super().call_after_refresh(while_it_lasts)

    def on_click(self, event: Click) -> None:
        """A right click on a word opens its page."""
        if event.button == RIGHT:
            from zcquest.tui.words import page_at

            if name := page_at(self, event.screen_offset):
                self.game.open_codex(name)

    def retranslate(self) -> None:
        """Say everything again: the language has changed. Called on every screen of the stack, footers follow alone."""


class ZcScreen(_InTheLanguage[ScreenResultType]):
    """A full screen. Subclass it, and override `retranslate`."""

    BINDINGS = [
        Binding("escape", "back", N_("Back"), tooltip=N_("Back to the screen before")),
        HELP,
        Binding("c", "app.codex", N_("Codex"), tooltip=N_("What every call and word means")),
        Binding("l", "app.toggle_language", N_("Language"), show=False, tooltip=N_("English or Chinese")),
        WORDS,
    ]

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        return self.app.screen_stack[0] is not self if action == "back" else True

    def action_back(self) -> None:
        self.dismiss()


class ZcModal(_InTheLanguage[ScreenResultType], ModalScreen[ScreenResultType]):
    """A dialogue over a screen; escape or a click beside it closes it with the result None."""

    BINDINGS = [
        Binding("escape", "close", N_("Close"), tooltip=N_("Close this")),
        HELP,
        Binding("f1", "app.help", N_("Help"), show=False, tooltip=N_("The keys of this screen")),
        Binding("f2", "app.toggle_language", N_("Language"), tooltip=N_("English or Chinese")),
        WORDS,
    ]
    CLOSED_FROM_OUTSIDE: ClassVar[bool] = True

    async def _on_click(self, event: Click) -> None:
        if event.widget is self and self.CLOSED_FROM_OUTSIDE:
            await self.run_action("close")

    def action_close(self) -> None:
        self.dismiss(None)
