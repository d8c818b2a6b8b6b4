"""A network device's scatter-gather, by the ioctl of ethtool."""

from __future__ import annotations

import ctypes
import fcntl
import socket
import struct

_SIOCETHTOOL = 0x8946
_GET, _SET = 0x18, 0x19  # ETHTOOL_GSG, ETHTOOL_SSG


def scatter_gather(name: str) -> bool:
    """Whether the device gathers scattered pages. Raises OSError."""
    return bool(_ioctl(name, _GET, 0))


def set_scatter_gather(name: str, on: bool) -> None:
    """Connections made from now on see it. Needs CAP_NET_ADMIN in the device's namespace. Raises OSError."""
    _ioctl(name, _SET, int(on))


def _ioctl(name: str, command: int, value: int) -> int:
    asked = (ctypes.c_uint32 * 2)(command, value)
    with socket.socket() as any_socket:
        fcntl.ioctl(any_socket, _SIOCETHTOOL, struct.pack("16sQ16x", name.encode(), ctypes.addressof(asked)))
    return int(asked[1])
