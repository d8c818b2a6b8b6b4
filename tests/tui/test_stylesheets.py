"""A stylesheet stays loaded once its screen was opened: what it says must be about that screen alone."""

from __future__ import annotations

from pathlib import Path

import pytest
from textual.css.model import SelectorType
from textual.css.stylesheet import Stylesheet

from zcquest.tui import screens
from zcquest.tui.app import ZcquestApp

SHEETS = sorted(Path(screens.__path__[0]).glob("*.tcss"))


@pytest.mark.parametrize("path", SHEETS, ids=lambda path: path.stem)
def test_no_rule_of_a_screen_is_for_whatever_bears_an_id_or_a_class(path: Path, app: ZcquestApp) -> None:
    sheet = Stylesheet(variables=app.get_css_variables())
    sheet.read(path)
    rules = [
        rule
        for rule in sheet.rules
        for selectors in rule.selector_set
        if selectors.selectors[0].type is not SelectorType.TYPE
    ]
    assert not [rule.selectors for rule in rules]
