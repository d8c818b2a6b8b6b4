"""The campaign: chapters, levels, what was earned in each. Every level can be started at once."""

from __future__ import annotations

from textual import on
from textual.app import ComposeResult
from textual.binding import Binding
from textual.containers import Container, Vertical, VerticalScroll
from textual.content import Content
from textual.widgets import Markdown, OptionList, Static
from textual.widgets.option_list import Option

from zcquest.levels.language import say
from zcquest.levels.level_error import LevelError
from zcquest.levels.loader import Chapter, Level
from zcquest.levels.progress import Best
from zcquest.levels.schema import STARS, Metric
from zcquest.tui.language import N_, _
from zcquest.tui.screens.base import ZcScreen
from zcquest.tui.screens.confirm import Confirm
from zcquest.tui.screens.home import next_level
from zcquest.tui.widgets.choices import Choices
from zcquest.tui.widgets.columns import left, right
from zcquest.tui.widgets.heading import Heading
from zcquest.tui.widgets.key_bar import KeyBar
from zcquest.tui.widgets.stars import EARNED, star_sum, stars
from zcquest.tui.widgets.wording import metric_figure, metric_word

ID_WIDTH, TITLE_WIDTH, STARS_WIDTH, RUNS_WIDTH = 5, 22, 7, 6
FIGURE_WIDTHS = {Metric.COPIES: 9, Metric.SWITCHES: 11, Metric.BUFFER: 9}


class CampaignScreen(ZcScreen[None]):
    """The list of levels, and beside it (below it where the terminal is narrow) what the marked one is about."""

    CSS_PATH = "campaign.tcss"
    HORIZONTAL_BREAKPOINTS = [(0, "-narrow"), (110, "-wide")]
    BINDINGS = [
        Binding("enter", "play", N_("Play"), key_display="enter", tooltip=N_("Play the marked level"), priority=True),
        Binding("r", "reset", N_("Reset"), tooltip=N_("Forget the marked level's runs, drafts and hints")),
    ]

    def __init__(self) -> None:
        super().__init__()
        self._playable = False  # what the footer shows

    def compose(self) -> ComposeResult:
        yield Heading()
        with Container(id="panes"):
            with Vertical(id="list"):
                yield Static(id="columns", markup=False)
                yield Choices(id="levels", first_marks=True)
            with VerticalScroll(id="details", can_focus=True):
                yield Static(id="title", markup=False)
                yield Static(id="facts", markup=False)
                yield Markdown(id="text")
        yield KeyBar()

    def on_mount(self) -> None:
        self._fill()
        going_on = next_level(self.game.campaign, self.game.progress.all_best())
        if going_on:
            self._mark(going_on.id)

    def on_screen_resume(self) -> None:
        self._fill()

    def retranslate(self) -> None:
        self._fill()

    @property
    def marked(self) -> Level | None:
        """The marked level; None where a chapter or a broken file is marked."""
        levels = self.query_one("#levels", OptionList)
        option = levels.highlighted_option
        return self.game.campaign.levels.get(option.id or "") if option else None

    def action_play(self) -> None:
        if level := self.marked:
            self.game.open_level(level.id)

    def action_reset(self) -> None:
        if level := self.marked:
            question = _("Reset {id} {title}?").format(id=level.id, title=level.text().title)
            warning = _("Its runs, stars, draft, prediction and hints are forgotten.")
            self.app.push_screen(Confirm(question, warning), lambda yes: self._reset(level.id) if yes else None)

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        if action in ("play", "reset") and self.is_mounted and self.marked is None:
            return None
        return super().check_action(action, parameters)

    @on(OptionList.OptionHighlighted, "#levels")
    def show_details(self) -> None:
        self._show_marked()
        if self._playable != (self.marked is not None):
            self._playable = self.marked is not None
            self.refresh_bindings()

    @on(OptionList.OptionSelected, "#levels")
    def play_clicked(self) -> None:
        self.action_play()

    def _reset(self, id: str) -> None:
        self.game.progress.reset(id)
        self.game.tell_notices()
        self._fill()

    def _fill(self) -> None:
        """Everything again, with the same line marked."""
        campaign, best = self.game.campaign, self.game.progress.all_best()
        earned = sum(best.get(id, Best()).stars for id in campaign.levels)
        heading = self.query_one(Heading)
        heading.title = _("Campaign")
        heading.status = star_sum(earned, STARS * len(campaign.levels))
        self.query_one("#columns", Static).update(column_heads())
        levels = self.query_one("#levels", OptionList)
        marked = levels.highlighted
        options: list[Option] = []
        for chapter in campaign.chapters:
            options.append(Option(chapter_line(chapter), id=f"chapter {chapter.number}"))
            options += (Option(level_line(level, best.get(level.id)), id=level.id) for level in chapter.levels)
        options += (Option(broken_line(error), id=f"broken {number}") for number, error in enumerate(campaign.broken))
        levels.set_options(options)
        levels.highlighted = marked if marked is not None and marked < len(options) else (0 if options else None)
        self._show_marked()

    def _mark(self, id: str) -> None:
        levels = self.query_one("#levels", OptionList)
        levels.highlighted = levels.get_option_index(id)

    def _show_marked(self) -> None:
        option = self.query_one("#levels", OptionList).highlighted_option
        kind, _space, number = (option.id or "").partition(" ") if option else ("", "", "")
        if level := self.marked:
            self._show(f"{level.id} {level.text().title}", level_facts(level), level.text().briefing)
        elif kind == "chapter":
            chapter = next(found for found in self.game.campaign.chapters if found.number == int(number))
            self._show(chapter_title(chapter), "", chapter.intro())
        elif kind == "broken":
            error = self.game.campaign.broken[int(number)]
            self._show(_("This level cannot be used"), say(error.message), "")

    def _show(self, title: str, facts: str | Content, text: str) -> None:
        self.query_one("#title", Static).update(title)
        self.query_one("#facts", Static).update(facts)
        self.query_one("#facts").display = bool(facts)
        self.query_one("#text", Markdown).update(without_links(text))
        self.query_one("#details").scroll_home(animate=False)


def column_heads() -> Content:
    """What stands above the list."""
    figures = [right(metric_word(metric), width) for metric, width in FIGURE_WIDTHS.items()]
    return Content.assemble(
        " " * (2 + ID_WIDTH + TITLE_WIDTH + 1), left(_("stars"), STARS_WIDTH), *figures, right(_("runs"), RUNS_WIDTH)
    )


def chapter_title(chapter: Chapter) -> str:
    return _("Chapter {number}: {title}").format(number=chapter.number, title=chapter.title())


def chapter_line(chapter: Chapter) -> Content:
    return Content.styled(chapter_title(chapter), "bold $primary")


def level_line(level: Level, best: Best | None) -> Content:
    """Id, title, stars and the best of each metric; only the first two before it was run."""
    name = Content.assemble("  ", left(level.id, ID_WIDTH), left(level.text().title, TITLE_WIDTH), " ")
    if best is None:
        return Content.assemble(name, (_("not played"), "$quiet"))
    figures = (best.copies, best.switches, best.buffer)
    shown = [
        right("-" if figure is None else metric_figure(metric, figure), width)
        for (metric, width), figure in zip(FIGURE_WIDTHS.items(), figures, strict=True)
    ]
    return Content.assemble(name, left(stars(best.stars), STARS_WIDTH), *shown, right(str(best.runs), RUNS_WIDTH))


def broken_line(error: LevelError) -> Content:
    return Content.assemble(("! ", "bold $error"), f"{error.file.parent.name}/{error.file.name}")


def level_facts(level: Level) -> Content:
    """The palette, and what stars are given for."""
    earned_for = Content("  ").join(
        Content.assemble((EARNED, "$star"), " ", word)
        for word in (_("passing"), *(metric_word(metric) for metric in level.stars))
    )
    return Content("\n").join([Content.styled(" ".join(level.calls), "$quiet"), earned_for])


def without_links(text: str) -> str:
    """The Markdown with `[[page]]` as plain words: the briefing is no place to leave for the codex."""
    return text.replace("[[", "").replace("]]", "")
