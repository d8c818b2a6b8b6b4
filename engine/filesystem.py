"""Which filesystem a folder lies on, as the kernel's mount table has it (/proc/self/mountinfo)."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path

IN_MEMORY = frozenset({"tmpfs", "ramfs", "devtmpfs"})
"""Types whose files have no disk behind them: their pages cannot be evicted, and reading never waits."""

ELSEWHERE = frozenset({"9p", "virtiofs", "nfs", "nfs4", "cifs", "smb3", "vboxsf", "vmhgfs", "drvfs", "ceph"})
"""Types whose bytes come from another machine, or from the host of this one; FUSE types come as `fuse.<name>`."""

_OCTAL = re.compile(r"\\([0-7]{3})")


@dataclass(frozen=True, slots=True)
class Filesystem:
    """One line of the mount table."""

    type: str
    source: str
    mount_point: Path

    @property
    def in_memory(self) -> bool:
        return self.type in IN_MEMORY

    @property
    def elsewhere(self) -> bool:
        return self.type in ELSEWHERE or self.type.split(".")[0] in ("fuse", "fuseblk")


def filesystem_of(folder: Path, mount_table: Path = Path("/proc/self/mountinfo")) -> Filesystem | None:
    """The filesystem that `folder` (or, if it does not exist, where it would be made) lies on; None if unknown.

    Raises OSError when the mount table cannot be read.
    """
    real = folder.resolve()
    best: Filesystem | None = None
    for line in mount_table.read_text(errors="surrogateescape").splitlines():
        found = _parse(line)
        if found is None or not real.is_relative_to(found.mount_point):
            continue
        # of two mounts on one folder the later covers the earlier
        if best is None or len(found.mount_point.parts) >= len(best.mount_point.parts):
            best = found
    return best


def in_memory(folder: Path) -> bool:
    """Whether files in `folder` have no disk behind them, so that an fsync of theirs writes nothing anywhere."""
    try:
        found = filesystem_of(folder)
    except OSError:
        return False
    return found is not None and found.in_memory


def _parse(line: str) -> Filesystem | None:
    # 36 35 98:0 /root /mount/point rw,noatime shared:1 - ext4 /dev/root rw
    front, separator, back = line.partition(" - ")
    front_fields, back_fields = front.split(" "), back.split(" ")
    if not separator or len(front_fields) < 5 or len(back_fields) < 2:
        return None
    return Filesystem(back_fields[0], _unescape(back_fields[1]), Path(_unescape(front_fields[4])))


def _unescape(text: str) -> str:
    return _OCTAL.sub(lambda found: chr(int(found[1], 8)), text)
