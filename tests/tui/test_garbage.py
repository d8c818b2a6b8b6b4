"""Setting garbage aside frees what nobody needs, and spares the rest the next full collection."""

from __future__ import annotations

import gc
import weakref

from zcquest.tui.garbage import Sweeper, set_aside

from .conftest import Open


class Circle:
    def __init__(self) -> None:
        self.own = self


def test_what_was_set_aside_and_then_dropped_is_freed_the_next_time() -> None:
    circle = Circle()
    seen = weakref.ref(circle)
    try:
        set_aside()
        assert gc.get_freeze_count() > 0
        del circle
        gc.collect()
        assert seen() is not None, "it is left out of collections"
        set_aside()
        assert seen() is None
    finally:
        gc.unfreeze()


async def test_what_closed_screens_left_is_freed_once_the_player_rests(open_game: Open) -> None:
    async with open_game() as pilot:
        circle = Circle()
        seen = weakref.ref(circle)
        try:
            set_aside()  # from here on no collection finds it, until all is set aside anew
            del circle
            Sweeper(pilot.app).start()
            await pilot.press("question_mark", "escape")
            for _ in range(200):
                await pilot.pause(0.05)
                if seen() is None:
                    break
            assert seen() is None
        finally:
            gc.unfreeze()
