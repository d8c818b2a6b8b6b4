"""What the parts of the level screen share: its state as one frozen view, and how a change of it is drawn."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

from zcquest.levels.loader import Level
from zcquest.tui.screens.base import ZcScreen
from zcquest.tui.widgets.level_panes import LevelPanes
from zcquest.tui.widgets.level_view import LevelView, Phase
from zcquest.tui.widgets.plan_editor import PlanEditor

if TYPE_CHECKING:
    from zcquest.tui.screens.place import PlaceScreen


class LevelBase(ZcScreen[None]):
    """A level, its `view` and the panes that draw it."""

    level: Level
    view: LevelView

    def __init__(self, level_id: str) -> None:
        super().__init__()
        self.level_id = level_id
        self._place: PlaceScreen | None = None  # the place of the map that is open

    @property
    def panes(self) -> LevelPanes:
        return self.query_one(LevelPanes)

    @property
    def editor(self) -> PlanEditor:
        return self.panes.editor

    @property
    def phase(self) -> Phase:
        return self.view.phase

    def change(self, **changes: Any) -> None:
        """Change the view, and draw what follows from it."""
        phase = self.view.phase
        self.view = replace(self.view, **changes)
        self.panes.draw(self.view)
        if self._place:
            self._place.show(self.view.map_state())
        if self.view.phase is not phase:
            self.refresh_bindings()

    async def after_run(self) -> None:
        """Say again what a whole run makes read otherwise."""
