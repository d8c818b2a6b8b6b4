"""Message logs: how they are made, checked, read and tampered with. Importing this loads no builder and no reader."""

from zcquest.engine.logs.cache import LogUnavailable, ensure
from zcquest.engine.logs.formats import FORMATS, Delivery, Field, Format, Reader, Span, Walk, format_of
from zcquest.engine.logs.own import UnusableFile, own_log
from zcquest.engine.logs.spec import LogSpec

__all__ = [
    "FORMATS",
    "Delivery",
    "Field",
    "Format",
    "LogSpec",
    "LogUnavailable",
    "Reader",
    "Span",
    "UnusableFile",
    "Walk",
    "ensure",
    "format_of",
    "own_log",
]
