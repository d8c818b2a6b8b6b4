"""Message logs: how they are made, checked, read and tampered with. Importing this loads no builder and no reader."""

from zcquest.engine.logs.cache import LogUnavailable, ensure, ensure_index
from zcquest.engine.logs.formats import FORMATS, Damaged, Delivery, Field, Format, Reader, Span, Walk, format_of
from zcquest.engine.logs.own import UnusableFile, own_log
from zcquest.engine.logs.spec import LogSpec
from zcquest.engine.logs.subscription import Subscription

__all__ = [
    "FORMATS",
    "Damaged",
    "Delivery",
    "Field",
    "Format",
    "LogSpec",
    "LogUnavailable",
    "Reader",
    "Span",
    "Subscription",
    "UnusableFile",
    "Walk",
    "ensure",
    "ensure_index",
    "format_of",
    "own_log",
]
