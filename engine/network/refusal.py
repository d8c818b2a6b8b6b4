"""Why a host would not build the bench NIC, and what would help."""

from __future__ import annotations

import errno
import os
from pathlib import Path

from zcquest.engine.message import Message, message


class NetworkRefused(Exception):
    """The host would not let us build the bench NIC, or switch its scatter-gather. `message` says why, for players."""

    def __init__(self, why: Message) -> None:
        super().__init__(str(why))
        self.message = why


def refused(call: str, number: int) -> NetworkRefused:
    """The refusal of one call with one errno."""
    name, words = errno.errorcode.get(number, str(number)), os.strerror(number)
    if advice := _advice(call, number):
        why = message(
            "the bench NIC could not be built: {call} failed with {errno} ({words}). {advice}",
            call=call,
            errno=name,
            words=words,
            advice=advice,
        )
    else:
        why = message(
            "the bench NIC could not be built: {call} failed with {errno} ({words})",
            call=call,
            errno=name,
            words=words,
        )
    return NetworkRefused(why)


def _advice(call: str, number: int) -> Message | None:
    """What stands in the way on this host, as far as it can be read from outside."""
    if number == errno.EOPNOTSUPP and "veth" in call:
        return message("This kernel has no veth: modprobe veth.")
    if number in (errno.ENOSPC, errno.EUSERS):
        return message(
            "The host allows no more namespaces: see sysctl user.max_user_namespaces, user.max_net_namespaces."
        )
    if number not in (errno.EPERM, errno.EACCES):
        return None
    if _sysctl("kernel/unprivileged_userns_clone") == "0":
        return message("Allow it with sysctl kernel.unprivileged_userns_clone=1.")
    if _sysctl("kernel/apparmor_restrict_unprivileged_userns") == "1":
        return message("Allow it with sysctl kernel.apparmor_restrict_unprivileged_userns=0.")
    if _filtered():
        return message("A system call filter forbids it. Docker: --security-opt seccomp=unconfined.")
    return message("Only a process that may make user and network namespaces can have one.")


def _sysctl(name: str) -> str:
    try:
        return Path("/proc/sys", name).read_text().strip()
    except OSError:
        return ""


def _filtered() -> bool:
    """Whether a seccomp filter watches this process: a container runtime's, as a rule."""
    try:
        status = Path("/proc/self/status").read_text()
    except OSError:
        return False
    return any(line.split() == ["Seccomp:", "2"] for line in status.splitlines())
