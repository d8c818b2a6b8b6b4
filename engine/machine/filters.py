"""verify and select: user code that looks at the log and settles what the movers may take."""

from __future__ import annotations

from array import array
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Any

from zcquest.engine.calls.base import ACK_SIZE, NoBytes, Refusal
from zcquest.engine.logs import Damaged, Walk
from zcquest.engine.logs.formats import Chosen
from zcquest.engine.machine.extent import Extent
from zcquest.engine.machine.sieve import Range, common
from zcquest.engine.message import message

if TYPE_CHECKING:
    from zcquest.engine.machine.machine import Machine
    from zcquest.engine.machine.memory import Buffer

VERIFY, BY_INDEX, BY_CONTENT = "verify", "select by index", "select by content"  # names of filters
FILTERS = frozenset({"verify", "select"})  # calls that are


def verify(machine: Machine, name: str, word: str, most: int | None) -> bool:
    """Check whole batches in user code. False when there was nothing left to check. Raises NoBytes."""
    _need(machine, name, word)
    if word == "ack":  # eight bytes are no batch
        machine.call(name, _walk, (machine, [], [machine.ack.view]), 0, ACK_SIZE)
        return True
    if word == "map":
        return _verify_mapping(machine, name, most)
    return _verify_buffer(machine, name, machine.buffers[word])


def select(machine: Machine, name: str, word: str, most: int | None) -> bool:
    """Settle which messages the consumer subscribed to: by the index, or by what the messages say of themselves.

    False when there was nothing left to look at. Raises NoBytes, and Refusal where index or log is damaged.
    """
    _need(machine, name, word)
    match word:
        case "index":
            return _select_by_index(machine, name, most)
        case "map":
            return _select_mapping(machine, name, most)
        case _:
            return _select_buffer(machine, name, machine.buffers[word])


def _need(machine: Machine, name: str, word: str) -> None:
    buffer = machine.buffers.get(word)
    if machine.memory(word) is None or (buffer and not buffer.filled):
        raise NoBytes(name, word)


def _window(machine: Machine, name: str, most: int | None) -> Range:
    """What a filter looks at next in the mapping: from where it stopped, to `most` bytes from the cursor."""
    start = max(machine.position, machine.sieve.looked.get(name, 0))
    return start, machine.end if most is None else min(machine.position + most, machine.end)


# -- verify ------------------------------------------------------------------------------------------------------------


def _verify_mapping(machine: Machine, name: str, most: int | None) -> bool:
    assert machine.mapping
    start, stop = _window(machine, VERIFY, most)
    if stop <= start:
        return False
    ranges = machine.sieve.candidates(start, stop)
    walks: list[Walk] = []
    views = [machine.mapping.view[begin:end] for begin, end in ranges]
    machine.call(name, _walk, (machine, walks, views), start, sum(map(len, views)))
    kept: list[Range] = []
    for (begin, end), walk in zip(ranges, walks, strict=True):
        kept += [(begin + first, begin + last) for first, last in _good(walk)]
        if walk.cleared < end - begin:
            stop = begin + walk.cleared
            break
    machine.sieve.narrow(VERIFY, start, stop, kept)
    return True


def _verify_buffer(machine: Machine, name: str, buffer: Buffer) -> bool:
    extents = list(buffer.pending)
    if not extents:
        return False
    views = [buffer.view[extent.at : extent.at + extent.length] for extent in extents]
    walks: list[Walk] = []
    machine.call(name, _walk, (machine, walks, views), extents[0].log, sum(map(len, views)))
    buffer.pending.clear()
    for extent, walk in zip(extents, walks, strict=True):
        buffer.pending.extend(
            Extent(extent.at + first, extent.log + first, last - first) for first, last in _good(walk)
        )
    _give_back(machine, extents[-1], extents[-1].length - walks[-1].cleared)
    return True


def _walk(machine: Machine, walks: list[Walk], views: list[memoryview]) -> int:
    walks.extend(map(machine.format.walk, views))
    return sum(len(walk.rotten) for walk in walks)


def _good(walk: Walk) -> Iterator[Range]:
    """The whole batches without the rotten ones."""
    start = 0
    for first, last in [*walk.rotten, (walk.cleared, walk.cleared)]:
        if first > start:
            yield start, first
        start = last


def _give_back(machine: Machine, last: Extent, tail: int) -> None:
    """A batch cut by the chunk's end: the next load takes it again."""
    if tail and last.log + last.length == machine.position:
        machine.position -= tail


# -- select ------------------------------------------------------------------------------------------------------------


def _select_by_index(machine: Machine, name: str, most: int | None) -> bool:
    table, rules = machine.index, machine.format.index
    assert table and rules
    at = machine.index_position
    stop = table.length if most is None else min(at + most, table.length)
    if stop < table.length:
        stop -= (stop - at) % rules.entry_size
    if stop <= at:
        return False
    arguments = (table.view[at:stop], at // rules.entry_size, machine.size, machine.subscription)
    found = _look(machine, name, rules.by_index, arguments, at, stop - at)
    machine.index_position = stop
    start = max(machine.position, machine.sieve.looked.get(BY_INDEX, 0))
    until = machine.size if stop == table.length else max(start, found.looked)
    if start or machine.sieve.looked:
        candidates = machine.sieve.candidates(start, until)
        machine.sieve.narrow(BY_INDEX, start, until, common(_ranges(found), candidates))
    else:
        machine.sieve.begin(BY_INDEX, until, found.starts, found.stops)
    return True


def _select_mapping(machine: Machine, name: str, most: int | None) -> bool:
    assert machine.mapping
    start, stop = _window(machine, BY_CONTENT, most)
    if stop <= start:
        return False
    candidates = machine.sieve.candidates(start, stop)
    found = _by_content(machine, name, machine.mapping.view, candidates, stop if stop < machine.end else -1, start, int)
    if candidates and found.looked < candidates[-1][1]:
        stop = found.looked
    machine.sieve.narrow(BY_CONTENT, start, stop, _ranges(found))
    return True


def _select_buffer(machine: Machine, name: str, buffer: Buffer) -> bool:
    pending = buffer.pending
    if not pending:
        return False
    last = pending[-1]
    end = last.at + last.length
    ranges = [(extent.at, extent.at + extent.length) for extent in pending]
    soft = end if last.log + last.length < machine.size else -1

    def where(at: int) -> int:
        return next(extent.log + at - extent.at for extent in pending if extent.at <= at < extent.at + extent.length)

    found = _by_content(machine, name, buffer.view, ranges, soft, pending[0].log, where)
    kept, extents = [], iter(pending)
    extent = next(extents)
    for start, stop in common(_ranges(found), ranges):
        while start >= extent.at + extent.length:
            extent = next(extents)
        kept.append(Extent(start, extent.log + start - extent.at, stop - start))
    pending.clear()
    pending.extend(kept)
    _give_back(machine, last, end - found.looked)
    return True


def _by_content(
    machine: Machine,
    name: str,
    view: memoryview,
    ranges: list[Range],
    soft_end: int,
    offset: int,
    where: Callable[[int], int],
) -> Chosen:
    """`offset` is the log's at which looking begins, `where` tells which one a byte of the view has."""
    rules, size = machine.format.index, sum(stop - start for start, stop in ranges)
    if rules is None:  # a log without topics and tags: nobody can have subscribed to less than all of it
        return _look(machine, name, _everything, (machine, view, ranges), offset, size)

    def by_content() -> Chosen:
        try:
            return rules.by_content(view, ranges, machine.subscription, soft_end)
        except Damaged as damage:
            at = where(damage.offset)
            raise Damaged(at, message("byte {offset} of the log: {reason}", offset=at, reason=damage.message)) from None

    return _look(machine, name, by_content, (), offset, size)


def _everything(machine: Machine, view: memoryview, ranges: list[Range]) -> Chosen:
    walks = [(start, machine.format.walk(view[start:stop])) for start, stop in ranges]
    starts = array("q", [start for start, _ in walks])
    stops = array("q", [start + walk.cleared for start, walk in walks])
    return Chosen(starts, stops, stops[-1], sum(walk.batches for _, walk in walks))


def _look(
    machine: Machine, name: str, function: Callable[..., Chosen], arguments: tuple[Any, ...], offset: int, size: int
) -> Chosen:
    """Have `function` look at `size` bytes, as a call of the step. Raises Refusal with what it found damaged."""
    found: list[Chosen | Damaged] = []

    def looking() -> int:
        try:
            found.append(chosen := function(*arguments))
        except Damaged as damage:
            found.append(damage)
            return -1
        return chosen.messages

    machine.call(name, looking, (), offset, size)
    if isinstance(found[0], Damaged):
        raise Refusal(found[0].message)
    return found[0]


def _ranges(found: Chosen) -> Iterator[Range]:
    return zip(found.starts, found.stops, strict=True)
