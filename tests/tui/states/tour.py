"""The tour, stop after stop."""

from __future__ import annotations

from .stage import Stage, state


def _stop(number: int) -> None:
    @state(f"tour: stop {number}", keys=number in (1, 5, 6))
    async def _(stage: Stage) -> None:
        from zcquest.tui.screens.tour import TourScreen

        stage.game.action_tour()
        await stage.until(lambda: isinstance(stage.screen, TourScreen))
        await stage.press(*["right"] * (number - 1))
        if number in (4, 5):
            await stage.press("s")


for number in range(1, 7):
    _stop(number)
