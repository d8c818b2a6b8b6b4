"""All the gauges of one session, read together."""

from __future__ import annotations

from itertools import zip_longest
from typing import TYPE_CHECKING

from zcquest.engine.calls.base import PIPES
from zcquest.engine.far_end import FarEnd
from zcquest.engine.gauges import Gauges, Outlet, PageGauge, mapping_resident, pipe_level
from zcquest.engine.logs import Delivery
from zcquest.engine.network.bench import Wire
from zcquest.engine.network.counters import NicGauge
from zcquest.engine.trace import Standing
from zcquest.engine.vouching import Vouching

if TYPE_CHECKING:
    from zcquest.engine.session import Session


class Readings:
    """Keeps what one reading has to know of those before it."""

    def __init__(self, fd: int, size: int, wire: Wire | None, vouching: Vouching | None = None) -> None:
        """`fd` and `size` are the log's; `vouching` looks at the plan's calls where an fsync reaches a disk."""
        self._pages = PageGauge(fd, size)
        self._vouching = vouching
        self._vouched = 0  # calls that it has seen
        self.nic = NicGauge(wire.nic, wire.pid) if wire else NicGauge()

    def read(self, session: Session, *, hurried: bool) -> Gauges:
        """Blocks: it reads files of /proc by the dozen. `hurried` as in `Session.gauges`."""
        cache, cache_map = self._pages.read(hurried)
        nic = self.nic.read()
        paused, standing = session.paused, _standing(session)
        pipe, pipe2 = (pipe_level(session.machine_pid, word) for word in PIPES)
        # what a receiving machine sends back to the producer never comes into its log
        garbage = [0 if session.scene.receive else paused.garbage, *(handed.garbage for handed in paused.neighbours)]
        sent = [sent + more for sent, more in zip_longest((standing.sent, *standing.neighbours), garbage, fillvalue=0)]
        found = [session.delivery, *(far.delivery for far in session.far_ends[1:])]
        ends = zip(session.far_ends, found, sent, strict=False)
        first, *neighbours = (_outlet(session, *each) for each in ends)
        return Gauges(
            cache=cache,
            cache_map=cache_map,
            disk_read=session.near.spent().disk_read_bytes or 0,
            buffer=session.buffer,
            buffer_pending=paused.pending,
            mapping_resident=mapping_resident(session.machine_pid, session.log),
            send_queue=first.send_queue,
            receive_queue=first.receive_queue,
            nic_sent=nic.bytes,
            nic_packets=nic.packets,
            scatter_gather=session.wire.scatter_gather if session.wire else None,
            taken=standing.position,
            sent=first.sent,
            received=first.received,
            messages=first.messages,
            calls=len(session.trace),
            rejections=paused.rejections,
            pipe_fill=pipe[0],
            pipe_size=pipe[1],
            pipe2_fill=pipe2[0],
            pipe2_size=pipe2[1],
            flushed=self._flushed(session),
            dead_letters=session.dlq.stat().st_size if session.dlq and session.dlq.exists() else 0,
            neighbours=tuple(neighbours),
        )

    def _flushed(self, session: Session) -> int:
        if self._vouching is None:
            return 0
        made = len(session.trace)
        self._vouching.look(session.trace.rows(self._vouched, made))
        self._vouched = made
        return self._vouching.flushed.total()


def _standing(session: Session) -> Standing:
    """Where the plan stands: as the trace has it while the machine runs, as the machine said at last."""
    if not session.stop:
        return session.trace.standing()
    paused = session.paused
    return Standing(paused.position, paused.sent, tuple(handed.payload for handed in paused.neighbours))


def _outlet(session: Session, far: FarEnd, delivery: Delivery | None, sent: int) -> Outlet:
    sending, receiving = session.queues(far)
    return Outlet(
        sent=sent,
        send_queue=sending,
        receive_queue=receiving,
        received=far.progress.received if far.progress else 0,
        messages=delivery.messages if delivery else 0,
    )
