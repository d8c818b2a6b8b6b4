"""The inspection of a host, in the order of its report."""

from __future__ import annotations

import platform
import sys
from pathlib import Path

from zcquest.engine.host import children, loopback, machine, storage
from zcquest.engine.host.report import HostReport, reason
from zcquest.engine.message import Message, message


def inspect_host(run_folder: Path) -> HostReport:
    """Probe this host with a file in `run_folder` (made if it does not exist). Raises nothing.

    Takes some 500 ms and blocks: it writes to the disk and starts three short-lived processes. Of all that it makes,
    only the folder stays.
    """
    findings = [machine.system(), machine.python()]
    if sys.platform != "linux":
        return HostReport(False, _not_linux(), tuple(findings))
    findings += [machine.surroundings(), machine.page_size()]
    try:
        run_folder.mkdir(parents=True, exist_ok=True)
        findings += [machine.filesystem(run_folder), machine.free_space(run_folder)]
        findings += storage.probe(run_folder)
    except OSError as error:
        why = message("the run folder {folder} cannot be used: {error}", folder=str(run_folder), error=reason(error))
        return HostReport(False, why, tuple(findings))
    findings += [loopback.zerocopy(), children.namespaces(), children.bench_nic(), children.strace()]
    reachable = loopback.loopback()
    return HostReport(bool(reachable.ok), None if reachable.ok else reachable.detail, (*findings, reachable))


def _not_linux() -> Message:
    return message(
        "zcquest plays on the Linux kernel itself, and this is {system}. On Windows, install it inside WSL2. On macOS, "
        "use a Linux virtual machine or a container: docker run -it python:3.12 bash, and install it there.",
        system=platform.system() or sys.platform,
    )
