"""The plan language: plan text in, a `Plan` or `Problem`s out, and back.

The names are loaded when first asked for: the calls need `plan.model` to describe themselves, and the parser needs the
calls' description of themselves, so loading all of it here would be a circle.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from zcquest.engine.plan.binding import bind
    from zcquest.engine.plan.formatter import format_plan, signature
    from zcquest.engine.plan.highlight import Token, TokenKind, tokens
    from zcquest.engine.plan.model import Argument, Lane, Plan, Span, Step, same
    from zcquest.engine.plan.nearest import nearest_word
    from zcquest.engine.plan.parser import MAX_BYTES, MAX_STEPS, Parsed, parse, parse_plan
    from zcquest.engine.plan.problem import PlanError, Problem

__all__ = [
    "MAX_BYTES",
    "MAX_STEPS",
    "Argument",
    "Lane",
    "Parsed",
    "Plan",
    "PlanError",
    "Problem",
    "Span",
    "Step",
    "Token",
    "TokenKind",
    "bind",
    "format_plan",
    "nearest_word",
    "parse",
    "parse_plan",
    "same",
    "signature",
    "tokens",
]

_MODULES = {
    "binding": ("bind",),
    "formatter": ("format_plan", "signature"),
    "highlight": ("Token", "TokenKind", "tokens"),
    "model": ("Argument", "Lane", "Plan", "Span", "Step", "same"),
    "nearest": ("nearest_word",),
    "parser": ("MAX_BYTES", "MAX_STEPS", "Parsed", "parse", "parse_plan"),
    "problem": ("PlanError", "Problem"),
}


def __getattr__(name: str) -> object:
    for module, names in _MODULES.items():
        if name in names:
            return getattr(import_module(f"{__name__}.{module}"), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
