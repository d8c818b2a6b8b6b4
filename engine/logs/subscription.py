"""What a consumer wants of a log that holds more than that."""

from __future__ import annotations

import msgspec


class Subscription(msgspec.Struct, frozen=True, kw_only=True):
    """The messages of one topic, and of one tag where it is given."""

    topic: str
    tag: str | None = None
