"""The machine process: sets itself up, then makes the plan's calls when the session says so."""

from __future__ import annotations

import contextlib
import errno
import gc
import os
import select
import socket
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from resource import RUSAGE_SELF, getrusage
from time import perf_counter

import msgspec

from zcquest.engine.calls import CALLS, CODES
from zcquest.engine.calls.base import BUFFERS, DESCRIPTORS, MESSAGE, SOCKETS
from zcquest.engine.control import (
    COUNT,
    REFERENCE,
    Advance,
    Bare,
    Door,
    Finish,
    Handed,
    Line,
    MachineConfig,
    NoTrace,
    Paused,
    Peek,
    Peeked,
    Peeks,
    Ready,
    Settle,
    Settled,
    Tamper,
    ToMachine,
)
from zcquest.engine.logs.rocketmq_layout import BODY_AT, is_blank, physical_offset, record_size
from zcquest.engine.logs.rocketmq_retry import GROWTH
from zcquest.engine.machine import bare
from zcquest.engine.machine.executor import Ending, Verdict, execute
from zcquest.engine.machine.fan import FanMachine
from zcquest.engine.machine.machine import Machine, Reference
from zcquest.engine.machine.memory import Buffer, settle
from zcquest.engine.machine.receiver import Receiver, Recovery, recover
from zcquest.engine.machine.recorder import CLEAR, Counter, Recorder, TraceFull, clear_of_the_plan, limit_files
from zcquest.engine.network.namespaces import join
from zcquest.engine.plan import Plan, parse_plan
from zcquest.engine.process_name import name_process


def main(control: socket.socket, raw: bytes) -> None:
    """Serve one session; returns when it is over, or when its trace can be kept no longer."""
    config = msgspec.msgpack.decode(raw, type=MachineConfig)
    line = Line(socket.socket(fileno=clear_of_the_plan(control.detach())), ToMachine)
    os.closerange(DESCRIPTORS["log"], CLEAR)  # what the forkserver left open: a plan may name these
    if config.namespaces:
        join(config.namespaces)
    receive = config.receive
    recovery = recover(config.log, config.log_format) if receive else None
    sock = _connect("sock", config, Door(config.port, config.token))
    start = _agree(sock, recovery.kept) if recovery else 0
    _place(os.open(config.log, (os.O_RDWR if receive else os.O_RDONLY) | os.O_CLOEXEC), DESCRIPTORS["log"])
    if recovery:
        os.lseek(DESCRIPTORS["log"], recovery.kept, os.SEEK_SET)
    sock.setblocking(not config.nonblocking)
    if config.dlq:
        _place(os.open(config.dlq, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600), DESCRIPTORS["dlq"])
    if config.file_limit is not None:
        limit_files(config.file_limit)
    if config.index:
        _place(os.open(config.index, os.O_RDONLY | os.O_CLOEXEC), DESCRIPTORS["index"])
    plan = parse_plan(config.plan, CALLS)
    machine: Machine | None = None
    try:
        recorder = Recorder(Path(config.trace), resume=bool(receive and receive.resume))
        machine = _machine(config, plan, recorder, sock, start, recovery)
        if any(step.call == "pipe" for step in plan.steps):
            _hold_places(DESCRIPTORS["pipe"])
        _serve(config, line, machine, plan, recorder, recovery)
    except TraceFull as failure:
        line.say(NoTrace(errno=failure.errno))
    for end in machine.sockets if machine else (sock,):
        with contextlib.suppress(OSError):  # the consumer may have hung up first
            end.shutdown(socket.SHUT_WR)


def _machine(
    config: MachineConfig, plan: Plan, recorder: Recorder, sock: socket.socket, start: int, recovery: Recovery | None
) -> Machine:
    codes = {call.name: code for code, call in enumerate(CODES)}
    if not config.receive or not recovery:
        kind: Callable[..., Machine] = Machine
        if config.neighbours:
            others = [_connect(word, config, door) for word, door in zip(SOCKETS[1:], config.neighbours, strict=False)]
            for other in others:
                other.setblocking(not config.nonblocking)
            kind = partial(FanMachine, others, plan)
        return kind(
            recorder,
            sock,
            os.stat(config.log).st_size,
            config.log_format,
            codes,
            index_size=os.stat(config.index).st_size if config.index else 0,
            subscription=config.subscription,
        )
    receiver = Receiver(recorder, sock, config.receive.size, config.log_format, codes)
    receiver.begin(start, recovery.kept)
    return receiver


def _agree(sock: socket.socket, kept: int) -> int:
    """Tell the producer how much of the log is here; the offset from which it will send."""
    sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)  # an acknowledgement waits for no other
    sock.sendall(COUNT.pack(kept))
    raw = sock.recv(COUNT.size, socket.MSG_WAITALL)
    return int(COUNT.unpack(raw)[0])


def _serve(
    config: MachineConfig, line: Line, machine: Machine, plan: Plan, recorder: Recorder, recovery: Recovery | None
) -> None:
    sizes = buffer_sizes(plan, config.message)
    capacity = sum(sizes.values())
    run = Run(machine, plan, recorder)
    if config.rejecting:
        machine.settle = Settlement(run, line).references
        machine.retries = config.retries
    left = config.memory
    try:
        for word, size in sizes.items():
            machine.buffers[word] = Buffer(size, left)
            left -= size
    except OSError as failure:
        run.verdict = Verdict(Ending.NO_MEMORY, errno=failure.errno or errno.ENOMEM)
    gc.disable()  # a collection in the middle of a call would be measured as the call
    if config.settle:
        settle()
    if recovery and config.receive and config.receive.resume:
        recorder.call(recorder.in_flight, machine.codes["recover"], lambda: recovery.kept, (), 0, recovery.found)
    line.say(Ready(pid=os.getpid(), buffer=capacity, kept=machine.sent.payload))
    while (told := line.hear()) and not isinstance(told, Finish):
        if isinstance(told, Advance):
            line.say(run.advance(told.calls))
        elif isinstance(told, Bare):
            line.say(run.bare())
        elif isinstance(told, Tamper):
            run.tamper(told.sibling)
            line.say(run.paused())
        elif isinstance(told, Peek):
            line.say(run.peeks())


_PEEK = 64 << 10  # bytes of a buffer that are shown at most


class Run:
    """A plan half way through."""

    def __init__(self, machine: Machine, plan: Plan, recorder: Recorder) -> None:
        self.machine = machine
        self.plan = plan
        self._recorder = recorder
        self.verdict: Verdict | None = None
        self._calls: Iterator[Verdict | None] | None = None
        self._before = (getrusage(RUSAGE_SELF), perf_counter())
        self._spent = [0.0, 0.0, 0.0, 0, 0, 0, 0]
        self.strays = 0  # references to no message

    def advance(self, calls: int) -> Paused:
        """Make up to `calls` calls (0: all that remain). The ending is known one call after the last."""
        if self._calls is None and self.verdict is None:
            self._calls = execute(self.machine, self.plan)
            self.machine.recorder.begin()
        self._enter()
        if self.verdict is None and self._calls is not None:
            left = calls
            machine, stand = self.machine, self._recorder.stand
            plain = machine.settle is None and not machine.fan  # one cursor: no need to ask which
            for verdict in self._calls:
                if plain:
                    stand(machine.position, machine.sent.payload)
                else:
                    stand(machine.taken, *(sent.payload for sent in machine.handed))
                if verdict:
                    self.verdict = verdict
                    break
                left -= 1
                if not left:
                    break
        self._leave()
        return self.paused()

    def bare(self) -> Paused:
        """Run the whole plan unobserved."""
        self._enter()
        if self.verdict is None:
            self.verdict = bare.run(self.machine, self.plan)
        self._leave()
        return self.paused()

    def tamper(self, sibling: str) -> None:
        """Overwrite what the latest call moved out of a buffer with the sibling log's bytes."""
        machine = self.machine
        if machine.moved and machine.moved_from:
            start, stop = machine.moved
            with open(sibling, "rb") as other:
                fresh = os.pread(other.fileno(), stop - start, start)
            buffer, at = machine.moved_from
            buffer.view[at : at + len(fresh)] = fresh

    def peeks(self) -> Peeks:
        return Peeks(
            [
                Peeked(word, buffer.loaded.log, bytes(buffer.view[: min(buffer.loaded.length, _PEEK)]))
                for word, buffer in self.machine.buffers.items()
                if buffer.loaded
            ]
        )

    def paused(self) -> Paused:
        machine, verdict, spent = self.machine, self.verdict, self._spent
        handed, *others = machine.handed
        return Paused(
            ending=verdict.ending if verdict else "",
            errno=verdict.errno if verdict else 0,
            memory=verdict.memory if verdict else "",
            reason=verdict.reason if verdict else None,
            step=machine.step,
            calls=machine.recorder.calls,
            user_calls=machine.recorder.user_calls if isinstance(machine.recorder, Counter) else 0,
            position=machine.taken,
            skipped=machine.passed_over,
            sent=handed.payload,
            garbage=handed.garbage,
            neighbours=tuple(Handed(sent.payload, sent.garbage) for sent in others),
            pending=machine.pending,
            piped=machine.pipes.payload,
            overwritten=machine.overwritten,
            refills=sum(buffer.refills for buffer in machine.buffers.values()),
            rejections=machine.rejections.total() + self.strays,
            given_up=machine.given_up,
            strays=self.strays,
            moved=machine.moved,
            moved_from_buffer=machine.moved_from is not None,
            wall_s=spent[0],
            user_s=spent[1],
            sys_s=spent[2],
            minor_faults=int(spent[3]),
            major_faults=int(spent[4]),
            voluntary_switches=int(spent[5]),
            involuntary_switches=int(spent[6]),
        )

    @contextlib.contextmanager
    def outside(self) -> Iterator[None]:
        """Within the plan's run, something that is not the plan's own: no call of it is counted, no time of it."""
        self._leave()
        try:
            yield
        finally:
            self._enter()

    def _enter(self) -> None:
        name_process("zcq:plan")  # in a strace, the plan's own calls stand between these two prctl
        self._before = (getrusage(RUSAGE_SELF), perf_counter())

    def _leave(self) -> None:
        used, now = getrusage(RUSAGE_SELF), perf_counter()
        name_process("zcq:machine")
        before, then = self._before
        fresh = (
            now - then,
            used.ru_utime - before.ru_utime,
            used.ru_stime - before.ru_stime,
            used.ru_minflt - before.ru_minflt,
            used.ru_majflt - before.ru_majflt,
            used.ru_nvcsw - before.ru_nvcsw,
            used.ru_nivcsw - before.ru_nivcsw,
        )
        self._spent = [sum(pair) for pair in zip(self._spent, fresh, strict=True)]


class Settlement:
    """How the machine learns what the consumer has sent back: references, over the plan's own connection.

    The session tells how many there are. Taking them is the runner's business, as accepting the connection was, and
    not counted: every request of a consumer's comes in that way.
    """

    def __init__(self, run: Run, line: Line) -> None:
        self._run = run
        self._line = line

    def references(self) -> list[Reference]:
        """Those to messages of the log, in the order in which the consumer sent them. Waits until it has settled."""
        machine = self._run.machine
        with self._run.outside():
            self._line.say(Settle(received=machine.sent.payload + machine.sent.garbage))
            told = self._line.hear()
            if not isinstance(told, Settled):
                return []  # the session has gone
            raw = _receive(machine.sock, told.rejections * REFERENCE.size)
            found = [_look_up(offset, machine.size) for offset, _ in REFERENCE.iter_unpack(raw)]
            known = [reference for reference in found if reference]
            self._run.strays += len(found) - len(known)
            return known


def _receive(sock: socket.socket, count: int) -> bytes:
    """`count` bytes from the socket; fewer when the connection has ended."""
    poller = select.poll()
    poller.register(sock, select.POLLIN)
    received = b""
    with contextlib.suppress(ConnectionError):
        while len(received) < count:
            poller.poll()
            if not (more := sock.recv(count - len(received))):
                break
            received += more
    return received[: len(received) // REFERENCE.size * REFERENCE.size]


def _look_up(offset: int, size: int) -> Reference | None:
    """The message that begins there in the log of `size` bytes; None where none does, as a broker makes sure of.

    The offset alone tells: a rewritten message that is rejected again is longer than the log's own.
    """
    head = os.pread(DESCRIPTORS["log"], BODY_AT, offset) if 0 <= offset < size else b""
    if len(head) < BODY_AT or is_blank(head, 0) or physical_offset(head, 0) != offset:
        return None
    length = record_size(head, 0)
    return Reference(offset, length) if length and offset + length <= size else None


def buffer_sizes(plan: Plan, longest: int = 0) -> dict[str, int]:
    """Bytes of each buffer that the plan's steps ask for: the largest size any of them names beside it.

    `msg` is `longest`, the bytes of the log's longest message, and some more where a step rewrites it.
    """
    longest += GROWTH if any(step.call == "rewrite" for step in plan.steps) else 0
    wanted: dict[str, int] = {}
    for step in plan.steps:
        sizes = (longest if word == MESSAGE else word for word in step.values)
        most = max((size for size in sizes if isinstance(size, int)), default=0)
        for word in step.values:
            if word in BUFFERS:
                wanted[word] = max(wanted.get(word, 0), most)
    return {word: size for word, size in wanted.items() if size}


def _place(fd: int, target: int) -> None:
    """Move a descriptor to where the plan expects it."""
    if fd != target:
        os.dup2(fd, target, inheritable=False)
        os.close(fd)


def _hold_places(end: int) -> None:
    """Let no descriptor before `end` be free, for the next one made to be `end`. Those that hold the places of what
    this run does not have open nothing: the kernel answers EBADF to whoever uses them, as if there were none."""
    while (fd := os.open("/", os.O_PATH | os.O_CLOEXEC)) < end:
        pass
    os.close(fd)


def _connect(word: str, config: MachineConfig, door: Door) -> socket.socket:
    """The socket that plans call `word`."""
    sock = socket.socket()
    if config.send_buffer:
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, config.send_buffer)
    sock.connect((config.address, door.port))
    sock.sendall(door.token)
    _place(sock.detach(), DESCRIPTORS[word])
    return socket.socket(fileno=DESCRIPTORS[word])
