"""The line at the top of a screen: the game's name, where one is, and what is worth knowing here."""

from __future__ import annotations

from textual.content import Content
from textual.reactive import reactive
from textual.widget import Widget


class Heading(Widget):
    """One line and the rule under it. `title` stands left, `status` right; a title too long for both is cut."""

    DEFAULT_CSS = """
    Heading {
        dock: top;
        height: 2;
        padding: 0 1;
        border-bottom: solid $frame;
    }
    """

    title: reactive[str] = reactive("")
    status: reactive[Content] = reactive(Content(""))

    def __init__(self, title: str = "", status: str | Content = "") -> None:
        super().__init__()
        self.set_reactive(Heading.title, title)
        self.set_reactive(Heading.status, Content(status) if isinstance(status, str) else status)

    def render(self) -> Content:
        name = Content.assemble(("zcquest", "bold $primary"), "  ")
        room = self.content_size.width - name.cell_length - self.status.cell_length - 2
        title = Content.styled(self.title, "bold").truncate(max(0, room), ellipsis=True)
        gap = " " * max(0, room - title.cell_length + 2)
        return Content.assemble(name, title, gap, self.status)
