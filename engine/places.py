"""Where bytes can be, and what carries them from one place to the next."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class Place(StrEnum):
    """A place of the machine map. The value is its name in plans' results, JSON and catalogues."""

    DISK = "disk"
    PAGE_CACHE = "page_cache"
    BUFFER = "user_buffer"
    BUFFER2 = "user_buffer_2"
    BUFFER3 = "user_buffer_3"
    MAPPING = "mapping"
    PIPE = "pipe"
    PIPE2 = "pipe_2"
    SOCKET = "socket_buffer"
    SOCKET2 = "socket_buffer_2"
    SOCKET3 = "socket_buffer_3"
    SOCKET4 = "socket_buffer_4"
    NIC = "nic"
    CONSUMER = "consumer"
    CONSUMER2 = "consumer_2"
    CONSUMER3 = "consumer_3"
    CONSUMER4 = "consumer_4"
    PRODUCER = "producer"
    DLQ = "dlq"  # the dead-letter queue: pages of a file of its own


SOCKETS = (Place.SOCKET, Place.SOCKET2, Place.SOCKET3, Place.SOCKET4)
CONSUMERS = (Place.CONSUMER, Place.CONSUMER2, Place.CONSUMER3, Place.CONSUMER4)
"""At the far end of each of SOCKETS."""


class Mover(StrEnum):
    """Who carries the bytes of a hop. NONE: nobody, the pages are shared by reference."""

    CPU = "cpu"
    DMA = "dma"
    NONE = "none"
    MIXED = "mixed"  # the probe saw some bytes copied and some shared
    UNKNOWN = "unknown"  # no witness on this host


class Evidence(StrEnum):
    """What stands behind a figure."""

    COUNTED = "counted"
    METERED = "metered"
    PROVED = "proved"
    REPORTED = "reported"
    MODELLED = "modelled"
    NOTHING = "nothing"  # nothing could be witnessed; the hop's note says why


@dataclass(frozen=True, slots=True)
class Route:
    """One hop's two ends: bytes leave `source` and are afterwards at `target`."""

    source: Place
    target: Place
