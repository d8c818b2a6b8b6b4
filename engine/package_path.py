"""Where this very package was imported from, so that new interpreters run the same version."""

from __future__ import annotations

import os
from pathlib import Path


def package_path() -> str:
    """PYTHONPATH for a child: the folder that holds `zcquest` first."""
    here = str(Path(__file__).absolute().parent.parent.parent)
    return os.pathsep.join(filter(None, [here, os.environ.get("PYTHONPATH", "")]))
