"""What the map says: places, movers and evidence in the player's language, and the whole map in sentences."""

from __future__ import annotations

from zcquest.engine.places import CONSUMERS, SOCKETS, Evidence, Mover, Place
from zcquest.levels.language import gettext as _
from zcquest.levels.language import ngettext, say
from zcquest.levels.words import evidence_word
from zcquest.tui.widgets.map_state import ACKNOWLEDGING, LOOPBACK, REJECTING, MapHop, MapState, map_hops
from zcquest.tui.widgets.wording import grouped, place_word

_UNITS = ("KiB", "MiB", "GiB", "TiB")


def place_name(place: Place, card: str = LOOPBACK) -> str:
    """The place as a room's title; `card` is the network device's name."""
    match place:
        case Place.DISK:
            return _("disk")
        case Place.PAGE_CACHE:
            return _("page cache")
        case Place.BUFFER:
            return _("user buffer")
        case Place.BUFFER2 | Place.BUFFER3:
            return _("user buffer {name}").format(name=place_word(place))
        case Place.MAPPING:
            return _("mapping")
        case Place.PIPE | Place.PIPE2:
            return place_word(place)
        case Place.SOCKET:
            return _("socket buffer")
        case Place.SOCKET2 | Place.SOCKET3 | Place.SOCKET4:
            return _("socket buffer {name}").format(name=place_word(place))
        case Place.NIC:
            return _("NIC {card}").format(card=card)
        case Place.CONSUMER:
            return _("consumer")
        case Place.CONSUMER2 | Place.CONSUMER3 | Place.CONSUMER4:
            return place_word(place)
        case Place.PRODUCER:
            return _("producer")
        case Place.DLQ:
            return _("DLQ")


def ladder_name(first: Place) -> str:
    """The title of the rooms of one line each that begin with this one."""
    return _("sockets") if first in SOCKETS else _("consumers")


def mover_name(mover: Mover) -> str:
    """Who carried the bytes, short enough for a line."""
    match mover:
        case Mover.CPU:
            return _("CPU")
        case Mover.DMA:
            return _("DMA")
        case Mover.NONE:
            return _("shared")
        case Mover.MIXED:
            return _("mixed")
        case Mover.UNKNOWN:
            return "?"


def evidence_name(evidence: Evidence) -> str:
    """What stands behind a figure; the ≈ of what is modelled stands before the figure itself."""
    return evidence_word(evidence).removeprefix("≈ ")


def about_bytes(count: int) -> str:
    """`64 KiB`, `1020 KiB`, `2.00 GiB`: three significant digits where the unit does not divide the count."""
    if count < 1024:
        return exact_bytes(count)
    power = min((count.bit_length() - 1) // 10, len(_UNITS))
    value = count / 1024**power
    if value == int(value):
        return f"{int(value)} {_UNITS[power - 1]}"
    return f"{value:.{max(0, 3 - len(str(int(value))))}f} {_UNITS[power - 1]}"


def brief_bytes(count: int) -> str:
    """`64K`, `1.95M`, `512`: where there is no room for more."""
    return about_bytes(count).replace(" ", "").replace("iB", "").replace("B", "").replace("\N{NO-BREAK SPACE}", "")


def exact_bytes(count: int) -> str:
    """`65 536 B`."""
    return f"{grouped(count)} B"


def rejected_words(count: int) -> str:
    """How many messages the consumer has sent back."""
    return ngettext("{count} rejected", "{count} rejected", count).format(count=grouped(count))


def acknowledged_words(count: int) -> str:
    """Up to where the producer has been told that its bytes are safe."""
    return _("{bytes} acknowledged").format(bytes=about_bytes(count))


def unmeasured_word(hop: MapHop, state: MapState) -> str:
    """What to say of a hop without bytes: what the plan makes one expect, or where a run stands."""
    if state.so_far:
        return _("told at the end") if hop.route.target in CONSUMERS else _("not yet")
    return _("no bytes") if state.scene else _("expected")


def step_numbers(steps: tuple[int, ...]) -> str:
    """`1`, `1,3`, `1-4` for 0-based steps, as the plan's lines are numbered."""
    numbers = sorted(step + 1 for step in steps)
    if len(numbers) > 2 and numbers[-1] - numbers[0] == len(numbers) - 1:
        return f"{numbers[0]}-{numbers[-1]}"
    return ",".join(map(str, numbers))


def description(state: MapState) -> list[str]:
    """The map in words, a sentence a hop, for a pane too small for a picture and for those who cannot see one."""
    hops = map_hops(state)
    if not hops:
        return [_("No step of the plan moves bytes yet.")]
    return [hop_sentence(hop, state) for hop in hops]


def hop_sentence(hop: MapHop, state: MapState) -> str:
    ends = {"source": place_name(hop.route.source, state.card), "target": place_name(hop.route.target, state.card)}
    way = _("{source} ► {target}").format(**ends)
    steps = _("step {steps}").format(steps=step_numbers(hop.steps)) if hop.steps else ""
    if hop.bytes is None:
        whole = state.scene and not state.so_far
        figures = [_("no bytes in this run") if whole else unmeasured_word(hop, state)]
    elif hop.route == REJECTING and state.scene:
        figures = [rejected_words(state.scene.rejections)]
    elif hop.route == ACKNOWLEDGING:
        figures = [acknowledged_words(hop.bytes)]
    else:
        model = "≈ " if hop.evidence is Evidence.MODELLED else ""
        figures = [
            model + exact_bytes(hop.bytes),
            mover_name(hop.mover) if hop.mover else "",
            evidence_name(hop.evidence) if hop.evidence else "",
            say(hop.note) if hop.note and hop.evidence in (Evidence.MODELLED, Evidence.NOTHING) else "",
        ]
    mark = "▸ " if hop.current else ""
    told = _(", ").join(part for part in (steps, *figures) if part)
    return mark + _("{way}: {told}").format(way=way, told=told)
