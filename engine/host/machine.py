"""Kernel, interpreter and surroundings, and the filesystem of the run folder."""

from __future__ import annotations

import mmap
import os
import platform
import shutil
import sys
from pathlib import Path

from zcquest.engine.filesystem import filesystem_of
from zcquest.engine.host.report import Finding
from zcquest.engine.message import message
from zcquest.engine.sizes import format_size

ROOM = 3 << 30  # bytes: a log of 2 GiB and the traces of its runs
"""Bytes that should be free in the run folder."""


def system() -> Finding:
    """Kernel and architecture."""
    detail = message(
        "{system} {release}, {machine}",
        system=platform.system(),
        release=platform.release(),
        machine=platform.machine(),
    )
    return Finding("system", message("operating system"), sys.platform == "linux", detail)


def python() -> Finding:
    """The interpreter."""
    detail = message(
        "{implementation} {version}", implementation=platform.python_implementation(), version=platform.python_version()
    )
    return Finding("python", message("Python"), None, detail)


def surroundings() -> Finding:
    """WSL or a container, as far as it shows."""
    title, release = message("surroundings"), platform.release()
    if release.endswith("-Microsoft"):
        return Finding(
            "surroundings",
            title,
            False,
            message("WSL1: system calls are translated, there is no Linux kernel"),
            message("Convert the distribution to WSL2: wsl --set-version <name> 2"),
        )
    if "microsoft" in release.lower():
        return Finding("surroundings", title, None, message("WSL2, a virtual machine with a Linux kernel of its own"))
    if _in_container():
        return Finding("surroundings", title, None, message("a container: the kernel is the host's"))
    return Finding("surroundings", title, None, message("neither WSL nor a container was recognised"))


def _in_container() -> bool:
    marks = ("/.dockerenv", "/run/.containerenv", "/run/systemd/container")
    return any(os.path.exists(mark) for mark in marks) or "KUBERNETES_SERVICE_HOST" in os.environ


def page_size() -> Finding:
    """Bytes in a page."""
    detail = message("{size} bytes", size=mmap.PAGESIZE)
    return Finding("page_size", message("page size"), None, detail)


def filesystem(folder: Path) -> Finding:
    """What `folder` lies on. Raises OSError when the mount table cannot be read."""
    title, found = message("run folder"), filesystem_of(folder)
    if found is None:
        return Finding("filesystem", title, None, message("{folder}, on an unknown filesystem", folder=str(folder)))
    detail = message("{folder}, on {type}", folder=str(folder), type=found.type)
    if found.in_memory:
        return Finding(
            "filesystem",
            title,
            False,
            detail,
            message(
                "{type} keeps files in memory: nothing is ever read from a disk. Set XDG_CACHE_HOME to a folder "
                "on a disk.",
                type=found.type,
            ),
        )
    if found.elsewhere:
        return Finding(
            "filesystem",
            title,
            False,
            detail,
            message(
                "{type} brings bytes from another system, so its figures are not those of a disk. Set "
                "XDG_CACHE_HOME to a folder on a local disk.",
                type=found.type,
            ),
        )
    return Finding("filesystem", title, True, detail)


def free_space(folder: Path) -> Finding:
    """Bytes free to this user in `folder`. Raises OSError."""
    free = shutil.disk_usage(folder).free
    return Finding(
        "free_space",
        message("free space"),
        free >= ROOM,
        message("{free} MiB", free=free >> 20),
        None
        if free >= ROOM
        else message("Free some space: the largest level needs {room}, the others little.", room=format_size(ROOM)),
    )
