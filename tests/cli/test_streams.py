"""What the command prints on any terminal, in any encoding, and into pipes that close and disks that are full."""

from __future__ import annotations

import os
import pty
import re
import subprocess
import sys
from pathlib import Path

import pytest

from .conftest import PATIENCE, SOURCE, Zcquest

ANSI = re.compile(r"\x1b\[[0-9;?]*[A-Za-z]")


def on_terminal(zcquest: Zcquest, *arguments: str, **extra: str) -> str:
    """What a person sees: stdout and stderr are a terminal of 80 columns."""
    ours, theirs = pty.openpty()
    environment = zcquest.environ(**{"TERM": "xterm-256color", "COLUMNS": "80"} | extra)
    done = subprocess.Popen([*zcquest.command, *arguments], stdin=theirs, stdout=theirs, stderr=theirs, env=environment)
    os.close(theirs)
    seen = b""
    try:
        while part := os.read(ours, 65536):
            seen += part
    except OSError:  # how Linux says that nobody has the other end any more
        pass
    done.wait(PATIENCE)
    os.close(ours)
    return seen.decode()


def test_a_terminal_gets_tables_that_fit_it(zcquest: Zcquest) -> None:
    seen = on_terminal(zcquest, "run", "3-1", NO_COLOR="")
    assert ANSI.search(seen)
    shown = ANSI.sub("", seen).replace("\r", "\n").splitlines()
    assert "★★★ passed: 3-1 One call" in shown
    assert max(map(len, shown)) <= 80
    hops = [line.split() for line in shown if line.startswith("cold") and "page_cache" in line]
    assert [hop[2:] for hop in hops] == [
        ["disk", "page_cache", "DMA", "copy", "65536", "metered"],
        ["page_cache", "socket_buffer", "shared", "65536", "proved"],
    ]


def test_no_colour_is_respected(zcquest: Zcquest) -> None:
    seen = on_terminal(zcquest, "run", "3-1", NO_COLOR="1")
    assert "★★★ passed: 3-1 One call" in seen
    assert not re.search(r"\x1b\[[0-9;]*3[0-9]", seen)
    assert not ANSI.search(on_terminal(zcquest, "levels", NO_COLOR="1", TERM="dumb"))


@pytest.mark.parametrize("arguments", [["levels"], ["run", "3-1"], ["trace", "3-1"], ["codex", "sendfile"], ["doctor"]])
def test_an_ascii_terminal_gets_ascii(zcquest: Zcquest, arguments: list[str]) -> None:
    done = zcquest(*arguments, LC_ALL="C", PYTHONIOENCODING="ascii", status=0)
    assert done.stdout.isascii() and len(done.stdout) > 100
    assert "\\u" not in done.stdout
    if arguments[0] == "run":
        assert done.stdout.startswith("*** passed")


@pytest.mark.parametrize("locale", ["C", "POSIX", "zh_CN.GB18030", "xx_XX.ISO-8859-1"])
def test_any_locale_will_do(zcquest: Zcquest, locale: str) -> None:
    environment = zcquest.environ(LC_ALL=locale)
    for arguments in (["levels"], ["codex", "dma"], ["run", "9-9", "--lang", "zh"], ["--help", "--lang", "zh"]):
        done = subprocess.run([*zcquest.command, *arguments], capture_output=True, env=environment, timeout=PATIENCE)
        assert b"Traceback" not in done.stderr and b"Error" not in done.stderr
        assert done.stdout or done.stderr


def test_chinese_json_survives_an_ascii_pipe(zcquest: Zcquest) -> None:
    found = zcquest.json("levels", "--lang", "zh", PYTHONIOENCODING="ascii", status=0)
    assert re.search("[\u4e00-\u9fff]", found["levels"][0]["title"])


def test_columns_align_in_chinese(zcquest: Zcquest) -> None:
    from rich.cells import cell_len

    lines = zcquest("run", "1-1", "--lang", "zh").stdout.splitlines()
    rows = [line for line in lines if "socket_buffer" in line]
    assert len(rows) == 2
    assert len({cell_len(line[: line.index("65536")]) for line in rows}) == 1


@pytest.mark.parametrize("arguments", [["levels"], ["codex"], ["run", "3-1"], ["trace", "1-2"]])
def test_a_reader_that_has_seen_enough_is_no_error(zcquest: Zcquest, arguments: list[str]) -> None:
    read_end, write_end = os.pipe()
    os.close(read_end)
    done = subprocess.run(
        [*zcquest.command, *arguments],
        stdout=write_end,
        stderr=subprocess.PIPE,
        env=zcquest.environ(),
        timeout=PATIENCE,
    )
    os.close(write_end)
    assert (done.stderr, done.returncode) == (b"", 141)


def test_a_full_disk_under_the_output_is_told(zcquest: Zcquest) -> None:
    with open("/dev/full", "wb") as full:
        done = subprocess.run(
            [*zcquest.command, "levels"], stdout=full, stderr=subprocess.PIPE, env=zcquest.environ(), timeout=PATIENCE
        )
    assert done.returncode == 3
    assert done.stderr.decode().splitlines() == ["zcquest could not go on: No space left on device"]


def test_closed_standard_streams_are_no_error(zcquest: Zcquest) -> None:
    line = '"$@" <&- >&- 2>&-'
    done = subprocess.run(["sh", "-c", line, "sh", *zcquest.command, "levels"], env=zcquest.environ(), timeout=PATIENCE)
    assert done.returncode == 0


LOADED = "import sys; sys.argv = ['zcquest', *{arguments!r}]\ntry:\n    from zcquest.cli import main; main()\n\
finally:\n    print(*sys.modules, file=open({out!r}, 'w'))"


@pytest.mark.parametrize(
    ("arguments", "forbidden"),
    [
        (["--version"], ["textual", "rich", "zcquest.engine", "zcquest.levels.language", "msgspec", "asyncio"]),
        (["run", "3-1"], ["textual", "zcquest.tui", "rich.table", "rich.console"]),
        (["run", "3-1", "--json"], ["textual", "zcquest.tui", "rich"]),
        (["trace", "3-1"], ["textual", "zcquest.tui"]),
        (["levels"], ["textual", "zcquest.tui", "rich.table"]),
    ],
)
def test_commands_import_no_screen(
    zcquest: Zcquest, tmp_path: Path, arguments: list[str], forbidden: list[str]
) -> None:
    out = tmp_path / "modules"
    program = LOADED.format(arguments=arguments, out=str(out))
    subprocess.run([sys.executable, "-c", program], env=zcquest.environ(), capture_output=True, timeout=PATIENCE)
    loaded = set(out.read_text().split())
    assert "zcquest.cli" in loaded and "click" in loaded
    assert loaded & set(forbidden) == set()


@pytest.mark.parametrize("arguments", [["doctor"], ["run", "1-1"], ["trace", "1-1"]])
def test_another_system_is_told_what_to_do(zcquest: Zcquest, arguments: list[str]) -> None:
    program = (
        "import platform, sys; sys.platform = 'darwin'; platform.system = lambda: 'Darwin'\n"
        f"sys.argv = ['zcquest', *{arguments!r}]\nfrom zcquest.cli import main; main()"
    )
    done = subprocess.run(
        [sys.executable, "-c", program],
        env=zcquest.environ(PYTHONPATH=str(SOURCE)),
        capture_output=True,
        text=True,
        timeout=PATIENCE,
    )
    assert done.returncode == 3
    assert "Darwin" in done.stdout + done.stderr and "container" in done.stdout + done.stderr
    assert "Traceback" not in done.stderr
