"""The game's side of the forkserver: start it, have children forked, hear of their ends, leave nothing behind."""

from __future__ import annotations

import asyncio
import contextlib
import fcntl
import os
import shutil
import socket
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import msgspec

from zcquest.engine.control import LARGEST, FromForkserver, Kill, Spawn, Spawned, encode, pair
from zcquest.engine.package_path import package_path

_YOUNG = 60.0  # seconds
_EXIT_PATIENCE = 5.0  # seconds for the forkserver to clean up before it is killed


class ChildLost(Exception):
    """A child, or the forkserver itself, went away while it was needed. `detail` is what it printed last."""

    def __init__(self, detail: str = "") -> None:
        super().__init__(detail)
        self.detail = detail


@dataclass(frozen=True, slots=True)
class Exit:
    """How a child ended: its exit status, or the number of the signal that killed it (else 0)."""

    status: int
    signal: int


class Child:
    """One forked process and the control socket to it."""

    def __init__(self, children: Children, name: int, control: socket.socket, expected: object) -> None:
        self.pid = 0
        self.exited: asyncio.Future[Exit] = asyncio.get_running_loop().create_future()
        self._children = children
        self._name = name
        self._control = control
        self._hearing = asyncio.Lock()
        self._spawned: asyncio.Future[int] = asyncio.get_running_loop().create_future()
        self._decoder: msgspec.msgpack.Decoder[Any] = msgspec.msgpack.Decoder(expected)

    async def say(self, told: msgspec.Struct) -> None:
        """Raises ChildLost when nobody listens any more."""
        try:
            await asyncio.get_running_loop().sock_sendall(self._control, encode(told))
        except OSError as failure:
            raise ChildLost(self._children.last_words()) from failure

    async def hear(self) -> Any:
        """The child's next message. Raises ChildLost when the child is gone."""
        try:
            async with self._hearing:
                data = await asyncio.get_running_loop().sock_recv(self._control, LARGEST)
        except OSError as failure:
            raise ChildLost(self._children.last_words()) from failure
        if not data:
            raise ChildLost(self._children.last_words())
        return self._decoder.decode(data)

    def kill(self) -> None:
        """SIGKILL, unless it has ended."""
        if not self.exited.done():
            self._children.tell(Kill(name=self._name))

    def abandon(self) -> None:
        """Kill it and hang up, without waiting: whoever waits for its next message hears ChildLost."""
        self.kill()
        with contextlib.suppress(OSError):
            self._control.shutdown(socket.SHUT_RDWR)

    async def end(self) -> None:
        """Hang up, kill it if it is still there, and wait until it has been reaped."""
        self.abandon()
        try:
            with contextlib.suppress(ChildLost):
                await asyncio.shield(self.exited)
            async with self._hearing:
                pass  # closed under a waiting `hear`, the descriptor's number could already be somebody else's
        finally:
            self._control.close()


class Children:
    """The forkserver of one game. Use it as an async context manager."""

    def __init__(self, folder: Path) -> None:
        """`folder` is where run folders go; it must exist. Raises OSError when nothing can be written there."""
        self.folder = Path(tempfile.mkdtemp(prefix="run-", dir=folder))
        self._lock = _lock(self.folder)
        self._control: socket.socket | None = None
        self._process: subprocess.Popen[bytes] | None = None
        self._listener: asyncio.Task[None] | None = None
        self._living: dict[int, Child] = {}
        self._names = 0

    async def __aenter__(self) -> Children:
        ours, theirs = pair()
        ours.setblocking(False)
        environment = {**os.environ, "PYTHONPATH": package_path()}
        with open(self.folder / "stderr", "wb") as stderr:
            self._process = subprocess.Popen(
                [sys.executable, "-m", "zcquest.engine.forkserver", str(theirs.fileno()), str(self.folder)],
                pass_fds=[theirs.fileno()],
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
                stderr=stderr,
                cwd=self.folder,
                env=environment,
                start_new_session=True,
            )
        theirs.close()
        self._control = ours
        self._listener = asyncio.create_task(self._listen())
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.close()

    async def spawn(self, role: str, config: msgspec.Struct, expected: object, *, urgent: bool = False) -> Child:
        """Fork a child that speaks `expected`. Raises ChildLost when the forkserver is gone."""
        ours, theirs = pair()
        ours.setblocking(False)
        self._names += 1
        child = Child(self, self._names, ours, expected)
        self._living[self._names] = child
        try:
            raw = msgspec.msgpack.encode(config)
            self._send(Spawn(role=role, name=self._names, config=raw, urgent=urgent), theirs)
            child.pid = await asyncio.shield(child._spawned)
        except BaseException:  # a cancelled task, too, must not leave a process that nobody holds
            child.abandon()
            ours.close()
            raise
        finally:
            theirs.close()
        return child

    def _send(self, told: Spawn, attached: socket.socket) -> None:
        try:
            if self._control is None:
                raise BrokenPipeError
            socket.send_fds(self._control, [encode(told)], [attached.fileno()])
        except OSError as failure:
            del self._living[told.name]
            raise ChildLost(self.last_words()) from failure

    def tell(self, told: Kill) -> None:
        """Say something to the forkserver; a forkserver that is gone has taken its children along."""
        if self._control is not None:
            with contextlib.suppress(OSError):
                self._control.send(encode(told))

    def last_words(self) -> str:
        """The last line that the forkserver or a child printed: the reason of an unexpected end."""
        with contextlib.suppress(OSError, IndexError):
            return (self.folder / "stderr").read_text(errors="replace").strip().splitlines()[-1]
        return ""

    async def close(self) -> None:
        """Hang up: the forkserver kills its children, removes the run folder and exits. Waits until it has."""
        if self._control is None or self._process is None:
            return
        if self._listener:
            self._listener.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await self._listener
        self._control.close()
        self._control = None
        self._lose_everyone()
        try:
            await asyncio.to_thread(self._process.wait, _EXIT_PATIENCE)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
        shutil.rmtree(self.folder, ignore_errors=True)
        os.close(self._lock)

    async def _listen(self) -> None:
        decoder = msgspec.msgpack.Decoder(FromForkserver)
        loop = asyncio.get_running_loop()
        assert self._control is not None
        while True:
            try:
                data = await loop.sock_recv(self._control, LARGEST)
            except OSError:
                data = b""
            if not data:
                self._lose_everyone()
                return
            told = decoder.decode(data)
            if isinstance(told, Spawned):
                self._living[told.name]._spawned.set_result(told.pid)
            else:
                child = self._living.pop(told.name)
                child.exited.set_result(Exit(told.status, told.signal))
                if not child._spawned.done():
                    _fail(child._spawned, ChildLost(self.last_words()))

    def _lose_everyone(self) -> None:
        lost = ChildLost(self.last_words())
        for child in self._living.values():
            _fail(child._spawned, lost)
            _fail(child.exited, lost)
        self._living.clear()


def _fail(future: asyncio.Future[Any], lost: ChildLost) -> None:
    if not future.done():
        future.set_exception(lost)
        future.exception()  # seen: nobody need wait for it


def sweep(folder: Path) -> int:
    """Remove the run folders that nobody holds any more (a game and its forkserver both killed). How many they were."""
    removed = 0
    for left in folder.glob("run-*"):
        with contextlib.suppress(OSError):
            if time.time() - left.stat().st_mtime < _YOUNG:
                continue  # perhaps being made right now
            fd = _lock(left)
            shutil.rmtree(left, ignore_errors=True)
            os.close(fd)
            removed += 1
    return removed


def _lock(folder: Path) -> int:
    """Hold a run folder as long as this process, or a forkserver it started, lives. Raises BlockingIOError if held."""
    fd = os.open(folder / "lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        fcntl.flock(fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        os.close(fd)
        raise
    return fd
