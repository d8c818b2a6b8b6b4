"""How screens say things: `_` when a sentence is shown, `N_` where it is only written down (class bodies, tables)."""

from __future__ import annotations

from textual.binding import ActiveBinding

from zcquest.levels.language import LANGUAGES, language
from zcquest.levels.language import gettext as _

__all__ = ["N_", "_", "other_language", "translated"]

_SHORT = {"en": "EN", "zh": "中文"}  # a footer of 80 columns has no room for more
LANGUAGE_ACTIONS = ("toggle_language", "app.toggle_language")


def N_(text: str) -> str:
    """Mark `text` for the catalogue and leave it as it is; `_` translates it when it is shown."""
    return text


def other_language() -> str:
    """The code of the language that the toggle leads to."""
    codes = list(LANGUAGES)
    return codes[(codes.index(language()) + 1) % len(codes)]


def translated(active: ActiveBinding) -> ActiveBinding:
    """The binding in the language in use. The language key names the *other* one: who needs it cannot read this."""
    node, binding, enabled, tooltip = active
    in_other = _SHORT[other_language()] if binding.action in LANGUAGE_ACTIONS else None
    said = binding.__class__(
        key=binding.key,
        action=binding.action,
        description=in_other or _(binding.description),
        show=binding.show,
        key_display=binding.key_display,
        priority=binding.priority,
        tooltip=_(binding.tooltip),
        id=binding.id,
        system=binding.system,
        group=binding.group,
    )
    return ActiveBinding(node, said, enabled, _(tooltip))


# What Textual itself shows; its English must be in the catalogue too.
TEXTUAL_SAYS = (N_("palette"), N_("Open the command palette"))
