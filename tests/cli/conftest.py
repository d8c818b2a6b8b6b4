"""The real command in a process of its own, with folders of its own, and what it may leave behind: nothing."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import psutil
import pytest

from zcquest.engine.trace import Trace

SOURCE = Path(__file__).resolve().parents[2] / "src"
MACHINE = ("zcq:machine", "zcq:plan")  # the second while it makes the plan's calls
PATIENCE = 60.0  # seconds for what should take one
LANGUAGE_VARIABLES = ("ZCQUEST_LANG", "LC_ALL", "LC_MESSAGES", "LANG", "ZCQUEST_CAMPAIGN", "NO_COLOR", "PYTHONUTF8")


@dataclass
class Zcquest:
    """Runs `zcquest`; `cache` and `data` are where it keeps logs and progress."""

    cache: Path
    data: Path
    environment: dict[str, str] = field(default_factory=dict)

    @property
    def runs(self) -> Path:
        return self.cache / "runs"

    @property
    def command(self) -> list[str]:
        return [sys.executable, "-m", "zcquest"]

    def environ(self, **extra: str) -> dict[str, str]:
        inherited = {name: value for name, value in os.environ.items() if name not in LANGUAGE_VARIABLES}
        own = {
            "ZCQUEST_CACHE": str(self.cache),
            "ZCQUEST_DATA": str(self.data),
            "PYTHONPATH": str(SOURCE),
            "LANG": "C.UTF-8",
        }
        return inherited | own | self.environment | extra

    def __call__(
        self, *arguments: str, input: str | bytes | None = None, status: int | None = None, **extra: str
    ) -> subprocess.CompletedProcess[str]:
        """Run to the end. A traceback is always a fault; so is another exit status than `status`, if that is given."""
        done = subprocess.run(
            [*self.command, *arguments],
            input=input.encode() if isinstance(input, str) else input or b"",
            capture_output=True,
            env=self.environ(**extra),
            timeout=PATIENCE,
        )
        encoding = extra.get("PYTHONIOENCODING", "utf-8").partition(":")[0]
        out, error = done.stdout.decode(encoding), done.stderr.decode(encoding)
        assert "Traceback" not in error, error
        assert status in (None, done.returncode), out + error
        return subprocess.CompletedProcess(done.args, done.returncode, out, error)

    def json(self, *arguments: str, **options: Any) -> Any:
        return json.loads(self(*arguments, "--json", **options).stdout)

    def start(self, *arguments: str, **options: Any) -> subprocess.Popen[bytes]:
        """Start it, in a session of its own, and do not wait."""
        options = {"stdin": subprocess.DEVNULL, "stdout": subprocess.PIPE, "stderr": subprocess.PIPE} | options
        return subprocess.Popen([*self.command, *arguments], env=self.environ(), start_new_session=True, **options)

    def processes(self) -> list[psutil.Process]:
        """Every process on this machine that was started for a run in this cache folder."""
        mine = []
        for process in psutil.process_iter():
            try:
                if process.environ().get("ZCQUEST_CACHE") == str(self.cache) and process.status() != "zombie":
                    mine.append(process)
            except psutil.Error:
                continue
        return mine

    def process(self, *names: str) -> psutil.Process:
        """The first of them that is called so."""
        return next(process for process in self.processes() if process.name() in names)

    def wait_for_machine(self, command: subprocess.Popen[bytes]) -> None:
        """Until a run is on: the machine has made its first call, and is there."""
        wait_until(lambda: command.poll() is not None or any(map(len, map(Trace, self.runs.rglob("*.trace")))))
        assert command.poll() is None, command.communicate()
        assert self.process(*MACHINE)

    def nothing_is_left(self) -> None:
        """No process and no run folder; a killed command's forkserver may take a moment."""
        wait_until(lambda: not self.processes() and not any(self.runs.iterdir()))


def wait_until(condition: Any) -> None:
    until = time.monotonic() + PATIENCE
    while not condition():
        assert time.monotonic() < until, "it did not happen"
        time.sleep(0.01)


@pytest.fixture(scope="session")
def cli_cache(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Shared, so that each log is made once."""
    return tmp_path_factory.mktemp("cache")


@pytest.fixture
def zcquest(cli_cache: Path, tmp_path: Path) -> Iterator[Zcquest]:
    command = Zcquest(cli_cache, tmp_path / "data")
    yield command
    for process in command.processes():
        process.send_signal(signal.SIGKILL)
    if command.runs.exists():
        assert not command.processes()


@pytest.fixture
def fresh(tmp_path: Path) -> Iterator[Zcquest]:
    """As `zcquest`, with a cache folder of its own."""
    command = Zcquest(tmp_path / "cache", tmp_path / "data")
    yield command
    for process in command.processes():
        process.send_signal(signal.SIGKILL)


SLOW_LEVEL = """\
schema = 1
id = "1-1"
calls = ["read", "write"]
stars = ["copies", "switches"]
features = ["delivery"]

[[scene]]
name = "slow"
start = "warm"
deadline = 120.0
log = { size = "16M" }
consumer = { rate = "64K", window = "8K" }
machine = { send_buffer = "8K" }
par = { copies = 3, switches = 4 }

[[reference]]
name = "read-write"
plan = '''
repeat:
    read(log, buf, 64K)
    write(sock, buf, 64K)
'''
passed = true
stars = 3
"""
TEXT = "# A title\n\n## Briefing\n\nMove it.\n\n## Hint 1\n\na\n\n## Hint 2\n\nb\n\n## Hint 3\n\nc\n\n## Debrief\n\nd\n"


@pytest.fixture
def slow_campaign(tmp_path: Path) -> Path:
    """A campaign whose level 1-1 takes minutes: its consumer reads 64 KiB a second."""
    root = tmp_path / "campaign"
    level = root / "1-slow" / "1-1-slow"
    level.mkdir(parents=True)
    (root / "1-slow" / "chapter.toml").write_text('number = 1\n[title]\nen = "Slow"\nzh = "慢"\n', "utf-8")
    (level / "level.toml").write_text(SLOW_LEVEL, "utf-8")
    for code in ("en", "zh"):
        (level / f"text.{code}.md").write_text(TEXT, "utf-8")
    return root
