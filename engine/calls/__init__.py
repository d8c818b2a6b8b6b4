"""The palette. To add a call: write its class in the file of its family, and name it in the tuple below."""

from __future__ import annotations

from collections.abc import Mapping

from zcquest.engine.calls.base import Call, Kind, Parameter
from zcquest.engine.calls.files import Fadvise, Fdatasync, Fsync, Pread, Read, Readahead
from zcquest.engine.calls.gathering import Writev
from zcquest.engine.calls.implied import Fcntl, Lseek, Poll, Recover
from zcquest.engine.calls.mapping import Madvise, Mmap
from zcquest.engine.calls.pipes import Pipe, Splice, Tee, Vmsplice
from zcquest.engine.calls.sockets import Recv, Send, Write
from zcquest.engine.calls.user import Memcpy, Rewrite, Select, Verify
from zcquest.engine.calls.zerocopy import CopyFileRange, Sendfile

CALLS: Mapping[str, Call] = {
    call.name: call
    for call in (
        Read(),
        Pread(),
        Write(),
        Send(),
        Recv(),
        Mmap(),
        Madvise(),
        Fadvise(),
        Readahead(),
        Fsync(),
        Fdatasync(),
        Sendfile(),
        CopyFileRange(),
        Memcpy(),
        Verify(),
        Rewrite(),
        Select(),
        Writev(),
        Pipe(),
        Splice(),
        Tee(),
        Vmsplice(),
    )
}
"""What a plan may name."""

EVERY: Mapping[str, Call] = {**CALLS, **{call.name: call for call in (Lseek(), Poll(), Fcntl(), Recover())}}
"""The palette and the calls made on a plan's behalf."""

CODES: tuple[Call, ...] = tuple(EVERY.values())
"""Calls by the code that a trace record holds."""

__all__ = ["CALLS", "CODES", "EVERY", "Call", "Kind", "Parameter"]
