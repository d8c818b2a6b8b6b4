"""The progress file survives what happens to files: kills, two instances, damage, newer versions, full disks."""

from __future__ import annotations

import os
import shutil
import signal
import sqlite3
import subprocess
import sys
import textwrap
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

import pytest

from zcquest.levels import savefile
from zcquest.levels.progress import FILE_NAME, MIGRATIONS, TABLES, Progress
from zcquest.levels.savefile import SaveFile

RUN = "RunRow(level='1-1', at=1.0, plan=plan, passed=True, stars=1, copies=4.0, switches=4, buffer=0)"
WRITER = f"""
    import sys
    from pathlib import Path
    from zcquest.levels.progress import Progress, RunRow
    progress = Progress.open(Path(sys.argv[1]))
    assert not progress.notices, progress.notices
    for number in range(int(sys.argv[2])):
        plan = f"{{sys.argv[3]}} {{number}} " + "x" * 20000
        progress.record_run({RUN})
        print(number, flush=True)
    assert progress.kept and not progress.notices, progress.notices
    progress.close()
"""


def _python(code: str, *arguments: object) -> list[str]:
    return [sys.executable, "-c", textwrap.dedent(code), *map(str, arguments)]


def _file(tmp_path: Path) -> Path:
    """A progress file with one setting in it."""
    path = tmp_path / FILE_NAME
    progress = Progress.open(path)
    progress.set_setting("theme", "dark")
    progress.close()
    return path


def _aside(path: Path) -> list[Path]:
    return sorted(path.parent.glob(f"{FILE_NAME}.broken-*"))


def _works(progress: Progress) -> bool:
    progress.set_setting("works", "yes")
    return progress.setting("works") == "yes"


# Kills and company


def test_a_killed_writer_loses_nothing_that_it_was_told_is_kept(tmp_path: Path) -> None:
    path = tmp_path / FILE_NAME
    told = 0
    for round in range(6):
        writer = subprocess.Popen(
            _python(WRITER, path, 100000, round), stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
        )
        assert writer.stdout is not None and writer.stderr is not None
        for _ in range(7 * round + 1):
            assert writer.stdout.readline(), writer.stderr.read()
        writer.send_signal(signal.SIGKILL)
        told = 7 * round + 1 + len(writer.stdout.read().split())
        writer.wait()
        writer.stdout.close()
        writer.stderr.close()
        progress = Progress.open(path)
        numbers = [int(run.plan.split()[1]) for run in progress.runs() if run.plan.startswith(f"{round} ")]
        assert progress.notices == []
        assert sorted(numbers) == list(range(len(numbers)))
        assert len(numbers) in (told, told + 1)  # one may have been kept just before it could be told
        progress.close()
    assert _aside(path) == []


def test_a_transaction_killed_in_the_middle_is_undone(tmp_path: Path) -> None:
    path = _file(tmp_path)
    killed = subprocess.run(
        _python(
            """
            import os, signal, sqlite3, sys
            db = sqlite3.connect(sys.argv[1], isolation_level=None)
            db.execute("PRAGMA cache_size = 5")
            db.execute("BEGIN IMMEDIATE")
            for number in range(2000):
                db.execute("INSERT INTO settings VALUES (?, ?)", (f"key{number}", "x" * 500))
            db.execute("UPDATE settings SET value = 'half done'")
            os.kill(os.getpid(), signal.SIGKILL)
            """,
            path,
        )
    )
    assert killed.returncode == -signal.SIGKILL
    assert path.with_name(f"{FILE_NAME}-journal").exists()  # pages had reached the file
    progress = Progress.open(path)
    assert (progress.setting("theme"), progress.setting("key0"), progress.notices) == ("dark", None, [])
    assert _works(progress)
    progress.close()


def test_two_instances_write_at_the_same_time(tmp_path: Path) -> None:
    path = tmp_path / FILE_NAME
    writers = [
        subprocess.Popen(_python(WRITER, path, 60, name), stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True)
        for name in ("a", "b")
    ]
    for writer in writers:
        _, errors = writer.communicate()
        assert writer.returncode == 0, errors
    progress = Progress.open(path)
    plans = sorted(run.plan[:4].strip() for run in progress.runs())
    assert plans == sorted(f"{name} {number}" for name in "ab" for number in range(60))
    progress.close()


def test_two_instances_that_find_damage_keep_one_file_aside_and_share_the_fresh_one(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / FILE_NAME
    path.write_bytes(b"no database " * 1000)
    code = """
        import sys
        from pathlib import Path
        from zcquest.levels.progress import Progress
        print("ready", flush=True)
        sys.stdin.readline()
        progress = Progress.open(Path(sys.argv[1]))
        progress.set_setting("other", "here")
        print(len(progress.notices), progress.kept)
    """
    other = subprocess.Popen(_python(code, path), stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    assert other.stdin is not None and other.stdout is not None
    assert other.stdout.readline() == "ready\n"
    keep_aside = savefile._keep_aside

    def keep_aside_late(damaged: Path) -> Path:
        assert other.stdin is not None
        other.stdin.write("go\n")
        other.stdin.flush()
        with suppress(subprocess.TimeoutExpired):  # ample for the other, if nothing made it wait for us
            other.wait(timeout=0.7)
        return keep_aside(damaged)

    monkeypatch.setattr(savefile, "_keep_aside", keep_aside_late)
    progress = Progress.open(path)
    told, _ = other.communicate()
    assert (told, len(progress.notices)) == ("0 True\n", 1)
    assert (len(_aside(path)), progress.setting("other")) == (1, "here")
    progress.close()


# Damage


def _overwrite(path: Path, offset: int, content: bytes) -> None:
    with path.open("r+b") as file:
        file.seek(offset)
        file.write(content)


def _no_database(path: Path) -> None:
    path.write_bytes(b"this was never a database\n" * 100)


def _torn_pages(path: Path) -> None:
    _overwrite(path, 4096, b"\xa5" * (path.stat().st_size - 4096))


def _cut_in_half(path: Path) -> None:
    os.truncate(path, path.stat().st_size // 8192 * 4096)


def _another_programs(path: Path) -> None:
    path.unlink()
    with sqlite3.connect(path) as db:
        db.execute("CREATE TABLE runs (distance REAL)")
    db.close()


def _another_programs_with_other_tables(path: Path) -> None:
    path.unlink()
    with sqlite3.connect(path) as db:
        db.execute("CREATE TABLE routes (distance REAL)")
    db.close()


def _without_a_table(path: Path) -> None:
    with sqlite3.connect(path) as db:
        db.execute("DROP TABLE drafts")
    db.close()


@pytest.mark.parametrize(
    "damage",
    [
        _no_database,
        _torn_pages,
        _cut_in_half,
        _another_programs,
        _another_programs_with_other_tables,
        _without_a_table,
    ],
)
def test_a_damaged_file_is_kept_aside_and_a_fresh_one_started(tmp_path: Path, damage: Callable[[Path], None]) -> None:
    path = _file(tmp_path)
    damage(path)
    content = path.read_bytes()
    progress = Progress.open(path)
    (aside,) = _aside(path)
    assert aside.read_bytes() == content
    (notice,) = progress.notices
    assert str(notice).startswith("The progress file is damaged (")
    assert f"kept as {aside}, and a fresh one was started" in str(notice)
    assert (progress.kept, progress.setting("theme")) == (True, None)
    assert _works(progress)
    progress.close()
    again = Progress.open(path)
    assert (again.notices, again.setting("works")) == ([], "yes")
    again.close()


def test_a_damaged_file_takes_its_companions_along(tmp_path: Path) -> None:
    path = _file(tmp_path)
    _no_database(path)
    for companion in savefile.COMPANIONS:
        path.with_name(FILE_NAME + companion).write_bytes(companion.encode())
    Progress.open(path).close()
    aside = next(found for found in _aside(path) if found.name[-1].isdigit())
    for companion in savefile.COMPANIONS:
        assert aside.with_name(aside.name + companion).read_bytes() == companion.encode()
        assert not path.with_name(FILE_NAME + companion).exists()


def test_what_is_kept_aside_never_replaces_what_was(tmp_path: Path) -> None:
    path = tmp_path / FILE_NAME
    for number in range(3):
        path.write_bytes(b"damage number %d" % number)
        Progress.open(path).close()
    assert sorted(found.read_bytes()[-1:] for found in _aside(path)) == [b"0", b"1", b"2"]


def test_a_file_of_a_newer_version_is_kept_aside_whole(tmp_path: Path) -> None:
    path = _file(tmp_path)
    with sqlite3.connect(path) as db:
        db.execute("PRAGMA user_version = 99")
    db.close()
    content = path.read_bytes()
    progress = Progress.open(path)
    (aside,) = _aside(path)
    assert aside.read_bytes() == content
    assert str(progress.notices[0]).startswith(
        f"The progress file is from a newer zcquest (version 99; this one reads up to {len(MIGRATIONS)}). "
    )
    assert str(aside) in str(progress.notices[0])
    assert _works(progress)
    progress.close()


# Migrations


def test_an_older_file_is_brought_up_to_date(tmp_path: Path) -> None:
    path = _file(tmp_path)
    more = (*MIGRATIONS, ("CREATE TABLE cards (id INTEGER)", "INSERT INTO settings VALUES ('migrated', 'yes')"))
    newer = SaveFile(path, more, (*TABLES, "cards"))
    assert newer.read("SELECT key FROM settings ORDER BY key") == [("migrated",), ("theme",)]
    assert (newer.notices, newer.read("PRAGMA user_version")) == ([], [(len(more),)])
    newer.close()
    again = SaveFile(path, more, (*TABLES, "cards"))
    assert again.notices == []
    again.close()


def test_a_file_that_a_migration_does_not_fit_is_kept_aside_as_it_was(tmp_path: Path) -> None:
    path = _file(tmp_path)
    _without_a_table(path)
    content = path.read_bytes()
    more = (*MIGRATIONS, ("DELETE FROM settings", "ALTER TABLE drafts ADD COLUMN at REAL"))
    newer = SaveFile(path, more, TABLES)
    assert [notice.values["detail"] for notice in newer.notices] == ["no such table: drafts"]
    assert newer.kept
    newer.close()
    (aside,) = _aside(path)
    assert aside.read_bytes() == content


# Where nothing can be written


def test_a_folder_that_cannot_be_made_means_playing_in_memory(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("not a folder")
    progress = Progress.open(tmp_path / "file" / FILE_NAME)
    assert (progress.kept, _works(progress)) == (False, True)
    (notice,) = progress.notices
    assert str(notice) == (
        f"Progress cannot be written to {tmp_path / 'file' / FILE_NAME} (Not a directory). "
        "You can play, but from now on nothing will be kept."
    )
    progress.close()


def test_a_folder_in_the_files_place_means_playing_in_memory(tmp_path: Path) -> None:
    (tmp_path / FILE_NAME).mkdir()
    progress = Progress.open(tmp_path / FILE_NAME)
    assert (progress.kept, len(progress.notices), _works(progress)) == (False, 1, True)
    progress.close()


def _in_own_mounts(script: str, tmp_path: Path) -> list[str]:
    """The lines that `script` prints where it may mount; skips where this host does not allow that."""
    unshare = shutil.which("unshare")
    if not unshare:
        pytest.skip("no unshare")
    probe = [unshare, "-Urm", "mount", "-t", "tmpfs", "none", str(tmp_path)]
    if subprocess.run(probe, capture_output=True).returncode:
        pytest.skip("this host allows no mounts in a user namespace")
    done = subprocess.run([unshare, "-Urm", *_python(script, tmp_path)], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    return done.stdout.splitlines()


def test_a_read_only_disk_shows_what_was_kept_and_keeps_no_more(tmp_path: Path) -> None:
    path = _file(tmp_path)
    lines = _in_own_mounts(
        """
        import subprocess, sys
        from pathlib import Path
        from zcquest.levels.progress import FILE_NAME, Progress
        folder = sys.argv[1]
        subprocess.run(["mount", "--bind", folder, folder], check=True)
        subprocess.run(["mount", "-o", "remount,bind,ro", folder], check=True)
        progress = Progress.open(Path(folder, FILE_NAME))
        progress.set_setting("more", "yes")
        print(progress.kept, len(progress.notices), progress.setting("theme"), progress.setting("more"))
        """,
        tmp_path,
    )
    assert lines == ["False 1 dark yes"]
    progress = Progress.open(path)
    assert (progress.setting("theme"), progress.setting("more")) == ("dark", None)
    progress.close()


def test_a_disk_that_fills_up_during_the_game_loses_nothing_played_so_far(tmp_path: Path) -> None:
    lines = _in_own_mounts(
        """
        import subprocess, sys
        from pathlib import Path
        from zcquest.levels.progress import FILE_NAME, Progress
        folder = Path(sys.argv[1])
        subprocess.run(["mount", "-t", "tmpfs", "-o", "size=256k", "none", folder], check=True)
        progress = Progress.open(folder / FILE_NAME)
        for number in range(100):
            progress.set_draft(f"1-{number}", "x" * 8000)
        print(progress.kept, all(progress.draft(f"1-{number}") for number in range(100)))
        print(*progress.notices, sep="\\n")
        kept = Progress.open(folder / FILE_NAME)
        print(bool(kept.draft("1-0")), kept.draft("1-99"))
        """,
        tmp_path,
    )
    assert lines[0] == "False True"
    (notice,) = lines[1:-1]
    assert notice.endswith(" (database or disk is full). You can play, but from now on nothing will be kept.")
    assert lines[-1] == "True None"


def test_a_full_disk_means_playing_in_memory(tmp_path: Path) -> None:
    lines = _in_own_mounts(
        """
        import subprocess, sys
        from pathlib import Path
        from zcquest.levels.progress import FILE_NAME, Progress
        folder = Path(sys.argv[1])
        subprocess.run(["mount", "-t", "tmpfs", "-o", "size=16k", "none", folder], check=True)
        try:
            (folder / "filler").write_bytes(bytes(1 << 20))
        except OSError:
            pass
        progress = Progress.open(folder / FILE_NAME)
        progress.set_setting("works", "yes")
        print(progress.kept, len(progress.notices), progress.setting("works"))
        """,
        tmp_path,
    )
    assert lines == ["False 1 yes"]


def test_a_data_folder_deleted_during_the_game_loses_nothing_played_so_far(tmp_path: Path) -> None:
    progress = Progress.open(tmp_path / "data" / FILE_NAME)
    progress.set_setting("theme", "dark")
    shutil.rmtree(tmp_path / "data")
    assert _works(progress)
    assert (progress.kept, progress.setting("theme"), len(progress.notices)) == (False, "dark", 1)
    progress.close()


def test_a_file_that_is_damaged_during_the_game_stops_nobody(tmp_path: Path) -> None:
    path = _file(tmp_path)
    progress = Progress.open(path)
    path.write_bytes(b"this was never a database\n" * 1000)
    assert _works(progress)
    assert (progress.kept, len(progress.notices)) == (False, 1)
    progress.close()


def test_an_instance_that_hangs_in_a_transaction_stops_nobody(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(savefile, "BUSY_S", 0.05)
    path = _file(tmp_path)
    early = Progress.open(path)
    other = sqlite3.connect(path, isolation_level=None)
    other.execute("BEGIN EXCLUSIVE")
    late = Progress.open(path)
    for progress in (early, late):
        assert _works(progress)
        assert (progress.kept, [notice.values["reason"] for notice in progress.notices]) == (
            False,
            ["database is locked"],
        )
        progress.close()
    other.execute("ROLLBACK")
    other.close()
    assert _aside(path) == []


def test_a_wrong_statement_is_a_defect_and_not_a_full_disk(tmp_path: Path) -> None:
    file = SaveFile(tmp_path / FILE_NAME, MIGRATIONS, TABLES)
    with pytest.raises(sqlite3.OperationalError):
        file.write(("INSERT INTO settings VALUES ('a', 'b')", ()), ("INSERT INTO nowhere VALUES (1)", ()))
    assert (file.kept, file.read("SELECT * FROM settings")) == (True, [])
    file.close()
