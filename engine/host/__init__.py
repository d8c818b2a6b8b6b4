"""What this host can do: `inspect_host` finds out by doing it, and advises on what is missing."""

from zcquest.engine.host.inspection import inspect_host
from zcquest.engine.host.report import Finding, HostReport

__all__ = ["Finding", "HostReport", "inspect_host"]
