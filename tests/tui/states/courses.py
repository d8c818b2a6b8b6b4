"""What the plans of the states do, call by call, as a real kernel was seen to do it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from tests.tui.frozen import LOOPBACK, NOT_COUNTED, Course

from zcquest.engine.calls.base import DESCRIPTORS
from zcquest.engine.calls.sockets import NULL
from zcquest.engine.dead_letters import DeadLettersFound
from zcquest.engine.gauges import Gauges, Outlet
from zcquest.engine.logs import Delivery, Span
from zcquest.engine.message import message
from zcquest.engine.network.counters import NicCount
from zcquest.engine.pagecache import PAGE, Residency, Witness
from zcquest.engine.places import CONSUMERS, Place
from zcquest.engine.probe import Finding, Proof
from zcquest.engine.sizes import format_size
from zcquest.engine.tally import Card

COPIED = Proof(Finding.COPIED, old=65536)
SHARED = Proof(Finding.SHARED, new=65536)
LOG, PIECE = 65536, 16384  # bytes of the lab's log, and of what one call moves of it
PIPE_SIZE = 65536  # bytes: the kernel's default


def nothing_yet(size: int, *, warm: bool = False, **more: Any) -> Gauges:
    """The readings before a plan's first call on a log of `size` bytes."""
    pages = size // PAGE
    zero = dict.fromkeys(("send_queue", "receive_queue", "nic_sent", "taken", "sent", "received", "messages"), 0)
    return Gauges(
        cache=Residency(pages if warm else 0, pages, Witness.CACHESTAT),
        cache_map=(float(warm),) * pages,
        disk_read=0,
        buffer_pending=0,
        mapping_resident=None,
        calls=0,
        **{"buffer": 0, **zero, **more},
    )


# Logs and what arrives of them


def batches(size: int, each: int = 16384, messages: int = 16) -> tuple[Span, ...]:
    """A log of batches of `each` bytes with so many messages in each."""
    return tuple(
        Span(number * each, (number + 1) * each, number * messages, (number + 1) * messages - 1)
        for number in range(size // each)
    )


def delivery(received: int, messages: int, **more: Any) -> Delivery:
    """What a consumer tells that read so many bytes, and good messages in order."""
    found = {
        "batches": messages // 16,
        "rotten": 0,
        "first_rotten": None,
        "rotten_runs": [],
        "runs": [(0, messages - 1)],
        "runs_cut": False,
        "duplicates": 0,
        "out_of_order": 0,
        "tampered": 0,
        "garbage_at": None,
        "tail": 0,
        "crc": 0,
    }
    return Delivery(received=received, messages=messages, **{**found, **more})


# To one consumer


def read_and_write(bucket: int, size: int = 65536) -> Course:
    """The long way: every byte into buf and out of it again, `bucket` bytes at a time. The log starts cold."""
    course = Course(
        f"repeat:\n    read(log, buf, {format_size(bucket)})\n    write(sock, buf, {format_size(bucket)})",
        nothing_yet(size, buffer=bucket),
        {0: COPIED, 1: COPIED},
        delivery(size, 64),
        batches(size),
    )
    held = 0  # bytes in the page cache: the kernel reads ahead, a little at first
    for at in range(0, size, bucket):
        end, disk = at + bucket, 0
        if end > held:
            disk = size - held if held else max(bucket, 16384)
        held += disk
        course.call(
            0,
            bucket,
            us=180 if disk else 3,
            disk=disk,
            moved=(at, end),
            buffer_pending=bucket,
            taken=end,
            received=at,
            messages=at // 1024,
            receive_queue=0,
            **course.resident((0, -(-held // PAGE))),
        )
        course.send(1, bucket, us=9, moved=(at, end), buffer_pending=0)
    return course


def forgetful() -> Course:
    """Reads 16K and writes 4K of them: three quarters of the log never leave."""
    size = 65536
    course = Course(
        "repeat:\n    read(log, buf, 16K)\n    write(sock, buf, 4K)",
        nothing_yet(size, buffer=16384),
        {0: COPIED, 1: COPIED},
        delivery(16384, 0, runs=[], garbage_at=4096),
        batches(size),
        overwritten=36864,
    )
    for at in range(0, size, 16384):
        disk = 0 if at else size
        moved = (at, at + 16384)
        course.call(0, 16384, us=180 if disk else 5, disk=disk, moved=moved, taken=moved[1], **course.resident((0, 16)))
        course.send(1, 4096, us=7, moved=(at, at + 4096), buffer_pending=12288)
    return course


def mapped(count: int, size: int = 65536) -> Course:
    """The page cache's own pages, shown to user space and written to the socket from there, `count` bytes a call."""
    course = Course(
        f"once:\n    mmap(log)\nrepeat:\n    write(sock, map, {format_size(count)})",
        nothing_yet(size),
        {0: SHARED, 1: COPIED},
        delivery(size, 64),
        batches(size),
    )
    course.call(0, 0x7F3C00000000, size=size, us=11, mapping_resident=0)
    for at in range(0, size, count):
        first = {"us": 240, "disk": size, "faults": 1, "mapping_resident": size, **course.resident((0, size // PAGE))}
        course.send(1, count, offset=at, moved=(at, at + count), **({} if at else first))
    return course


def sent_by_the_kernel(
    text: str, size: int = 65536, *, card: Card = LOOPBACK, gathers: bool = True, nic: NicCount | None = None
) -> Course:
    """sendfile, over and over; over a card that does not gather, the kernel copies on the way out."""
    departure = None if gathers else Proof(Finding.COPIED, old=499)
    course = Course(
        text,
        nothing_yet(size, scatter_gather=gathers if nic else None),
        {0: Proof(Finding.SHARED, new=size, departure=departure)},
        delivery(size, 64),
        batches(size),
        card=card,
        nic=nic or NOT_COUNTED,
    )
    count = min(size, course.plan.steps[0].values[2])
    for at in range(0, size, count):
        first = {"us": 260, "disk": size, **course.resident((0, size // PAGE))}
        course.send(0, count, offset=at, moved=(at, at + count), **({} if at else first))
    return course


def over_the_bench(text: str, *, gathers: bool) -> Course:
    """The same over the bench NIC, with what its own counters saw."""
    nic = NicCount(65998, 7) if gathers else NicCount(68638, 47)
    note = message(
        "a veth pair has no DMA: this copy is what a real card would make. "
        "Metered: {nic} counted {bytes} bytes in {packets} packets on their way out, headers included",
        nic="v0",
        bytes=nic.bytes,
        packets=nic.packets,
    )
    return sent_by_the_kernel(text, card=Card(note, gathers), gathers=gathers, nic=nic)


def with_dead_letters(poisonous: Sequence[int]) -> Course:
    """A CommitLog sent in one call; each message that comes back goes to the DLQ without a detour."""
    size, each = 1 << 20, 1024
    course = Course(
        "repeat:\n    sendfile(sock, log, 1M)\non reject:\n    copy_file_range(log, dlq, msg)",
        nothing_yet(size),
        {0: SHARED, 1: replace(COPIED, sink=Place.DLQ)},
        delivery(size, size // each),
        batches(size, each, 1),
        dead=DeadLettersFound(tuple(poisonous), {}, None, each * len(poisonous)),
    )
    course.send(0, size, us=900, disk=size, moved=(0, size), **course.resident((0, size // PAGE)))
    for count, number in enumerate(poisonous, 1):
        course.call(
            1,
            each,
            offset=number * each,
            us=12,
            rejections=len(poisonous),
            dead_letters=count * each,
            received=size,
            messages=size // each - len(poisonous),
            receive_queue=0,
        )
    return course


def received_and_flushed() -> Course:
    """What comes in over the socket is written, flushed, and only then acknowledged."""
    size, bucket = 1 << 20, 256 << 10
    course = Course(
        "repeat:\n    recv(sock, buf, 256K, waitall)\n    write(log, buf, 256K)\n    fsync(log)\n"
        "    send(sock, ack, 8)",
        nothing_yet(size, buffer=bucket, receive_queue=bucket),
        {0: COPIED, 1: COPIED},
        delivery(size, 1024),
        batches(size),
    )
    for at in range(0, size, bucket):
        end = at + bucket
        course.call(0, bucket, us=150, moved=(at, end), buffer_pending=bucket, receive_queue=0, taken=end)
        course.call(1, bucket, us=90, moved=(at, end), buffer_pending=0, **course.resident((0, end // PAGE)))
        course.call(2, 0, us=2100)
        course.call(3, 8, us=6, received=end, sent=end, receive_queue=bucket if end < size else 0)
    return course


# By way of a pipe


def piped(text: str) -> Course:
    """Pages of the log, or of a mapping of it, lie in a pipe for as long as a call takes; nobody copies them."""
    course = Course(text, nothing_yet(LOG), {}, delivery(LOG, 64), batches(LOG))
    *first, fill, empty = range(len(course.plan.steps))
    course.proofs = dict.fromkeys((fill, empty), SHARED)
    lent = len(first) > 1  # out of a mapping, which comes before the pipe
    if lent:
        course.proofs[0] = SHARED
        course.call(0, 0x7F3C00000000, size=LOG, us=36, mapping_resident=0, moved=(0, LOG))
    course.call(first[-1], 0, offset=DESCRIPTORS["pipe"], us=15, pipe_fill=0, pipe_size=PIPE_SIZE)
    for at in range(0, LOG, PIECE):
        fetched = {"us": 285, **fetch(course, faults=int(lent))} if not at else {"us": 12}
        if lent and not at:
            fetched["mapping_resident"] = LOG
        moved = (at, at + PIECE)
        course.call(
            fill, PIECE, offset=at, moved=moved, taken=at + PIECE, pipe_fill=PIECE, **fetched, **course.drained()
        )
        course.send(empty, PIECE, offset=NULL, us=46, moved=moved, pipe_fill=0)
    return course


# To several consumers


def teed(text: str) -> Course:
    """What lies in the first pipe is in the second one, too: each is emptied into the socket of a consumer."""
    to = [replace(SHARED, sink=CONSUMERS[number]) for number in (1, 1, 0, 1)]  # where tampered bytes are looked for
    proofs = dict(enumerate(to, 2))
    course = Course(text, _idle(2), proofs, delivery(LOG, 64), batches(LOG))
    course.call(0, 0, offset=DESCRIPTORS["pipe"], us=15, pipe_fill=0, pipe_size=PIPE_SIZE)
    course.call(1, 0, offset=DESCRIPTORS["pipe2"], us=12, pipe2_fill=0, pipe2_size=PIPE_SIZE)
    for at in range(0, LOG, PIECE):
        fetched = {"us": 12} if at else {"us": 420, **fetch(course)}
        end = at + PIECE
        moved = (at, end)
        course.call(2, PIECE, offset=at, moved=moved, taken=end, pipe_fill=PIECE, **fetched, **course.drained())
        course.call(3, PIECE, offset=NULL, us=15, moved=moved, pipe2_fill=PIECE)
        course.send(4, PIECE, offset=NULL, us=47, moved=moved, pipe_fill=0)
        course.send(5, PIECE, offset=NULL, us=45, moved=moved, pipe2_fill=0, socket=1)
    return course


def sent_to_each(text: str, consumers: int) -> Course:
    """A sendfile for each consumer: the log comes from disk once."""
    proofs = {number: replace(SHARED, sink=CONSUMERS[number]) for number in range(consumers)}
    course = Course(text, _idle(consumers), proofs, delivery(LOG, 64), batches(LOG))
    for at in range(0, LOG, PIECE):
        end = at + PIECE
        for number in range(consumers):
            fetched = {"us": 48} if at or number else {"us": 326, **fetch(course)}
            course.send(number, PIECE, offset=at, moved=(at, end), taken=end, socket=number, **fetched)
    return course


def written_to_each(text: str, consumers: int) -> Course:
    """One read, and a write for each consumer."""
    proofs = {0: COPIED, **{number + 1: replace(COPIED, sink=CONSUMERS[number]) for number in range(consumers)}}
    course = Course(text, replace(_idle(consumers), buffer=PIECE), proofs, delivery(LOG, 64), batches(LOG))
    for at in range(0, LOG, PIECE):
        fetched = {"us": 9} if at else {"us": 340, **fetch(course)}
        moved = (at, at + PIECE)
        course.call(
            0, PIECE, offset=at, moved=moved, taken=moved[1], buffer_pending=PIECE, **fetched, **course.drained()
        )
        for number in range(consumers):
            left = 0 if number == consumers - 1 else PIECE
            course.send(number + 1, PIECE, us=45, moved=moved, buffer_pending=left, socket=number)
    return course


def fetch(course: Course, **more: Any) -> dict[str, Any]:
    """What the call costs that first asks for the log: the kernel reads all of it ahead."""
    return {"disk": LOG, **course.resident((0, LOG // PAGE)), **more}


def _idle(consumers: int) -> Gauges:
    return nothing_yet(LOG, neighbours=(Outlet(0, 0, 0, 0, 0),) * (consumers - 1))
