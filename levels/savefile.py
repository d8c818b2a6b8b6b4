"""One SQLite file that survives: kills, two instances, damage, newer versions, full and read-only disks.

The journal is SQLite's rollback journal, not WAL: it works on network home folders too, and leaves no companion files
behind. Writes are small and rare, so its extra fsync costs nobody anything.
"""

from __future__ import annotations

import errno
import os
import sqlite3
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing, contextmanager, suppress
from pathlib import Path
from typing import TypeAlias

from zcquest.engine.message import Message, message

BUSY_S = 5.0
COMPANIONS = ("-journal", "-wal", "-shm")

_HEADER = b"SQLite format 3\0"
# SQLITE_ERROR on opening: a migration of ours met tables that are not as ours are.
_DAMAGES = (sqlite3.SQLITE_NOTADB, sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_FORMAT, sqlite3.SQLITE_ERROR)
_REFUSALS = (
    sqlite3.SQLITE_FULL,
    sqlite3.SQLITE_IOERR,
    sqlite3.SQLITE_READONLY,
    sqlite3.SQLITE_CANTOPEN,
    sqlite3.SQLITE_PERM,
    sqlite3.SQLITE_BUSY,
    sqlite3.SQLITE_LOCKED,
    sqlite3.SQLITE_NOTADB,
    sqlite3.SQLITE_CORRUPT,
)

Migration: TypeAlias = Sequence[str]


class _Unusable(Exception):
    """The file is there and must be kept aside; `notice` says so, given where it is kept."""

    def __init__(self, notice: Callable[[Path], Message]) -> None:
        super().__init__(str(notice(Path())))
        self.notice = notice


class SaveFile:
    """A database at `path`, brought up to date by `migrations` (its version is how many of them it has seen).

    What it had to do to be usable stands in `notices`: a file that could not be read is kept aside and a fresh one
    started; where nothing can be written, the database lives in memory (`kept` is False). Raises nothing on opening.
    """

    def __init__(self, path: Path, migrations: Sequence[Migration], tables: Sequence[str]) -> None:
        self.path = path.absolute()
        self.kept = True
        self.notices: list[Message] = []
        self._migrations = migrations
        self._tables = tables
        self._db = self._open()

    def close(self) -> None:
        self._db.close()

    def read(self, query: str, values: Sequence[object] = ()) -> list[tuple[object, ...]]:
        return self._db.execute(query, values).fetchall()

    def write(self, *statements: tuple[str, Sequence[object]]) -> int:
        """Run `statements` in one transaction; the last inserted row's id.

        When the file can no longer be written, all that it held goes on in memory, and a notice says so.
        """
        try:
            return self._write(statements)
        except sqlite3.DatabaseError as error:
            if not self.kept or _code(error) not in _REFUSALS:
                raise
            self._move_to_memory(error)
            return self._write(statements)

    def _write(self, statements: Sequence[tuple[str, Sequence[object]]]) -> int:
        last = 0
        with _transaction(self._db):
            for statement, values in statements:
                last = self._db.execute(statement, values).lastrowid or last
        return last

    # Opening

    def _open(self) -> sqlite3.Connection:
        try:
            self.path.parent.mkdir(parents=True, exist_ok=True)
            with _locked(self.path.parent):
                try:
                    return self._open_file()
                except _Unusable as why:
                    self.notices.append(why.notice(_keep_aside(self.path)))
                    return self._open_file()
        except FileExistsError:  # mkdir's word for a file in the folder's place
            return self._open_memory(NotADirectoryError(errno.ENOTDIR, os.strerror(errno.ENOTDIR)))
        except (OSError, sqlite3.Error, _Unusable) as error:
            return self._open_memory(error)

    def _open_file(self) -> sqlite3.Connection:
        _refuse_foreign(self.path)
        db = _connect(str(self.path))
        try:
            self._check(db)
            self._migrate(db)
            return db
        except BaseException as error:
            db.close()
            if isinstance(error, sqlite3.DatabaseError) and _code(error) in _DAMAGES:
                raise _damaged(str(error)) from error
            raise

    def _check(self, db: sqlite3.Connection) -> None:
        """Raises _Unusable for a file that must be kept aside."""
        version: int = db.execute("PRAGMA user_version").fetchone()[0]
        if version > len(self._migrations):
            raise _newer(version, len(self._migrations))
        found: str = db.execute("PRAGMA quick_check(1)").fetchone()[0]
        if found != "ok":
            raise _damaged(found)
        tables = {name for (name,) in db.execute("SELECT name FROM sqlite_master WHERE type = 'table'")}
        expected = set(self._tables) if version == len(self._migrations) else set()
        if (version == 0 and tables) or not tables >= expected:
            raise _damaged("other tables")

    def _migrate(self, db: sqlite3.Connection) -> None:
        """Bring the file up to date in one transaction, and learn whether it can be written at all."""
        db.execute("BEGIN IMMEDIATE")
        try:
            version: int = db.execute("PRAGMA user_version").fetchone()[0]
            for statements in self._migrations[version:]:
                for statement in statements:
                    db.execute(statement)
            db.execute(f"PRAGMA user_version = {len(self._migrations)}")
            # Nothing to keep: the attempt alone went through the journal and told whether the disk takes it.
            db.execute("COMMIT" if version < len(self._migrations) else "ROLLBACK")
        except BaseException:
            _roll_back(db)
            raise

    # Memory

    def _open_memory(self, error: Exception) -> sqlite3.Connection:
        self._tell_not_kept(error)
        with suppress(sqlite3.Error, _Unusable), closing(_connect(f"{self.path.as_uri()}?mode=ro", uri=True)) as file:
            self._check(file)
            return self._in_memory(file)
        return self._in_memory(None)

    def _move_to_memory(self, error: Exception) -> None:
        self._tell_not_kept(error)
        memory = self._in_memory(self._db)
        self._db.close()
        self._db = memory

    def _in_memory(self, source: sqlite3.Connection | None) -> sqlite3.Connection:
        """A database in memory with all that can be read from `source`."""
        memory = _connect(":memory:")
        if source:
            try:
                source.backup(memory, progress=_refuse_to_wait)
            except sqlite3.Error:
                memory.close()
                memory = _connect(":memory:")
        self._migrate(memory)
        return memory

    def _tell_not_kept(self, error: Exception) -> None:
        self.kept = False
        reason = error.strerror if isinstance(error, OSError) and error.strerror else str(error)
        self.notices.append(
            message(
                "Progress cannot be written to {path} ({reason}). You can play, but from now on nothing will be kept.",
                path=self.path,
                reason=reason,
            )
        )


def _refuse_foreign(path: Path) -> None:
    """Raises _Unusable before SQLite opens what is no database, and deletes the journal that lies beside it."""
    with suppress(FileNotFoundError), path.open("rb") as file:
        if file.read(len(_HEADER)) not in (b"", _HEADER):
            raise _damaged("file is not a database")


def _connect(name: str, uri: bool = False) -> sqlite3.Connection:
    return sqlite3.connect(name, timeout=BUSY_S, isolation_level=None, uri=uri)


@contextmanager
def _transaction(db: sqlite3.Connection) -> Iterator[None]:
    """All of the block is kept, or, when it raises, nothing."""
    db.execute("BEGIN IMMEDIATE")
    try:
        yield
        db.execute("COMMIT")
    except BaseException:
        _roll_back(db)
        raise


def _roll_back(db: sqlite3.Connection) -> None:
    if db.in_transaction:  # a full disk makes SQLite roll back by itself
        db.execute("ROLLBACK")


def _refuse_to_wait(status: int, remaining: int, total: int) -> None:
    """Called between the steps of a backup, which would otherwise wait for a locked file for ever."""
    if status in (sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED):
        raise sqlite3.OperationalError("database is locked")


def _damaged(detail: str) -> _Unusable:
    return _Unusable(
        lambda path: message(
            "The progress file is damaged ({detail}). It is kept as {path}, and a fresh one was started.",
            detail=detail,
            path=path,
        )
    )


def _newer(version: int, known: int) -> _Unusable:
    return _Unusable(
        lambda path: message(
            "The progress file is from a newer zcquest (version {version}; this one reads up to {known}). "
            "It is kept as {path}, and a fresh one was started.",
            version=version,
            known=known,
            path=path,
        )
    )


def _code(error: Exception) -> int | None:
    """SQLite's primary result code; None where the error is not SQLite's own."""
    code: int | None = getattr(error, "sqlite_errorcode", None)
    return None if code is None else code & 0xFF


def _keep_aside(path: Path) -> Path:
    """Rename the file and its companions; where it is now. Raises OSError."""
    stamp = time.strftime("%Y%m%d-%H%M%S")
    aside = path.with_name(f"{path.name}.broken-{stamp}")
    tries = 1
    while aside.exists():
        tries += 1
        aside = path.with_name(f"{path.name}.broken-{stamp}-{tries}")
    # Companions first: a journal that stayed behind would be played back into the fresh file.
    for companion in COMPANIONS:
        with suppress(FileNotFoundError):
            os.replace(f"{path}{companion}", f"{aside}{companion}")
    os.replace(path, aside)
    return aside


@contextmanager
def _locked(folder: Path) -> Iterator[None]:
    """One instance at a time looks at the file, so that none keeps aside the fresh file that another just started.

    Waits no longer than for a busy database: an instance that was stopped in here must not stop the next one.
    """
    if sys.platform == "win32":
        yield
        return
    import fcntl

    descriptor = os.open(folder, os.O_RDONLY)
    try:
        deadline = time.monotonic() + BUSY_S
        while time.monotonic() < deadline:
            try:
                fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
                break
            except BlockingIOError:
                time.sleep(0.02)
            except OSError:  # a filesystem without locks on folders
                break
        yield
    finally:
        os.close(descriptor)
