"""What tests of every room share: tools to watch the game from outside, and a folder on a real disk."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import NoReturn

import pytest

from zcquest.engine import pagecache

ROOT = Path(__file__).resolve().parent.parent
TRIAL = {
    "strace": ["-o", os.devnull, "-e", "trace=none", "true"],
    "tmux": ["-V"],
}


def pytest_configure() -> None:
    """Tests that were started in the background, or with nohup, hand no ignored signal on to what they start."""
    if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
        signal.signal(signal.SIGINT, signal.default_int_handler)
    if signal.getsignal(signal.SIGHUP) is signal.SIG_IGN:
        signal.signal(signal.SIGHUP, signal.SIG_DFL)


def pytest_runtest_setup(item: pytest.Item) -> None:
    for name in TRIAL:
        if item.get_closest_marker(f"needs_{name}"):
            _tool(name)


@pytest.fixture(scope="session")
def strace() -> Path:
    """A strace that may trace."""
    return _tool("strace")


@pytest.fixture(scope="session")
def tmux() -> Path:
    return _tool("tmux")


@pytest.fixture
def disk_folder(tmp_path: Path) -> Iterator[Path]:
    """An empty folder whose files can be evicted from the page cache: many systems keep /tmp in memory."""
    if _evictable(tmp_path):
        yield tmp_path
        return
    with tempfile.TemporaryDirectory(dir=ROOT, prefix=".pytest_cache-") as folder:
        if not _evictable(Path(folder)):
            _missing("no folder on a real disk: neither the temporary folder nor the source tree can be evicted")
        yield Path(folder)


def _tool(name: str) -> Path:
    path = shutil.which(name)
    if path is None:
        _missing(f"{name} is not installed")
    trial = subprocess.run([path, *TRIAL[name]], capture_output=True, text=True, timeout=30)
    if trial.returncode:
        _missing(f"{name} does not work here: {trial.stderr.strip()}")
    return Path(path)


def _missing(what: str) -> NoReturn:
    """Skip; but on a build server, where everything should be there, fail."""
    if os.environ.get("CI"):
        pytest.fail(what, pytrace=False)
    pytest.skip(what)


def _evictable(folder: Path) -> bool:
    with tempfile.TemporaryFile(dir=folder, buffering=0) as trial:
        trial.write(bytes(pagecache.PAGE))
        return bool(pagecache.evict(trial.fileno(), pagecache.PAGE))
