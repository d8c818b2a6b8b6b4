"""`python -m zcquest.engine.network.trial`: build the bench NIC, switch its scatter-gather, and let it go again.

Prints null when both worked, else the `Message` that says why not, as JSON. A process of its own, because the
namespaces that it enters are not left again.
"""

from __future__ import annotations

import sys

import msgspec

from zcquest.engine.message import Message
from zcquest.engine.network.process import build, switch
from zcquest.engine.network.refusal import refused


def attempt() -> Message | None:
    """What went wrong, if anything did. Leaves this process in another network."""
    try:
        build()
    except OSError as failure:
        return refused(str(failure.filename or ""), failure.errno or 0).message
    for on in (False, True):
        answer = switch(on)
        if answer.errno:
            return refused("ioctl(SIOCETHTOOL, ETHTOOL_SSG)", answer.errno).message
    return None


if __name__ == "__main__":
    sys.stdout.buffer.write(msgspec.json.encode(attempt()))
