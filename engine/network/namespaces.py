"""Linux namespaces: leave the ones a process was born in, join others."""

from __future__ import annotations

import ctypes
import os
from pathlib import Path

import msgspec

_NEW_USER, _NEW_NET = 0x10000000, 0x40000000  # CLONE_NEWUSER, CLONE_NEWNET
_CAPABILITY_VERSION_3 = 0x20080522
_libc = ctypes.CDLL(None, use_errno=True)


class Namespaces(msgspec.Struct, frozen=True):
    """Files of /proc that name the namespaces to join; `user` is None where the network is the host's own users'."""

    net: str
    user: str | None = None


def unshare_network() -> bool:
    """Move this process into a new network namespace, and into a user namespace of its own if it takes that.

    Returns whether it did. A root that may make networks needs none, and a child of it keeps all its rights.
    Raises OSError; its `filename` is the call that failed.
    """
    if not _libc.unshare(_NEW_NET):
        return False
    uid, gid = os.getuid(), os.getgid()
    _checked("unshare(CLONE_NEWUSER)", _libc.unshare(_NEW_USER))
    _map("setgroups", "deny")  # without it nobody but root may map a group
    _map("uid_map", f"{uid} {uid} 1")
    _map("gid_map", f"{gid} {gid} 1")
    unshare_network_again()
    return True


def unshare_network_again() -> None:
    """Into one more new network namespace. Raises OSError like `unshare_network`."""
    _checked("unshare(CLONE_NEWNET)", _libc.unshare(_NEW_NET))


def enter_network(fd: int) -> None:
    """Into the network namespace behind a descriptor. Raises OSError like `unshare_network`."""
    _checked("setns(CLONE_NEWNET)", _libc.setns(fd, _NEW_NET))


def join(namespaces: Namespaces) -> None:
    """Move this process there. It gains no right by it: those that a user namespace gives are given back at once.

    It must have one thread only. Raises OSError.
    """
    if namespaces.user:
        _set(namespaces.user, _NEW_USER)
    _set(namespaces.net, _NEW_NET)
    if namespaces.user:
        _drop_capabilities()


def _set(path: str, kind: int) -> None:
    fd = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
    try:
        _checked(f"setns({path})", _libc.setns(fd, kind))
    finally:
        os.close(fd)


def _map(name: str, text: str) -> None:
    path = f"/proc/self/{name}"
    try:
        Path(path).write_text(text)
    except OSError as failure:
        raise OSError(failure.errno, failure.strerror, path) from failure


def _drop_capabilities() -> None:
    header = (ctypes.c_uint32 * 2)(_CAPABILITY_VERSION_3, 0)
    none = (ctypes.c_uint32 * 6)()  # effective, permitted, inheritable, twice 32 bits each
    _checked("capset", _libc.capset(header, none))


def _checked(call: str, result: int) -> None:
    if result:
        number = ctypes.get_errno()
        raise OSError(number, os.strerror(number), call)
