"""The loops that a Python programmer would write, timed alone: `by_hand.py NAME LOG` prints seconds, and those of CPU.

The receiver is a process of its own that discards what it gets, as the bench's consumer does.
"""

from __future__ import annotations

import io
import mmap
import os
import select
import socket
import sys
import time


def sendfile(sock: socket.socket, log: int, size: int, chunk: int) -> None:
    out, offset = sock.fileno(), 0
    while offset < size:
        offset += os.sendfile(out, log, offset, chunk)


def read_write(sock: socket.socket, log: int, size: int, chunk: int) -> None:
    out, file, view = sock.fileno(), io.FileIO(log, closefd=False), memoryview(bytearray(chunk))
    while count := file.readinto(view):
        sent = 0
        while sent < count:
            sent += os.write(out, view[sent:count])


def mmap_write(sock: socket.socket, log: int, size: int, chunk: int) -> None:
    out, view, offset = sock.fileno(), memoryview(mmap.mmap(log, size, prot=mmap.PROT_READ)), 0
    while offset < size:
        offset += os.write(out, view[offset : offset + chunk])


LOOPS = {"sendfile": sendfile, "read + write": read_write, "mmap + write": mmap_write}


def receive(listener: socket.socket) -> None:
    connection, _ = listener.accept()
    sink, poller = memoryview(bytearray(1 << 18)), select.poll()
    poller.register(connection, select.POLLIN)
    while poller.poll() and connection.recv_into(sink, 0, socket.MSG_TRUNC):
        pass


def main() -> None:
    words = sys.argv[1].rsplit(" ", 2)
    chunk = int(words[1]) * 1024
    log = os.open(sys.argv[2], os.O_RDONLY)
    listener = socket.create_server(("127.0.0.1", 0))
    if os.fork() == 0:
        receive(listener)
        os._exit(0)
    sock = socket.create_connection(listener.getsockname())
    start, ran = time.perf_counter(), time.process_time()
    LOOPS[words[0]](sock, log, os.fstat(log).st_size, chunk)
    print(time.perf_counter() - start, time.process_time() - ran)


if __name__ == "__main__":
    main()
