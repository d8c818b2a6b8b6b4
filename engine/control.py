"""What the session, the forkserver, the machine and the consumer say to each other: one message a datagram.

The sockets are SOCK_SEQPACKET, so a message is never cut; they are not the sockets that the plan moves bytes over.
"""

from __future__ import annotations

import contextlib
import socket
from struct import Struct

import msgspec

from zcquest.engine.logs import Subscription
from zcquest.engine.message import Message
from zcquest.engine.network.namespaces import Namespaces

COUNT = Struct(">Q")  # of a log's bytes: how machine and producer tell each other over their own connection
LARGEST = 1 << 17  # bytes of one control message


class Spawn(msgspec.Struct, tag=True, frozen=True):
    """To the forkserver, with the child's control socket attached: fork a child of this role.

    One that is not `urgent` gives way to the screens when there are not processors enough for all.
    """

    role: str
    name: int
    config: bytes
    urgent: bool


class Kill(msgspec.Struct, tag=True, frozen=True):
    """To the forkserver: SIGKILL the child."""

    name: int


class Spawned(msgspec.Struct, tag=True, frozen=True):
    """From the forkserver: the child runs."""

    name: int
    pid: int


class Exited(msgspec.Struct, tag=True, frozen=True):
    """From the forkserver, which reaped the child: its exit status, or the signal that ended it."""

    name: int
    status: int
    signal: int


class Receiving(msgspec.Struct, frozen=True, kw_only=True):
    """For a machine that receives its log: the bytes there are to come, and whether it takes a killed one's place."""

    size: int
    resume: bool = False


class Door(msgspec.Struct, frozen=True):
    """Where one consumer lets the machine in, and what it has to show."""

    port: int
    token: bytes


class MachineConfig(msgspec.Struct, frozen=True, kw_only=True):
    """All a machine needs. `plan` is canonical plan text; sizes in bytes."""

    log: str
    log_format: str
    port: int
    token: bytes
    plan: str
    trace: str
    nonblocking: bool
    memory: int
    send_buffer: int | None
    rejecting: bool = False  # the consumer may send messages back
    retries: int | None = None
    dlq: str | None = None  # the path of its file
    file_limit: int | None = None  # bytes: RLIMIT_FSIZE
    message: int = 0  # bytes of the log's longest message
    neighbours: tuple[Door, ...] = ()  # the other consumers, at the plan's `sock2` and so on
    index: str | None = None  # of the log
    subscription: Subscription | None = None
    settle: bool  # fault in the interpreter's memory first, so that user faults can be told apart
    receive: Receiving | None = None
    address: str = "127.0.0.1"  # the consumer's
    namespaces: Namespaces | None = None  # to join before all else; None: those of the host


class Ready(msgspec.Struct, tag=True, frozen=True):
    """From the machine: connected, nothing run yet. `buffer`: bytes of user buffer the plan asked for.

    `kept` is how many bytes of a killed machine's log were worth keeping.
    """

    pid: int
    buffer: int
    kept: int = 0


class NoTrace(msgspec.Struct, tag=True, frozen=True):
    """From the machine, its last word: the trace cannot be kept, for the reason that `errno` gives."""

    errno: int


class Advance(msgspec.Struct, tag=True, frozen=True):
    """To the machine: make this many calls (0: all that remain), then say `Paused`."""

    calls: int


class Bare(msgspec.Struct, tag=True, frozen=True):
    """To the machine: run the whole plan in the tightest loop, recording nothing but totals."""


class Settle(msgspec.Struct, tag=True, frozen=True):
    """From the machine by way of the session to the consumer: read all that was sent, `received` bytes since the start,
    and say how many messages you have sent back since you were asked last (answered with `Settled`)."""

    received: int


class Settled(msgspec.Struct, tag=True, frozen=True):
    """From the consumer by way of the session to the machine: `rejections` references lie in the socket."""

    rejections: int


class Tamper(msgspec.Struct, tag=True, frozen=True):
    """To the machine: overwrite the bytes of buf that the latest call moved with those of the sibling log."""

    sibling: str


class Peek(msgspec.Struct, tag=True, frozen=True):
    """To the machine: show what the plan's buffers hold (answered with `Peeks`)."""


class Peeked(msgspec.Struct, frozen=True):
    """The first bytes of a buffer: those of the log from `log` on that the latest load put there."""

    name: str
    log: int
    data: bytes


class Peeks(msgspec.Struct, tag=True, frozen=True):
    """From the machine: the buffers that something was put into."""

    buffers: list[Peeked]


class Finish(msgspec.Struct, tag=True, frozen=True):
    """To the machine: nothing more will be sent; half-close the socket and exit."""


class Handed(msgspec.Struct, frozen=True):
    """What one socket has taken: bytes of the log, and bytes that never came from it."""

    payload: int
    garbage: int


class Paused(msgspec.Struct, tag=True, frozen=True, kw_only=True):
    """From the machine: where the run stands.

    `ending` is an `Ending` value, or "" while calls remain. `moved` is the log range of the latest call that moved
    bytes, `moved_from_buffer` whether a buffer was its source. CPU times in seconds, the rest in bytes or calls; the
    faults and switches are those of the whole plan, rusage of the machine's only thread.
    """

    ending: str = ""
    errno: int = 0
    step: int = 0
    memory: str = ""
    reason: Message | None = None
    calls: int = 0
    user_calls: int = 0  # of them, those of user code; counted in bare execution only
    position: int = 0
    skipped: int = 0
    sent: int = 0
    garbage: int = 0
    neighbours: tuple[Handed, ...] = ()  # what `sock2` and so on have taken; `sent` and `garbage` are those of `sock`
    pending: int = 0
    piped: int = 0  # bytes of the log that lie in pipes
    overwritten: int = 0
    refills: int = 0  # how often a buffer was filled again that a vmsplice had lent
    rejections: int = 0  # messages that the consumer has sent back
    given_up: int = 0  # of them, those after their last attempt
    strays: int = 0  # references to no message
    moved: tuple[int, int] | None = None
    moved_from_buffer: bool = False
    wall_s: float = 0.0
    user_s: float = 0.0
    sys_s: float = 0.0
    minor_faults: int = 0
    major_faults: int = 0
    voluntary_switches: int = 0
    involuntary_switches: int = 0


class ConsumerConfig(msgspec.Struct, frozen=True, kw_only=True):
    """All a consumer needs. `rate` in bytes per second, `window` (SO_RCVBUF) in bytes."""

    token: bytes
    log_format: str
    rate: int | None = None
    window: int | None = None
    discard: bool = False  # count bytes without reading them (MSG_TRUNC)
    held: bool = False  # do not read until told to
    subscription: Subscription | None = None
    keep: int = 0  # how many of the first bytes to keep, for `Compare`
    rejecting: bool = False
    poison: dict[int, int | None] = {}  # see `Poison`: number of the message -> deliveries that are rejected
    strays: tuple[int, ...] = ()
    dies_at: int | None = None
    address: str = "127.0.0.1"  # to listen on
    namespaces: Namespaces | None = None  # to join before all else; None: those of the host


class Listening(msgspec.Struct, tag=True, frozen=True):
    """From the consumer: the port it accepts the machine on."""

    pid: int
    port: int


class Hold(msgspec.Struct, tag=True, frozen=True):
    """To the consumer: stop reading (True) or go on (False)."""

    held: bool


class Report(msgspec.Struct, tag=True, frozen=True):
    """To the consumer: say how far you are (answered with `Progress`)."""


class Compare(msgspec.Struct, tag=True, frozen=True):
    """To the consumer: which of the bytes [start, stop) of the log came from the original, which from the sibling?"""

    original: str
    sibling: str
    start: int
    stop: int
    since: int = 0  # only in what arrived after this many bytes of the stream


class Compared(msgspec.Struct, tag=True, frozen=True):
    """From the consumer: bytes that came as the original has them, and as the sibling has them."""

    old: int
    new: int


class Progress(msgspec.Struct, tag=True, frozen=True):
    """From the consumer: `delivery` is the format's own report, as msgpack; `over` once the machine has hung up."""

    delivery: bytes
    over: bool
    lost: bool  # the connection broke instead of ending
    received: int  # bytes taken from the socket


class NetworkConfig(msgspec.Struct, frozen=True):
    """A network process needs to be told nothing."""


class Built(msgspec.Struct, tag=True, frozen=True):
    """From the network process: the veth pair is up. `receiver` is its descriptor of the receiver's namespace."""

    receiver: int
    in_user_namespace: bool


class NotBuilt(msgspec.Struct, tag=True, frozen=True):
    """From the network process, its last word: the call that failed, and how."""

    call: str
    errno: int


class SetScatterGather(msgspec.Struct, tag=True, frozen=True):
    """To the network process: switch the sending card's scatter-gather (answered with `ScatterGather`)."""

    on: bool


class ScatterGather(msgspec.Struct, tag=True, frozen=True):
    """From the network process: how the card has it now; `errno` is 0 unless the switch was refused."""

    on: bool
    errno: int = 0


class ProducerConfig(msgspec.Struct, frozen=True, kw_only=True):
    """All a producer needs. `window`: the most bytes that it sends ahead of what is acknowledged; `rate` a second.

    It kills the machine `kill_delay` seconds after `kill_at` bytes of the log have been sent, once it has been told
    where to `Aim`.
    """

    token: bytes
    log: str
    log_format: str
    window: int
    rate: int | None = None
    kill_at: int | None = None
    kill_delay: float = 0.0


class Aim(msgspec.Struct, tag=True, frozen=True):
    """To the producer: which process the machine is."""

    pid: int


class Killed(msgspec.Struct, frozen=True):
    """How much had been sent when the producer killed the machine; `told` once its acknowledgements are all read."""

    sent: int
    told: bool = False


class Produced(Progress, tag=True, frozen=True, kw_only=True):
    """From the producer, in a consumer's stead: `received` is what the machine has acknowledged.

    `overstated` is an acknowledgement of bytes that had never been sent.
    """

    sent: int
    overstated: int | None = None
    killed: Killed | None = None


REFERENCE = Struct(">qi")  # what a consumer sends back over its connection: a message's offset in the log, its size

ToForkserver = Spawn | Kill
FromForkserver = Spawned | Exited
ToMachine = Advance | Bare | Tamper | Peek | Finish | Settled
FromMachine = Ready | Paused | Peeks | NoTrace | Settle
ToConsumer = Hold | Report | Compare | Settle
FromConsumer = Listening | Progress | Compared | Settled
ToProducer = Aim | Hold | Report
FromProducer = Listening | Produced
ToNetwork = SetScatterGather
FromNetwork = Built | NotBuilt | ScatterGather


def pair() -> tuple[socket.socket, socket.socket]:
    """Two connected control sockets."""
    return socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)


def encode(told: msgspec.Struct) -> bytes:
    return msgspec.msgpack.encode(told)


class Line:
    """A child's end of a control socket: blocking, one decoder."""

    def __init__(self, sock: socket.socket, expected: object) -> None:
        self.sock = sock
        self._decoder: msgspec.msgpack.Decoder[object] = msgspec.msgpack.Decoder(expected)

    def say(self, told: msgspec.Struct) -> None:
        """Once the session is gone nobody listens; the next `hear` says so."""
        with contextlib.suppress(ConnectionError):
            self.sock.send(encode(told))

    def hear(self) -> object | None:
        """The next message; None when the session is gone."""
        try:
            data = self.sock.recv(LARGEST)
        except ConnectionError:
            return None  # it hung up with a message of ours unread
        return self._decoder.decode(data) if data else None
