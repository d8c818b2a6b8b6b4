"""The mount table, read against `df` and against tables made up for the corners."""

import subprocess
from pathlib import Path

from zcquest.engine.filesystem import filesystem_of

TABLE = """\
22 1 254:0 / / rw,relatime shared:1 - ext4 /dev/vda rw
23 22 0:21 / /proc rw - proc proc rw
30 22 0:40 / /data rw - tmpfs tmpfs rw
31 30 0:41 / /data rw master:2 propagate_from:1 - xfs /dev/vdb rw
32 22 0:42 / /data/with\\040space rw - fuse.sshfs me@there:/ rw
33 22 0:43 / /database rw - 9p host rw
a line that is not one
"""


def made_up(tmp_path: Path, folder: str) -> str:
    table = tmp_path / "mountinfo"
    table.write_text(TABLE)
    found = filesystem_of(Path(folder), table)
    assert found
    return found.type


def test_agrees_with_df(tmp_path: Path) -> None:
    for folder in (tmp_path, Path("/dev/shm"), Path("/proc")):
        said = subprocess.run(["df", "--output=fstype", folder], capture_output=True, text=True, check=True).stdout
        found = filesystem_of(folder)
        assert found
        assert found.type == said.split()[-1]


def test_longest_mount_point_wins_and_the_later_covers_the_earlier(tmp_path: Path) -> None:
    assert made_up(tmp_path, "/srv") == "ext4"
    assert made_up(tmp_path, "/data/logs") == "xfs"
    assert made_up(tmp_path, "/database/x") == "9p"
    assert made_up(tmp_path, "/data/with space/x") == "fuse.sshfs"


def test_a_folder_not_made_yet_lies_where_it_would_be_made(tmp_path: Path) -> None:
    assert filesystem_of(tmp_path / "not" / "there") == filesystem_of(tmp_path)


def test_what_has_no_local_disk_is_told_apart(tmp_path: Path) -> None:
    table = tmp_path / "mountinfo"
    table.write_text(TABLE)
    disk, sshfs = filesystem_of(Path("/srv"), table), filesystem_of(Path("/data/with space"), table)
    memory = filesystem_of(Path("/dev/shm"))
    assert disk and sshfs and memory
    assert (disk.in_memory, disk.elsewhere) == (False, False)
    assert (sshfs.in_memory, sshfs.elsewhere) == (False, True)
    assert (memory.in_memory, memory.elsewhere) == (True, False)
