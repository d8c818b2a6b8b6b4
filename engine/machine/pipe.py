"""What lies in a pipe: which bytes of the log, and whose pages they lie on."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable
from dataclasses import dataclass, replace

from zcquest.engine.calls.base import PIPES
from zcquest.engine.machine.extent import Extent
from zcquest.engine.machine.memory import Buffer


@dataclass(slots=True)
class Piece:
    """`length` bytes in a pipe: those of the log from `log` on, or none of the log's (None).

    They lie on pages of the page cache; or of `lender`, from `at` on, for a vmsplice has lent them; or on the kernel's
    own (`copied`), where nobody else can get at them.
    """

    log: int | None
    length: int
    lender: Buffer | None = None
    at: int = 0
    copied: bool = False

    def cut(self, count: int) -> Piece:
        """The first `count` bytes of it, which it then has no more."""
        first = replace(self, length=count)
        self.log = None if self.log is None else self.log + count
        self.at += count
        self.length -= count
        return first

    def goes_on_with(self, other: Piece) -> bool:
        """Whether `other`, which lies right behind it, is more of the same."""
        if (self.lender, self.copied) != (other.lender, other.copied) or (self.log is None) != (other.log is None):
            return False
        together = self.log is None or self.log + self.length == other.log
        return together and (self.lender is None or self.at + self.length == other.at)


class Contents:
    """The pieces in a pipe, the first to come out first."""

    def __init__(self) -> None:
        self.pieces: deque[Piece] = deque()
        self.filled = False  # whether anything was ever put in

    @property
    def waiting(self) -> int:
        """Bytes in the pipe, whatever they are."""
        return sum(piece.length for piece in self.pieces)

    @property
    def payload(self) -> int:
        """Of them, those of the log."""
        return payload(self.pieces)

    def put(self, pieces: Iterable[Piece]) -> None:
        """These come in behind what is there."""
        for piece in pieces:
            if not piece.length:
                continue
            self.filled = True
            if self.pieces and self.pieces[-1].goes_on_with(piece):
                self.pieces[-1].length += piece.length
            else:
                self.pieces.append(piece)

    def put_log(self, start: int, count: int) -> None:
        """`count` bytes of the log's own pages come in, those from `start` on."""
        self.put((Piece(start, count),))

    def take(self, count: int) -> list[Piece]:
        """The first `count` bytes have come out."""
        taken = []
        while count and self.pieces:
            first = self.pieces[0]
            taken.append(first.cut(min(count, first.length)))
            count -= taken[-1].length
            if not first.length:
                self.pieces.popleft()
        return taken

    def front(self, count: int) -> list[Piece]:
        """Copies of the first `count` bytes' pieces, which stay where they are."""
        found = []
        for piece in self.pieces:
            if not count:
                break
            found.append(replace(piece).cut(min(count, piece.length)))
            count -= found[-1].length
        return found


class Pipes:
    """The plan's pipes, by name."""

    def __init__(self) -> None:
        self._contents = {word: Contents() for word in PIPES}
        self._made = 0

    def __getitem__(self, word: str) -> Contents:
        return self._contents[word]

    def next(self) -> str:
        """The name of the pipe that is about to be made."""
        self._made += 1
        return PIPES[self._made - 1]

    def outflow(self, word: str, most: int) -> int:
        """How many bytes (at most `most`) to ask a pipe for. One that nothing was ever put into is asked for all of
        them: the kernel will say what it thinks of that."""
        contents = self[word]
        return min(most, contents.waiting) if contents.filled else most

    @property
    def payload(self) -> int:
        """Bytes of the log in all of them."""
        return sum(contents.payload for contents in self._contents.values()) if self._made else 0


def payload(pieces: Iterable[Piece]) -> int:
    """Bytes of the log in pieces."""
    return sum(piece.length for piece in pieces if piece.log is not None)


def extents(pieces: Iterable[Piece]) -> list[Extent]:
    """Where their bytes of the log lie once all of them have been put in a row into memory."""
    found, at = [], 0
    for piece in pieces:
        if piece.log is not None:
            found.append(Extent(at, piece.log, piece.length))
        at += piece.length
    return found


def pieces_of(buffer: Buffer, count: int, *, lent: bool) -> list[Piece]:
    """The next `count` bytes that a buffer has to give, its pages `lent` or copies of them."""
    lender = buffer if lent else None
    if not buffer.filled:
        return [Piece(None, count, lender, copied=not lent)]
    pieces = []
    for extent in buffer.pending:
        length = min(count, extent.length)
        pieces.append(Piece(extent.log, length, lender, extent.at, copied=not lent))
        count -= length
    return pieces
