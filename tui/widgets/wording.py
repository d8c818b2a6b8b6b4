"""The level screen's words for what is measured and demanded, in the player's language."""

from __future__ import annotations

from zcquest.engine.places import Place
from zcquest.engine.sizes import format_size
from zcquest.levels.language import gettext as _
from zcquest.levels.schema import Feature, Metric

KEPT, LOST, OPEN = "✓", "✗", "·"


def mark(met: bool | None) -> str:
    """✓, ✗, or · for what is not known yet."""
    return OPEN if met is None else KEPT if met else LOST


def metric_word(metric: Metric) -> str:
    match metric:
        case Metric.COPIES:
            return _("copies")
        case Metric.SWITCHES:
            return _("switches")
        case Metric.BUFFER:
            return _("buffer")


def metric_figure(metric: Metric, value: float | int | None) -> str:
    """`4.00`, `4 096`, `64K`; a question mark for what nothing here could witness."""
    if value is None:
        return "?"
    match metric:
        case Metric.COPIES:
            return f"{value:.2f}"
        case Metric.SWITCHES:
            return grouped(int(value))
        case Metric.BUFFER:
            return format_size(int(value))


def bound_figure(metric: Metric, bound: float | int) -> str:
    """A par or limit as briefly as it can be said: `4`, `2.5`, `64K`."""
    return f"{bound:g}" if metric is Metric.COPIES else metric_figure(metric, bound)


def grouped(count: int) -> str:
    """`7 692`: digits in threes, by a space that does not break."""
    return f"{count:,}".replace(",", "\N{NO-BREAK SPACE}")


def rounded_size(size: int) -> str:
    """Bytes for reading, not for a plan: `512 B`, `1.5 MiB`."""
    value, unit = float(size), "B"
    for larger in ("KiB", "MiB", "GiB"):
        if value < 1024:
            break
        value, unit = value / 1024, larger
    return f"{size} B" if unit == "B" else f"{value:.1f} {unit}"


def feature_goal(feature: Feature) -> str:
    match feature:
        case Feature.DELIVERY:
            return _("every good message arrives, once and in order")
        case Feature.CHECKSUM:
            return _("nothing rotten reaches the consumer")
        case Feature.SURVIVAL:
            return _("the machine lives to the end of its plan")
        case Feature.RETRY:
            return _("a rejected message gets every attempt it is due")
        case Feature.ISOLATION:
            return _("a slow consumer holds no other one up")
        case Feature.DLQ:
            return _("what is given up, and nothing else, ends in the DLQ")
        case Feature.DURABILITY:
            return _("a killed machine has lost nothing that it acknowledged")
        case Feature.POWER_CUT:
            return _("what is acknowledged is on disk, not in memory alone")
        case Feature.TAG_FILTER:
            return _("what was subscribed to arrives, and nothing else")


def place_word(place: Place) -> str:
    return {
        Place.DISK: _("disk"),
        Place.PAGE_CACHE: _("page cache"),
        Place.BUFFER: "buf",
        Place.BUFFER2: "buf2",
        Place.BUFFER3: "buf3",
        Place.MAPPING: "map",
        Place.PIPE: _("pipe"),
        Place.PIPE2: "pipe2",
        Place.SOCKET: _("socket"),
        Place.SOCKET2: "sock2",
        Place.SOCKET3: "sock3",
        Place.SOCKET4: "sock4",
        Place.NIC: _("NIC"),
        Place.PRODUCER: _("producer"),
        Place.CONSUMER: _("consumer"),
        Place.CONSUMER2: _("consumer {number}").format(number=2),
        Place.CONSUMER3: _("consumer {number}").format(number=3),
        Place.CONSUMER4: _("consumer {number}").format(number=4),
        Place.DLQ: _("DLQ"),
    }[place]
