"""`zcquest progress`: the player's progress, to a file and from one."""

from __future__ import annotations

import sys

from zcquest.commands.printing import print_line, print_notice
from zcquest.commands.refusal import NO_HOST, PASSED, Refused
from zcquest.levels.carrying import NotCarried, export_progress, exported, import_progress, imported
from zcquest.levels.language import say
from zcquest.levels.progress import ImportRefused, Progress
from zcquest.levels.typed_path import typed_path

STDIN = STDOUT = "-"


def export(file: str) -> int:
    """Write all progress to `file`, or to stdout for `-`. Raises Refused."""
    progress = Progress.open()
    try:
        if file == STDOUT:
            sys.stdout.buffer.write(progress.export_json() + b"\n")
        else:
            print_line(exported(export_progress(progress, typed_path(file)), file))
    except NotCarried as failure:
        raise Refused(NO_HOST, say(failure.message)) from None
    finally:
        _close(progress)
    return PASSED


def import_(file: str) -> int:
    """Add what `file`, or stdin for `-`, holds. Raises Refused."""
    progress = Progress.open()
    try:
        if file == STDIN:
            added = progress.import_json(sys.stdin.buffer.read() if sys.stdin else b"")
        else:
            added = import_progress(progress, typed_path(file))
        print_line(imported(added))
    except (NotCarried, ImportRefused) as failure:
        raise Refused(NO_HOST, say(failure.message)) from None
    finally:
        _close(progress)
    return PASSED


def _close(progress: Progress) -> None:
    for notice in progress.notices:
        print_notice(say(notice))
    progress.close()
