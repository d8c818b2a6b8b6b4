"""Every key that the help of a screen names does there what can be seen, in every state of every screen."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any, TypeAlias

import pytest
from textual.binding import ActiveBinding
from textual.screen import Screen

from .conftest import Open
from .states import STATES, Stage, still_world

__all__ = ["still_world"]

Picture: TypeAlias = tuple[Any, ...]

KEYED = [name for name, state in STATES.items() if state.keys]
FIRST = {name.partition(":")[0]: name for name in reversed(KEYED)}.values()  # of each screen's states
PATIENCE = 40  # looks at a screen on which nothing has changed yet
ENDING = ("quit", "app.quit")


def told(screen: Screen[Any], name: str) -> dict[str, ActiveBinding]:
    """The keys that the help lists, but those that end the game; those of every screen once a screen."""
    return {
        key: active
        for key, active in screen.active_bindings.items()
        if (active.tooltip or active.binding.tooltip) and active.binding.action not in ENDING
        if name in FIRST or not active.binding.action.startswith("app.")
    }


def picture(stage: Stage) -> Picture:
    """All that a player can tell one moment from another by: letters, colours, cursor, what is said, what is copied."""
    game = stage.game
    strips = game.screen._compositor.render_strips()
    cells = [[(segment.text, segment.style) for segment in strip] for strip in strips]
    said = [notice.message for notice in game._notifications]
    return id(game.screen), cells, said, game.screen.focused, game.clipboard


def _has(node: object, action: str) -> bool:
    return callable(getattr(node, f"action_{action}", None)) or callable(getattr(node, f"_action_{action}", None))


@pytest.mark.usefixtures("still_world")
@pytest.mark.parametrize("name", KEYED)
async def test_every_key_of_the_help_does_what_can_be_seen(name: str, open_game: Open, tmp_path: Path) -> None:
    async with open_game((80, 24)) as pilot:
        stage = Stage(pilot, tmp_path)
        await stage.enter(name)
        screen = stage.screen
        keys = told(screen, name)
        assert keys
        for key, active in keys.items():
            where, _, action = active.binding.action.partition("(")[0].rpartition(".")
            assert _has({"app": stage.game, "screen": screen, "": active.node}[where], action), key
        idle = [key for key, active in keys.items() if active.enabled]
        idle = [key for key in idle if not await _changes(stage, name, key)]
        idle = [key for key in idle if not await _changes(stage, name, key, anew=True)]
        assert not idle


async def _changes(stage: Stage, name: str, key: str, *, anew: bool = False) -> bool:
    """Whether pressing the key changes the picture: as it is by now, or as it is at first.

    At first, a choice may be made already; then it must be one that can be made again after another of its kind.
    """
    if not anew:
        return await _pressed(stage, name, key)
    await stage.enter(name)
    if await _pressed(stage, name, key, PATIENCE):
        return True
    another = _another(stage.screen, key)
    if another:
        await stage.press(another)
    return bool(another) and await _pressed(stage, name, key)


def _another(screen: Screen[Any], key: str) -> str | None:
    """A key that makes another choice than this one, of the same kind."""
    if key not in screen.active_bindings:
        return None
    ours = screen.active_bindings[key].binding.action
    kind, _, _ = ours.partition("(")
    others = {other: active.binding.action for other, active in screen.active_bindings.items()}
    return next((other for other, act in others.items() if act != ours and act.startswith(kind + "(")), None)


async def _pressed(stage: Stage, name: str, key: str, patience: int = 10) -> bool:
    """Whether pressing the key changes the picture; then the next key finds the screen, and what has focus, again."""
    screen, focused, before = stage.screen, stage.screen.focused, picture(stage)
    await stage.press(key)
    for _ in range(patience):
        if picture(stage) != before:
            await _back(stage, screen)
            if stage.screen is not screen or screen.focused is not focused:
                await stage.enter(name)
            return True
        await asyncio.sleep(0.05)  # what plays by itself takes a moment to go on
    return False


async def _back(stage: Stage, screen: Screen[Any]) -> None:
    """To the screen as the key has left it, from those that it opened."""
    while screen in stage.game.screen_stack and stage.screen is not screen:
        stage.game.pop_screen()
    await stage.settle()
