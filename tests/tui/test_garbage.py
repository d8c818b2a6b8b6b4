"""Setting garbage aside frees what nobody needs, and spares the rest the next full collection."""

from __future__ import annotations

import gc
import weakref

from zcquest.tui.garbage import set_aside


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
