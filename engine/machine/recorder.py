"""Writes the trace from inside the machine, at well under 3 µs a call."""

from __future__ import annotations

import errno
import fcntl
import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from resource import RLIM_INFINITY, RLIMIT_FSIZE, RUSAGE_THREAD, getrlimit, getrusage, setrlimit
from time import perf_counter_ns
from typing import Any

from zcquest.engine.machine.memory import MAP_SHARED, PROT_READ, PROT_WRITE, libc, map_memory, view_of
from zcquest.engine.trace import PAGE, RECORD, WINDOW_RECORDS

_WINDOW = WINDOW_RECORDS * RECORD.size
_pack, _SIZE = RECORD.pack_into, RECORD.size  # looked up once, not at every call

CLEAR = 64  # descriptors from here on are none that a plan can name


def clear_of_the_plan(fd: int) -> int:
    """The same file on a descriptor that the plan's own do not reach; closes `fd`."""
    moved = fcntl.fcntl(fd, fcntl.F_DUPFD_CLOEXEC, CLEAR)
    os.close(fd)
    return moved


def limit_files(most: int) -> None:
    """No file of this process grows beyond `most` bytes from now on: EFBIG (Python ignores SIGXFSZ)."""
    _, hard = getrlimit(RLIMIT_FSIZE)
    setrlimit(RLIMIT_FSIZE, (most if hard == RLIM_INFINITY else min(most, hard), hard))


@contextmanager
def _unlimited() -> Iterator[None]:
    """The trace is not the plan's file: the plan's limit is not for it."""
    soft, hard = getrlimit(RLIMIT_FSIZE)
    if soft != hard:
        setrlimit(RLIMIT_FSIZE, (hard, hard))
    try:
        yield
    finally:
        if soft != hard:
            setrlimit(RLIMIT_FSIZE, (soft, hard))


class TraceFull(Exception):
    """The trace can be kept no longer, ENOSPC for one: not an error of the plan's, so no OSError."""

    def __init__(self, failure: OSError) -> None:
        super().__init__(str(failure))
        self.errno = failure.errno or errno.EIO


class Recorder:
    """Times each call, takes the thread's faults and disk reads around it, and keeps the record in a mapped file.

    A mapped file, not a list: private memory stays flat over millions of calls, and the records outlive a SIGBUS.
    """

    def __init__(self, path: Path, *, resume: bool = False) -> None:
        """With `resume` the trace goes on where a killed machine left it.

        Raises TraceFull when the trace cannot be kept; so does `call`, having made its call and recorded it.
        """
        fresh = 0 if resume else os.O_TRUNC
        try:
            self._fd = clear_of_the_plan(os.open(path, os.O_RDWR | os.O_CREAT | fresh | os.O_CLOEXEC, 0o600))
            with _unlimited():
                os.posix_fallocate(self._fd, 0, PAGE)
        except OSError as failure:
            raise TraceFull(failure) from failure
        self._header = view_of(self._map(PAGE, 0), PAGE).cast("Q")
        self.calls = self._header[0]
        self._start = self._header[2] or perf_counter_ns()
        self._windows, index = divmod(self.calls, WINDOW_RECORDS)
        self._window_address = 0
        self._open_window()
        self._at = index * RECORD.size

    def begin(self) -> None:
        """Time zero of the trace, if it has none yet."""
        self._start = self._header[2] = self._header[2] or perf_counter_ns()

    @property
    def in_flight(self) -> int:
        """The 0-based step whose call a killed machine was making; the first if it was making none."""
        return max(0, (self._header[1] >> 16) - 1)

    def stand(self, position: int, sent: int, *neighbours: int) -> None:
        """Keep how far the plan has come (see `Standing`) where others see it, and where it outlives the machine."""
        header = self._header
        header[3] = position
        header[4] = sent
        if neighbours:
            for number, taken in enumerate(neighbours, 5):
                header[number] = taken

    def call(
        self, step: int, code: int, function: Callable[..., int], arguments: tuple[Any, ...], offset: int, size: int
    ) -> tuple[int, int]:
        """Make one call and record it. Returns its result and errno (-1 and the errno when it failed)."""
        header = self._header
        header[1] = (step + 1) << 16 | code
        error = 0
        before = getrusage(RUSAGE_THREAD)
        start = perf_counter_ns()
        try:
            result = function(*arguments)
        except OSError as failure:
            result, error = -1, failure.errno or 0
        end = perf_counter_ns()
        after = getrusage(RUSAGE_THREAD)
        at = self._at
        _pack(
            self._window,
            at,
            start - self._start,
            end - start,
            step,
            code,
            error,
            offset,
            size,
            result,
            after[6] - before[6],  # ru_minflt
            after[7] - before[7],  # ru_majflt
            after[9] - before[9],  # ru_inblock
            after[14] - before[14],  # ru_nvcsw
        )
        self.calls = header[0] = self.calls + 1
        header[1] = 0
        self._at = at = at + _SIZE
        if at == _WINDOW:
            self._open_window()
        return result, error

    def _map(self, length: int, offset: int) -> int:
        """By hand: Python's own mmap keeps a second descriptor of the file, where a plan's could be looked for."""
        return map_memory(None, length, PROT_READ | PROT_WRITE, MAP_SHARED, self._fd, offset)

    def _open_window(self) -> None:
        at = PAGE + self._windows * _WINDOW
        try:
            with _unlimited():
                os.posix_fallocate(self._fd, at, _WINDOW)  # a sparse page would turn a full disk into SIGBUS
        except OSError as failure:
            raise TraceFull(failure) from failure
        if self._window_address:
            libc.munmap(self._window_address, _WINDOW)
        self._window_address = self._map(_WINDOW, at)
        self._window = view_of(self._window_address, _WINDOW)
        self._windows += 1
        self._at = 0


class Counter:
    """Stands in for the recorder: counts calls, and of them those of user code, whose codes are in `user`."""

    def __init__(self, user: frozenset[int]) -> None:
        self.calls = self.user_calls = 0
        self._user = user

    def begin(self) -> None:
        """There is no time zero to keep."""

    def call(
        self, step: int, code: int, function: Callable[..., int], arguments: tuple[Any, ...], offset: int, size: int
    ) -> tuple[int, int]:
        self.calls += 1
        self.user_calls += code in self._user
        try:
            return function(*arguments), 0
        except OSError as failure:
            return -1, failure.errno or 0
