"""The forkserver: a small process of its own that forks machines and consumers, and outlives nobody it should not.

The game starts it once. It has the children's imports ready, so a run costs a fork and not an interpreter start,
and the children begin with clean counters. When the game goes away, however it goes, the control socket ends: the
forkserver kills its children, removes the run folder and exits. It stands in a session of its own, so a Ctrl-C or a
closed terminal reaches it only in that orderly way.
"""

from __future__ import annotations

import gc
import importlib
import os
import resource
import select
import shutil
import signal
import socket
import sys
import traceback

import msgspec

from zcquest.engine.control import LARGEST, Exited, Kill, Spawn, Spawned, ToForkserver, encode
from zcquest.engine.logs import FORMATS
from zcquest.engine.process_name import die_with_parent, name_process

_POLITE = 10  # niceness: a screen that wakes up gets its processor at once, also from a run that wants them all
ROLES = {
    "machine": "zcquest.engine.machine.process",
    "consumer": "zcquest.engine.consumer.process",
    "producer": "zcquest.engine.producer.process",
    "network": "zcquest.engine.network.process",
}


class Forkserver:
    """Serves one game over one control socket."""

    def __init__(self, control: socket.socket) -> None:
        self.control = control
        self.children: dict[int, int] = {}  # pid -> the session's name for the child
        self._wake_read, self._wake_write = os.pipe2(os.O_CLOEXEC | os.O_NONBLOCK)
        signal.set_wakeup_fd(self._wake_write)
        signal.signal(signal.SIGCHLD, lambda *_: None)
        self._decoder = msgspec.msgpack.Decoder(ToForkserver)

    def serve(self) -> None:
        """Until the game is gone."""
        poller = select.poll()
        poller.register(self.control, select.POLLIN)
        poller.register(self._wake_read, select.POLLIN)
        while True:
            for fd, _ in poller.poll():
                if fd == self._wake_read:
                    os.read(self._wake_read, 4096)
                    self._reap()
                elif not self._hear():
                    return

    def kill_all(self) -> None:
        """SIGKILL every child and wait for it."""
        for pid in self.children:
            os.kill(pid, signal.SIGKILL)
        for pid in self.children:
            os.waitpid(pid, 0)
        self.children.clear()

    def _hear(self) -> bool:
        data, fds, _, _ = socket.recv_fds(self.control, LARGEST, 1)
        if not data:
            return False
        told = self._decoder.decode(data)
        if isinstance(told, Spawn):
            self._spawn(told, fds[0])
        elif isinstance(told, Kill):
            for pid, name in self.children.items():
                if name == told.name:
                    os.kill(pid, signal.SIGKILL)  # not reaped yet, so the pid is still its own
        return True

    def _spawn(self, told: Spawn, fd: int) -> None:
        parent = os.getpid()
        try:
            pid = os.fork()
        except OSError as failure:  # the limit on processes, or no memory
            os.close(fd)
            print(failure, file=sys.stderr, flush=True)
            self.control.send(encode(Exited(name=told.name, status=1, signal=0)))
            return
        if pid == 0:
            self._become(told, fd, parent)
        os.close(fd)
        self.children[pid] = told.name
        self.control.send(encode(Spawned(name=told.name, pid=pid)))

    def _become(self, told: Spawn, fd: int, parent: int) -> None:
        """In the child: never returns."""
        status = 1
        try:
            die_with_parent(parent)
            if not told.urgent:
                os.nice(_POLITE)
            signal.set_wakeup_fd(-1)
            signal.signal(signal.SIGCHLD, signal.SIG_DFL)
            self.control.close()
            os.close(self._wake_read)
            os.close(self._wake_write)
            importlib.import_module(ROLES[told.role]).main(socket.socket(fileno=fd), told.config)
            status = 0
        except BaseException:
            traceback.print_exc()
            sys.stderr.flush()
        finally:
            os._exit(status)

    def _reap(self) -> None:
        for pid in list(self.children):
            found, status = os.waitpid(pid, os.WNOHANG)
            if found:
                name = self.children.pop(pid)
                killed = os.WTERMSIG(status) if os.WIFSIGNALED(status) else 0
                code = os.WEXITSTATUS(status) if os.WIFEXITED(status) else 0
                self.control.send(encode(Exited(name=name, status=code, signal=killed)))


def main() -> None:
    """`python -m zcquest.engine.forkserver FD FOLDER`: serve the game at FD's other end, then remove FOLDER."""
    control, folder = socket.socket(fileno=int(sys.argv[1])), sys.argv[2]
    name_process("zcq:forkserver")
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, signal.SIG_IGN)  # the control socket's end is what ends it
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))  # a SIGBUS is part of the game, a core file is not
    for module in ROLES.values():
        importlib.import_module(module)
    for form in FORMATS.values():
        form().reader()  # loads the format's parser once, for all consumers to come
    gc.collect()
    gc.freeze()  # what is here now is never garbage: the children need not look at it, nor copy its pages
    server = Forkserver(control)
    try:
        server.serve()
    except OSError:
        pass  # the game vanished between two messages
    finally:
        server.kill_all()
        shutil.rmtree(folder, ignore_errors=True)


if __name__ == "__main__":
    main()
