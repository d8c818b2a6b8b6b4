"""From room to room with the arrow keys, and what is under the mouse."""

from __future__ import annotations

from zcquest.engine.places import Place
from zcquest.tui.widgets.map.floor import Floor, Rect

WAYS = {"left": (-1, 0), "right": (1, 0), "up": (0, -1), "down": (0, 1)}
_STEEP = 3  # rows are as high as this many cells are wide: what is straight ahead is nearer than what is aside


def neighbour(floor: Floor, place: Place, way: str) -> Place:
    """The next room that way (of WAYS); the same where there is none."""
    dx, dy = WAYS[way]
    here = floor.rooms[place]
    ahead = {
        other: _away(here, room, dx, dy)
        for other, room in floor.rooms.items()
        if other is not place and _lies(here, room, dx, dy)
    }
    return min(ahead, key=lambda other: ahead[other]) if ahead else place


def room_at(floor: Floor, x: int, y: int) -> Place | None:
    """The room that the cell belongs to."""
    for place, room in floor.rooms.items():
        if room.x <= x < room.right and room.y <= y < room.bottom:
            return place
    return None


def _lies(here: Rect, there: Rect, dx: int, dy: int) -> bool:
    """Whether all of it is on that side."""
    if dx:
        return there.x >= here.right if dx > 0 else there.right <= here.x
    return there.y >= here.bottom if dy > 0 else there.bottom <= here.y


def _away(here: Rect, there: Rect, dx: int, dy: int) -> int:
    """How far it is: straight on, and three times what it is aside."""
    across = max(there.x - here.right, here.x - there.right, 0)
    down = _STEEP * max(there.y - here.bottom, here.y - there.bottom, 0)
    aside = abs(there.middle - here.middle) if dx else abs(there.center - here.center) // _STEEP
    return across + _STEEP * down + aside if dx else down + _STEEP * across + aside
