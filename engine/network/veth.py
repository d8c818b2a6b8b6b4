"""A veth pair between two network namespaces. Imports pyroute2, which takes 150 ms: for the network process alone."""

from __future__ import annotations

import os

from pyroute2 import IPRoute, NetlinkError

from zcquest.engine.network.namespaces import enter_network

SENDER, RECEIVER = "192.0.2.1", "192.0.2.2"  # TEST-NET-1: nobody's on any network
SENDER_NIC, RECEIVER_NIC = "v0", "v1"

_SENDER_MAC, _RECEIVER_MAC = "02:00:00:00:00:01", "02:00:00:00:00:02"
_PREFIX = 24
_NO_LINK_LOCAL = 1  # IN6_ADDR_GEN_MODE_NONE


def connect(sender: int, receiver: int) -> None:
    """Join two namespaces, given by descriptors, by a veth pair; the process is in `sender` before and after.

    Nothing but a run's own packets will pass: no IPv6 addresses that announce themselves, no ARP. Raises OSError;
    its `filename` is what failed.
    """
    try:
        with IPRoute() as route:
            route.link(
                "add",
                ifname=SENDER_NIC,
                kind="veth",
                address=_SENDER_MAC,
                peer={"ifname": RECEIVER_NIC, "net_ns_fd": receiver, "address": _RECEIVER_MAC},
            )
        _bring_up(SENDER_NIC, SENDER, RECEIVER, _RECEIVER_MAC)
        enter_network(receiver)
        try:
            _bring_up(RECEIVER_NIC, RECEIVER, SENDER, _SENDER_MAC)
        finally:
            enter_network(sender)
    except NetlinkError as error:
        raise OSError(error.code, os.strerror(error.code), "RTM_NEWLINK veth") from error


def _bring_up(name: str, address: str, other: str, mac: str) -> None:
    with IPRoute() as route:
        index = route.link_lookup(ifname=name)[0]
        if os.path.exists("/proc/self/net/if_inet6"):
            mode = {"attrs": [["IFLA_INET6_ADDR_GEN_MODE", _NO_LINK_LOCAL]]}
            route.link("set", index=index, IFLA_AF_SPEC={"attrs": [["AF_INET6", mode]]})
        route.addr("add", index=index, address=address, prefixlen=_PREFIX)
        route.link("set", index=index, state="up")
        route.neigh("add", dst=other, lladdr=mac, ifindex=index, state="permanent")
