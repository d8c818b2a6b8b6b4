"""What child processes may do here: make a private network, be traced."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys

import msgspec

from zcquest.engine.host.report import Finding, reason
from zcquest.engine.message import Message, message
from zcquest.engine.package_path import package_path

_PATIENCE = 10.0  # seconds for a child to end


# Ubuntu lets anybody make a user namespace but gives no rights in it: only a link brought up inside proves anything.
_NAMESPACES = """
import ctypes, fcntl, os, socket, struct, sys
uid, gid = os.getuid(), os.getgid()
libc = ctypes.CDLL(None, use_errno=True)
try:
    if libc.unshare(0x10000000 | 0x40000000):
        raise OSError(ctypes.get_errno(), os.strerror(ctypes.get_errno()))
    for name, text in (("setgroups", "deny"), ("uid_map", f"0 {uid} 1"), ("gid_map", f"0 {gid} 1")):
        with open(f"/proc/self/{name}", "w") as mapping:
            mapping.write(text)
    with socket.socket() as any_socket:
        fcntl.ioctl(any_socket, 0x8914, struct.pack("16sh22x", b"lo", 1))
except OSError as error:
    sys.exit(error.strerror)
"""


def namespaces() -> Finding:
    """Whether an unprivileged process can make itself a private network."""
    title = message("user and network namespaces")
    # a new interpreter, because a process with threads may not unshare, nor safely fork
    failure = _complaint([sys.executable, "-I", "-S", "-c", _NAMESPACES])
    if failure is None:
        return Finding("namespaces", title, True, message("a private network can be made without privileges"))
    return Finding(
        "namespaces",
        title,
        False,
        message("refused: {error}", error=failure),
        message(
            "Ubuntu: sysctl kernel.apparmor_restrict_unprivileged_userns=0. Docker: --security-opt seccomp=unconfined."
        ),
    )


def bench_nic() -> Finding:
    """Whether the bench NIC can be built, and its scatter-gather switched."""
    title = message("bench NIC (veth, scatter-gather)")
    try:
        done = _run([sys.executable, "-m", "zcquest.engine.network.trial"])
        failed = msgspec.json.decode(done.stdout, type=Message | None)
    except OSError as error:
        failed = message("refused: {error}", error=reason(error))
    except (subprocess.TimeoutExpired, msgspec.DecodeError):
        failed = message("the attempt was lost")
    if failed is None:
        found = message("can be built, and its scatter-gather be switched off")
        return Finding("bench_nic", title, True, found)
    advice = message("Levels that need it show a run that was recorded elsewhere, marked as such.")
    return Finding("bench_nic", title, False, failed, advice)


def strace() -> Finding:
    """Whether strace is here and may trace."""
    title, path = message("strace"), shutil.which("strace")
    if path is None:
        return Finding(
            "strace",
            title,
            False,
            message("not installed"),
            message("The game does not need it; install it to check the counts yourself."),
        )
    failure = _complaint([path, "-o", os.devnull, "-e", "trace=none", sys.executable, "-I", "-S", "-c", ""])
    if failure is None:
        return Finding("strace", title, True, message("may trace, so the counts can be checked from outside"))
    return Finding(
        "strace",
        title,
        False,
        message("refused: {error}", error=failure),
        message("Docker: --cap-add=SYS_PTRACE. Elsewhere look at kernel.yama.ptrace_scope."),
    )


def _complaint(command: list[str]) -> Message | str | None:
    """None when the command succeeds, else the last thing it said."""
    try:
        done = _run(command)
    except OSError as error:
        return reason(error)
    except subprocess.TimeoutExpired:
        return message("no answer within {seconds} s", seconds=_PATIENCE)
    if done.returncode == 0:
        return None
    said = done.stderr.decode(errors="replace").strip().splitlines()
    return said[-1] if said else message("exit status {status}", status=done.returncode)


def _run(command: list[str]) -> subprocess.CompletedProcess[bytes]:
    environment = {**os.environ, "PYTHONPATH": package_path()}
    return subprocess.run(
        command, stdin=subprocess.DEVNULL, capture_output=True, timeout=_PATIENCE, check=False, env=environment
    )
