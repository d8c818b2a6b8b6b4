"""The codex: every call and idea on a page of its own, in the player's language."""

from __future__ import annotations

import re
import sys
from collections.abc import Iterator

from textual import on
from textual.app import ComposeResult
from textual.binding import ActiveBinding, Binding
from textual.containers import Container, Vertical, VerticalScroll
from textual.content import Content
from textual.events import Key
from textual.style import Style
from textual.widgets import Input, Markdown, OptionList, Static
from textual.widgets.option_list import Option

from zcquest.engine.calls import CALLS
from zcquest.engine.plan import signature
from zcquest.levels import codex
from zcquest.levels.cost import SAMPLES, Cost, measure, of_own_runs
from zcquest.levels.language import say
from zcquest.tui.book import book
from zcquest.tui.language import N_, _
from zcquest.tui.screens.base import ZcScreen
from zcquest.tui.widgets.choices import Choices
from zcquest.tui.widgets.columns import left
from zcquest.tui.widgets.heading import Heading
from zcquest.tui.widgets.key_bar import KeyBar

SCHEME = "codex:"


class CodexScreen(ZcScreen[None]):
    """The list of pages, filtered as one types, and the page; its links are numbered and followed by their digit."""

    CSS_PATH = "codex.tcss"
    BINDINGS = [
        Binding("slash", "search", N_("Search"), key_display="/", tooltip=N_("Search titles and texts")),
        Binding("backspace", "previous", N_("Page before"), key_display="bksp", tooltip=N_("The page before this one")),
        Binding("m", "measure", N_("Measure"), tooltip=N_("What this call costs here: run a small plan and look")),
        *(Binding(str(digit), f"follow({digit})", show=False) for digit in range(1, 10)),
        Binding("pagedown,space", "scroll(1)", N_("Scroll"), show=False, tooltip=N_("Scroll the page")),
        Binding("pageup", "scroll(-1)", show=False),
    ]

    def __init__(self, name: str | None = None) -> None:
        """Opens at the page `name`; at the first one when there is no such page."""
        super().__init__()
        self._name: str = name if name and name in book() else next(iter(book()))
        self._visited: list[str] = []
        self._costs: dict[str, Cost | None] = {}  # by call, as far as they have been looked for
        self._measuring: str | None = None

    def compose(self) -> ComposeResult:
        yield Heading()
        with Container(id="panes"):
            with Vertical(id="list"):
                yield Input(id="search", compact=True)
                yield Choices(id="pages")
            with Vertical(id="reading"):
                with VerticalScroll(id="page"):
                    yield Static(id="title", markup=False)
                    yield Static(id="call", markup=False)
                    yield Static(id="cost", markup=False)
                    yield Markdown(id="text", open_links=False)
                yield Static(id="links", markup=False)
        yield KeyBar()

    def on_mount(self) -> None:
        self.retranslate()
        self.query_one("#pages").focus()

    @property
    def active_bindings(self) -> dict[str, ActiveBinding]:
        active = super().active_bindings
        return {key: found for key, found in active.items() if found.binding.action != "app.codex"}

    def retranslate(self) -> None:
        self.query_one(Heading).title = _("Codex")
        self.query_one("#search", Input).placeholder = _("search")
        self._list_pages()
        self._show()

    def open_page(self, name: str) -> None:
        """Turn to the page `name`; nothing when there is none."""
        if name in book() and name != self._name:
            self._visited.append(self._name)
            self._turn_to(name)
            self.refresh_bindings()

    def action_search(self) -> None:
        self.query_one("#search").focus()

    def action_previous(self) -> None:
        if self._visited:
            self._turn_to(self._visited.pop())
            self.refresh_bindings()

    def action_follow(self, digit: int) -> None:
        links = book()[self._name].links
        if digit <= len(links):
            self.open_page(links[digit - 1])

    def action_scroll(self, direction: int) -> None:
        page = self.query_one("#page")
        page.scroll_relative(y=direction * max(1, page.size.height - 2), animate=False)

    def action_back(self) -> None:
        search = self.query_one("#search", Input)
        if search.has_focus or search.value:
            search.value = ""
            self.query_one("#pages").focus()
        else:
            self.dismiss()

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        if action == "previous" and not self._visited:
            return None
        if action == "measure":
            return (measurable(self._name) and self._measuring is None) or None
        return super().check_action(action, parameters)

    def action_measure(self) -> None:
        self._measuring = self._name
        self._show_cost()
        self.refresh_bindings()
        self.run_worker(self._measure(self._name))

    async def _measure(self, call: str) -> None:
        from zcquest.engine.children import ChildLost
        from zcquest.engine.logs import LogUnavailable
        from zcquest.levels.play import Unplayable, explain

        try:
            lab = await self.game.laboratory()
            try:
                self._costs[call] = await measure(call, self.game.campaign, lab)
            except (ChildLost, LogUnavailable, OSError) as failure:
                raise Unplayable(explain(lab, failure)) from failure
        except Unplayable as refusal:
            why = say(refusal.reason)
            self.notify(why, title=_("This could not be run"), severity="error", timeout=15, markup=False)
        finally:
            self._measuring = None
            if self.query("#cost"):  # nothing is left of a screen that was left
                self._show_cost()
                self.refresh_bindings()

    @on(Input.Changed, "#search")
    def filter_pages(self) -> None:
        self._list_pages()

    @on(Input.Submitted, "#search")
    def leave_search(self) -> None:
        self.query_one("#pages").focus()

    def on_key(self, event: Key) -> None:
        if event.key == "down" and self.query_one("#search").has_focus:
            self.leave_search()
            event.stop()

    @on(OptionList.OptionHighlighted, "#pages")
    def show_marked(self, event: OptionList.OptionHighlighted) -> None:
        if event.option_id and event.option_id != self._name:
            self._name = event.option_id
            self._show()
            self.refresh_bindings()

    @on(Markdown.LinkClicked)
    def follow_link(self, event: Markdown.LinkClicked) -> None:
        if event.href.startswith(SCHEME):
            self.open_page(event.href.removeprefix(SCHEME))

    def _turn_to(self, name: str) -> None:
        self._name = name
        shown = self._shown()
        if name in shown:
            self.query_one("#pages", OptionList).highlighted = shown.index(name)
        else:
            self.query_one("#search", Input).value = ""  # lists all pages again, this one marked
        self._show()

    def _shown(self) -> list[str]:
        wanted = self.query_one("#search", Input).value.casefold().split()
        found = [page for page in book().values() if matches(page, wanted)]
        found.sort(key=lambda page: (wanted != [page.name], not named_by(page, wanted)))
        return [page.name for page in found]

    def _list_pages(self) -> None:
        pages, shown = self.query_one("#pages", OptionList), self._shown()
        pages.set_options(Option(book()[name].title, id=name) for name in shown)
        if shown:
            searching = bool(self.query_one("#search", Input).value) and self.query_one("#search").has_focus
            pages.highlighted = shown.index(self._name) if self._name in shown and not searching else 0

    def _show(self) -> None:
        page = book()[self._name]
        self.query_one("#title", Static).update(page.title)
        call = self.query_one("#call", Static)
        call.display = page.name in CALLS
        if page.name in CALLS:
            call.update(call_lines(page.name))
        self._show_cost()
        self.query_one("#text", Markdown).update(linked(f"{page.summary}\n\n{page.body}", page.links))
        self._show_links()
        self.query_one("#page").scroll_home(animate=False)

    def _show_links(self) -> None:
        shown = self.query_one("#links", Static)
        shown.update(link_lines(book()[self._name].links, shown.content_size.width))

    def on_resize(self) -> None:
        self.call_after_refresh(self._show_links)

    def _show_cost(self) -> None:
        """Of a call's page: what own runs or a measurement have shown; nothing on the others."""
        shown, call = self.query_one("#cost", Static), self._name
        shown.display = measurable(call)
        if not shown.display:
            return
        from zcquest.tui.widgets.cost_lines import cost_lines, no_cost_lines

        if call not in self._costs:
            self._costs[call] = of_own_runs(call, self.game.progress)
        if call == self._measuring:
            shown.update(Content.styled(_("measuring ..."), "$accent"))
        elif cost := self._costs[call]:
            shown.update(cost_lines(cost))
        else:
            shown.update(no_cost_lines())


def measurable(name: str) -> bool:
    """Whether the page is about a call that this host can make; elsewhere the engine cannot even be imported."""
    return name in SAMPLES and sys.platform == "linux"


def matches(page: codex.Page, words: list[str]) -> bool:
    """Whether every word stands in the page's name, title or text."""
    text = f"{page.name} {page.title} {page.summary} {page.body}".casefold()
    return all(word in text for word in words)


def named_by(page: codex.Page, words: list[str]) -> bool:
    """Whether the words name the page rather than stand in it somewhere."""
    return all(word in f"{page.name} {page.title}".casefold() for word in words)


def call_lines(name: str) -> Content:
    """How C declares the call, and how a plan writes it."""
    rows = [("C", CALLS[name].prototype), (_("plan"), signature(CALLS[name]))]
    width = max(Content(label).cell_length for label, _text in rows) + 2
    return Content("\n").join(
        Content.assemble(left(label, width).stylize("$quiet"), (text, "bold")) for label, text in rows
    )


def linked(text: str, links: tuple[str, ...]) -> str:
    """The Markdown with `[[name]]` as a link that shows the page's title and the digit that follows it."""

    def link(found: re.Match[str]) -> str:
        name = found[1]
        digit = f" ({links.index(name) + 1})" if links.index(name) < 9 else ""
        return f"[{book()[name].title}{digit}]({SCHEME}{name})"

    return codex.LINK.sub(link, text)


def link_lines(links: tuple[str, ...], width: int) -> Content:
    """The page's links with their digits, to be clicked too; no title is broken at `width` cells."""
    lines: list[Content] = []
    for link in _numbered(links):
        if lines and lines[-1].cell_length + 3 + link.cell_length <= width:
            lines[-1] = Content.assemble(lines[-1], "   ", link)
        else:
            lines.append(link)
    return Content("\n").join(lines)


def _numbered(links: tuple[str, ...]) -> Iterator[Content]:
    for digit, name in enumerate(links[:9], 1):
        link = Content.assemble((str(digit), "bold $accent"), " ", book()[name].title)
        yield link.stylize(Style.from_meta({"@click": f"screen.follow({digit})"}))
