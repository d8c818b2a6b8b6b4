"""The map of a level: walked from place to place, and a place opened over the live session."""

from __future__ import annotations

from textual import on

from zcquest.engine.control import Peeked
from zcquest.engine.session import Session
from zcquest.tui.screens.level_playing import LevelPlaying
from zcquest.tui.widgets.machine_map import MachineMap


class LevelPlaces(LevelPlaying):
    """The way into the machine."""

    def action_walk(self, way: str) -> None:
        """The first arrow key goes to the map, the next ones from room to room."""
        machine = self.query_one(MachineMap)
        if not machine.display or not machine.size:
            return
        if machine.has_focus:
            machine.walk(way)
        else:
            machine.focus()

    @on(MachineMap.Opened)
    def _open_place(self, event: MachineMap.Opened) -> None:
        from zcquest.tui.screens.place import PlaceScreen
        from zcquest.tui.screens.place_bytes import PlaceBytes

        source = PlaceBytes(self.view.scene, self.game.laboratory, self._session, self._buffers)
        self._place = PlaceScreen(event.place, self.view.map_state(), source, self.act)
        self.app.push_screen(self._place, self._place_closed)

    def _place_closed(self, _result: None) -> None:
        self._place = None

    def _session(self) -> Session | None:
        runner = self._steps or self._run_on
        return runner.session if runner else None

    def _buffers(self) -> tuple[Peeked, ...]:
        return self.view.live.buffers if self.view.live else ()
