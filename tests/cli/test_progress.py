"""`zcquest progress`: what is exported is imported elsewhere, damage is refused, nothing is lost or overwritten."""

from __future__ import annotations

import json
from pathlib import Path

from zcquest.levels.progress import FILE_NAME, Progress, RunRow

from .conftest import Zcquest


def keep(zcquest: Zcquest) -> None:
    progress = Progress.open(zcquest.data / FILE_NAME)
    figures = {"passed": True, "stars": 1, "copies": 4.0, "switches": 64, "buffer": 4096}
    progress.record_run(RunRow(level="1-1", at=1.5, plan="", **figures))  # type: ignore[arg-type]
    progress.close()


def test_progress_goes_from_one_machine_to_another(zcquest: Zcquest, tmp_path: Path) -> None:
    keep(zcquest)
    file = str(tmp_path / "carried.json")
    assert "1 run is in" in zcquest("progress", "export", file, status=0).stdout
    assert "exists already" in zcquest("progress", "export", file, status=3).stderr
    piped = zcquest("progress", "export", "-", status=0).stdout
    assert json.loads(piped) == json.loads(Path(file).read_text())
    elsewhere = {"ZCQUEST_DATA": str(tmp_path / "elsewhere")}
    assert "1 run was added" in zcquest("progress", "import", file, status=0, **elsewhere).stdout
    assert "0 runs were added" in zcquest("progress", "import", "-", input=piped, status=0, **elsewhere).stdout
    assert json.loads(zcquest("progress", "export", "-", status=0, **elsewhere).stdout) == json.loads(piped)


def test_damage_is_refused_with_a_reason(zcquest: Zcquest, tmp_path: Path) -> None:
    keep(zcquest)
    before = zcquest("progress", "export", "-", status=0).stdout
    assert "not an export of progress" in zcquest("progress", "import", "-", input=before[:99], status=3).stderr
    assert "No such file" in zcquest("progress", "import", str(tmp_path / "missing"), status=3).stderr
    assert zcquest("progress", "export", "-", status=0).stdout == before
