"""Large logs are written by a process of their own: two gigabytes in this one would stop the screen for seconds."""

from __future__ import annotations

import asyncio
import contextlib
import sys
from pathlib import Path

import msgspec

from zcquest.engine.logs import LogSpec

LARGE = 32 << 20  # bytes from which a log takes long enough to be noticed
_MAKE = """
import sys, msgspec
from pathlib import Path
from zcquest.engine.logs import LogSpec, ensure
ensure(msgspec.json.decode(sys.argv[1], type=LogSpec), Path(sys.argv[2]))
"""
_made: set[LogSpec] = set()


def is_missing(spec: LogSpec) -> bool:
    """Whether the log is large and this process has not seen it made."""
    return spec.size > LARGE and spec not in _made


async def make_log(spec: LogSpec, folder: Path) -> None:
    """Have the log of `spec` made in `folder`. Cancelling it ends the process; what goes wrong, the run will tell."""
    maker = await asyncio.create_subprocess_exec(
        sys.executable,
        "-c",
        _MAKE,
        msgspec.json.encode(spec).decode(),
        str(folder),
        stdin=asyncio.subprocess.DEVNULL,
        stdout=asyncio.subprocess.DEVNULL,
        stderr=asyncio.subprocess.DEVNULL,
    )
    try:
        await maker.wait()
    finally:
        if maker.returncode is None:
            with contextlib.suppress(ProcessLookupError):
                maker.kill()
            await maker.wait()
    _made.add(spec)
