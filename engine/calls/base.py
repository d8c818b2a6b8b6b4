"""What a call is: its C prototype, its parameters, the hops it makes, how it runs and how strace prints it."""

from __future__ import annotations

import errno
from abc import ABC, abstractmethod
from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING, ClassVar

from zcquest.engine.calls.inline import Inline
from zcquest.engine.message import Message
from zcquest.engine.places import Place, Route
from zcquest.engine.plan.model import Lane, Step

if TYPE_CHECKING:
    from zcquest.engine.machine.machine import Machine
    from zcquest.engine.trace import Record


class Kind(StrEnum):
    """What may be written for a parameter."""

    FD = "fd"  # a resource with a file descriptor: whether it suits the call is the kernel's to say
    MEMORY = "memory"  # user-space bytes: a buffer, `map` or `ack`; or the parameter's words
    SIZE = "size"  # a number of bytes, or MESSAGE
    FLAGS = "flags"  # any number of the parameter's words, last in the call


# the same numbers in every run, as a trace prints them; a pipe's is the end that is read from
DESCRIPTORS = {
    "log": 3,
    "sock": 4,
    "index": 5,
    "dlq": 6,
    "sock2": 7,
    "sock3": 8,
    "sock4": 9,
    "pipe": 10,
    "pipe2": 12,
}
SOCKETS = ("sock", "sock2", "sock3", "sock4")  # the consumer's, and those of its neighbours where there are any
PIPES = ("pipe", "pipe2")  # in the order in which pipe() makes them
BUFFERS = ("buf", "buf2", "buf3")  # anonymous memory, each as large as the plan asks of it
MEMORIES = (*BUFFERS, "map", "ack")
ACK_SIZE = 8  # bytes of `ack`, always there: how many bytes the machine has received, big-endian
MESSAGE = "msg"  # stands for a size, and where it begins: the rejected message that the lane is run for
REJECTED = (Lane.ON_REJECT, Lane.ON_GIVEUP)  # the lanes that have one
_PLACES = {
    "log": Place.PAGE_CACHE,
    "sock": Place.SOCKET,
    "sock2": Place.SOCKET2,
    "sock3": Place.SOCKET3,
    "sock4": Place.SOCKET4,
    "dlq": Place.DLQ,
    "pipe": Place.PIPE,
    "pipe2": Place.PIPE2,
    "buf": Place.BUFFER,
    "buf2": Place.BUFFER2,
    "buf3": Place.BUFFER3,
    "map": Place.MAPPING,
}


@dataclass(frozen=True, slots=True)
class Parameter:
    """One parameter of a call. `words` are those that FLAGS allows, and MEMORY where it takes others than MEMORIES."""

    name: str
    kind: Kind
    words: tuple[str, ...] = ()
    optional: bool = False


class CallFailed(Exception):
    """A call of the plan failed in a way that ends the plan."""

    def __init__(self, code: int) -> None:
        super().__init__(errno.errorcode.get(code, str(code)))
        self.errno = code


class NoBytes(Exception):
    """User-space work was asked for on memory that holds nothing: `map` before an mmap, a buffer nothing has filled."""

    def __init__(self, call: str, memory: str) -> None:
        super().__init__(call, memory)
        self.call = call
        self.memory = memory


class Refusal(Exception):
    """What a user-space call found in the log or its index cannot be worked with; `message` says why."""

    def __init__(self, message: Message) -> None:
        super().__init__(str(message))
        self.message = message


class Call(ABC):
    """One entry of the palette. Subclass it, set the class variables, register it in `zcquest.engine.calls`."""

    name: ClassVar[str]
    prototype: ClassVar[str]
    parameters: ClassVar[tuple[Parameter, ...]]
    lanes: ClassVar[tuple[Lane, ...]] = tuple(Lane)
    system: ClassVar[bool] = True  # False: user-space work, no mode switch of its own
    moves: ClassVar[bool] = False  # True: it can carry log bytes onward, so a loop that holds it can advance
    carries_all: ClassVar[bool] = False  # True: a success moved all it was asked to, and its result is no byte count
    advice: ClassVar[bool] = False  # True: when it fails, only the call is lost, and the plan goes on
    most: ClassVar[int | None] = None  # how often a plan may name it; None: as often as it likes
    flushes: ClassVar[bool] = False  # True: a success puts on disk what was written to its descriptor before
    event: ClassVar[bool] = False  # True: something that happened to the machine; nothing of it is counted

    def routes(self, step: Step) -> tuple[Route, ...]:
        """The hops that the step's bytes take; who carries them is for the probe and the meters to say."""
        return ()

    @abstractmethod
    def execute(self, machine: Machine, step: Step) -> Iterator[None]:
        """Run the step in the machine; yields after each call made. Raises CallFailed when the plan cannot go on."""

    def inline(self, step: Step) -> Inline | None:
        """The step as lines of the bare loop; None where it has no such form."""
        return None

    def ranged(self, step: Step) -> Inline | None:
        """The step as lines that send all the ranges of the log that a filter has chosen; None where it has none."""
        return None

    @abstractmethod
    def show(self, step: Step, record: Record) -> str:
        """The call as strace prints it, up to and without ` = result`."""


def place_of(word: str) -> Place:
    """Where the bytes of a resource are. Raises KeyError for what holds none of the log's."""
    return _PLACES[word]


def flags(step: Step, start: int) -> tuple[str, ...]:
    """The flag words from the `start`-th argument on."""
    return step.values[start:]


def write_end(word: str) -> int:
    """The descriptor of a resource that bytes are put into."""
    return DESCRIPTORS[word] + (word in PIPES)


def route(source: str, target: str) -> tuple[Route, ...]:
    """The hop between two resources by name; none where no call's bytes flow that way (`sendfile(log, sock, ..)`).

    Into a log bytes go by way of a buffer or a pipe: from the socket to there, from there into the log's page cache.
    """
    if source not in _PLACES or target not in _PLACES or (source == target and source in PIPES):
        return ()
    ends = Route(_PLACES[source], _PLACES[target])
    backwards = source in (*SOCKETS, "dlq") or ends.target is Place.PAGE_CACHE
    between = (*BUFFERS, *PIPES)
    inwards = (source == "sock" and target in between) or (source in between and target == "log")
    return () if backwards and not inwards else (ends,)
