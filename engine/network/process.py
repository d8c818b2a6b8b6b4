"""The network process: two network namespaces joined by a veth pair, which live as long as it does.

It sits in the sender's namespace and holds the receiver's by a descriptor; nothing is pinned in the filesystem. When it
ends and no run is left in them, the kernel takes both apart.
"""

from __future__ import annotations

import errno
import os
import socket

from zcquest.engine.control import Built, Line, NotBuilt, ScatterGather, SetScatterGather, ToNetwork
from zcquest.engine.network import ethtool
from zcquest.engine.network.namespaces import enter_network, unshare_network, unshare_network_again
from zcquest.engine.process_name import name_process

_OWN_NETWORK = "/proc/self/ns/net"


def main(control: socket.socket, _: bytes) -> None:
    """Build the network, then switch its scatter-gather as told; returns when the game hangs up."""
    name_process("zcq:network")
    line = Line(control, ToNetwork)
    try:
        receiver, in_user_namespace = build()
    except OSError as failure:
        line.say(NotBuilt(call=str(failure.filename or ""), errno=failure.errno or errno.EIO))
        return
    line.say(Built(receiver=receiver, in_user_namespace=in_user_namespace))
    while told := line.hear():
        assert isinstance(told, SetScatterGather)
        line.say(switch(told.on))


def build() -> tuple[int, bool]:
    """The receiver's namespace as a descriptor, and whether a user namespace was needed."""
    in_user_namespace = unshare_network()
    sender = os.open(_OWN_NETWORK, os.O_RDONLY | os.O_CLOEXEC)
    unshare_network_again()
    receiver = os.open(_OWN_NETWORK, os.O_RDONLY | os.O_CLOEXEC)
    enter_network(sender)
    from zcquest.engine.network.veth import connect  # takes longer than all the rest

    connect(sender, receiver)
    os.close(sender)
    return receiver, in_user_namespace


def switch(on: bool) -> ScatterGather:
    from zcquest.engine.network.veth import SENDER_NIC

    try:
        ethtool.set_scatter_gather(SENDER_NIC, on)
        return ScatterGather(on=ethtool.scatter_gather(SENDER_NIC))
    except OSError as failure:
        return ScatterGather(on=not on, errno=failure.errno or errno.EIO)
