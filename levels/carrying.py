"""Progress carried from one machine to another: one JSON file."""

from __future__ import annotations

from pathlib import Path

from zcquest.engine.message import Message, message
from zcquest.levels.language import ngettext
from zcquest.levels.plan_files import write_new
from zcquest.levels.progress import ImportRefused, Progress

MOST = 1 << 30  # bytes: more than a hundred thousand runs


class NotCarried(Exception):
    """The file could not be written or read, or is no export; `message` says why. Nothing has changed."""

    def __init__(self, reason: Message) -> None:
        super().__init__(str(reason))
        self.message = reason


def export_progress(progress: Progress, path: Path) -> int:
    """Write all progress to the new file `path`; how many runs it holds. Raises NotCarried, also where it exists."""
    document = progress.export_json()
    try:
        write_new(path, document)
    except FileExistsError:
        raise NotCarried(message("{path} exists already: choose another name", path=path)) from None
    except OSError as error:
        reason = error.strerror or str(error)
        raise NotCarried(message("{path} cannot be written: {reason}", path=path, reason=reason)) from error
    return len(progress.runs(reports=False))


def import_progress(progress: Progress, path: Path) -> int:
    """Add what the file `path` holds and is not here yet; how many runs were added. Raises NotCarried."""
    try:
        if path.stat().st_size > MOST:
            raise NotCarried(message("{path} is too large for an export of progress", path=path))
        return progress.import_json(path.read_bytes())
    except OSError as error:
        reason = error.strerror or str(error)
        raise NotCarried(message("{path} cannot be read: {reason}", path=path, reason=reason)) from error
    except ImportRefused as refusal:
        raise NotCarried(refusal.message) from refusal


def exported(runs: int, file: Path | str) -> str:
    """What was done, for the player."""
    return ngettext("{count} run is in {file}.", "{count} runs are in {file}.", runs).format(count=runs, file=file)


def imported(runs: int) -> str:
    told = ngettext("{count} run was added. Nothing was lost.", "{count} runs were added. Nothing was lost.", runs)
    return told.format(count=runs)
