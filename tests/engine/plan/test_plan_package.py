"""The package's public face."""

from __future__ import annotations

import subprocess
import sys

import pytest

from zcquest.engine import plan


def test_every_public_name_is_there() -> None:
    assert all(
        getattr(plan, name).__module__.startswith("zcquest.engine.plan.") for name in plan.__all__ if name.islower()
    )
    assert (plan.MAX_BYTES, plan.MAX_STEPS) == (65536, 500)
    with pytest.raises(AttributeError, match="no attribute 'parze'"):
        _ = plan.parze


@pytest.mark.parametrize(
    "first", ["plan.binding", "plan.checker", "plan.formatter", "plan.model", "calls.base", "calls"]
)
def test_plan_and_calls_import_from_either_side(first: str) -> None:
    rest = "from zcquest.engine.plan import bind, parse; from zcquest.engine.calls import CALLS"
    subprocess.run([sys.executable, "-c", f"import zcquest.engine.{first}; {rest}"], check=True)
