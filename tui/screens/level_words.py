"""Which page of the codex is about what stands at the editor's cursor."""

from __future__ import annotations

from zcquest.engine.plan import TokenKind, tokens
from zcquest.levels.codex import pages
from zcquest.tui.widgets.plan_editor import PlanEditor

LANGUAGE_PAGE = "plan-language"


def page_for(editor: PlanEditor) -> str:
    """The page of the word under the cursor, else of its line's call, else the one on the plan language."""
    known = pages()
    row = editor.area.cursor_location[0]
    line = editor.area.document.get_line(row)
    calls = [
        line[token.span.column - 1 : token.span.column - 1 + token.span.length]
        for token in tokens(line)
        if token.kind is TokenKind.CALL
    ]
    for word in (editor.area.word_under_cursor(), *calls):
        if word in known:
            return word
    return LANGUAGE_PAGE
