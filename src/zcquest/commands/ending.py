"""How a command ends: its exit status, and a sentence instead of a traceback."""

from __future__ import annotations

import contextlib
import os
import signal
import sys
from collections.abc import Callable

import click

from zcquest.commands.refusal import NO_HOST, WRONG, Refused
from zcquest.commands.stopping import Stopped
from zcquest.commands.streams import fit_streams

_SIGNALLED = 128  # what a shell adds to a signal's number
_SIGPIPE = 13  # by number: Windows has no name for it


def ending(command: Callable[[], object]) -> int:
    """Run `command` and return the exit status of the process."""
    fit_streams()
    try:
        return _finish(command)
    except Stopped as stopped:
        return _SIGNALLED + stopped.number
    except KeyboardInterrupt:
        return _SIGNALLED + signal.SIGINT
    except BrokenPipeError:  # `zcquest levels | head -1`: whoever read has seen enough
        _silence_stdout()
        return _SIGNALLED + _SIGPIPE
    except Refused as refused:
        return _say(refused.status, *refused.lines)
    except click.UsageError as error:
        usage = [error.ctx.get_usage()] if error.ctx else []
        return _say(WRONG, *usage, _sentence(error))
    except OSError as error:
        from zcquest.levels.language import gettext as _

        _silence_stdout()
        what = f"{error.filename}: {error.strerror}" if error.filename else error.strerror or str(error)
        return _say(NO_HOST, _("zcquest could not go on: {reason}").format(reason=what))


def _finish(command: Callable[[], object]) -> int:
    try:
        status = command()
    except click.exceptions.Exit as done:  # --help and --version
        status = done.exit_code
    sys.stdout.flush()
    return status if isinstance(status, int) else 0


def _sentence(error: click.UsageError) -> str:
    """click's mistakes in the player's language; those that zcquest found itself are in it already."""
    from zcquest.levels.language import gettext as _

    match error:
        case click.NoSuchOption(option_name=name, possibilities=near) if near:
            told = _("There is no option {name}. Did you mean {nearest}?")
            return told.format(name=name, nearest=", ".join(sorted(near)))
        case click.NoSuchOption(option_name=name):
            return _("There is no option {name}.").format(name=name)
        case click.MissingParameter(param=click.Parameter() as parameter):
            return _("{name} is missing.").format(name=parameter.make_metavar(error.ctx))  # type: ignore[arg-type]
        case click.BadOptionUsage(option_name=name):
            return _("The option {name} is not written like this.").format(name=name)
        case _:
            return error.format_message()


def _say(status: int, *lines: str) -> int:
    with contextlib.suppress(OSError):  # a terminal that was closed
        sys.stdout.flush()
    with contextlib.suppress(OSError):
        print(*lines, sep="\n", file=sys.stderr, flush=True)
    return status


def _silence_stdout() -> None:
    """What is still in its buffer goes nowhere: Python would complain of it at exit."""
    with contextlib.suppress(OSError, ValueError):
        nowhere = os.open(os.devnull, os.O_WRONLY)
        os.dup2(nowhere, sys.stdout.fileno())
        os.close(nowhere)
