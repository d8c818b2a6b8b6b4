"""What the player has done: runs with their plans, settings, drafts, predictions and hints, in the data folder."""

from __future__ import annotations

import os
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any, Final, Literal

import msgspec
import platformdirs

from zcquest import __version__
from zcquest.engine.message import Message, message
from zcquest.levels.savefile import Migration, SaveFile

FILE_NAME = "progress.sqlite"
SCHEMA: Final = 1  # of an export
_Count = Annotated[int, msgspec.Meta(ge=0, le=2**63 - 1)]  # what SQLite can hold

MIGRATIONS: Sequence[Migration] = (
    (
        """CREATE TABLE runs (
            id INTEGER PRIMARY KEY,
            level TEXT NOT NULL,
            at REAL NOT NULL,
            plan TEXT NOT NULL,
            passed INTEGER NOT NULL,
            stars INTEGER NOT NULL,
            copies REAL,
            switches INTEGER NOT NULL,
            buffer INTEGER NOT NULL,
            report BLOB NOT NULL,
            zcquest TEXT NOT NULL
        )""",
        "CREATE INDEX runs_by_level ON runs (level, at)",
        "CREATE TABLE settings (key TEXT PRIMARY KEY, value TEXT NOT NULL)",
        "CREATE TABLE drafts (level TEXT PRIMARY KEY, text TEXT NOT NULL)",
        """CREATE TABLE predictions (
            level TEXT PRIMARY KEY, copies REAL NOT NULL, switches INTEGER NOT NULL, at REAL NOT NULL
        )""",
        "CREATE TABLE hints (level TEXT NOT NULL, step INTEGER NOT NULL, at REAL NOT NULL, PRIMARY KEY (level, step))",
    ),
    (
        """CREATE TABLE plans (
            level TEXT NOT NULL, name TEXT NOT NULL, text TEXT NOT NULL, at REAL NOT NULL, PRIMARY KEY (level, name)
        )""",
    ),
)
TABLES = ("runs", "settings", "drafts", "predictions", "hints", "plans")

_RUN_COLUMNS = "level, at, plan, passed, stars, copies, switches, buffer, report, zcquest"
_OF_A_LEVEL = ("runs", "drafts", "predictions", "hints", "plans")


class RunRow(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One run: `at` in seconds since the epoch, `copies` per payload byte or None, `buffer` in bytes.

    `report` is the run's result as JSON, `zcquest` the version that ran it, `id` its row once it is kept.
    """

    level: str
    at: float
    plan: str
    passed: bool
    stars: Annotated[int, msgspec.Meta(ge=0, le=3)]
    copies: float | None
    switches: _Count
    buffer: _Count
    report: msgspec.Raw = msgspec.Raw(b"{}")
    zcquest: str = __version__
    id: int | None = None


class Prediction(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What the player expected before a run; `at` in seconds since the epoch."""

    copies: float
    switches: _Count
    at: float


class HintTaken(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A hint step that was read; `at` in seconds since the epoch."""

    step: _Count
    at: float


class SavedPlan(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A plan's text that the player put aside under a name; `at` in seconds since the epoch."""

    name: str
    text: str
    at: float


@dataclass(frozen=True, slots=True)
class Best:
    """The best of each metric over the passed runs of a level, each on its own; None where none passed."""

    stars: int = 0
    copies: float | None = None
    switches: int | None = None
    buffer: int | None = None
    runs: int = 0  # all of them, passed or not


class Export(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """All progress as one JSON document."""

    schema: Literal[1] = SCHEMA
    runs: tuple[RunRow, ...] = ()
    settings: dict[str, str] = {}
    drafts: dict[str, str] = {}
    predictions: dict[str, Prediction] = {}
    hints: dict[str, tuple[HintTaken, ...]] = {}
    plans: dict[str, tuple[SavedPlan, ...]] = {}


class ImportRefused(ValueError):
    """A document that is not an export of progress; `message` says where it is wrong."""

    def __init__(self, reason: Message) -> None:
        super().__init__(str(reason))
        self.message = reason


def data_folder() -> Path:
    """Where progress is kept: ZCQUEST_DATA, else the user's data folder."""
    return Path(os.environ.get("ZCQUEST_DATA") or platformdirs.user_data_path("zcquest"))


class Progress:
    """The progress file. What must be told to the player about it (damage, nothing kept) is in `notices`.

    Every method that changes something does it in one transaction: done when it returns, or not at all.
    """

    def __init__(self, file: SaveFile) -> None:
        self._file = file

    @classmethod
    def open(cls, path: Path | None = None) -> Progress:
        """The progress at `path`, by default in the data folder. Raises nothing: see `notices`."""
        return cls(SaveFile(path or data_folder() / FILE_NAME, MIGRATIONS, TABLES))

    @property
    def notices(self) -> list[Message]:
        return self._file.notices

    @property
    def kept(self) -> bool:
        """False when the file cannot be written and all is in memory only."""
        return self._file.kept

    @property
    def path(self) -> Path:
        return self._file.path

    def close(self) -> None:
        self._file.close()

    # Runs

    def record_run(self, run: RunRow) -> int:
        """Keep `run`; its id."""
        return self._file.write((_insert_run(), _run_values(run)))

    def runs(self, level: str | None = None, limit: int | None = None, *, reports: bool = True) -> list[RunRow]:
        """The kept runs, of `level` only if given, newest first, at most `limit`.

        Without `reports` these are left empty: of a thousand runs they are megabytes.
        """
        where, values = ("WHERE level = ?", [level]) if level is not None else ("", [])
        columns = _RUN_COLUMNS if reports else _RUN_COLUMNS.replace("report", "x'7b7d'")
        query = f"SELECT id, {columns} FROM runs {where} ORDER BY at DESC, id DESC LIMIT ?"
        return [_run(row) for row in self._file.read(query, [*values, -1 if limit is None else limit])]

    def run(self, id: int) -> RunRow | None:
        """The kept run of this id, report and all."""
        rows = self._file.read(f"SELECT id, {_RUN_COLUMNS} FROM runs WHERE id = ?", (id,))
        return _run(rows[0]) if rows else None

    def best(self, level: str) -> Best:
        return self.all_best().get(level, Best())

    def all_best(self) -> dict[str, Best]:
        """`Best` of every level that was run, by level id."""
        rows: list[Any] = self._file.read(
            """SELECT level, max(passed * stars), min(CASE WHEN passed THEN copies END),
                      min(CASE WHEN passed THEN switches END), min(CASE WHEN passed THEN buffer END), count(*)
               FROM runs GROUP BY level"""
        )
        return {level: Best(*figures) for level, *figures in rows}

    # Settings, drafts, predictions, hints

    def setting(self, key: str) -> str | None:
        return self._value("SELECT value FROM settings WHERE key = ?", key)

    def set_setting(self, key: str, value: str) -> None:
        self._file.write(("INSERT OR REPLACE INTO settings VALUES (?, ?)", (key, value)))

    def draft(self, level: str) -> str | None:
        """The plan text that the player left in the level's editor."""
        return self._value("SELECT text FROM drafts WHERE level = ?", level)

    def set_draft(self, level: str, text: str) -> None:
        self._file.write(("INSERT OR REPLACE INTO drafts VALUES (?, ?)", (level, text)))

    def prediction(self, level: str) -> Prediction | None:
        rows: list[Any] = self._file.read("SELECT copies, switches, at FROM predictions WHERE level = ?", (level,))
        return Prediction(*rows[0]) if rows else None

    def set_prediction(self, level: str, copies: float, switches: int) -> None:
        """Keep the prediction, in place of an earlier one."""
        values = (level, copies, switches, time.time())
        self._file.write(("INSERT OR REPLACE INTO predictions VALUES (?, ?, ?, ?)", values))

    def hints_taken(self, level: str) -> frozenset[int]:
        """The hint steps that the player has read."""
        rows: list[Any] = self._file.read("SELECT step FROM hints WHERE level = ?", (level,))
        return frozenset(step for (step,) in rows)

    def take_hint(self, level: str, step: int) -> None:
        self._file.write(("INSERT OR IGNORE INTO hints VALUES (?, ?, ?)", (level, step, time.time())))

    # Plans put aside

    def saved_plans(self, level: str) -> list[SavedPlan]:
        """The plans that the player put aside in the level, newest first."""
        rows: list[Any] = self._file.read(
            "SELECT name, text, at FROM plans WHERE level = ? ORDER BY at DESC, name", (level,)
        )
        return [SavedPlan(*row) for row in rows]

    def save_plan(self, level: str, name: str, text: str) -> None:
        """Put the text aside under the name, in place of what has that name."""
        values = (level, name, text, time.time())
        self._file.write(("INSERT OR REPLACE INTO plans VALUES (?, ?, ?, ?)", values))

    def forget_plan(self, level: str, name: str) -> None:
        self._file.write(("DELETE FROM plans WHERE level = ? AND name = ?", (level, name)))

    # All at once

    def reset(self, level: str) -> None:
        """Forget everything about `level`."""
        self._file.write(*((f"DELETE FROM {table} WHERE level = ?", (level,)) for table in _OF_A_LEVEL))

    def reset_all(self) -> None:
        """Forget everything about all levels; settings stay."""
        self._file.write(*((f"DELETE FROM {table}", ()) for table in _OF_A_LEVEL))

    def export_json(self) -> bytes:
        """All progress as one JSON document that `import_json` reads."""
        drafts: list[Any] = self._file.read("SELECT level, text FROM drafts")
        settings: list[Any] = self._file.read("SELECT key, value FROM settings")
        predictions: list[Any] = self._file.read("SELECT level, copies, switches, at FROM predictions")
        hints: dict[str, tuple[HintTaken, ...]] = {}
        rows: list[Any] = self._file.read("SELECT level, step, at FROM hints ORDER BY level, step")
        for level, step, at in rows:
            hints[level] = (*hints.get(level, ()), HintTaken(step, at))
        plans: dict[str, tuple[SavedPlan, ...]] = {}
        saved: list[Any] = self._file.read("SELECT level, name, text, at FROM plans ORDER BY level, name")
        for level, *plan in saved:
            plans[level] = (*plans.get(level, ()), SavedPlan(*plan))
        export = Export(
            runs=tuple(reversed(self.runs())),
            settings=dict(settings),
            drafts=dict(drafts),
            predictions={level: Prediction(*figures) for level, *figures in predictions},
            hints=hints,
            plans=plans,
        )
        return msgspec.json.format(msgspec.json.encode(export), indent=1)

    def import_json(self, document: bytes) -> int:
        """Add what `document` holds and is not here yet; how many runs were added. Nothing that is here is lost.

        Raises ImportRefused, and changes nothing, when the document is not an export.
        """
        export = _read_export(document)
        before = self._count_runs()
        new_run = (
            f"INSERT INTO runs ({_RUN_COLUMNS}) SELECT {_marks(_RUN_COLUMNS)} "
            "WHERE NOT EXISTS (SELECT 1 FROM runs WHERE level = ? AND at = ? AND plan = ?)"
        )
        self._file.write(
            *((new_run, (*_run_values(run), run.level, run.at, run.plan)) for run in export.runs),
            *(("INSERT OR IGNORE INTO settings VALUES (?, ?)", pair) for pair in export.settings.items()),
            *(("INSERT OR IGNORE INTO drafts VALUES (?, ?)", pair) for pair in export.drafts.items()),
            *(
                ("INSERT OR IGNORE INTO predictions VALUES (?, ?, ?, ?)", (level, p.copies, p.switches, p.at))
                for level, p in export.predictions.items()
            ),
            *(
                ("INSERT OR IGNORE INTO hints VALUES (?, ?, ?)", (level, hint.step, hint.at))
                for level, hints in export.hints.items()
                for hint in hints
            ),
            *(
                ("INSERT OR IGNORE INTO plans VALUES (?, ?, ?, ?)", (level, plan.name, plan.text, plan.at))
                for level, plans in export.plans.items()
                for plan in plans
            ),
        )
        return self._count_runs() - before

    def _count_runs(self) -> int:
        rows: list[Any] = self._file.read("SELECT count(*) FROM runs")
        return int(rows[0][0])

    def _value(self, query: str, key: str) -> str | None:
        rows: list[Any] = self._file.read(query, (key,))
        return str(rows[0][0]) if rows else None


class _AnyExport(msgspec.Struct, frozen=True):
    """What every version's export says of itself."""

    schema: int


def _read_export(document: bytes) -> Export:
    """Raises ImportRefused."""
    try:
        schema = msgspec.json.decode(document, type=_AnyExport).schema
        if schema > SCHEMA:
            told = message(
                "This is an export of a newer zcquest (schema {found}; this one reads {known})",
                found=schema,
                known=SCHEMA,
            )
            raise ImportRefused(told)
        return msgspec.json.decode(document, type=Export)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise ImportRefused(message("This is not an export of progress: {reason}", reason=str(error))) from error


def _marks(columns: str) -> str:
    return ", ".join("?" for _ in columns.split(","))


def _insert_run() -> str:
    return f"INSERT INTO runs ({_RUN_COLUMNS}) VALUES ({_marks(_RUN_COLUMNS)})"


def _run_values(run: RunRow) -> tuple[object, ...]:
    figures = (run.passed, run.stars, run.copies, run.switches, run.buffer)
    return (run.level, run.at, run.plan, *figures, bytes(run.report), run.zcquest)


def _run(row: Any) -> RunRow:
    id, level, at, plan, passed, stars, copies, switches, buffer, report, zcquest = row
    return RunRow(
        id=id,
        level=level,
        at=at,
        plan=plan,
        passed=bool(passed),
        stars=stars,
        copies=copies,
        switches=switches,
        buffer=buffer,
        report=msgspec.Raw(report),
        zcquest=zcquest,
    )
