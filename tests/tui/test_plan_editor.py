"""Writing a plan: numbers and marks in the gutter, indentation, the palette, undo, words for the codex."""

from __future__ import annotations

from pathlib import Path

import pytest
from textual.pilot import Pilot
from textual.widgets import Input

from zcquest.tui.screens.plan_shelf import PlanShelf

from .conftest import Open, shown
from .playing import open_level, until


def _line(text: str, part: str) -> str:
    """The row of the screen that has `part` in it, up to the next pane."""
    return next(line for line in text.splitlines() if part in line).partition("│")[0]


async def test_steps_are_numbered_and_mistakes_marked_where_they_stand(open_game: Open) -> None:
    plan = "repeat:\n    # a comment\n    read(log, buf, 64K)\n    wrote(sock, buf, 64K)\n    write(sock, buf, 7KB)"
    async with open_game() as pilot:
        screen = await open_level(pilot, "1-1", plan)
        text = shown(pilot)
        assert _line(text, "read(log, buf, 64K)").split()[0] == "1"
        assert _line(text, "wrote(sock").split()[0] == "✗"
        assert _line(text, "write(sock, buf, 7KB)").split()[0] == "✗"
        assert _line(text, "# a comment").split()[0] == "#"
        problems = screen.editor.query_one("#problems Static").content.plain.splitlines()
        assert len(problems) == 2
        assert problems[0] == "✗ line 4, column 5: unknown call 'wrote'; did you mean 'write'?"
        assert problems[1].startswith("✗ line 5, column 22")
        underlined = [span for span in screen.editor.area.get_line(3).spans if getattr(span.style, "underline", False)]
        assert [(span.start, span.end) for span in underlined] == [(4, 9)]


async def test_enter_indents_and_a_lane_goes_to_the_margin(open_game: Open) -> None:
    async with open_game() as pilot:
        screen = await open_level(pilot, "2-1", "")
        await pilot.press("e", *"once:", "enter", *"mmap(log)", "enter", *"repeat:", "enter", *"write(")
        assert screen.editor.text == "once:\n    mmap(log)\nrepeat:\n    write("


async def test_tab_indents_a_line_and_otherwise_goes_on(open_game: Open) -> None:
    async with open_game() as pilot:
        screen = await open_level(pilot, "1-1", "repeat:\n")
        await pilot.press("e", "down", "tab", *"read")
        assert screen.editor.text == "repeat:\n    read"
        await pilot.press("tab")
        assert screen.editor.text == "repeat:\n    read"
        assert screen.focused is not screen.editor.area


async def test_letters_are_written_not_obeyed(open_game: Open) -> None:
    async with open_game() as pilot:
        screen = await open_level(pilot, "1-1", "")
        await pilot.press("e", *"rstxhdabv1234")
        assert screen.editor.text == "rstxhdabv1234"
        await pilot.press("escape", "1")
        assert screen.editor.text == "rstxhdabv1234"


async def test_the_palette_lists_the_levels_calls_and_writes_a_ready_step(open_game: Open) -> None:
    async with open_game() as pilot:
        screen = await open_level(pilot, "2-1", "")
        await pilot.press("a")
        text = shown(pilot)
        assert "mmap(fd, [populate] [private])" in text and "sendfile(" not in text
        assert "⇅ syscall: 2 switches" in text
        await _choose(pilot, screen, "mmap")
        await pilot.press("a")
        await _choose(pilot, screen, "write")
        assert screen.editor.text == "once:\n    mmap(log)\nrepeat:\n    write(sock, map, 64K)"
        assert not screen.editor.parsed.problems
        await pilot.press("u", "u")
        assert screen.editor.text == ""


async def test_the_palette_in_the_editor_writes_at_the_cursor(open_game: Open) -> None:
    async with open_game() as pilot:
        screen = await open_level(pilot, "1-1", "repeat:\n    write(sock, buf, 4K)")
        await pilot.press("e", "up", "f4")
        await _choose(pilot, screen, "read")
        assert screen.editor.text == "repeat:\n    read(log, buf, 4K)\n    write(sock, buf, 4K)"


async def test_the_palette_speaks_the_players_language(open_game: Open) -> None:
    from zcquest.levels.codex import page

    async with open_game(language="zh") as pilot:
        await open_level(pilot, "1-1")
        await pilot.press("a")
        assert page("read", "zh").summary.replace("`", "")[:8] in shown(pilot)


async def test_the_codex_opens_at_the_word_under_the_cursor(open_game: Open) -> None:
    from zcquest.tui.screens.codex import CodexScreen

    async with open_game() as pilot:
        screen = await open_level(pilot, "1-1", "repeat:\n    read(log, buf, 64K)\n    write(sock, buf, 64K)")
        screen.editor.area.move_cursor((1, 14))
        await pilot.press("e", "f3")
        await pilot.pause()
        assert isinstance(pilot.app.screen, CodexScreen)
        assert pilot.app.screen is not screen and "# read" not in screen.editor.text
        assert "read copies the next bytes of the log" in " ".join(shown(pilot).split())


async def test_copying_the_plan(open_game: Open) -> None:
    async with open_game() as pilot:
        await open_level(pilot, "1-1", "repeat:\n    read(log, buf, 64K)")
        await pilot.press("y")
        assert pilot.app.clipboard == "repeat:\n    read(log, buf, 64K)"


async def _choose(pilot, screen, name: str) -> None:  # type: ignore[no-untyped-def]
    for _ in range(list(screen.level.calls).index(name)):
        await pilot.press("down")
    await pilot.press("enter")
    await pilot.pause()


async def test_the_value_under_the_cursor_is_turned_and_taken_back(open_game: Open) -> None:
    async with open_game() as pilot:
        screen = await open_level(pilot, "2-1", "once:\n    mmap(log)\nrepeat:\n    write(sock, map, 64K)")
        area = screen.editor.area
        area.move_cursor((3, 22))
        await pilot.press("e", "alt+right", "alt+right", "alt+left")
        assert area.text.endswith("write(sock, map, 128K)")
        area.move_cursor((3, 17))
        await pilot.press("alt+right")
        assert area.text.endswith("write(sock, buf, 128K)")
        await pilot.press("ctrl+z", "ctrl+z")
        assert area.text.endswith("write(sock, map, 256K)")
        await pilot.press("ctrl+y")
        assert area.text.endswith("write(sock, map, 128K)")
        area.move_cursor((3, 27))  # behind all words: the last of them
        await pilot.press("alt+left")
        assert area.text.endswith("write(sock, map, 64K)")
        area.move_cursor((1, 5))
        await pilot.press("alt+right")
        assert "mmap(log)" not in area.text and not screen.editor.catch_up().problems


async def test_lines_move_and_double_and_come_back(open_game: Open) -> None:
    plan = "repeat:\n    read(log, buf, 64K)\n    write(sock, buf, 64K)"
    async with open_game() as pilot:
        screen = await open_level(pilot, "1-1", plan)
        area = screen.editor.area
        area.move_cursor((2, 6))
        await pilot.press("e", "alt+up")
        assert area.text == "repeat:\n    write(sock, buf, 64K)\n    read(log, buf, 64K)"
        assert area.cursor_location == (1, 6)
        await pilot.press("alt+down", "alt+down")
        assert area.text == plan and area.cursor_location == (2, 6)
        await pilot.press("ctrl+t")
        assert area.text == plan + "\n    write(sock, buf, 64K)"
        await pilot.press("ctrl+z", "ctrl+z", "ctrl+z")
        assert area.text == plan
        await pilot.press("escape")
        screen.editor.freeze(True)
        await pilot.press("e", "ctrl+t")
        assert area.text == plan


async def test_plans_are_put_aside_by_name_and_taken_back(open_game: Open) -> None:
    one, other = "repeat:\n    read(log, buf, 4K)", "repeat:\n    read(log, buf, 64K)"
    async with open_game() as pilot:
        screen = await open_level(pilot, "1-1", one)
        await pilot.press("o", "s", *"small", "enter")
        assert "small" in shown(pilot)
        await pilot.press("escape")
        screen.editor.rewrite(other)
        await pilot.press("o", "s", *"large", "enter", "y")
        assert pilot.app.clipboard == other
        await pilot.press("down", "enter")
        await pilot.pause()
        assert screen.editor.text == one
        await pilot.press("u")
        assert screen.editor.text == other
        await pilot.press("o", "down", "d", "escape")
        assert [plan.name for plan in screen.game.progress.saved_plans("1-1")] == ["small"]


async def test_a_plan_is_written_to_a_file_and_read_again(open_game: Open, tmp_path: Path) -> None:
    plan, path = "repeat:\n    read(log, buf, 4K)", tmp_path / "mine.plan"
    async with open_game(language="zh") as pilot:
        screen = await open_level(pilot, "1-1", plan)
        await pilot.press("o", "w")
        _fill(pilot, path)
        await pilot.press("enter", "escape")
        assert path.read_text() == plan + "\n"
        await pilot.press("o", "w")
        _fill(pilot, path)
        await pilot.press("enter")  # never over a file that is there
        assert path.read_text() == plan + "\n" and isinstance(pilot.app.screen, PlanShelf)
        await pilot.press("escape", "escape")
        screen.editor.rewrite("")
        await pilot.press("o", "i")
        _fill(pilot, path)
        await pilot.press("enter")
        await pilot.pause()
        assert screen.editor.text == plan


def _fill(pilot: Pilot[None], path: Path) -> None:
    pilot.app.screen.query_one("#shelf-input", Input).value = str(path)


@pytest.mark.parametrize("code", ["en", "zh"])
async def test_a_plan_that_nobody_writes_in_shows_the_beginnings_of_its_lines(open_game: Open, code: str) -> None:
    async with open_game((120, 36), language=code) as pilot:
        screen = await open_level(pilot, "4-2")
        screen.editor.rewrite(screen.editor.text + "  # and that is more than there is room for")
        await pilot.pause()
        assert "    copy_file_range(log, dlq" in shown(pilot)
        await pilot.press("e")
        await pilot.pause()
        assert screen.editor.area.scroll_offset.x > 0  # the cursor, at the end, is in sight for whoever writes
        await pilot.press("escape")
        await pilot.pause()
        assert "    copy_file_range(log, dlq" in shown(pilot)


@pytest.mark.parametrize(("code", "other"), [("en", "中文"), ("zh", "EN")])
async def test_eighty_columns_have_room_for_the_other_language(open_game: Open, code: str, other: str) -> None:
    async with open_game((80, 24), language=code) as pilot:
        await open_level(pilot, "5-2")
        assert f"F2 {other}" in shown(pilot).splitlines()[-1]


async def test_the_map_over_a_half_typed_plan_changes_its_language(open_game: Open) -> None:
    async with open_game() as pilot:
        level = await open_level(pilot, "4-2")
        await pilot.press("e")
        await until(pilot, lambda: level.editor.area.has_focus)
        await pilot.press("end", "x")
        await until(pilot, lambda: level.editor.parsed.problems)
        for key, said, gone in (("f2", "硬件", "HARDWARE"), ("f2", "HARDWARE", "硬件")):
            await pilot.press(key)
            await pilot.pause(0.5)
            text = shown(pilot)
            assert said in text and gone not in text, text
        assert "x" in level.editor.text
