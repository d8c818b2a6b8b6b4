"""A level that is left while something goes on in it: nothing of that follows the player."""

from __future__ import annotations

from pathlib import Path

import pytest

from zcquest.levels.play import play, read_plan
from zcquest.tui.screens.home import HomeScreen
from zcquest.tui.screens.level_run import RunEnded
from zcquest.tui.screens.level_steps import SteppingEnded
from zcquest.tui.widgets.level_view import Phase

from .conftest import Open
from .states import Stage, still_world
from .states.plans import ONE_TRIP

__all__ = ["still_world"]


@pytest.mark.usefixtures("still_world")
@pytest.mark.parametrize("kind", [RunEnded, lambda report, verdict: SteppingEnded(report, verdict, counts=True)])
async def test_a_run_that_ends_as_its_level_is_left_opens_no_result_and_is_not_kept(
    kind: type[RunEnded], open_game: Open, tmp_path: Path
) -> None:
    async with open_game() as pilot:
        stage = Stage(pilot, tmp_path)
        await stage.enter("level: at first")
        screen = stage.screen
        report, verdict = await play(stage.laboratory, screen.level, read_plan(screen.level, ONE_TRIP))
        screen.change(phase=Phase.RUNNING)
        screen.post_message(kind(report, verdict))
        stage.game.action_home()
        await stage.settle()
        assert isinstance(stage.screen, HomeScreen)
        assert not stage.game.progress.best("2-1").runs


@pytest.mark.usefixtures("still_world")
async def test_no_result_opens_if_its_level_is_left_while_what_follows_is_drawn(
    open_game: Open, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with open_game() as pilot:
        stage = Stage(pilot, tmp_path)
        screen = await stage.level("2-1")
        report, verdict = await play(stage.laboratory, screen.level, read_plan(screen.level, ONE_TRIP))

        async def leave() -> None:
            stage.game.action_home()

        monkeypatch.setattr(screen, "after_run", leave)
        screen.change(phase=Phase.RUNNING)
        screen.post_message(RunEnded(report, verdict))
        await stage.settle()
        assert isinstance(stage.screen, HomeScreen)
        assert stage.game.progress.best("2-1").runs == 1
