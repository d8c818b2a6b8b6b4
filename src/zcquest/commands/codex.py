"""`zcquest codex`: a page, or the list of pages."""

from __future__ import annotations

from zcquest.commands.printing import Table, print_markdown, print_table
from zcquest.commands.refusal import PASSED, WRONG, Refused
from zcquest.engine.calls import CALLS
from zcquest.engine.plan import signature
from zcquest.levels.codex import LINK, Page, UnknownPage, page, pages
from zcquest.levels.language import gettext as _
from zcquest.levels.language import say


def show_codex(name: str | None) -> int:
    """The exit status. Raises Refused."""
    if name is None:
        print_table(_list())
        return PASSED
    try:
        print_markdown(_markdown(page(name)))
    except UnknownPage as unknown:
        raise Refused(WRONG, say(unknown.message)) from None
    return PASSED


def _list() -> Table:
    table = Table([_("name"), _("kind"), _("title")])
    for name in sorted(pages(), key=lambda name: (name not in CALLS, name)):
        table.add(name, _("call") if name in CALLS else _("idea"), page(name).title)
    return table


def _markdown(shown: Page) -> str:
    parts = [f"# {shown.title}", shown.summary, shown.body]
    if call := CALLS.get(shown.name):
        parts.insert(1, f"```c\n{call.prototype}\n```")
        parts.insert(2, _("In a plan: {signature}").format(signature=f"`{signature(call)}`"))
    return LINK.sub(r"\1", "\n\n".join(parts))
