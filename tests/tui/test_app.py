"""The game as a whole: its one laboratory, its end, small terminals, hosts that cannot play, settings taken up."""

from __future__ import annotations

import asyncio
import os
import pty
import select
import signal
import subprocess
import sys
import time
from contextlib import suppress
from pathlib import Path

import psutil
import pytest

from zcquest.engine.host import Finding, HostReport
from zcquest.engine.message import message
from zcquest.levels.loader import UnknownLevel
from zcquest.levels.play import Unplayable
from zcquest.levels.progress import Progress
from zcquest.tui.app import ZcquestApp
from zcquest.tui.commands import GamePalette
from zcquest.tui.screens.base import ZcScreen
from zcquest.tui.screens.campaign import CampaignScreen
from zcquest.tui.screens.codex import CodexScreen
from zcquest.tui.screens.confirm import Confirm
from zcquest.tui.screens.help import HelpScreen
from zcquest.tui.screens.home import HomeScreen
from zcquest.tui.screens.level import LevelScreen
from zcquest.tui.screens.settings import SettingsScreen
from zcquest.tui.screens.start import CannotPlay, TooSmall
from zcquest.tui.themes import THEMES
from zcquest.tui.widgets.machine_map import MachineMap

from .conftest import Open, shown


async def test_one_laboratory_is_shared_and_gone_with_the_game(app: ZcquestApp, tmp_path: Path) -> None:
    before = _descendants()
    async with app.run_test():
        first, second = await app.laboratory(), await app.laboratory()
        assert first is second
        assert _descendants() - before
        assert list((tmp_path / "cache" / "runs").iterdir())
    assert not _descendants() - before
    assert not list((tmp_path / "cache" / "runs").iterdir())


async def test_a_laboratory_refused_is_refused_to_the_asker_and_tried_again(app: ZcquestApp, tmp_path: Path) -> None:
    (tmp_path / "cache").write_text("a file where the folder should be")
    async with app.run_test():
        with pytest.raises(Unplayable):
            await app.laboratory()
        (tmp_path / "cache").unlink()
        assert await app.laboratory()


async def test_quitting_while_the_laboratory_opens_leaves_nothing(tmp_path: Path) -> None:
    before = _descendants()
    async with ZcquestApp(warm_up=True).run_test() as pilot:
        await pilot.press("ctrl+q")
    assert not _descendants() - before
    assert not [*(tmp_path / "cache").glob("runs/*")]


@pytest.mark.parametrize("ending", ["SIGTERM", "SIGHUP", "SIGINT"])
def test_a_signal_ends_the_game_and_leaves_nothing(ending: str, tmp_path: Path) -> None:
    runs = tmp_path / "cache" / "runs"
    game, terminal = _start_in_a_terminal()
    try:
        _read_until(terminal, lambda: _forkservers(game.pid))
        family = [game.pid, *(child.pid for child in psutil.Process(game.pid).children(recursive=True))]
        assert any(runs.glob("run-*"))
        game.send_signal(getattr(signal, ending))
        _read_until(terminal, lambda: game.poll() is not None)
        assert game.returncode == 128 + getattr(signal, ending)
        assert not [pid for pid in family if psutil.pid_exists(pid) and psutil.Process(pid).status() != "zombie"]
        assert not list(runs.iterdir())
    finally:
        game.kill()
        game.wait()
        os.close(terminal)


def test_closing_the_terminal_ends_the_game_and_leaves_nothing(tmp_path: Path) -> None:
    runs = tmp_path / "cache" / "runs"
    game, terminal = _start_in_a_terminal()
    try:
        _read_until(terminal, lambda: _forkservers(game.pid))
        family = _forkservers(game.pid)
        os.close(terminal)
        game.wait(timeout=30)
        assert not [pid for pid in family if psutil.pid_exists(pid) and psutil.Process(pid).status() != "zombie"]
        assert not list(runs.iterdir())
    finally:
        game.kill()
        game.wait()


async def test_a_small_terminal_is_told_so_and_nothing_is_lost(open_game: Open) -> None:
    async with open_game((100, 30)) as pilot:
        await pilot.press("c")
        await pilot.press("slash", *"mmap")
        await pilot.pause()
        await pilot.resize_terminal(60, 18)
        await pilot.pause()
        assert "zcquest needs 80x24; this is 60x18" in shown(pilot)
        await pilot.press("escape", "x")  # goes nowhere
        await pilot.resize_terminal(70, 18)
        await pilot.pause()
        assert "this is 70x18" in shown(pilot)
        await pilot.resize_terminal(80, 24)
        await pilot.pause()
        assert isinstance(pilot.app.screen, CodexScreen)
        assert pilot.app.screen.query_one("#search").value == "mmap"


async def test_a_terminal_small_from_the_start(open_game: Open) -> None:
    async with open_game((60, 18)) as pilot:
        assert isinstance(pilot.app.screen, TooSmall)
        await pilot.press("f1", "ctrl+p")
        await pilot.pause()
        assert isinstance(pilot.app.screen, TooSmall)
        await pilot.resize_terminal(120, 36)
        await pilot.pause()
        assert isinstance(pilot.app.screen, HomeScreen)


async def test_a_screen_opened_while_the_terminal_is_small_is_covered_too(open_game: Open) -> None:
    async with open_game((60, 18)) as pilot:
        pilot.app.open_codex("mmap")
        await pilot.pause()
        assert isinstance(pilot.app.screen, TooSmall)
        await pilot.resize_terminal(80, 24)
        await pilot.pause()
        assert isinstance(pilot.app.screen, CodexScreen)
        await pilot.press("escape")
        await pilot.pause()
        assert isinstance(pilot.app.screen, HomeScreen)


async def test_a_host_that_cannot_play_is_explained_and_codex_and_levels_are_readable(
    monkeypatch: pytest.MonkeyPatch, open_game: Open
) -> None:
    advice = message("Install it inside WSL2.")
    lacking = Finding("system", message("operating system"), False, message("Plan9 4"), advice)
    why = message("zcquest plays on the Linux kernel itself, and this is {system}.", system="Plan9")
    monkeypatch.setattr("zcquest.tui.app._inspect", lambda: HostReport(False, why, (lacking,)))
    async with open_game((80, 24), warm_up=True) as pilot:
        await pilot.app.workers.wait_for_complete()
        await pilot.pause()
        assert isinstance(pilot.app.screen, CannotPlay)
        for said in ("this is Plan9", "Install it inside WSL2"):
            assert said in shown(pilot)
        await pilot.press("escape")
        pilot.app.action_campaign()
        await pilot.pause()
        assert "A cold Kafka log of 64 KiB" in shown(pilot)
        await pilot.press("enter")
        await pilot.pause()
        assert isinstance(pilot.app.screen, CannotPlay)
        await pilot.press("escape", "c")
        await pilot.pause()
        assert isinstance(pilot.app.screen, CodexScreen)


def test_the_screens_import_where_there_is_no_linux() -> None:
    code = """
import sys
for name in ("fcntl", "resource", "termios_of_another_system"):
    sys.modules[name] = None
import zcquest.tui.app, zcquest.tui.screens.campaign, zcquest.tui.screens.codex, zcquest.tui.screens.settings
import zcquest.tui.screens.start, zcquest.tui.screens.help
"""
    subprocess.run([sys.executable, "-c", code], check=True, timeout=60)


async def test_opening_a_level_where_there_is_no_linux_explains(
    monkeypatch: pytest.MonkeyPatch, open_game: Open
) -> None:
    async with open_game((80, 24)) as pilot:
        monkeypatch.setattr(sys, "platform", "darwin")
        for name in ("zcquest.levels.play", "zcquest.tui.screens.level"):
            monkeypatch.setitem(sys.modules, name, None)  # what importing it comes to without Linux
        pilot.app.open_level("1-1")
        await pilot.pause()
        assert isinstance(pilot.app.screen, CannotPlay)
        assert "WSL2" in shown(pilot)
        assert "container" in shown(pilot)


async def test_one_level_is_open_at_a_time(open_game: Open) -> None:

    async with open_game() as pilot:
        pilot.app.action_campaign()
        pilot.app.open_level("1-1")
        await pilot.pause()
        pilot.app.open_codex("read")
        await pilot.pause()
        pilot.app.open_level("2-1")
        await pilot.pause()
        assert [type(screen) for screen in pilot.app.screen_stack] == [HomeScreen, CampaignScreen, LevelScreen]
        assert "Borrow the page" in shown(pilot)
        with pytest.raises(UnknownLevel):
            pilot.app.open_level("9-9")
        pilot.app.action_home()
        await pilot.pause()
        assert isinstance(pilot.app.screen, HomeScreen)


def test_the_package_imports_no_textual() -> None:
    code = "import sys, zcquest.tui; sys.exit('textual' in sys.modules)"
    subprocess.run([sys.executable, "-c", code], check=True, timeout=60)


async def test_every_screen_has_help_with_its_own_keys(open_game: Open) -> None:
    ways = {
        HomeScreen: lambda game: None,
        CampaignScreen: lambda game: game.action_campaign(),
        CodexScreen: lambda game: game.open_codex(),
        SettingsScreen: lambda game: game.action_settings(),
    }
    async with open_game((80, 24)) as pilot:
        for kind, go in ways.items():
            go(pilot.app)
            await pilot.pause()
            assert isinstance(pilot.app.screen, kind)
            tooltips = [binding.tooltip for binding in kind.BINDINGS if binding.tooltip]
            await pilot.press("question_mark")
            await pilot.pause()
            assert isinstance(pilot.app.screen, HelpScreen)
            text = shown(pilot)
            for tooltip in [*tooltips, "What every call and word means", "Open the command palette"]:
                assert tooltip in text or (kind is CodexScreen and "every call" in tooltip), (kind, tooltip)
            await pilot.press("escape")
            await pilot.pause()


@pytest.mark.parametrize(
    ("typed", "kind"), [("settings", SettingsScreen), ("campaign", CampaignScreen), ("sendfile", CodexScreen)]
)
async def test_the_palette_goes_everywhere(typed: str, kind: type[ZcScreen[None]], open_game: Open) -> None:
    async with open_game() as pilot:
        await pilot.press("ctrl+p", *typed)
        await pilot.app.workers.wait_for_complete()
        await pilot.pause(0.3)
        await pilot.press("down", "enter")
        await pilot.pause()
        assert isinstance(pilot.app.screen, kind)


async def test_the_palette_offers_every_level_page_language_and_theme(app: ZcquestApp) -> None:
    from zcquest.levels import codex
    from zcquest.tui.commands import commands

    async with app.run_test():
        titles = [command.title for command in commands(app)]
    for level in app.campaign.levels.values():
        assert f"Level {level.id}: {level.text().title}" in titles
    for page in codex.pages():
        assert f"Codex: {codex.page(page).title}" in titles
    assert {"Language: 简体中文", "Language: English", "Theme: High contrast"} <= set(titles)


@pytest.mark.parametrize("theme", THEMES)
async def test_themes_are_remembered(theme: str, open_game: Open) -> None:
    async with open_game() as pilot:
        pilot.app.set_theme(theme)
    async with open_game() as pilot:
        assert pilot.app.theme == theme


async def test_settings_nobody_can_know_are_passed_over(open_game: Open) -> None:
    progress = Progress.open()
    for key in ("theme", "language", "motion"):
        progress.set_setting(key, "from another version")
    progress.close()
    async with open_game() as pilot:
        assert pilot.app.theme in THEMES


async def test_without_colour_nothing_is_coloured(monkeypatch: pytest.MonkeyPatch, open_game: Open) -> None:
    monkeypatch.setenv("NO_COLOR", "1")
    async with open_game() as pilot:
        pilot.app.action_campaign()
        await pilot.pause()
        strips = pilot.app.screen._compositor.render_strips()
    styles = [segment.style for strip in strips for segment in strip if segment.style]
    colours = [
        colour.triplet for style in styles for colour in (style.color, style.bgcolor) if colour and colour.triplet
    ]
    assert colours
    assert all(red == green == blue for red, green, blue in colours)


async def test_a_damaged_progress_file_is_said_and_the_game_goes_on(tmp_path: Path, open_game: Open) -> None:
    (tmp_path / "data").mkdir()
    (tmp_path / "data" / "progress.sqlite").write_bytes(b"no database at all" * 100)
    async with open_game() as pilot:
        await pilot.pause()
        assert [notice for notice in pilot.app._notifications if "progress" in notice.message.lower()]
        assert isinstance(pilot.app.screen, HomeScreen)


def _start_in_a_terminal() -> tuple[subprocess.Popen[bytes], int]:
    """The game in a terminal of 100x30, with the terminal's other end."""
    import fcntl
    import struct
    import termios

    terminal, theirs = pty.openpty()
    fcntl.ioctl(theirs, termios.TIOCSWINSZ, struct.pack("HHHH", 30, 100, 0, 0))
    game = subprocess.Popen(
        [sys.executable, "-c", "import sys; from zcquest.tui.app import play; sys.exit(play())"],
        stdin=theirs,
        stdout=theirs,
        stderr=theirs,
        env={**os.environ, "TERM": "xterm-256color"},
        start_new_session=True,
        preexec_fn=lambda: fcntl.ioctl(0, termios.TIOCSCTTY, 0),
    )
    os.close(theirs)
    return game, terminal


def _read_until(terminal: int, done: object) -> None:
    """Take what the game writes, so that it never waits for us, until `done()`; fail after 30 s."""
    deadline = time.monotonic() + 30
    while not done():  # type: ignore[operator]
        assert time.monotonic() < deadline
        ready, _, _ = select.select([terminal], [], [], 0.05)
        if ready:
            try:
                os.read(terminal, 65536)
            except OSError:  # the game has closed its end
                time.sleep(0.02)


def _forkservers(pid: int) -> list[int]:
    """The processes of the game's laboratory."""
    found = []
    for child in psutil.Process(pid).children(recursive=True):
        with suppress(psutil.NoSuchProcess):
            if "zcquest.engine.forkserver" in child.cmdline():
                found.append(child.pid)
    return found


def _descendants() -> set[int]:
    return {child.pid for child in psutil.Process().children(recursive=True)}


async def test_the_palette_offers_what_the_keys_of_the_screen_do(open_game: Open) -> None:
    from zcquest.tui.commands import screen_commands

    async with open_game() as pilot:
        pilot.app.open_level("1-1")  # type: ignore[attr-defined]
        await pilot.pause()
        screen = pilot.app.screen
        assert isinstance(screen, LevelScreen)
        offered = {command.title: command for command in screen_commands(screen)}
        assert not [title for title in offered if "call by call" in title]  # nothing was run yet
        offered["Plans put aside, plans as files  (o)"].run()
        await pilot.pause()
        assert pilot.app.screen is not screen


@pytest.mark.parametrize(("typed", "found"), [("Race", "竞速"), ("xqzjw", "没有叫这个名字的")])
async def test_the_palette_finds_english_names_too_and_says_so_when_nothing_is_found(
    open_game: Open, typed: str, found: str
) -> None:
    async with open_game((80, 24), language="zh") as pilot:
        await pilot.press("ctrl+p", *typed)
        async with asyncio.timeout(10):
            while found not in shown(pilot):
                await pilot.pause(0.05)
        assert "No matches" not in shown(pilot)


async def test_there_is_one_palette_and_its_key_leads_back_to_it(open_game: Open) -> None:
    async with open_game() as pilot:
        await pilot.press("ctrl+p", "f1")
        assert isinstance(pilot.app.screen, HelpScreen)
        await pilot.press("ctrl+p")
        assert isinstance(pilot.app.screen, GamePalette) and len(pilot.app.screen_stack) == 2
        pilot.app.pop_screen()  # and again before it has gone
        pilot.app.action_command_palette()
        await pilot.pause()
        assert isinstance(pilot.app.screen, GamePalette) and pilot.app._exception is None


@pytest.mark.parametrize("action", ["walk('down')", "run", "step", "hint", "edit", "palette", "scene", "plans", "word"])
async def test_keys_that_come_before_a_screen_stands_wait_for_it(app: ZcquestApp, action: str) -> None:
    """A terminal hands on what was typed while the level was still being laid out."""
    async with app.run_test(size=(120, 36)) as pilot:
        app.open_level("1-3")
        level = app.screen
        assert not level.is_mounted
        await app.run_action(action, level)
        app.set_language("zh")
        await pilot.pause()
        await pilot.pause()
        assert level.is_mounted and level in app.screen_stack
        if action == "walk('down')":
            assert isinstance(app.focused, MachineMap)
        elif action in ("palette", "plans", "word"):
            assert app.screen is not level


async def test_a_screen_that_goes_takes_no_other_along(open_game: Open) -> None:
    async with open_game() as pilot:
        pilot.app.action_campaign()
        await pilot.pause()
        question = Confirm("Is it so?")
        pilot.app.push_screen(question)
        await pilot.pause()
        question.dismiss(True)
        question.dismiss(True)  # as a second key does that was pressed before the screen had gone
        await pilot.pause()
        assert [type(screen) for screen in pilot.app.screen_stack] == [HomeScreen, CampaignScreen]
