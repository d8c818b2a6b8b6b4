"""The `zcquest` command: its commands and options, and how it ends. What each command does is in `zcquest.commands`.

Only click is imported here; everything else is imported by the command that needs it, and Textual by the game alone.
"""

from __future__ import annotations

import gc
import sys
from collections.abc import Callable, Sequence
from difflib import get_close_matches
from typing import Any, NoReturn

import click

from zcquest import __version__

USAGE, INTERRUPTED = 2, 130


def N_(text: str) -> str:
    """Mark `text` for translation when it is shown."""
    return text


HELP_OPTION = N_("Show this message and exit.")  # click's own words


class Translated(click.Command):
    """A command whose help and mistakes are told in the player's language."""

    def __init__(self, *arguments: Any, **attributes: Any) -> None:
        attributes.setdefault("context_settings", {"allow_extra_args": True})
        super().__init__(*arguments, **attributes)

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        rest = super().parse_args(ctx, args)
        if rest and not isinstance(self, click.Group) and not ctx.resilient_parsing:
            raise click.UsageError(_text(N_("Too many arguments: {rest}"), rest=" ".join(rest)), ctx)
        return rest

    def format_usage(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        pieces = " ".join(self.collect_usage_pieces(ctx))
        formatter.write_usage(ctx.command_path, pieces, prefix=_text(N_("Usage:")) + " ")

    def format_help_text(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        for paragraph in _text(self.help or "").split("\n\n"):
            formatter.write_paragraph()
            with formatter.indentation():
                formatter.write_text(paragraph)

    def format_options(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        options = (option for option in self.get_params(ctx) if isinstance(option, click.Option))
        records = [record for option in options if (record := option.get_help_record(ctx))]
        with formatter.section(_text(N_("Options"))):
            formatter.write_dl([(names, _text(help)) for names, help in records])


class TranslatedGroup(Translated, click.Group):
    """The commands, listed in the order in which one needs them."""

    command_class = Translated

    def list_commands(self, ctx: click.Context) -> list[str]:
        return list(self.commands)

    def format_options(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        super().format_options(ctx, formatter)
        with formatter.section(_text(N_("Commands"))):
            rows = [(name, _text(command.help or "").split("\n\n")[0]) for name, command in self.commands.items()]
            formatter.write_dl(rows)

    def resolve_command(self, ctx: click.Context, args: list[str]) -> Any:
        name = args[0]
        if name not in self.commands and not name.startswith("-"):
            nearest = ", ".join(get_close_matches(name, self.commands, n=1))
            near = N_("There is no command {name}. Did you mean {nearest}?")
            far = N_("There is no command {name}. The commands are {known}.")
            known = ", ".join(self.commands)
            raise click.UsageError(_text(near if nearest else far, name=name, nearest=nearest, known=known), ctx)
        return super().resolve_command(ctx, args)


def _text(text: str, **values: object) -> str:
    """`text` in the player's language."""
    from zcquest.levels.language import gettext

    return gettext(text).format(**values) if values else gettext(text)


def _choose_language(ctx: click.Context, parameter: click.Parameter, code: str | None) -> str | None:
    if code is None or ctx.resilient_parsing:
        return code
    from zcquest.levels.language import LANGUAGES, set_language

    if code not in LANGUAGES:
        told = N_("--lang takes one of {choices}, not {got}.")
        raise click.UsageError(_text(told, choices=", ".join(LANGUAGES), got=code), ctx)
    set_language(code)
    return code


def _lang(command: Callable[..., Any]) -> Callable[..., Any]:
    help = N_("English or Chinese; by default what ZCQUEST_LANG or the system says.")
    return click.option(
        "--lang", metavar="en|zh", callback=_choose_language, is_eager=True, expose_value=False, help=help
    )(command)


def _json(command: Callable[..., Any]) -> Callable[..., Any]:
    return click.option("--json", "as_json", is_flag=True, help=N_("Print JSON, for scripts."))(command)


def _no_save(command: Callable[..., Any]) -> Callable[..., Any]:
    help = N_("Leave the run out of your progress.")
    return click.option("--no-save", "save", flag_value=False, default=True, help=help)(command)


@click.group(
    cls=TranslatedGroup,
    invoke_without_command=True,
    help=N_(
        "Move a real Kafka log from disk to a real consumer, one syscall at a time. Without a command: the game.\n\n"
        "Exit status: 0 passed, 1 not passed, 2 a mistake in the plan or the arguments, 3 this host cannot run it."
    ),
)
@click.version_option(__version__, message="zcquest %(version)s", help=N_("Show the version and exit."))
@_lang
@click.pass_context
def zcquest(ctx: click.Context) -> int:
    if ctx.invoked_subcommand is None:
        return _play()
    from zcquest.commands.stopping import obey_signals

    obey_signals()
    return 0


def _play() -> int:
    if not (sys.stdin.isatty() and sys.stdout.isatty()):
        from zcquest.commands.refusal import Refused

        raise Refused(
            USAGE,
            _text(N_("The game needs a terminal. These commands do not: {known}."), known=", ".join(zcquest.commands)),
            _text(N_("zcquest --help says more.")),
        )
    gc.disable()  # until the first screen is there: what is loaded for it stays, and nothing of it is garbage
    from zcquest.levels.language import language
    from zcquest.tui.app import play

    source = click.get_current_context().get_parameter_source("lang")
    return play(language() if source is click.core.ParameterSource.COMMANDLINE else None)


@zcquest.command(help=N_("The levels, with your stars and the best of each metric."))
@_json
@_lang
def levels(as_json: bool) -> int:
    from zcquest.commands.levels import show_levels

    return show_levels(as_json)


@zcquest.command(
    help=N_(
        "Run a plan in a level and print what it cost and kept.\n\n"
        "PLAN is a file, or - for standard input. Without one the level's reference plan runs; it earns you nothing."
    )
)
@click.argument("level")
@click.argument("plan", required=False)
@_json
@_no_save
@_lang
def run(level: str, plan: str | None, as_json: bool, save: bool) -> int:
    from zcquest.commands.run import show_run

    return show_run(level, plan, as_json=as_json, save=save)


@zcquest.command(
    help=N_(
        "Run a plan and print its calls as strace would, with hops and evidence.\n\n"
        "PLAN is a file, or - for standard input. Without one the level's reference plan runs; it earns you nothing."
    )
)
@click.argument("level")
@click.argument("plan", required=False)
@_no_save
@_lang
def trace(level: str, plan: str | None, save: bool) -> int:
    from zcquest.commands.trace import show_trace

    return show_trace(level, plan, save=save)


@zcquest.command(
    help=N_(
        "Race two plans over one warm log, in turns, and say which is faster, and how sure that is.\n\n"
        "A plan is one that zcquest ships (kafka, kafka-tls, mmap-write, read-write, rocketmq-heap, rocketmq-mapped), "
        "a file, or - for standard input.\n\n"
        "Exit status: 0 raced, 1 a plan did not send the log, 2 a mistake in the arguments, 3 this host cannot run it."
    )
)
@click.argument("plan_a")
@click.argument("plan_b")
@click.option("--size", default="1G", metavar="SIZE", help=N_("How large the log is: 64M, 1G (the default)."))
@click.option("--message-size", default="1K", metavar="SIZE", help=N_("How large a message is; 1K by default."))
@click.option("--format", "log_format", default="kafka", metavar="FORMAT", help=N_("kafka (the default) or rocketmq."))
@click.option(
    "--topics",
    default="1",
    metavar="N",
    help=N_("How many topics share a RocketMQ log. Of several, the consumer wants the first alone: see select."),
)
@click.option("--pairs", default="5", metavar="N", help=N_("How often each plan runs; 5 by default, and at least."))
@_json
@_lang
def race(
    plan_a: str, plan_b: str, size: str, message_size: str, log_format: str, topics: str, pairs: str, as_json: bool
) -> int:
    from zcquest.commands.race import LogOptions, show_race

    log = LogOptions(size=size, message_size=message_size, format=log_format, topics=topics)
    return show_race(plan_a, plan_b, log=log, pairs=pairs, as_json=as_json)


@zcquest.command(help=N_("What a call or an idea is, what it costs and who uses it. Without a name: the list."))
@click.argument("call", required=False)
@_lang
def codex(call: str | None) -> int:
    from zcquest.commands.codex import show_codex

    return show_codex(call)


@zcquest.group(
    cls=TranslatedGroup,
    help=N_("Carry your progress to another machine: runs, drafts, predictions, hints and settings as one JSON file."),
)
@_lang
def progress() -> None:
    pass


@progress.command("export", help=N_("Write all progress to a new FILE, or to standard output for -."))
@click.argument("file")
@_lang
def export_(file: str) -> int:
    from zcquest.commands.progress import export

    return export(file)


@progress.command("import", help=N_("Add what FILE holds (standard input for -) and is not here yet. Nothing is lost."))
@click.argument("file")
@_lang
def import_(file: str) -> int:
    from zcquest.commands.progress import import_

    return import_(file)


@zcquest.command(help=N_("What this host can do, and what to do about the rest."))
@_json
@_lang
def doctor(as_json: bool) -> int:
    from zcquest.commands.doctor import show_doctor

    return show_doctor(as_json)


def main(arguments: Sequence[str] | None = None) -> NoReturn:
    """The `zcquest` command. Never shows a traceback for what the player or the host did."""
    try:
        from zcquest.commands.ending import ending

        status = ending(lambda: _invoke(sys.argv[1:] if arguments is None else arguments))
    except KeyboardInterrupt:  # while it was still starting
        status = INTERRUPTED
    sys.exit(status)


def _invoke(arguments: Sequence[str]) -> object:
    """The command's exit status. Not click's `main`: that takes a closed pipe for a failure with status 1."""
    with zcquest.make_context("zcquest", list(arguments)) as ctx:
        return zcquest.invoke(ctx)
